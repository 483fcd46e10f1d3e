"""Making one thing of the schema: intent before the request, outcome after it, never twice.

What belongs here: the journalled attempt and what its answer means. What does not: what to make
(the modules beside this one). What the token may not do becomes a line of the checklist.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import (
    AmbiguousOutcome,
    BadRequest,
    Forbidden,
    HighLevelError,
    Unauthorized,
    ValidationRejected,
)
from flitstack_pipeline.migration.account_schema import V1_TARGETS, Catalog
from flitstack_pipeline.migration.attempts import attempt
from flitstack_pipeline.migration.checklist import Todo
from flitstack_pipeline.migration.journal.store import Intent, Journal, Run, new_id

LOOK_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
ATTEMPTS = 3
_EXISTS = re.compile(r"\b(?:exists?|already|duplicate[ds]?|taken|in use|unique)\b", re.IGNORECASE)
#: The setting that names what was there before a lost migration, until its schema is taken over.
ADOPTED_THERE = "adopted_there"

Look = Callable[[], str | None]


class Maker:
    """Makes things in one sub-account and notes them in the journal.

    `known` are the schema items of the journal by key, `made` counts what this run made.
    """

    def __init__(self, hl: HighLevel, journal: Journal, run: Run, catalog: Catalog) -> None:
        self.hl, self.journal, self.run, self.catalog = hl, journal, run, catalog
        self.known = {i["item_key"]: i for i in journal.schema_items(hl.location_id)}
        self.made = 0
        self._tried = journal.intended_keys(hl.location_id, "provision")
        there = journal.get_setting(f"{ADOPTED_THERE}:{hl.location_id}")
        self._adopted_there = None if there is None else frozenset(there)

    def is_ours(self, item_key: str) -> bool:
        """Whether provisioning made it."""
        return bool(self.known.get(item_key, {}).get("origin") == "created")

    def was_tried(self, item_key: str) -> bool:
        """Whether we once tried to make it: it may be there although nothing says so."""
        return item_key in self._tried

    @property
    def adopting(self) -> bool:
        """Whether what a lost migration made counts as ours."""
        return self._adopted_there is not None

    def exists(
        self,
        item_key: str,
        kind: str,
        hl_id: str,
        *,
        ours: bool = False,
        details: dict[str, Any] | None = None,
    ) -> None:
        """Note what is there; it is ours when we once tried to make it, or when `ours` says so.

        After an adoption all is ours but what was there before the lost migration.
        Something we made under the same key and that has another id now was made again by a
        person: from then on it is theirs.
        """
        item = self.known.get(item_key)
        if item is None:
            adopted = self._adopted_there is not None and item_key not in self._adopted_there
            origin = "created" if ours or adopted or item_key in self._tried else "existing"
            self._note(item_key, kind, hl_id, origin, "", details or {})
        elif item["hl_id"] != hl_id:
            self._note(item_key, kind, hl_id, "existing", "", {})

    def make(
        self,
        item_key: str,
        kind: str,
        endpoint: str,
        create: Callable[[], Mapping[str, Any]],
        look: Look,
        todo: Todo,
        details: dict[str, Any] | None = None,
    ) -> str | None:
        """Create one thing; its id, or None when it is now on the checklist.

        `look` finds it by name, for when the answer was lost. Raises HighLevelError when the
        account cannot be reached or the token is not valid.
        """
        details = details or {}
        intent = Intent.for_schema(
            item_key, run=self.run, kind=kind, operation="provision", endpoint=endpoint,
            request=details,
        )  # fmt: skip
        try:
            done = attempt(
                self.journal, self.hl.client, intent, lambda: _id_of(create()), attempts=ATTEMPTS,
                on_ambiguous=lambda: _patiently(look),
            )  # fmt: skip
        except AmbiguousOutcome:
            self.catalog.checklist.append(todo)
            return None
        except (Unauthorized, Forbidden, BadRequest, ValidationRejected, ValueError) as error:
            return self._cannot(item_key, kind, details, error, look, todo)
        made = str(done.result)
        self.journal.conclude([replace(done.outcome, hl_id=made)])
        self._note(item_key, kind, made, "created", done.intent.id, details)
        self.made += 1
        return made

    def _cannot(
        self,
        item_key: str,
        kind: str,
        details: dict[str, Any],
        error: HighLevelError | ValueError,
        look: Look,
        todo: Todo,
    ) -> str | None:
        if isinstance(error, Unauthorized) and not error.scope_missing:
            raise error
        found = look() if isinstance(error, BadRequest | ValidationRejected) else None
        if found:
            # it was not there a moment ago: unless HighLevel says that it is another's, the refusal
            # came after it was made
            theirs = _EXISTS.search(str(error)) is not None
            origin, sequence = ("existing", "") if theirs else ("created", new_id())
            self._note(item_key, kind, found, origin, sequence, details)
            return found
        self.catalog.checklist.append(_because(todo, error))
        return None

    def _note(
        self, item_key: str, kind: str, hl_id: str, origin: str, sequence: str, details: Any
    ) -> None:
        target = item_key.split(":")[1] if kind.startswith("field") else ""
        if target and target not in V1_TARGETS:
            kind = "field_v2"
        row = {
            "location": self.hl.location_id, "item_key": item_key, "kind": kind, "hl_id": hl_id,
            "origin": origin, "details": details, "run_id": self.run.id, "sequence": sequence,
        }  # fmt: skip
        self.known[item_key] = row
        self.journal.put_schema_item(row)


def _id_of(record: Mapping[str, Any]) -> str:
    return str(record.get("id") or record.get("key"))


def _because(todo: Todo, error: Exception) -> Todo:
    return replace(todo, why=f"{todo.why}; {error}".removeprefix("; "))


def id_of(records: Iterable[Mapping[str, Any]], name: str, value: str) -> str | None:
    """Id of the record whose `name` is `value`, letter case aside."""
    for record in records:
        if str(record.get(name) or "").casefold() == value.casefold():
            return str(record["id"])
    return None


def _patiently(look: Look) -> str | None:
    for pause in LOOK_PAUSES:
        time.sleep(pause)
        found = look()
        if found:
            return found
    return None
