"""Contacts, with their notes, tasks, tags and followers (docs/highlevel.md#contacts).

`locationId` stands in the body of create, upsert, search and the bulk calls; in the body of
update, notes, tags and tasks it is a 422.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from flitstack_pipeline.highlevel.answer_types import Contact, Note, Task
from flitstack_pipeline.highlevel.api.base import (
    Family,
    Page,
    Record,
    iterate,
    search_page,
    unwrap,
)
from flitstack_pipeline.highlevel.client import Answer
from flitstack_pipeline.highlevel.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    Unauthorized,
    UnexpectedAnswer,
    ValidationRejected,
)
from flitstack_pipeline.highlevel.models import (
    CustomFieldValue,
    IsoText,
    WireModel,
    all_of,
    condition,
)
from flitstack_pipeline.highlevel.reading import (
    cursor_of,
    flag,
    may_hold,
    read_contact,
    read_note,
    read_task,
)

#: The list of contacts is only there in the older version (docs/highlevel.md#versions).
LIST_VERSION, LIST_PAGE = "2021-07-28", 100
IN_FLIGHT = 8
BULK_MOST = 50
ASCENDING = [{"field": "dateAdded", "direction": "asc"}]


class ContactUpdate(WireModel):
    """What a contact can be changed to; `tags` overwrites the whole set."""

    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address1: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    website: str | None = None
    timezone: str | None = None
    dnd: bool | None = None
    dnd_settings: dict[str, Any] | None = None
    inbound_dnd_settings: dict[str, Any] | None = None
    tags: list[str] | None = None
    custom_fields: list[CustomFieldValue] | None = None
    source: str | None = None
    date_of_birth: IsoText | None = None
    assigned_to: str | None = None


class ContactCreate(ContactUpdate):
    """A new contact; original dates go to custom fields (docs/highlevel.md#dates)."""

    gender: str | None = None
    company_name: str | None = None


class ContactUpsert(ContactCreate):
    """A contact that updates the one HighLevel finds the same (docs/highlevel.md#duplicates)."""

    create_new_if_duplicate_allowed: bool | None = None


class NoteBody(WireModel):
    """A contact note; its date is the server's, so the original time goes into the text."""

    body: str
    user_id: str | None = None
    title: str | None = None
    color: str | None = None
    pinned: bool | None = None


class TaskCreate(WireModel):
    """A task; a past `due_date` with `completed` records history."""

    title: str
    due_date: IsoText
    completed: bool = False
    body: str | None = None
    assigned_to: str | None = None


class TaskUpdate(WireModel):
    """What a task can be changed to."""

    title: str | None = None
    due_date: IsoText | None = None
    completed: bool | None = None
    body: str | None = None
    assigned_to: str | None = None


@dataclass(frozen=True)
class Upserted:
    """The contact, and whether it was created."""

    contact: Contact
    new: bool


class Contacts(Family):
    """`/contacts`."""

    def create(self, contact: ContactCreate) -> Contact:
        """Create a contact; DuplicateContact when the sub-account allows no second one."""
        body = {"locationId": self.location_id, **contact.wire()}
        return read_contact(self._record("POST", "/contacts/", "contact", json=body))

    def upsert(self, contact: ContactUpsert) -> Upserted:
        """Create or update, by HighLevel's own duplicate rule."""
        body = {"locationId": self.location_id, **contact.wire()}

        def read(answer: Answer) -> Upserted:
            contact = read_contact(unwrap("POST", answer, "contact"))
            return Upserted(contact, bool(flag(answer.body.get("new"))))

        return self._read("POST", "/contacts/upsert", read, json=body)

    def update(self, contact_id: str, contact: ContactUpdate, clear: Iterable[str] = ()) -> None:
        """Change a contact; fields named in `clear` are emptied."""
        self._call(
            "PUT",
            "/contacts/{contactId}",
            path={"contactId": contact_id},
            json=contact.wire(clear),
        )

    def get(self, contact_id: str) -> Contact:
        """Read a contact as it is now, whole; NotFound when there is none."""
        path = {"contactId": contact_id}
        return self._one("/contacts/{contactId}", read_contact, "contact", path=path)

    def get_if_there(self, contact_id: str) -> Contact | None:
        """Read a contact as it is now; None when there is none."""
        try:
            return self.get(contact_id)
        except NotFound:
            return None  # deleted: searches show it for a while (live: L20)

    def delete(self, contact_id: str) -> None:
        """Delete a contact."""
        self._call("DELETE", "/contacts/{contactId}", path={"contactId": contact_id})

    # --- searching (the index lags writes by seconds) ------------------------------------------

    def search(
        self,
        *,
        filters: Sequence[dict[str, Any]] | None = None,
        query: str | None = None,
        page_limit: int = 100,
        search_after: list[Any] | None = None,
        sort: Sequence[dict[str, str]] | None = None,
    ) -> Page:
        """Read one page; the next one starts at its `search_after`.

        Its rows are partial: `missing` names what each does not tell (live: L1).
        """
        wanted = {
            "filters": list(filters) if filters else None,
            "query": query,
            "searchAfter": search_after,
            "sort": list(sort) if sort else None,
        }
        body = {"locationId": self.location_id, "pageLimit": page_limit}
        body |= {key: value for key, value in wanted.items() if value is not None}
        return self._searched(body)

    def _searched(self, body: dict[str, Any]) -> Page:
        def read(answer: Answer) -> Page:
            route = "POST /contacts/search"
            return search_page(answer.body, "contacts", route, _row, body)

        return self._read("POST", "/contacts/search", read, json=body)

    def count(self) -> int:
        """How many contacts there are, counted where no answer tells it."""
        told = self.search(page_limit=1).total
        return told if told is not None else sum(1 for _ in self.iterate_rows())

    def iterate_rows(self, page_limit: int = 500) -> Iterator[Contact]:
        """Yield a row of every contact, oldest first; rows are partial (see `search`)."""

        def page(cursor: list[Any] | None, number: int) -> Page:
            body = {"locationId": self.location_id, "pageLimit": page_limit, "sort": ASCENDING}
            if cursor is not None:
                body["searchAfter"] = cursor
            elif number > 1:
                body["page"] = number
            return self._searched(body)

        return iterate(page, "POST /contacts/search")

    def iterate_all(self, page_limit: int = 500) -> Iterator[Contact]:
        """Yield every contact whole, oldest first; one deleted meanwhile is left out.

        What a row of the search does not tell is taken from the list of contacts where that tells
        it (recording R02), else the contact is read by its id.
        """
        return self.completing().every(page_limit=page_limit)

    def completing(self) -> WholeContacts:
        """What makes whole contacts of rows, with as few requests as can be."""
        return WholeContacts(self)

    def iterate_list(self) -> Iterator[Contact]:
        """Yield the list of contacts, 100 a page; its rows may be partial too.

        Raises NotFound, ValidationRejected or UnexpectedAnswer where there is no such list.
        """
        start: list[Any] = []
        seen: set[str] = set()
        while True:
            params: dict[str, Any] = {"locationId": self.location_id, "limit": LIST_PAGE}
            if start:
                params |= {"startAfter": start[0], "startAfterId": start[-1]}
            found, answer = self._rows(
                "GET", "/contacts/", "contacts", params=params, version=LIST_VERSION
            )
            fresh = [c for raw in found if (c := read_contact(raw, row=True))["id"] not in seen]
            seen.update(contact["id"] for contact in fresh)
            yield from fresh
            start = _next_start(answer, found)
            if not fresh or not start:
                return

    def find_by_custom_field(self, field_id: str, value: str) -> list[Contact]:
        """Find contacts by a custom field's value (how a source key finds its record).

        Each is read by its id: a row need not repeat the value, and may be of a contact that was
        deleted (live: L20).
        """
        filters = all_of(condition(f"customFields.{field_id}", value))
        found = self.search(filters=filters, page_limit=20).records
        whole = (self.get_if_there(row["id"]) for row in found if may_hold(row, field_id, value))
        return [contact for contact in whole if contact is not None]

    def find_duplicate(
        self, *, email: str | None = None, number: str | None = None
    ) -> Contact | None:
        """Return the contact HighLevel would call a duplicate; None where it shows there is none.

        Raises UnexpectedAnswer for an answer that shows neither.
        """
        params = {"locationId": self.location_id, "email": email, "number": number}
        return self._read("GET", "/contacts/search/duplicate", _contact_or_none, params=params)

    def of_business(self, business_id: str) -> list[Contact]:
        """Return rows of the contacts linked to a company."""
        route, path = "/contacts/business/{businessId}", {"businessId": business_id}
        params = {"locationId": self.location_id}
        found = self._listed(route, "contacts", params, 100, path=path)
        return [read_contact(raw, row=True) for raw in found]

    # --- several contacts at once --------------------------------------------------------------

    def bulk_link_business(self, business_id: str | None, ids: Sequence[str]) -> list[str]:
        """Link up to 50 contacts to a company, or unlink them (None); return the ids linked."""
        if not 1 <= len(ids) <= BULK_MOST:
            raise ValueError(f"between 1 and {BULK_MOST} contacts at a time, not {len(ids)}")
        body = {"locationId": self.location_id, "ids": list(ids), "businessId": business_id}
        return list(self._call("POST", "/contacts/bulk/business", json=body).get("ids") or [])

    def bulk_tags(
        self, change: Literal["add", "remove"], ids: Sequence[str], tags: Sequence[str]
    ) -> Record:
        """Add tags to contacts, or take them away; returns `{succeeded, errorCount, responses}`."""
        body = {"locationId": self.location_id, "contacts": list(ids), "tags": list(tags)}
        return self._call(
            "POST", "/contacts/bulk/tags/update/{type}", path={"type": change}, json=body
        )

    # --- tags and followers --------------------------------------------------------------------

    def add_tags(self, contact_id: str, tags: Sequence[str]) -> list[str]:
        """Add tags; returns the contact's tags."""
        return self._tags("POST", contact_id, tags)

    def remove_tags(self, contact_id: str, tags: Sequence[str]) -> list[str]:
        """Take tags away; returns the contact's tags."""
        return self._tags("DELETE", contact_id, tags)

    def _tags(self, method: str, contact_id: str, tags: Sequence[str]) -> list[str]:
        answer = self._call(
            method,
            "/contacts/{contactId}/tags",
            path={"contactId": contact_id},
            json={"tags": list(tags)},
        )
        return list(answer.get("tags") or [])

    def add_followers(self, contact_id: str, user_ids: Sequence[str]) -> Record:
        """Let users follow a contact."""
        return self._followers("POST", contact_id, user_ids)

    def remove_followers(self, contact_id: str, user_ids: Sequence[str]) -> Record:
        """Let users no longer follow a contact."""
        return self._followers("DELETE", contact_id, user_ids)

    def _followers(self, method: str, contact_id: str, user_ids: Sequence[str]) -> Record:
        return self._call(
            method,
            "/contacts/{contactId}/followers",
            path={"contactId": contact_id},
            json={"followers": list(user_ids)},
        )

    # --- notes ---------------------------------------------------------------------------------

    def create_note(self, contact_id: str, note: NoteBody) -> Note:
        """Write a note on a contact."""
        return read_note(
            self._record(
                "POST",
                "/contacts/{contactId}/notes",
                "note",
                path={"contactId": contact_id},
                json=note.wire(),
            )
        )

    def list_notes(self, contact_id: str) -> list[Note]:
        """Read a contact's notes."""
        path = {"contactId": contact_id}
        return [
            read_note(raw) for raw in self._list("/contacts/{contactId}/notes", "notes", path=path)
        ]

    def update_note(self, contact_id: str, note_id: str, note: NoteBody) -> Record:
        """Change a note."""
        return self._record(
            "PUT",
            "/contacts/{contactId}/notes/{id}",
            "note",
            path={"contactId": contact_id, "id": note_id},
            json=note.wire(),
        )

    def delete_note(self, contact_id: str, note_id: str) -> None:
        """Delete a note."""
        path = {"contactId": contact_id, "id": note_id}
        self._call("DELETE", "/contacts/{contactId}/notes/{id}", path=path)

    # --- tasks ---------------------------------------------------------------------------------

    def create_task(self, contact_id: str, task: TaskCreate) -> Task:
        """Give a contact a task."""
        return read_task(
            self._record(
                "POST",
                "/contacts/{contactId}/tasks",
                "task",
                path={"contactId": contact_id},
                json=task.wire(),
            )
        )

    def list_tasks(self, contact_id: str) -> list[Task]:
        """Read a contact's tasks."""
        path = {"contactId": contact_id}
        found = self._list("/contacts/{contactId}/tasks", "tasks", path=path)
        return [task for raw in found if not (task := read_task(raw))["deleted"]]

    def update_task(self, contact_id: str, task_id: str, task: TaskUpdate) -> Record:
        """Change a task."""
        return self._record(
            "PUT",
            "/contacts/{contactId}/tasks/{taskId}",
            "task",
            path={"contactId": contact_id, "taskId": task_id},
            json=task.wire(),
        )

    def delete_task(self, contact_id: str, task_id: str) -> None:
        """Delete a task."""
        path = {"contactId": contact_id, "taskId": task_id}
        self._call("DELETE", "/contacts/{contactId}/tasks/{taskId}", path=path)


def _row(raw: Record) -> Contact:
    return read_contact(raw, row=True)


def _contact_or_none(answer: Answer) -> Contact | None:
    body = answer.body if isinstance(answer.body, dict) else {}
    if "contact" not in body:
        said = ["no contact, nor none, in the answer"]
        raise UnexpectedAnswer("GET", answer.route, status=answer.status, messages=said)
    return read_contact(unwrap("GET", answer, "contact")) if body["contact"] else None


def _next_start(answer: Record, found: Sequence[Record]) -> list[Any]:
    """Where the next page of the list starts: `meta` tells, else the last row does."""
    meta = answer.get("meta")
    if isinstance(meta, dict) and meta.get("startAfter") and meta.get("startAfterId"):
        return [meta["startAfter"], meta["startAfterId"]]
    return (cursor_of(found[-1]) or []) if found else []


#: What means that there is no list of contacts to ask.
_NO_LIST = (NotFound, ValidationRejected, UnexpectedAnswer, BadRequest, Unauthorized, Forbidden)


class WholeContacts:
    """Makes whole contacts of the rows of a search.

    The list of contacts is read once, when the first row is met that is not whole; a row it does
    not make whole either, or that changed since the list showed it, is read by its id.
    """

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts
        self._known: dict[str, Contact] | None = None
        self.listed = self.read = 0

    def every(
        self, wanted: frozenset[str] | None = None, page_limit: int = 500
    ) -> Iterator[Contact]:
        """Yield every contact, oldest first, with the keys that matter (all when None)."""
        found = self._contacts.iterate_rows(page_limit)
        while page := list(itertools.islice(found, LIST_PAGE)):
            yield from self.complete(page, wanted)

    def complete(
        self, found: Sequence[Contact], wanted: frozenset[str] | None = None
    ) -> list[Contact]:
        """The contacts of these rows, whole; one that is gone meanwhile is left out.

        Args:
            found: rows as the search shows them.
            wanted: the keys that matter; all of them when None.
        """
        whole: dict[str, Contact | None] = {}
        for row in found:
            known = row if _tells(row, wanted) else self._listed(row, wanted)
            whole[row["id"]] = known
        left = [contact_id for contact_id, known in whole.items() if known is None]
        if left:
            with ThreadPoolExecutor(min(IN_FLIGHT, len(left))) as pool:
                whole |= dict(zip(left, pool.map(self._one, left), strict=True))
        return [contact for contact in whole.values() if contact is not None]

    def _one(self, contact_id: str) -> Contact | None:
        self.read += 1
        return self._contacts.get_if_there(contact_id)

    def _listed(self, row: Contact, wanted: frozenset[str] | None) -> Contact | None:
        if self._known is None:
            self._known = self._read_list()
        shown = self._known.get(row["id"])
        if shown is None or shown["dateUpdated"] != row["dateUpdated"]:
            return None
        told: Contact = {**shown, **row}
        for key in row["missing"] - shown["missing"]:
            if key in shown:
                told[key] = shown[key]  # type: ignore[literal-required]
        told["missing"] = row["missing"] & shown["missing"]
        return told if _tells(told, wanted) else None

    def _read_list(self) -> dict[str, Contact]:
        known: dict[str, Contact] = {}
        try:
            for contact in self._contacts.iterate_list():
                known[contact["id"]] = contact
        except _NO_LIST:
            pass  # every contact is then read by its id
        self.listed = len(known)
        return known


def _tells(row: Contact, wanted: frozenset[str] | None) -> bool:
    return not (row["missing"] if wanted is None else row["missing"] & wanted)
