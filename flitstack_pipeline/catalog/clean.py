"""The typed tables of the `clean` schema: one field list per dataset, from which the DuckDB DDL,
the Pandera schema and Dagster's column schema are all derived.

Conventions. Money is DECIMAL(18,4). A business date is DATE; where the source has a time of day
too, a companion `<name>_at` holds the exact moment as ISO 8601 text with offset. Lists are
VARCHAR[]. `custom` holds unknown columns (custom fields) by header, as text. `originals` keeps a
source value that the typed columns cannot give back, by canonical column. References to other
records stay here as read (`client_ref`, `job_refs`); `clean.links` holds what they resolve to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from flitstack_pipeline.catalog import statuses
from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.model import LIST, MAP, TEXT, Field
from flitstack_pipeline.catalog.source import CLEANED

if TYPE_CHECKING:
    import pandera.pandas as pa


#: Kind of export → the closed words of its status or kind, each with its other spellings; other
#: words stay in `status_text`.
WORDS: dict[str, tuple[str, ...]] = {
    **{d.key: c.words for d in CLEANED for c in d.columns if c.words},
    "activities": statuses.ACTIVITY,
    "items": statuses.ITEM,
}
#: Kind of export → its column of closed words, and the column that keeps the words as read.
STATUS_COLUMNS: dict[str, tuple[str, str]] = {
    d.key: (c.cleaned, f"{c.cleaned}_text") for d in CLEANED for c in d.columns if c.words
}


@dataclass(frozen=True)
class CleanTable:
    """One table of the `clean` schema, for one dataset."""

    dataset: str
    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        """The qualified DuckDB table name."""
        return f"clean.{self.dataset}"

    def has(self, column: str) -> bool:
        """Whether the table has a column."""
        return any(f.name == column for f in self.fields)

    @property
    def ddl(self) -> str:
        """CREATE OR REPLACE statement for the empty table."""
        columns = ",\n  ".join(f'"{f.name}" {f.type}' for f in self.fields)
        return f"CREATE OR REPLACE TABLE {self.name} (\n  {columns}\n)"


_KEYS = (
    Field("source_key", TEXT, "workspace/object/source id", required=True, unique=True),
    Field("workspace", TEXT, f"{SOURCE.name} workspace", required=True),
    Field("source_id", TEXT, "id in the source, or a derived one starting with ~", required=True),
    Field("raw_id", TEXT, "`_row_id` of the raw row this came from", required=True),
)
_OPEN = (
    Field("custom", MAP, "custom fields by header, as text"),
    Field("custom_formats", MAP, "how the file of a custom field writes it, where not as usual"),
    Field("originals", MAP, "source text that the typed columns cannot give back, by column"),
)

TABLES: tuple[CleanTable, ...] = tuple(
    CleanTable(d.key, (*_KEYS, *d.cleaned, *(_OPEN if d.is_open else ()))) for d in CLEANED
)

BY_DATASET: dict[str, CleanTable] = {t.dataset: t for t in TABLES}

#: Tables that say how records belong together; filled by `cleaning.relationships`.
RELATIONSHIP_DDL: dict[str, str] = {
    "clean.links": """
        child_key VARCHAR, child_object VARCHAR, role VARCHAR, reference VARCHAR,
        parent_key VARCHAR, method VARCHAR, confidence DOUBLE, position INTEGER""",
    "clean.orphans": """
        child_key VARCHAR, child_object VARCHAR, role VARCHAR, reference VARCHAR, reason VARCHAR""",
    "clean.duplicate_pairs": """
        object VARCHAR, left_key VARCHAR, right_key VARCHAR, score DOUBLE, evidence VARCHAR,
        decision VARCHAR""",
    "clean.merges": """
        object VARCHAR, kept_key VARCHAR, merged_key VARCHAR""",
    "clean.idle_decisions": """
        object VARCHAR, left_key VARCHAR, right_key VARCHAR, decision VARCHAR, reason VARCHAR""",
    "clean.merge_reasons": """
        object VARCHAR, merged_key VARCHAR, reason VARCHAR""",
    "clean.merged_values": """
        object VARCHAR, kept_key VARCHAR, merged_key VARCHAR, field VARCHAR, kept_value VARCHAR,
        losing_value VARCHAR""",
    "clean.invoice_links": """
        invoice_key VARCHAR, job_key VARCHAR, method VARCHAR, confidence DOUBLE, decision VARCHAR""",
    "clean.work_order_links": """
        work_order_key VARCHAR, job_key VARCHAR, method VARCHAR, confidence DOUBLE,
        decision VARCHAR""",
}

#: The kept record of every merge of clients and of leads, with the columns of theirs.
SURVIVORS = {
    "clients": CleanTable("survivors", BY_DATASET["clients"].fields),
    "leads": CleanTable("lead_survivors", BY_DATASET["leads"].fields),
}


@cache
def pandera_schema(dataset: str) -> pa.DataFrameSchema:
    """The Pandera schema of one clean table, over the scalar columns, checked lazily.

    Lists and maps are guaranteed by their DuckDB type and left out of the frame that is checked.
    """

    import pandera.pandas as pa

    columns = {}
    for f in BY_DATASET[dataset].fields:
        if f.type in (LIST, MAP):
            continue
        checks = []
        if f.isin:
            checks.append(pa.Check.isin(list(f.isin)))
        if f.matches:
            checks.append(pa.Check.str_matches(f.matches))
        columns[f.name] = pa.Column(
            nullable=not f.required, unique=f.unique, checks=checks, description=f.about
        )
    return pa.DataFrameSchema(columns, strict="filter", name=f"clean.{dataset}")


def scalar_columns(dataset: str) -> list[str]:
    """The columns `pandera_schema` checks, in table order."""
    return [f.name for f in BY_DATASET[dataset].fields if f.type not in (LIST, MAP)]
