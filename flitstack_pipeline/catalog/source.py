"""Every kind of export of Contractor+, with its columns and their aliases, by its key.

All of it is derived: the declarations stand in the files of the object types, in `schema_sheets`
and in `not_moved`. Does not belong here: kinds of file that are no export of Contractor+
(`other_kinds`).
"""

from __future__ import annotations

from flitstack_pipeline.catalog.declared import OBJECT_TYPES
from flitstack_pipeline.catalog.model import Dataset
from flitstack_pipeline.catalog.not_moved import LEFT_BEHIND
from flitstack_pipeline.catalog.schema_sheets import CUSTOM_FIELDS, ITEMS

#: The exports of object types, then the sheets that describe the account.
CLEANED: tuple[Dataset, ...] = (
    *(d for o in OBJECT_TYPES for d in o.exports),
    CUSTOM_FIELDS,
    ITEMS,
)
DATASETS: tuple[Dataset, ...] = (*CLEANED, *LEFT_BEHIND)
BY_KEY: dict[str, Dataset] = {d.key: d for d in DATASETS}
#: Rows that become a line in a text of their parent → (kind of export of it, derived column).
JOINED_INTO: dict[str, tuple[str, str]] = {d.key: d.joined for d in CLEANED if d.joined[0]}
#: Lines → the column that names their document; documents → the kind of export of their lines.
LINES_OF: dict[str, str] = {d.key: d.id_columns[0] for d in DATASETS if d.lines_of}
ITEMS_OF: dict[str, str] = {d.lines_of: d.key for d in DATASETS if d.lines_of}
#: Parts of a document (lines, payments) → (clean column of its key, kind of export of it, column
#: that names it).
PARTS: dict[str, tuple[str, str, str]] = {
    **{d.key: ("document_key", d.lines_of, LINES_OF[d.key]) for d in CLEANED if d.lines_of},
    **{d.key: (c.cleaned, c.parent, c.name) for d in CLEANED for c in d.columns if c.read == "key"},
}
