"""What we make in HighLevel: our standard custom fields, custom objects, associations, pipeline.

Belongs here: names, data types and options of the destination, declared once. Does not: which
source column feeds them (`mapping.declared_map`), how they are created (`migration.provision`).
Facts about types and standard fields: docs/highlevel.md#contact-fields, #companies, #objects,
#custom-fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flitstack_pipeline.catalog.clean import (
    ESTIMATE_STATUSES,
    INVOICE_STATUSES,
    ITEM_TYPES,
    JOB_STATUSES,
    LEAD_STATUSES,
)
from flitstack_pipeline.catalog.declared import COLUMNS, OBJECT_TYPES
from flitstack_pipeline.catalog.model import READINGS, Column, ObjectType
from flitstack_pipeline.catalog.other_kinds import SOURCE_TYPES

TEXT, LARGE_TEXT, NUMERICAL, DATE = "TEXT", "LARGE_TEXT", "NUMERICAL", "DATE"
MONEY = "MONETORY"  # HighLevel's own spelling
CHOICE, MULTI, FILE = "SINGLE_OPTIONS", "MULTIPLE_OPTIONS", "FILE_UPLOAD"

CONTACT, OPPORTUNITY, BUSINESS = "contact", "opportunity", "business"
INVOICE = "custom_objects.invoice"
OPPORTUNITY_PRODUCT = "custom_objects.opportunity_product"
ESTIMATE = "custom_objects.estimate"

SOURCE_ID = "Source_System_ID__c"
SOURCE_TYPE = "Source_Type__c"
LINES = "Line_Items__c"
FILES = "Contractor_Files__c"
ORIGINALS = "Original_Values__c"
NAME = "Name"
YES_NO = ("Yes", "No")

#: Standard fields writable at create, by target; everything else is a custom field.
STANDARD_FIELDS: dict[str, tuple[str, ...]] = {
    CONTACT: (
        "firstName", "lastName", "name", "email", "phone", "address1", "city", "state",
        "postalCode", "country", "website", "companyName", "source", "tags",
    ),
    BUSINESS: (
        "name", "phone", "email", "website", "address", "city", "state", "postalcode", "country",
    ),
    OPPORTUNITY: ("name", "monetaryValue", "status", "stage"),
}  # fmt: skip


def label_of(word: str) -> str:
    """The option label of a closed word: `in_progress` → `In progress`."""
    text = word.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def _labels(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(label_of(w) for w in words)


@dataclass(frozen=True)
class TargetField:
    """A field of a HighLevel object: label, data type, option labels, what it holds."""

    label: str
    data_type: str = TEXT
    options: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class TargetObject:
    """A custom object: key, names, the field shown as its title, its fields, what is searchable."""

    key: str
    singular: str
    plural: str
    fields: tuple[TargetField, ...]
    primary: str = NAME
    searchable: tuple[str, ...] = (NAME, SOURCE_ID)


@dataclass(frozen=True)
class Association:
    """A kind of link between two objects, in order."""

    key: str
    first: str
    first_label: str
    second: str
    second_label: str


def _f(label: str, data_type: str = TEXT, options: tuple[str, ...] = ()) -> TargetField:
    return TargetField(label, data_type, options)


_SOURCE = (_f(SOURCE_ID), _f("Original_Create_Date__c", DATE), _f("Original_Create_Time__c"))
_UPDATED = (_f("Original_Update_Date__c", DATE), _f("Original_Update_Time__c"))
_KEPT = (_f(ORIGINALS, LARGE_TEXT), _f("Merged_Values__c", LARGE_TEXT))

CONTACT_FIELDS: tuple[TargetField, ...] = (
    *_SOURCE,
    *_UPDATED,
    _f(SOURCE_TYPE, CHOICE, ("Client", "Lead", *SOURCE_TYPES.values())),
    _f("Original_Name__c"),
    _f("Phone_Extension__c"),
    _f("Extra_Emails__c", LARGE_TEXT),
    _f("Extra_Phones__c", LARGE_TEXT),
    _f("Service_Address__c", LARGE_TEXT),
    _f("Lead_Source__c"),
    _f("Client_Status__c"),
    _f("Assigned_Team__c"),
    _f("Contractor_Notes__c", LARGE_TEXT),
    _f("File_Notes__c", LARGE_TEXT),
    _f("Properties__c", LARGE_TEXT),
    _f("Lead_Status__c", CHOICE, _labels(LEAD_STATUSES)),
    _f("Estimated_Value__c", MONEY),
    _f("Follow_Up_Date__c", DATE),
    _f(FILES, FILE),
    *_KEPT,
)

BUSINESS_FIELDS: tuple[TargetField, ...] = (_f(SOURCE_ID), _f("Original_Create_Date__c", DATE))

STAGE_TIME_LABELS = {
    word: f"Stage_{label_of(word).replace(' ', '_')}_At__c" for word in JOB_STATUSES
}

ESTIMATE_HEADER: tuple[TargetField, ...] = (
    _f("Estimate_Number__c"),
    _f("Estimate_Title__c"),
    _f("Estimate_Date__c", DATE),
    _f("Estimate_Expiration_Date__c", DATE),
    _f("Estimate_Status__c", CHOICE, _labels(ESTIMATE_STATUSES)),
    _f("Estimate_Subtotal__c", MONEY),
    _f("Estimate_Discount__c", MONEY),
    _f("Estimate_Tax__c", MONEY),
    _f("Estimate_Total__c", MONEY),
    _f("Estimate_Markup__c"),
    _f("Estimate_Deposit__c"),
    _f("Estimate_Signed_Date__c", DATE),
    _f("Estimate_Author__c"),
    _f("Estimate_Notes__c", LARGE_TEXT),
    _f("Estimate_Service_Address__c", LARGE_TEXT),
    _f("Estimate_Line_Items__c", LARGE_TEXT),
    _f("Estimate_Create_Date__c", DATE),
    _f("Estimate_Source_ID__c"),
    _f("Estimate_Original_Values__c", LARGE_TEXT),
)

OPPORTUNITY_FIELDS: tuple[TargetField, ...] = (
    *_SOURCE,
    *_UPDATED,
    _f("Job_Number__c"),
    _f("Job_Status__c"),
    _f("Job_Amount__c", MONEY),
    _f("Job_Start_Date__c", DATE),
    _f("Job_End_Date__c", DATE),
    _f("Job_Start_Time__c"),
    _f("Job_End_Time__c"),
    _f("Job_Anytime__c", CHOICE, YES_NO),
    _f("Job_Repeat__c"),
    _f("Job_Completed_Date__c", DATE),
    _f("Job_Signature_Required__c", CHOICE, YES_NO),
    _f("Job_Instructions__c", LARGE_TEXT),
    _f("Job_Service_Address__c", LARGE_TEXT),
    _f("Job_Notes__c", LARGE_TEXT),
    _f("Job_Line_Items__c", LARGE_TEXT),
    _f("Job_Tags__c"),
    _f("File_Notes__c", LARGE_TEXT),
    _f("Job_Visits__c", LARGE_TEXT),
    _f("Assigned_Team__c"),
    *(_f(label) for label in STAGE_TIME_LABELS.values()),
    *ESTIMATE_HEADER,
    _f("Other_Estimates__c", LARGE_TEXT),
    _f("Invoice_Status__c", CHOICE, _labels(INVOICE_STATUSES)),
    _f("Invoice_Number__c"),
    _f(FILES, FILE),
    *_KEPT,
)

_INVOICE = TargetObject(
    INVOICE,
    "Invoice",
    "Invoices",
    (
        _f(NAME),
        *_SOURCE,
        *_UPDATED,
        _f("Invoice_Number__c"),
        _f("Title__c"),
        _f("Issue_Date__c", DATE),
        _f("Due_Date__c", DATE),
        _f("Subtotal__c", MONEY),
        _f("Discount__c", MONEY),
        _f("Tax__c", MONEY),
        _f("Total__c", MONEY),
        _f("Late_Fee__c", MONEY),
        _f("Amount_Paid__c", MONEY),
        _f("Balance__c", MONEY),
        _f("Invoice_Status__c", CHOICE, _labels(INVOICE_STATUSES)),
        _f("Paid_Date__c", DATE),
        _f("Payment_Method__c"),
        _f("Computed_Values__c"),
        _f("Payments__c", LARGE_TEXT),
        _f("Line_Items__c", LARGE_TEXT),
        _f("Change_Orders__c", LARGE_TEXT),
        _f("Service_Address__c", LARGE_TEXT),
        _f("Notes__c", LARGE_TEXT),
        *_KEPT,
    ),
    searchable=(NAME, SOURCE_ID, "Invoice_Number__c"),
)


def _declared_object(o: ObjectType) -> TargetObject:
    """The custom object of an object type that is declared as a whole."""
    own = tuple(_field_of(c) for c in o.main.columns if c.to)
    lines = (_f(LINES, LARGE_TEXT),) if o.lines else ()
    number = next(c.to for c in o.main.columns if c.read == "number")
    singular, plural = o.record or (o.label, o.label)
    fields = (_f(NAME), *_SOURCE, *_UPDATED, *own, *lines, *_KEPT)
    return TargetObject(o.target, singular, plural, fields, searchable=(NAME, SOURCE_ID, number))


def _field_of(c: Column) -> TargetField:
    reading = READINGS[c.read]
    return _f(c.to, reading.target, YES_NO if c.read == "boolean" else _labels(c.closed))


_PRODUCT = TargetObject(
    OPPORTUNITY_PRODUCT,
    "Opportunity Product",
    "Opportunity Products",
    (
        _f(NAME),
        _f(SOURCE_ID),
        _f("Estimate_Number__c"),
        _f("Line_Number__c", NUMERICAL),
        _f("Item_Type__c", CHOICE, _labels(ITEM_TYPES)),
        _f("Optional__c", CHOICE, YES_NO),
        _f("Selected__c", CHOICE, YES_NO),
        _f("Recommended__c", CHOICE, YES_NO),
        _f("Assembly__c"),
        _f("Description__c", LARGE_TEXT),
        _f("Quantity__c", NUMERICAL),
        _f("Unit__c"),
        _f("Unit_Cost__c", MONEY),
        _f("Markup__c"),
        _f("Unit_Price__c", MONEY),
        _f("Tax__c", MONEY),
        _f("Total__c", MONEY),
        _f(ORIGINALS, LARGE_TEXT),
    ),
    searchable=(NAME, SOURCE_ID, "Estimate_Number__c"),
)

_ESTIMATE = TargetObject(
    ESTIMATE,
    "Estimate",
    "Estimates",
    (_f(NAME), _f(SOURCE_ID), *ESTIMATE_HEADER),
    searchable=(NAME, SOURCE_ID, "Estimate_Number__c"),
)

_RECORDS = tuple(o for o in OBJECT_TYPES if o.record)
_DECLARED = tuple(map(_declared_object, _RECORDS))
OBJECTS: dict[str, TargetObject] = {o.key: o for o in (_INVOICE, *_DECLARED, _PRODUCT, _ESTIMATE)}

#: Where the columns of a kind of export go that no rule sends elsewhere.
RECORD_OF: dict[str, str] = {
    "clients": CONTACT,
    "leads": CONTACT,
    "jobs": OPPORTUNITY,
    "estimates": OPPORTUNITY,
    "estimate_items": OPPORTUNITY_PRODUCT,
    "invoices": INVOICE,
    **{o.key: o.target for o in _RECORDS},
}

#: Our standard custom fields by target object, those of an account's own columns included.
FIELDS: dict[str, tuple[TargetField, ...]] = {
    CONTACT: CONTACT_FIELDS,
    OPPORTUNITY: OPPORTUNITY_FIELDS,
    BUSINESS: BUSINESS_FIELDS,
    **{key: target.fields for key, target in OBJECTS.items()},
}
for _key, _columns in COLUMNS.items():
    FIELDS[RECORD_OF[_key]] += tuple(_field_of(c) for c in _columns if c.to)

#: Object type → (the word for its record in keys, its target, what it is called), as a parent.
PARENTS: dict[str, tuple[str, str, str]] = {
    "jobs": ("opportunity", OPPORTUNITY, "Opportunity"),
    "clients": ("contact", CONTACT, "Contact"),
    "invoices": ("invoice", INVOICE, "Invoice"),
    **{o.key: (o.singular, o.target, OBJECTS[o.target].singular) for o in _RECORDS},
}


def _associations(o: ObjectType) -> Iterator[Association]:
    """The links of the records of an object type with those of its parents."""
    for parent, (word, target, label) in PARENTS.items():
        if parent in o.parents:
            yield Association(
                f"{word}_{o.singular}", target, label, o.target, OBJECTS[o.target].singular
            )


ASSOCIATIONS: dict[str, Association] = {
    a.key: a
    for a in (
        Association("opportunity_invoice", OPPORTUNITY, "Opportunity", INVOICE, "Invoice"),
        Association("contact_invoice", CONTACT, "Contact", INVOICE, "Invoice"),
        *(a for o in _RECORDS for a in _associations(o)),
        Association(
            "opportunity_product", OPPORTUNITY, "Opportunity", OPPORTUNITY_PRODUCT, "Product"
        ),
        Association("opportunity_estimate", OPPORTUNITY, "Opportunity", ESTIMATE, "Estimate"),
    )
}

PIPELINE = "Job Workflow"
STAGES: tuple[str, ...] = ("New", "Scheduled", "In Progress", "On Hold", "Completed", "Cancelled")
OPPORTUNITY_STATUSES: tuple[str, ...] = ("open", "won", "lost", "abandoned")

#: Tags put on every contact we make, by Source_Type__c.
#: Channels of opt-outs as the map names them → as payloads of contacts do.
OPT_OUTS = {
    "call": "doNotCall", "email": "doNotEmail", "sms": "doNotSms", "whatsapp": "doNotWhatsApp",
    "gmb": "doNotGmb", "fb": "doNotFb",
}  # fmt: skip
TYPE_TAGS = {
    name: f"contractor+ {name.casefold()}" for name in ("Client", "Lead", *SOURCE_TYPES.values())
}

#: Which pipeline stage and opportunity status a document's status means; a person may change it.
DEFAULT_STAGES: dict[str, dict[str, tuple[str, str]]] = {
    "jobs": {
        "new": ("New", "open"),
        "scheduled": ("Scheduled", "open"),
        "in_progress": ("In Progress", "open"),
        "on_hold": ("On Hold", "open"),
        "completed": ("Completed", "won"),
        "cancelled": ("Cancelled", "lost"),
    },
    "estimates": {
        "draft": ("New", "open"),
        "sent": ("New", "open"),
        "changes_requested": ("New", "open"),
        "approved": ("New", "open"),
        "converted": ("Completed", "won"),
        "declined": ("Cancelled", "lost"),
        "expired": ("Cancelled", "abandoned"),
        "archived": ("Cancelled", "abandoned"),
    },
    "invoices": {
        "draft": ("New", "open"),
        "unpaid": ("Completed", "open"),
        "partial": ("Completed", "open"),
        "overdue": ("Completed", "open"),
        "paid": ("Completed", "won"),
        "void": ("Cancelled", "abandoned"),
        "bad_debt": ("Cancelled", "lost"),
    },
}


def field_named(target: str, label: str) -> TargetField | None:
    """Our declared field of a target by its label, or None."""
    return next((f for f in FIELDS.get(target, ()) if f.label == label), None)
