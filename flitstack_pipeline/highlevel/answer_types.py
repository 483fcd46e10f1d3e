"""What HighLevel's answers are above this package: one type per family, whatever their shape was.

What belongs here: the canonical records, their keys, what each holds. What does not: making them of
raw JSON (reading.py), what is sent (models.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict


class Cell(TypedDict):
    """A custom field's value: the field's id (or key), and the value as HighLevel shows it."""

    id: str
    value: Any


class Contact(TypedDict, total=False):
    """A contact; texts that are empty or null are left out."""

    id: str
    firstName: str
    lastName: str
    name: str
    email: str
    phone: str
    address1: str
    city: str
    state: str
    postalCode: str
    country: str
    website: str
    companyName: str
    source: str
    dateOfBirth: str
    timezone: str
    assignedTo: str
    businessId: str
    tags: list[str]
    dnd: bool
    dndSettings: dict[str, Any]
    inboundDndSettings: dict[str, Any]
    customFields: list[Cell]
    dateAdded: str
    dateUpdated: str
    missing: frozenset[str]


class Opportunity(TypedDict, total=False):
    """An opportunity."""

    id: str
    name: str
    status: str
    monetaryValue: Any
    pipelineId: str
    pipelineStageId: str
    contactId: str
    assignedTo: str
    customFields: list[Cell]
    createdAt: str
    updatedAt: str
    missing: frozenset[str]


class Task(TypedDict):
    """A task of a contact."""

    id: str
    title: Any
    body: Any
    dueDate: Any
    completed: bool
    assignedTo: Any
    contactId: Any
    deleted: bool


class Note(TypedDict):
    """A note of a contact; `relations` are the records it hangs on."""

    id: str
    body: str
    userId: Any
    title: Any
    contactId: Any
    dateAdded: str
    relations: list[Any]


class Message(TypedDict):
    """A message of a conversation; `meta` tells of a call or an e-mail what its type has."""

    id: str
    body: str
    direction: str
    dateAdded: str
    messageType: str
    contactId: str
    conversationId: str
    meta: Mapping[str, Any]


class Appointment(TypedDict):
    """An appointment of a calendar."""

    id: str
    title: str
    description: str
    startTime: str
    endTime: str
    appointmentStatus: str
    assignedUserId: str
    contactId: str
    dateAdded: str
    deleted: bool


class Link(TypedDict):
    """A link as one of its records shows it."""

    relationId: Any
    associationId: Any
    recordId: Any
    objectKey: Any


class Relation(TypedDict):
    """A link with both its ends."""

    id: Any
    associationId: Any
    firstRecordId: Any
    secondRecordId: Any


RelationList = list[Relation]  # `list` is a method of their family


class Association(TypedDict):
    """An association of two kinds of records; HighLevel's own has its id for a key (L16)."""

    id: str
    key: str
    firstObjectKey: str
    secondObjectKey: str
    associationType: str


AssociationList = list[Association]  # `list` is a method of their family


class Stage(TypedDict):
    """A stage of a pipeline."""

    id: str
    name: str
    position: int


class Pipeline(TypedDict):
    """A pipeline with its stages in their order."""

    id: str
    name: str
    stages: list[Stage]


class FieldOption(TypedDict):
    """A choice of a field: `key` is what records hold, `label` what people see."""

    key: str
    label: str


class FieldV1(TypedDict):
    """A field of contacts or opportunities; an option is its label."""

    id: str
    name: str
    model: str
    fieldKey: str
    dataType: str
    parentId: str
    picklistOptions: list[str]


class FieldV2(TypedDict):
    """A field of a custom object or of companies."""

    id: str
    name: str
    fieldKey: str
    dataType: str
    parentId: str
    options: list[FieldOption]
    unique: bool | None  # None: the answer does not tell


FieldList = list[FieldV2]  # `list` is a method of their family


class User(TypedDict):
    """A user of the sub-account."""

    id: str
    name: str
    email: str
    deleted: bool


UserList = list[User]  # `list` is a method of their family


class ObjectRecord(TypedDict):
    """A record of a custom object, or a company; `has_relations`: the answer has a list of them."""

    id: str
    properties: dict[str, Any]
    owners: list[Any]
    relations: list[Link]
    createdAt: str
    updatedAt: str
    missing: frozenset[str]
    has_relations: bool


class Named(TypedDict, total=False):
    """What is known by its name: a tag, product, price, custom value, workflow, calendar, file.

    `value` is a custom value's, `status` a workflow's, `amount` a price's, `url` a file's.
    """

    id: str
    name: str
    value: Any
    status: Any
    amount: Any
    url: Any


NamedList = list[Named]  # `list` is a method of several families


class Schema(TypedDict, total=False):
    """A custom object or one of HighLevel's own, by its key."""

    id: str
    key: str
    primaryDisplayProperty: str
    searchableProperties: list[str]
