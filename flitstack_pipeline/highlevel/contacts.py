"""Contacts, with their notes, tasks, tags and followers (reference 2).

`locationId` stands in the body of create, upsert, search and the bulk calls; in the body of
update, notes, tags and tasks it is a 422.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flitstack_pipeline.highlevel.family import Family, Page, Record, iterate, rows, search_page
from flitstack_pipeline.highlevel.models import (
    CustomFieldValue,
    IsoText,
    WireModel,
    all_of,
    condition,
)

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
    """A new contact; original dates cannot be set, they go to custom fields (reference 13)."""

    gender: str | None = None
    company_name: str | None = None


class ContactUpsert(ContactCreate):
    """A contact that updates the one HighLevel thinks is the same (reference 2.2)."""

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

    contact: Record
    new: bool


class Contacts(Family):
    """`/contacts`."""

    def create(self, contact: ContactCreate) -> Record:
        """Create a contact; DuplicateContact when the sub-account allows no second one."""
        body = {"locationId": self.location_id, **contact.wire()}
        return self._record("POST", "/contacts/", "contact", json=body)

    def upsert(self, contact: ContactUpsert) -> Upserted:
        """Create or update, by HighLevel's own duplicate rule."""
        body = {"locationId": self.location_id, **contact.wire()}
        answer = self._call("POST", "/contacts/upsert", json=body)
        return Upserted(answer.get("contact") or {}, bool(answer.get("new")))

    def update(self, contact_id: str, contact: ContactUpdate, clear: Iterable[str] = ()) -> Record:
        """Change a contact; fields named in `clear` are emptied."""
        return self._record(
            "PUT",
            "/contacts/{contactId}",
            "contact",
            path={"contactId": contact_id},
            json=contact.wire(clear),
        )

    def get(self, contact_id: str) -> Record:
        """Read a contact as it is now; NotFound when there is none."""
        return self._record(
            "GET", "/contacts/{contactId}", "contact", path={"contactId": contact_id}
        )

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
        """Read one page; the next one starts at its `search_after`."""
        wanted = {
            "filters": list(filters) if filters else None,
            "query": query,
            "searchAfter": search_after,
            "sort": list(sort) if sort else None,
        }
        body = {"locationId": self.location_id, "pageLimit": page_limit}
        body |= {key: value for key, value in wanted.items() if value is not None}
        return search_page(self._call("POST", "/contacts/search", json=body), "contacts")

    def iterate_all(self, page_limit: int = 500) -> Iterator[Record]:
        """Yield every contact, oldest first."""
        return iterate(
            lambda cursor: self.search(page_limit=page_limit, search_after=cursor, sort=ASCENDING),
            "POST /contacts/search",
        )

    def find_by_custom_field(self, field_id: str, value: str) -> list[Record]:
        """Find contacts by a custom field's value (how a source key finds its record)."""
        filters = all_of(condition(f"customFields.{field_id}", value))
        return self.search(filters=filters, page_limit=20).records

    def find_duplicate(self, *, email: str | None = None, number: str | None = None) -> Any:
        """Return the contact HighLevel would call a duplicate, or None."""
        answer = self._call(
            "GET",
            "/contacts/search/duplicate",
            params={"locationId": self.location_id, "email": email, "number": number},
        )
        return answer.get("contact")

    def of_business(self, business_id: str) -> list[Record]:
        """Return the contacts linked to a company."""
        return self._paged_of_business(business_id)

    def _paged_of_business(self, business_id: str) -> list[Record]:
        found: list[Record] = []
        while True:
            answer = self._call(
                "GET",
                "/contacts/business/{businessId}",
                path={"businessId": business_id},
                params={"locationId": self.location_id, "limit": 100, "skip": len(found)},
            )
            page = rows(answer, "contacts")
            found += page
            if len(page) < 100:
                return found

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

    def create_note(self, contact_id: str, note: NoteBody) -> Record:
        """Write a note on a contact."""
        return self._record(
            "POST",
            "/contacts/{contactId}/notes",
            "note",
            path={"contactId": contact_id},
            json=note.wire(),
        )

    def list_notes(self, contact_id: str) -> list[Record]:
        """Read a contact's notes."""
        return self._list("/contacts/{contactId}/notes", "notes", path={"contactId": contact_id})

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

    def create_task(self, contact_id: str, task: TaskCreate) -> Record:
        """Give a contact a task."""
        return self._record(
            "POST",
            "/contacts/{contactId}/tasks",
            "task",
            path={"contactId": contact_id},
            json=task.wire(),
        )

    def list_tasks(self, contact_id: str) -> list[Record]:
        """Read a contact's tasks."""
        return self._list("/contacts/{contactId}/tasks", "tasks", path={"contactId": contact_id})

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
