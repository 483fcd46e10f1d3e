"""The typed tables of the `clean` schema: one field list per dataset, from which the DuckDB DDL,
the Pandera schema and Dagster's column schema are all derived.

Conventions. Money is DECIMAL(18,4). A business date is DATE; where the source has a time of day
too, a companion `<name>_at` holds the exact moment as ISO 8601 text with offset. Lists are
VARCHAR[]. `custom` holds unknown columns (custom fields) by header, as text. `originals` keeps a
source value that the typed columns cannot give back, by canonical column. References to other
records stay here as read (`client_ref`, `job_refs`); `clean.links` holds what they resolve to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from flitstack_pipeline.catalog import statuses
from flitstack_pipeline.catalog.declared import COLUMNS, OBJECT_TYPES
from flitstack_pipeline.catalog.model import (
    BOOL,
    DATE,
    INT,
    LIST,
    MAP,
    MONEY,
    QUANTITY,
    TEXT,
    Dataset,
    Field,
)
from flitstack_pipeline.catalog.source import BY_KEY, DATASETS

if TYPE_CHECKING:
    import pandera.pandas as pa


#: Kind of export → the closed words of its status or kind, each with its other spellings; other
#: words stay in `status_text`.
WORDS: dict[str, tuple[str, ...]] = {
    "jobs": statuses.WORK,
    "estimates": statuses.ESTIMATE,
    "invoices": statuses.INVOICE,
    "leads": statuses.LEAD,
    "activities": statuses.ACTIVITY,
    "items": statuses.ITEM,
    **{d.key: c.words for d in DATASETS for c in d.columns if c.words},
}
JOB_STATUSES = statuses.closed(statuses.WORK)
ESTIMATE_STATUSES = statuses.closed(statuses.ESTIMATE)
INVOICE_STATUSES = statuses.closed(statuses.INVOICE)
LEAD_STATUSES = statuses.closed(statuses.LEAD)
ITEM_TYPES = statuses.closed(statuses.ITEM)
ACTIVITY_KINDS = statuses.closed(statuses.ACTIVITY)


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


EMAIL_PATTERN = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
E164_PATTERN = r"^\+[1-9]\d{6,14}$"
COUNTRY_PATTERN = r"^[A-Z]{2}$"


def _f(
    name: str,
    type_: str,
    about: str,
    *,
    required: bool = False,
    unique: bool = False,
    isin: tuple[str, ...] = (),
    matches: str = "",
) -> Field:
    return Field(name, type_, about, required, unique, isin, matches)


_KEYS = (
    _f("source_key", TEXT, "workspace/object/source id", required=True, unique=True),
    _f("workspace", TEXT, "Contractor+ workspace", required=True),
    _f("source_id", TEXT, "id in the source, or a derived one starting with ~", required=True),
    _f("raw_id", TEXT, "`_row_id` of the raw row this came from", required=True),
)
_STAMPS = (
    _f("created", DATE, "created in Contractor+"),
    _f("created_at", TEXT, "exact creation moment, ISO 8601, when the source has a time"),
    _f("updated", DATE, "last changed in Contractor+"),
    _f("updated_at", TEXT, "exact moment of last change"),
)
_OPEN = (
    _f("custom", MAP, "custom fields by header, as text"),
    _f("custom_formats", MAP, "how the file of a custom field writes it, where not as usual"),
    _f("originals", MAP, "source text that the typed columns cannot give back, by column"),
)
_OWNER = (_f("assigned_to", LIST, "display names of assigned team members, first is the owner"),)
_PERSON = (
    _f("source_type", TEXT, "what it is, where it is no client: Vendor, Contact person"),
    _f("name", TEXT, "display name as it should be read", required=True),
    _f("first_name", TEXT, "given name(s)"),
    _f("last_name", TEXT, "family name with particles and suffix"),
    _f("business_name", TEXT, "business name when there is one"),
    _f("is_business", BOOL, "becomes a Company as well", required=True),
    _f("business_evidence", TEXT, "why it is (not) taken for a business"),
    _f("website", TEXT, "web address with scheme"),
    _f("email", TEXT, "first valid e-mail, lower case", matches=EMAIL_PATTERN),
    _f("extra_emails", LIST, "further e-mails in order"),
    _f("phone", TEXT, "first phone, E.164", matches=E164_PATTERN),
    _f("phone_extension", TEXT, "extension of the first phone"),
    _f("extra_phones", LIST, "further phones, E.164 (with ` x12` for an extension) or as read"),
    _f("address1", TEXT, "street with unit"),
    _f("city", TEXT, "city"),
    _f("state", TEXT, "state or province code"),
    _f("postal_code", TEXT, "ZIP (leading zero kept) or postcode"),
    _f("country", TEXT, "ISO 3166-1 alpha-2", matches=COUNTRY_PATTERN),
    _f("service_address", TEXT, "service address, one line"),
    _f("lead_source", TEXT, "where the client came from"),
    _f("tags", LIST, "tags"),
    _f("status", TEXT, "record status as read (Active, Archived)"),
    _f("notes", TEXT, "notes, sanitised"),
)
_DOCUMENT_CLIENT = (
    _f("client_ref", TEXT, "client id as read"),
    _f("client_name", TEXT, "client name as read"),
)
_TOTALS = (
    _f("subtotal", MONEY, "before discount and tax"),
    _f("discount", MONEY, "discount amount"),
    _f("tax", MONEY, "tax amount"),
    _f("total", MONEY, "stated total (never recomputed)"),
)
_ITEMS = (
    _f("document_key", TEXT, "source key of the estimate or invoice", required=True),
    _f("line_number", INT, "position, from 1", required=True),
    _f("type", TEXT, "labor, material, …", isin=ITEM_TYPES),
    _f("optional", BOOL, "outside the total unless selected"),
    _f("selected", BOOL, "optional item the client picked"),
    _f("recommended", BOOL, "optional item marked recommended"),
    _f("parent_assembly", TEXT, "assembly this component belongs to"),
    _f("name", TEXT, "item name"),
    _f("description", TEXT, "description"),
    _f("quantity", QUANTITY, "quantity, may be fractional"),
    _f("unit", TEXT, "unit of measure"),
    _f("unit_cost", MONEY, "cost per unit"),
    _f("markup", TEXT, "markup as read (money or percent)"),
    _f("unit_price", MONEY, "price per unit"),
    _f("tax", MONEY, "tax of the line"),
    _f("amount", MONEY, "stated line total"),
)

_LISTED: tuple[CleanTable, ...] = (
    CleanTable(
        "users",
        (
            *_KEYS,
            _f("name", TEXT, "display name", required=True),
            _f("first_name", TEXT, "given name"),
            _f("last_name", TEXT, "family name"),
            _f("email", TEXT, "e-mail, lower case", matches=EMAIL_PATTERN),
            _f("phone", TEXT, "E.164", matches=E164_PATTERN),
            _f("role", TEXT, "role name"),
            _f("status", TEXT, "Active, Invited, Inactive as read"),
            _f("user_type", TEXT, "Employee, Subcontractor, Partner as read"),
            *_OPEN,
        ),
    ),
    CleanTable("clients", (*_KEYS, *_PERSON, *_OWNER, *_STAMPS, *_OPEN)),
    CleanTable(
        "leads",
        (
            *_KEYS,
            *_PERSON,
            _f("lead_status", TEXT, "closed vocabulary", isin=LEAD_STATUSES),
            _f("lead_status_text", TEXT, "status as read"),
            _f("estimated_value", MONEY, "deal value"),
            _f("converted", BOOL, "said to be converted to a client"),
            _f("converted_client_ref", TEXT, "client id it was converted to, as read"),
            _f("follow_up", DATE, "next follow-up"),
            *_OWNER,
            *_STAMPS,
            *_OPEN,
        ),
    ),
    CleanTable(
        "jobs",
        (
            *_KEYS,
            _f("number", TEXT, "job number as shown", required=True),
            _f("title", TEXT, "title"),
            *_DOCUMENT_CLIENT,
            _f("estimate_refs", LIST, "estimate numbers as read"),
            _f("invoice_refs", LIST, "invoice numbers as read"),
            _f("service_address", TEXT, "service address"),
            _f("status", TEXT, "closed vocabulary", isin=JOB_STATUSES),
            _f("status_text", TEXT, "status as read"),
            _f("instructions", TEXT, "job instructions"),
            _f("amount", MONEY, "estimated or quoted value"),
            _f("start_date", DATE, "scheduled start"),
            _f("end_date", DATE, "scheduled end"),
            _f("start_time", TEXT, "HH:MM"),
            _f("end_time", TEXT, "HH:MM"),
            _f("anytime", BOOL, "any time of the day"),
            _f("repeat", TEXT, "repeat rule as read"),
            *_OWNER,
            _f("signature", BOOL, "completion signature required"),
            _f("completed", DATE, "completed on"),
            _f("stage_times", MAP, "status → ISO moment it was entered, only what the source has"),
            _f("notes", TEXT, "notes, sanitised"),
            _f("tags", LIST, "tags"),
            _f("line_items", TEXT, "line items in one cell, as read"),
            *_STAMPS,
            *_OPEN,
        ),
    ),
    CleanTable(
        "visits",
        (
            *_KEYS,
            _f("job_ref", TEXT, "job number as read"),
            _f("visit_date", DATE, "date"),
            _f("start_time", TEXT, "HH:MM"),
            _f("end_time", TEXT, "HH:MM"),
            *_OWNER,
            _f("status", TEXT, "as read"),
            _f("instructions", TEXT, "instructions"),
            *_OPEN,
        ),
    ),
    CleanTable(
        "estimates",
        (
            *_KEYS,
            _f("number", TEXT, "estimate number as shown", required=True),
            _f("title", TEXT, "title"),
            *_DOCUMENT_CLIENT,
            _f("job_refs", LIST, "job numbers as read"),
            _f("invoice_refs", LIST, "invoice numbers as read"),
            _f("service_address", TEXT, "service address"),
            _f("estimate_date", DATE, "estimate date"),
            _f("expiration_date", DATE, "valid until"),
            _f("status", TEXT, "closed vocabulary", isin=ESTIMATE_STATUSES),
            _f("status_text", TEXT, "status as read"),
            *_TOTALS,
            _f("markup", TEXT, "global markup as read"),
            _f("deposit", TEXT, "deposit as read (money or percent)"),
            _f("signed_date", DATE, "signed on"),
            _f("created_by", TEXT, "author's display name"),
            _f("line_items", TEXT, "line items in one cell, as read"),
            _f("notes", TEXT, "notes, sanitised"),
            *_STAMPS,
            *_OPEN,
        ),
    ),
    CleanTable("estimate_items", (*_KEYS, *_ITEMS, *_OPEN)),
    CleanTable(
        "invoices",
        (
            *_KEYS,
            _f("number", TEXT, "invoice number as shown", required=True),
            _f("title", TEXT, "title"),
            *_DOCUMENT_CLIENT,
            _f("estimate_refs", LIST, "estimate numbers as read"),
            _f("job_refs", LIST, "job numbers as read"),
            _f("service_address", TEXT, "service address"),
            _f("issue_date", DATE, "invoice date"),
            _f("due_date", DATE, "due date"),
            _f("status", TEXT, "closed vocabulary", isin=INVOICE_STATUSES),
            _f("status_text", TEXT, "status as read"),
            *_TOTALS,
            _f("late_fee", MONEY, "late fee"),
            _f("amount_paid", MONEY, "paid so far"),
            _f("balance", MONEY, "balance due"),
            _f("paid_date", DATE, "paid on"),
            _f("payment_method", TEXT, "method as read"),
            _f("computed", LIST, "columns that the export leaves open and we computed"),
            _f("line_items", TEXT, "line items in one cell, as read"),
            _f("notes", TEXT, "notes, sanitised"),
            *_STAMPS,
            *_OPEN,
        ),
    ),
    CleanTable(
        "invoice_items",
        (*_KEYS, *_ITEMS, _f("change_order_ref", TEXT, "change order as read"), *_OPEN),
    ),
    CleanTable(
        "payments",
        (
            *_KEYS,
            _f("invoice_key", TEXT, "source key of the invoice", required=True),
            _f("payment_date", DATE, "paid on"),
            _f("amount", MONEY, "amount, refunds negative", required=True),
            _f("method", TEXT, "method"),
            _f("category", TEXT, "category"),
            _f("proof", TEXT, "proof file as read"),
            _f("notes", TEXT, "notes"),
            *_OPEN,
        ),
    ),
    CleanTable(
        "change_orders",
        (
            *_KEYS,
            _f("invoice_ref", TEXT, "invoice number as read"),
            _f("status", TEXT, "as read"),
            _f("amount", MONEY, "amount"),
            _f("change_date", DATE, "date"),
            *_OPEN,
        ),
    ),
    CleanTable(
        "properties",
        (
            *_KEYS,
            *_DOCUMENT_CLIENT,
            _f("property_name", TEXT, "name"),
            _f("address", TEXT, "one line"),
            _f("notes", TEXT, "notes"),
            *_OPEN,
        ),
    ),
    CleanTable(
        "attachments",
        (
            *_KEYS,
            _f("record_type", TEXT, "object type key the file hangs on", required=True),
            _f("record_ref", TEXT, "record number or id as read", required=True),
            _f("file_name", TEXT, "safe file name", required=True),
            _f("path", TEXT, "path inside the exports folder"),
            _f("url", TEXT, "http(s) address"),
            _f("caption", TEXT, "caption"),
            _f("uploaded", DATE, "uploaded on"),
            _f("uploaded_by", TEXT, "display name"),
            _f("sha256", TEXT, "SHA-256 of the bytes, hex", matches=r"^[0-9a-f]{64}$"),
            _f("size_bytes", INT, "size in bytes"),
            _f("content_type", TEXT, "media type by content and name"),
            _f("problem", TEXT, "why it cannot be moved (missing, empty, too large, …)"),
            _f("inline", BOOL, "an inline image taken out of a note"),
        ),
    ),
    CleanTable(
        "activities",
        (
            *_KEYS,
            _f("record_type", TEXT, "object type key it hangs on", required=True),
            _f("record_ref", TEXT, "record number or id as read", required=True),
            _f("kind", TEXT, "closed vocabulary", isin=ACTIVITY_KINDS),
            _f("kind_text", TEXT, "kind as read"),
            _f("occurred", DATE, "day"),
            _f("occurred_at", TEXT, "exact moment, ISO 8601 with offset"),
            _f("author", TEXT, "display name as read"),
            _f("subject", TEXT, "subject"),
            _f("text", TEXT, "sanitised HTML or text; inline images as {{image:SHA256}}"),
            _f("duration_minutes", INT, "length of a call or meeting"),
            _f("due", DATE, "day a task is due"),
            _f("due_at", TEXT, "exact moment a task is due, ISO 8601 with offset"),
            _f("done", BOOL, "whether a task is completed; empty when the export does not tell"),
            *_OPEN,
        ),
    ),
    CleanTable(
        "custom_fields",
        (
            *_KEYS,
            _f("module", TEXT, "object type key", required=True),
            _f("label", TEXT, "label", required=True),
            _f("type", TEXT, "type as read"),
            _f("options", LIST, "options in order"),
            _f("transferable", BOOL, "copied on to later modules"),
        ),
    ),
    CleanTable(
        "items",
        (
            *_KEYS,
            _f("name", TEXT, "item name", required=True),
            _f("type", TEXT, "labor, material, …"),
            _f("description", TEXT, "description"),
            _f("unit", TEXT, "unit"),
            _f("unit_cost", MONEY, "cost"),
            _f("unit_price", MONEY, "price"),
            _f("taxable", BOOL, "taxable"),
            _f("sku", TEXT, "stock code"),
        ),
    ),
)


def _declared(dataset: Dataset) -> CleanTable:
    """The clean table of a kind of export whose columns are declared as a whole."""
    if dataset.lines_of:
        return CleanTable(dataset.key, (*_KEYS, *_ITEMS, *_OPEN))
    own = (f for column in dataset.columns for f in column.fields())
    return CleanTable(dataset.key, (*_KEYS, *own, *_OPEN))


def _with_further(table: CleanTable) -> CleanTable:
    """A clean table with the columns that an account's exports have beside ours."""
    further = tuple(f for column in COLUMNS.get(table.dataset, ()) for f in column.fields())
    return replace(table, fields=(*table.fields, *further)) if further else table


_PLACE = [t.dataset for t in _LISTED].index("properties")
TABLES: tuple[CleanTable, ...] = (
    *map(_with_further, _LISTED[:_PLACE]),
    *(_declared(BY_KEY[key]) for o in OBJECT_TYPES for key in o.datasets),
    *map(_with_further, _LISTED[_PLACE:]),
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
