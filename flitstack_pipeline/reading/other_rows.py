"""Rows of other kinds of file as rows of notes, tasks and meetings: readable, with every cell.

A person named the kind (`OtherKind`). The record a row names decides where it goes; its text holds
each filled cell under its header, so that nothing of the row is lost whatever its columns are.
Belongs here: the SQL of one raw row of activities. Does not: which kind it is (`kinds`), what an
activity becomes in HighLevel (`mapping.activity_forms`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flitstack_pipeline.catalog.columns import (
    CLIENT_ID,
    CLIENT_NAME,
    ESTIMATE_NO,
    INVOICE_NO,
    JOB_NO,
    WORK_ORDER_NO,
)
from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.catalog.other_kinds import (
    MEETING,
    NOTE,
    OTHER,
    SOURCE_TYPES,
    TASK,
    OtherKind,
)
from flitstack_pipeline.warehouse import literal

#: The kind of record that each column names, the nearest first.
_PARENTS = {
    "work_order_number": "Work Order",
    "job_number": "Job",
    "invoice_number": "Invoice",
    "estimate_number": "Estimate",
    "client_id": "Client",
    "client_name": "Client",
}
#: What hangs on a record of the kind it names.
HANGING = ("activities", "attachments")
#: Headers of those columns where they stand in a file of notes or of files.
_PARENT_HEADERS = {
    normalise_header(spelling): column.name
    for column in (CLIENT_ID, CLIENT_NAME, JOB_NO, ESTIMATE_NO, INVOICE_NO, WORK_ORDER_NO)
    for spelling in (column.header, *column.aliases)
}
#: The column that dates a row, the first that the file has.
_DAYS = (
    "date", "start_date", "issued", "inspection_date", "review_date", "order_date", "bill_date",
    "refund_date", "signed", "requested_on", "sent_at", "completed_at", "install_date",
    "warranty_start", "applied", "created",
)  # fmt: skip
_AUTHORS = ("created_by", "author", "inspector", "reviewer", "done_by", "ordered_by")
_KINDS = {TASK: "Task", MEETING: "Meeting", NOTE: "Note"}
_TITLES = {TASK: ("title", "task", "description"), MEETING: ("appointment",)}
_CLOCK = r"^\s*(\d{1,2}(?::\d{2}){0,2}\s*(?:[ap]\.?m\.?)?)"


def activity_values(
    kind: str, columns: Sequence[str | None], labels: Sequence[str]
) -> dict[str, str]:
    """The SQL of each column of a raw activity, over the cells `c0`, `c1`, … of a row.

    Args:
        kind: The kind of file (a key of `OTHER`).
        columns: The canonical column of each cell, None for one that the kind does not know.
        labels: The header of each cell, as it is to be read.
    """
    place = {name: f"c{i}" for i, name in enumerate(columns) if name}
    other = OTHER[kind]
    title = _first(place, _TITLES.get(other.becomes, ("title",)))
    found = {
        "record_type": _case(place, lambda name, _: literal(_PARENTS[name])),
        "record_number": _case(place, lambda _, cell: cell),
        "date": _date(other.becomes, place),
        "author": _first(place, _AUTHORS),
        "kind": literal(_KINDS.get(other.becomes, _KINDS[NOTE])),
        "subject": title if other.becomes in (TASK, MEETING) else _subject(other, place, title),
        "text": _lines(labels),
    }
    if "id" in place:
        number = f"trim({place['id']})"
        found["activity_id"] = (
            f"CASE WHEN {number} <> '' THEN {literal(kind + '-')} || {number} END"
        )
    if other.becomes == TASK:
        found["due_date"] = place.get("due_date", "NULL")
        found["done"] = place.get("completed", "NULL")
    return found


def parent_values(labels: Sequence[str]) -> dict[str, str]:
    """The SQL of what a note or file hangs on, where columns of their own name the record.

    For exports without a column for the kind of record: `Client ID`, `Job #`. The cells stay custom
    columns, too.

    Args:
        labels: The header of each cell.
    """
    named = [(_PARENT_HEADERS.get(normalise_header(label)), i) for i, label in enumerate(labels)]
    place = {name: f"c{i}" for name, i in reversed(named) if name}
    if not place:
        return {}
    return {
        "record_type": _case(place, lambda name, _: literal(_PARENTS[name])),
        "record_number": _case(place, lambda _, cell: cell),
    }


def _subject(other: OtherKind, place: Mapping[str, str], title: str) -> str:
    """What a note is of: "Permit BP-7"; a title of its own where it has one."""
    if not other.dataset.subjects:
        return title
    noun = other.dataset.subjects[0].capitalize()
    number = place.get("id", "''")
    return f"coalesce({title}, trim({literal(noun)} || ' ' || trim(coalesce({number}, ''))))"


def _first(place: Mapping[str, str], names: Sequence[str]) -> str:
    """The first of these columns that a row has filled."""
    cells = [f"nullif(trim({place[name]}), '')" for name in names if name in place]
    return f"coalesce({', '.join(cells)}, NULL)" if cells else "NULL"


def _case(place: Mapping[str, str], value: Callable[[str, str], str]) -> str:
    """A CASE over the records a row may name, the nearest one that is filled."""
    cases = "".join(
        f" WHEN trim({place[name]}) <> '' THEN {value(name, place[name])}"
        for name in _PARENTS
        if name in place
    )
    return f"CASE{cases} END" if cases else "NULL"


def _date(becomes: str, place: Mapping[str, str]) -> str:
    """The moment of a row; the time of day of a meeting stands in a column of its own."""
    name = next((n for n in _DAYS if n in place), None)
    if becomes == TASK and name is None:
        return place.get("due_date", "NULL")
    if name is None:
        return "NULL"
    day, time = place[name], place.get("start_time")
    if time is None or becomes != MEETING:
        return day
    clock = f"regexp_extract({time}, '{_CLOCK}', 1, 'i')"
    return f"trim(concat_ws(' ', nullif(trim({day}), ''), nullif(trim({clock}), '')))"


def _lines(labels: Sequence[str]) -> str:
    """Every filled cell under its header, one a line."""
    lines = ", ".join(
        f"CASE WHEN trim(c{i}) <> '' THEN {literal(label + ': ')} || trim(c{i}) END"
        for i, label in enumerate(labels)
    )
    return f"array_to_string(list_filter([{lines}], lambda x: x IS NOT NULL), chr(10))"


#: Columns of a contact that are columns of these kinds too, by their name in `clients`.
_OF_PERSON = (
    "first_name", "last_name", "email", "phone", "mobile", "address", "street", "city", "state",
    "zip", "website", "notes", "created", "tags", "workspace",
)  # fmt: skip


def contact_values(kind: str, columns: Sequence[str | None]) -> tuple[dict[str, str], list[int]]:
    """The SQL of each column of a raw client for a person who is none, and the cells left over.

    Its id says what it is, so that a vendor 12 is not the client 12; without one it is the name,
    and the client that a contact person belongs to. What a contact has no column for stays a column
    of its own.

    Args:
        kind: The kind of file (a key of `OTHER` that becomes contacts).
        columns: The canonical column of each cell, None for one that the kind does not know.
    """
    place = {name: f"c{i}" for i, name in enumerate(columns) if name}
    found = {name: place[name] for name in _OF_PERSON if name in place}
    person, firm = _person(place), _first(place, ("vendor",) if "vendor" in place else ("company",))
    # Whether a vendor without a contact person is a firm, its name tells.
    found["name"] = (
        f"coalesce({_first(place, ('contact_name',))}, CASE WHEN {person} IS NULL THEN {firm} END)"
    )
    found["business_name"] = f"CASE WHEN {person} IS NOT NULL THEN {firm} END"
    who = f"coalesce({person}, {firm}, {_first(place, ('email', 'phone', 'mobile'))})"
    client = _first(place, ("client_id", "client_name"))
    known = f"coalesce({_first(place, ('id',))}, {who} || coalesce(' of ' || {client}, ''))"
    found["client_id"] = f"{literal(OTHER[kind].dataset.subjects[0] + '-')} || lower({known})"
    found["person_kind"] = literal(SOURCE_TYPES[kind])
    used = {*_OF_PERSON, "contact_name", "id", "vendor" if "vendor" in place else "company"}
    return found, [i for i, name in enumerate(columns) if name not in used]


def _person(place: Mapping[str, str]) -> str:
    """The name of a person: in one column, or in two."""
    parts = [f"nullif(trim({place[n]}), '')" for n in ("first_name", "last_name") if n in place]
    both = f"nullif(concat_ws(' ', {', '.join(parts)}), '')" if parts else "NULL"
    return f"coalesce({_first(place, ('contact_name',))}, {both})"
