"""Notes that hang on several records at once (v3; docs/highlevel.md#notes).

`locationId` stands in the query.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from flitstack_pipeline.highlevel.answer_types import Note
from flitstack_pipeline.highlevel.api.base import Family, Record, every_row
from flitstack_pipeline.highlevel.models import WireModel
from flitstack_pipeline.highlevel.reading import read_note


class NoteRelation(WireModel):
    """A record the note hangs on; `object_key` contact, business or a custom object."""

    object_key: str
    record_id: str


class NoteCreate(WireModel):
    """A note; a user must be its author."""

    body: str
    user_id: str
    relations: list[NoteRelation] = Field(min_length=1)
    title: str | None = None


class Notes(Family):
    """`/notes`."""

    def create(self, note: NoteCreate) -> Record:
        """Write a note."""
        params = {"locationId": self.location_id}
        return self._record("POST", "/notes/", "note", params=params, json=note.wire())

    def get(self, note_id: str) -> Note:
        """Read a note."""
        params = {"locationId": self.location_id}
        return self._one("/notes/{id}", read_note, "note", path={"id": note_id}, params=params)

    def iterate_all(self, page_size: int = 100) -> Iterator[Note]:
        """Yield the sub-account's notes page by page, each with the `relations` it hangs on.

        Official page "Search Notes" (added 2026-04-21): body locationId, limit, skip, sortBy,
        sortOrder, includeRelationRecords; the answer's shape is not described. Raises
        UnexpectedAnswer when it holds no list of notes.
        """

        def fetch(start: int) -> tuple[list[Record], Record]:
            body = {
                "locationId": self.location_id, "limit": page_size, "skip": start,
                "sortBy": "dateAdded", "sortOrder": "asc", "includeRelationRecords": True,
            }  # fmt: skip
            return self._rows("POST", "/notes/search", "notes", json=body)

        yield from map(read_note, every_row(fetch, "POST /notes/search", page_size))

    def delete(self, note_id: str) -> None:
        """Delete a note."""
        params = {"locationId": self.location_id}
        self._call("DELETE", "/notes/{id}", path={"id": note_id}, params=params)
