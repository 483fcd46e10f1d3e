"""The declared map: which clean column feeds which HighLevel field (issue "mapping rows").

Belongs here: rules known beforehand from both vendors' field lists. Does not: custom columns,
which are proposed by what they hold (`mapping.custom_columns`).

A column with a dot or one that is no clean column (`stage_times.new`, `display_name`) is derived
while the row is read (`mapping.derive`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.declared import COLUMNS, OBJECT_TYPES
from flitstack_pipeline.catalog.model import READINGS, Column, ObjectType


@dataclass(frozen=True)
class Rule:
    """One declared line of the map: column → field of a target, by a transform."""

    column: str
    target: str
    field: str
    transform: str = "text"


def _rules(target: str, *lines: str) -> tuple[Rule, ...]:
    """Rules from `column field [transform]` lines."""
    return tuple(Rule(parts[0], target, *parts[1:]) for parts in (line.split() for line in lines))


_STAMPS = (
    f"source_key {t.SOURCE_ID}",
    "created Original_Create_Date__c date",
    "created_at Original_Create_Time__c",
    "updated Original_Update_Date__c date",
    "updated_at Original_Update_Time__c",
    f"originals {t.ORIGINALS} lines",
)
_PERSON = (
    "first_name firstName",
    "last_name lastName",
    "display_name name",
    "business_name companyName",
    "email email",
    "phone phone",
    "address1 address1",
    "city city",
    "state state",
    "postal_code postalCode",
    "country country",
    "website website",
    "lead_source source",
    "all_tags tags list",
    f"source_type {t.SOURCE_TYPE}",
    "original_name Original_Name__c",
    "phone_extension Phone_Extension__c",
    "extra_emails Extra_Emails__c joined",
    "extra_phones Extra_Phones__c joined",
    "service_address Service_Address__c",
    "lead_source Lead_Source__c",
    "status Client_Status__c",
    "assigned_to Assigned_Team__c joined",
    "notes Contractor_Notes__c",
    "file_notes File_Notes__c",
    "merged_values Merged_Values__c",
    *_STAMPS,
)
_ESTIMATE_HEADER = (
    "number Estimate_Number__c",
    "title Estimate_Title__c",
    "estimate_date Estimate_Date__c date",
    "expiration_date Estimate_Expiration_Date__c date",
    "status Estimate_Status__c choice",
    "subtotal Estimate_Subtotal__c money",
    "discount Estimate_Discount__c money",
    "tax Estimate_Tax__c money",
    "total Estimate_Total__c money",
    "markup Estimate_Markup__c",
    "deposit Estimate_Deposit__c",
    "signed_date Estimate_Signed_Date__c date",
    "created_by Estimate_Author__c",
    "notes Estimate_Notes__c",
    "service_address Estimate_Service_Address__c",
    "line_items Estimate_Line_Items__c",
    "created Estimate_Create_Date__c date",
    "source_key Estimate_Source_ID__c",
    "originals Estimate_Original_Values__c lines",
)

DECLARED: dict[str, tuple[Rule, ...]] = {
    "clients": (
        *_rules(t.CONTACT, *_PERSON, "properties Properties__c"),
        *_rules(
            t.BUSINESS,
            "company_name name",
            "phone phone",
            "email email",
            "website website",
            "address1 address",
            "city city",
            "state state",
            "postal_code postalcode",
            "country country",
            f"source_key {t.SOURCE_ID}",
            "created Original_Create_Date__c date",
        ),
    ),
    "leads": _rules(
        t.CONTACT,
        *_PERSON,
        "lead_status Lead_Status__c choice",
        "estimated_value Estimated_Value__c money",
        "follow_up Follow_Up_Date__c date",
    ),
    "jobs": _rules(
        t.OPPORTUNITY,
        "display_name name",
        "value monetaryValue money",
        "number Job_Number__c",
        "status_words Job_Status__c",
        "amount Job_Amount__c money",
        "start_date Job_Start_Date__c date",
        "end_date Job_End_Date__c date",
        "start_time Job_Start_Time__c",
        "end_time Job_End_Time__c",
        "anytime Job_Anytime__c yes_no",
        "repeat Job_Repeat__c",
        "completed Job_Completed_Date__c date",
        "signature Job_Signature_Required__c yes_no",
        "instructions Job_Instructions__c",
        "service_address Job_Service_Address__c",
        "notes Job_Notes__c",
        "line_items Job_Line_Items__c",
        "tags Job_Tags__c joined",
        "visits Job_Visits__c",
        "assigned_to Assigned_Team__c joined",
        "other_estimates Other_Estimates__c",
        "file_notes File_Notes__c",
        "merged_values Merged_Values__c",
        *(f"stage_times.{word} {label}" for word, label in t.STAGE_TIME_LABELS.items()),
        *_STAMPS,
    ),
    "estimates": _rules(t.OPPORTUNITY, *_ESTIMATE_HEADER),
    "estimate_items": _rules(
        t.OPPORTUNITY_PRODUCT,
        f"display_name {t.NAME}",
        f"source_key {t.SOURCE_ID}",
        "estimate_number Estimate_Number__c",
        "line_number Line_Number__c number",
        "type Item_Type__c choice",
        "optional Optional__c yes_no",
        "selected Selected__c yes_no",
        "recommended Recommended__c yes_no",
        "parent_assembly Assembly__c",
        "description Description__c",
        "quantity Quantity__c number",
        "unit Unit__c",
        "unit_cost Unit_Cost__c money",
        "markup Markup__c",
        "unit_price Unit_Price__c money",
        "tax Tax__c money",
        "amount Total__c money",
        f"originals {t.ORIGINALS} lines",
    ),
    "invoices": _rules(
        t.INVOICE,
        f"display_name {t.NAME}",
        "number Invoice_Number__c",
        "title Title__c",
        "issue_date Issue_Date__c date",
        "due_date Due_Date__c date",
        "subtotal Subtotal__c money",
        "discount Discount__c money",
        "tax Tax__c money",
        "total Total__c money",
        "late_fee Late_Fee__c money",
        "amount_paid Amount_Paid__c money",
        "balance Balance__c money",
        "status Invoice_Status__c choice",
        "paid_date Paid_Date__c date",
        "payment_method Payment_Method__c",
        "computed Computed_Values__c joined",
        "payments Payments__c",
        "lines Line_Items__c",
        "change_orders Change_Orders__c",
        "service_address Service_Address__c",
        "notes Notes__c",
        "merged_values Merged_Values__c",
        *_STAMPS,
    ),
}


def _of_column(dataset: str, column: Column) -> Rule:
    transform = READINGS[column.read].transform
    return Rule(column.cleaned, t.RECORD_OF[dataset], column.to, transform)


def _of_object(o: ObjectType) -> Iterator[Rule]:
    """The rules of an object type that is declared as a whole."""
    yield Rule("display_name", o.target, t.NAME)
    yield from (_of_column(o.key, c) for c in o.main.columns if c.to)
    if o.lines:
        yield Rule("lines", o.target, t.LINES)
    yield from _rules(o.target, "merged_values Merged_Values__c")
    known = {f.name for f in BY_DATASET[o.key].fields}
    yield from (rule for rule in _rules(o.target, *_STAMPS) if rule.column in known)


DECLARED |= {o.key: tuple(_of_object(o)) for o in OBJECT_TYPES if o.record}
for _key, _columns in COLUMNS.items():
    DECLARED[_key] += tuple(_of_column(_key, c) for c in _columns if c.to)

#: The closed-word column of a dataset, and the column that keeps the words as read.
STATUS_COLUMNS: dict[str, tuple[str, str]] = {
    "leads": ("lead_status", "lead_status_text"),
    "jobs": ("status", "status_text"),
    "estimates": ("status", "status_text"),
    "invoices": ("status", "status_text"),
    **{o.key: ("status", "status_text") for o in OBJECT_TYPES if BY_DATASET[o.key].has("status")},
}


def _derived(o: ObjectType) -> dict[str, tuple[str, ...]]:
    """A record is called by its title, else by its number; its lines have exports of their own."""
    titled = BY_DATASET[o.key].has("title")
    return {
        "display_name": ("title" if titled else "number",),
        **({"lines": ()} if o.lines else {}),
    }


#: Columns a builder derives from clean ones while it reads a row (`people`, `deals`, `documents`).
DERIVED: dict[str, dict[str, tuple[str, ...]]] = {
    "clients": {
        "display_name": ("name",),
        "company_name": ("business_name", "name"),
        "original_name": ("name",),
        "all_tags": ("tags",),
    },
    "leads": {"display_name": ("name",), "original_name": ("name",), "all_tags": ("tags",)},
    "jobs": {
        "display_name": ("title",),
        "value": ("amount",),
        "status_words": ("status_text", "status"),
    },
    "estimate_items": {
        "display_name": ("name", "description"),
        "estimate_number": ("document_key",),
    },
    "invoices": {"lines": ("line_items",), "display_name": ("number",)},
    **{o.key: _derived(o) for o in OBJECT_TYPES},
}

#: Rows that become a line in a text of their parent: dataset → (parent dataset, derived column).
JOINED_INTO: dict[str, tuple[str, str]] = {
    "properties": ("clients", "properties"),
    "visits": ("jobs", "visits"),
    "estimates": ("jobs", "other_estimates"),
    "estimate_items": ("estimates", "line_items"),
    "invoice_items": ("invoices", "lines"),
    "payments": ("invoices", "payments"),
    "change_orders": ("invoices", "change_orders"),
    **{o.lines.key: (o.key, "lines") for o in OBJECT_TYPES if o.lines},
}
