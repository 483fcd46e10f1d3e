"""Records that were there before us, kept as HighLevel answered them: what a rollback is held to.

What belongs here: reading one record by its id before our first write to it, keeping the answer as
it came, and comparing it with a later one. What does not: before-images, from which a rollback
restores (duplicates.py): nothing is shared with them, so that a mistake there cannot prove itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.client import Answer
from flitstack_pipeline.highlevel.errors import NotFound, UnexpectedAnswer
from flitstack_pipeline.migration.journal import tables as t
from flitstack_pipeline.migration.journal.store import Journal

#: Where a record of each kind that can be there before us is read.
PATHS = {"contact": "/contacts/{id}", "company": "/objects/business/records/{id}"}
#: What HighLevel changes or derives by itself.
_OWN = re.compile(
    r"^(traceId|dateUpdated|updatedAt|lastUpdated|lastActivity|lastSessionActivityAt|updatedBy|"
    r"version|searchAfter|sort|contactName|fullNameLowerCase|internalSource|lastUpdatedBy)$|"
    r"(LowerCase|Raw)$"
)
#: Names of one thing: an answer need not name it as an earlier one did.
_SAME = {"_id": "id", "custom_fields": "customFields", "customField": "customFields",
         "address": "address1", "createdAt": "dateAdded"}  # fmt: skip
_ENVELOPES = ("contact", "record", "business", "buiseness")


@dataclass(frozen=True)
class Difference:
    """A value that is not as it was; `path` as answered, such as `city` or `customFields.<id>`."""

    path: str
    before: Any
    now: Any

    @property
    def erased(self) -> bool:
        """Whether there is nothing left of it."""
        return self.now is None


def keep_original(hl: HighLevel, journal: Journal, kind: str, hl_id: str) -> str:
    """Keep a record as it is, durably, unless it is kept already; says when it was made.

    Returns the moment as HighLevel tells it (ISO 8601), empty when it tells none. Raises
    HighLevelError, UnexpectedAnswer among them for answers that do not hold the record.
    """
    if kind not in PATHS:
        return ""
    answer = original(journal, hl.location_id, kind, hl_id)
    if answer is None:
        answer = _read(hl, kind, hl_id)
        row = {"location": hl.location_id, "kind": kind, "hl_id": hl_id}
        journal.put_original({**row, "answer": answer, "at": time.time()})
    inside = _inside(answer)
    return str(inside.get("dateAdded") or inside.get("createdAt") or "")


def original(journal: Journal, location: str, kind: str, hl_id: str) -> dict[str, Any] | None:
    """The answer kept of a record; None when there is none."""
    c = t.originals.c
    query = sa.select(c.answer).where(
        c.location == location, c.kind == kind, c.hl_id == hl_id
    )  # fmt: skip
    with journal.engine.connect() as con:
        found = con.execute(query).first()
    return None if found is None else dict(found[0])


def differences_now(
    hl: HighLevel, kind: str, hl_id: str, then: Mapping[str, Any]
) -> list[Difference]:
    """What of a record is not as it was. Raises HighLevelError but for a record that is gone."""
    try:
        now = _read(hl, kind, hl_id)
    except NotFound:
        return [Difference("the whole record", "there", None)]
    return list(differences(then, now))


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """The values that differ between two answers about one record.

    HighLevel's own stamps, the order of lists and ways of saying "nothing" are no difference.
    """
    one, other = dict(_values(_inside(then))), dict(_values(_inside(now)))
    for path in sorted(one.keys() | other.keys()):
        if one.get(path) != other.get(path):
            yield Difference(path, one.get(path), other.get(path))


def _read(hl: HighLevel, kind: str, hl_id: str) -> dict[str, Any]:
    """The answer about one record; one that holds another or none is asked for again."""

    def read(answer: Answer) -> dict[str, Any]:
        body = answer.body
        if not isinstance(body, Mapping) or hl_id not in (_id_in(_inside(body)), _id_in(body)):
            said = [f"the answer about {kind} {hl_id} does not hold the record"]
            raise UnexpectedAnswer("GET", PATHS[kind], messages=said)
        return dict(body)

    whole: dict[str, Any] = hl.client.call("GET", PATHS[kind], path={"id": hl_id}, read=read).read
    return whole


def _id_in(record: Mapping[str, Any]) -> Any:
    return record.get("id") or record.get("_id")


def _inside(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in _ENVELOPES:
        if isinstance(answer.get(name), Mapping):
            inside: Mapping[str, Any] = answer[name]
            return inside
    return answer


def _values(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, plain value) of everything in an answer that says something."""
    if isinstance(value, Mapping):
        if str(value.get("status")).casefold() == "inactive" and "dndSettings" in path:
            return
        for key, inner in value.items():
            if not _OWN.search(str(key)):
                name = _SAME.get(str(key), str(key))
                yield from _values(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield from _of_list(value, path)
    elif (said := _plain(value, path)) is not None:
        yield path, said


def _of_list(value: list[Any], path: str) -> Iterator[tuple[str, Any]]:
    if all(isinstance(x, Mapping) and _id_in(x) for x in value):
        for item in value:
            rest = {k: v for k, v in item.items() if k not in ("id", "_id", "key", "name")}
            held = next(iter(rest.values())) if len(rest) == 1 else rest
            yield from _values(held, f"{path}.{_id_in(item)}")
    elif said := sorted(str(x).casefold() for x in value if x not in (None, "")):
        yield path, tuple(said)


def _plain(value: Any, path: str) -> str | None:
    """A value as text, however the answer tells it (990.1, "990.1"; true, "true"); None: nothing.

    Letter case stays: a name in other letters is another name. So does a custom field's "false".
    """
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    said = "" if value is None else str(value)
    nothing = ("",) if path.startswith("customFields") else ("", "false")
    return None if said in nothing else said
