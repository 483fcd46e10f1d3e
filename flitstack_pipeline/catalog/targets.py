"""What we make in HighLevel: our standard custom fields, custom objects, associations, pipeline.

Derived from the declarations, but for what no column feeds. Does not belong here: how they are
created (`migration.provision`).
Facts about types and standard fields: docs/highlevel.md#contact-fields, #companies, #objects,
#custom-fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flitstack_pipeline.catalog import statuses
from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.declared import PLAIN, RECORDS, SOURCE
from flitstack_pipeline.catalog.model import (
    BUSINESS as BUSINESS,
)
from flitstack_pipeline.catalog.model import (
    CONTACT as CONTACT,
)
from flitstack_pipeline.catalog.model import (
    KEPT,
    Dataset,
    ObjectType,
    Rule,
    rule,
    rules_of,
)
from flitstack_pipeline.catalog.model import (
    OPPORTUNITY as OPPORTUNITY,
)
from flitstack_pipeline.catalog.model import (
    OPPORTUNITY_PRODUCT as OPPORTUNITY_PRODUCT,
)
from flitstack_pipeline.catalog.other_kinds import SOURCE_TYPES
from flitstack_pipeline.catalog.source import CLEANED
from flitstack_pipeline.catalog.statuses import closed, label_of

TEXT, LARGE_TEXT, NUMERICAL, DATE = "TEXT", "LARGE_TEXT", "NUMERICAL", "DATE"
MONEY = "MONETORY"  # HighLevel's own spelling
CHOICE, MULTI, FILE = "SINGLE_OPTIONS", "MULTIPLE_OPTIONS", "FILE_UPLOAD"

INVOICE = "custom_objects.invoice"
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


def _options(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(label_of(w) for w in words)


#: Object type → (the word for its record in keys, its target, what it is called), as a parent.
PARENTS: dict[str, tuple[str, str, str]] = {
    "jobs": ("opportunity", OPPORTUNITY, "Opportunity"),
    "clients": ("contact", CONTACT, "Contact"),
    **{o.key: (o.singular, o.target, o.record[0]) for o in RECORDS if o.record},
}
_TARGETS = {d.key: d.target for d in CLEANED} | {o.key: o.target for o in RECORDS}
#: Where the columns of a kind of export go that no rule sends elsewhere.
RECORD_OF: dict[str, str] = {key: target for key, target in _TARGETS.items() if target}


def _rules(dataset: Dataset, target: str) -> Iterator[Rule]:
    """The declared map of one kind of export: its rules, then its columns in order."""
    plain = PLAIN.get(dataset.key)
    if plain:
        called = next((c.cleaned for c in dataset.columns if c.cleaned == "title"), "number")
        yield rule(target, f"display_name<{called} {NAME}")
    lines = (f"lines< {LINES} long",) if plain and plain.lines else ()
    for line in (*lines, *(KEPT if plain else ()), *dataset.rules):
        yield rule(target, line)
    yield from rules_of(dataset.columns, target)


#: The declared map: which clean column feeds which field, by kind of export.
RULES: dict[str, tuple[Rule, ...]] = {
    d.key: tuple(_rules(d, RECORD_OF[d.key])) for d in CLEANED if d.key in RECORD_OF
}
#: Columns that builders derive while they read a row → the clean columns they are made of.
DERIVED: dict[str, dict[str, tuple[str, ...]]] = {
    dataset: {made.column: made.made_of for made in rules if made.made_of is not None}
    for dataset, rules in RULES.items()
}
#: Labels of options that no column's closed words tell.
_CHOICES = {SOURCE_TYPE: ("Client", "Lead", *SOURCE_TYPES.values())}


def _field_of(dataset: str, made: Rule) -> TargetField:
    words = next((f.isin for f in BY_DATASET[dataset].fields if f.name == made.column), ())
    options = YES_NO if made.transform == "yes_no" else _options(words)
    options = options if made.transform in ("yes_no", "choice") else ()
    return TargetField(made.field, made.data_type, _CHOICES.get(made.field, options))


def _fields_of(target: str) -> tuple[TargetField, ...]:
    """The custom fields of one target, each label once."""
    standard = STANDARD_FIELDS.get(target, ())
    found = {
        made.field: _field_of(dataset, made)
        for dataset, rules in reversed(RULES.items())
        for made in reversed(rules)
        if made.target == target and made.field not in standard
    }
    further = (f for f in _BY_BUILDERS.get(target, ()) if f.label not in found)
    return (*reversed(found.values()), *further)


#: Fields that builders fill from more than the columns of a row.
_BY_BUILDERS: dict[str, tuple[TargetField, ...]] = {
    CONTACT: (TargetField(FILES, FILE),),
    OPPORTUNITY: (
        TargetField("Invoice_Status__c", CHOICE, _options(closed(statuses.INVOICE))),
        TargetField("Invoice_Number__c"),
        TargetField(FILES, FILE),
    ),
}
_ESTIMATE_HEADER = tuple(_field_of("estimates", made) for made in RULES["estimates"])


def _record(o: ObjectType) -> TargetObject:
    """The custom object of an object type; it is found by its number, too."""
    number = next(c.to for c in o.main.columns if c.read == "number")
    singular, plural = o.record or (o.label, o.label)
    searchable = (NAME, SOURCE_ID, number)
    return TargetObject(o.target, singular, plural, _fields_of(o.target), NAME, searchable)


OBJECTS: dict[str, TargetObject] = {
    o.key: o
    for o in (
        *map(_record, RECORDS),
        TargetObject(
            OPPORTUNITY_PRODUCT,
            "Opportunity Product",
            "Opportunity Products",
            _fields_of(OPPORTUNITY_PRODUCT),
            searchable=(NAME, SOURCE_ID, "Estimate_Number__c"),
        ),
        TargetObject(
            ESTIMATE,
            "Estimate",
            "Estimates",
            (TargetField(NAME), TargetField(SOURCE_ID), *_ESTIMATE_HEADER),
            searchable=(NAME, SOURCE_ID, "Estimate_Number__c"),
        ),
    )
}

#: Our standard custom fields by target object.
FIELDS: dict[str, tuple[TargetField, ...]] = {
    **{target: _fields_of(target) for target in (CONTACT, OPPORTUNITY, BUSINESS)},
    **{key: target.fields for key, target in OBJECTS.items()},
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
        *(a for o in RECORDS for a in _associations(o)),
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
    name: f"{SOURCE.name.casefold()} {name.casefold()}"
    for name in ("Client", "Lead", *SOURCE_TYPES.values())
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
