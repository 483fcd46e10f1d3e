"""The probe's own records: at most ten, all with its mark, all taken away at the end.

What belongs here: making them, and undoing. What does not: what they are made for (writing.py).
Undoing goes by id, backwards, and then looks for everything that carries the mark: a create whose
answer was lost left a record nobody told us the id of.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline_tests.live.account import Account, Answer, Lost

MOST = 10
#: How each kind is taken away, and how its record is called in an answer.
ROUTES = {
    "contact": ("/contacts/{id}", "contact"),
    "opportunity": ("/opportunities/{id}", "opportunity"),
    "task": ("/contacts/{contact}/tasks/{id}", "task"),
    "field": ("/locations/{location}/customFields/{id}", "customField"),
    "pipeline": ("/opportunities/pipelines/{id}", "pipeline"),
    "tag": ("/locations/{location}/tags/{id}", "tag"),
}


class TooMany(Exception):
    """More records than were promised."""


@dataclass
class Throwaway:
    """What was made so far. `told` hears of each record as it is made."""

    account: Account
    mark: str
    told: Callable[[str], None]
    made: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    count: int = 0

    def make(self, kind: str, route: str, body: Any, **path: str) -> tuple[str, Answer]:
        """Make a record; returns its id (empty when refused) and the answer. Raises Lost."""
        if self.count >= MOST:
            raise TooMany(f"no more than {MOST} records are made")
        self.count += 1
        answer = self.account.send("POST", route, body, **path)
        record = answer.record(ROUTES[kind][1]) or (
            answer.body if isinstance(answer.body, dict) else {}
        )
        made = str(record.get("id") or record.get("_id") or "") if answer.ok else ""
        if made:
            self.made.append((kind, made, path))
            self.told(f"made {kind} {made}")
        return made, answer

    def forget(self, made: str) -> None:
        """A record that the probe itself took away."""
        self.made = [one for one in self.made if one[1] != made]

    def undo(self, wait_s: float) -> list[str]:
        """Take everything away; returns what is still there, as a person finds it."""
        left = [f"{kind} {made}" for kind, made, path in reversed(self.made)
                if not self._gone(kind, made, path)]  # fmt: skip
        self.made = []
        until = time.monotonic() + wait_s
        while True:
            try:
                strays = [(k, i) for k, i in self._marked() if not self._gone(k, i, {})]
                left += [f"{kind} {made}" for kind, made in strays]
                return left
            except Lost as lost:
                if time.monotonic() > until:
                    return [*left, f"whatever is named {self.mark} ({lost})"]

    def _gone(self, kind: str, made: str, path: dict[str, str]) -> bool:
        """Delete a record; whether it is away."""
        route = ROUTES[kind][0]
        places = {"location": self.account.location, **path, "id": made}
        try:
            answer = self.account.send("DELETE", route, **places)
        except Lost:
            return False
        said = answer.message.lower()
        gone = answer.ok or answer.status == 404 or "not found" in said or "no longer" in said
        if gone:
            self.told(f"took away {kind} {made}")
        return gone

    def _is_ours(self, contact: str) -> bool:
        """Whether a contact is there and carries the mark as its last name. Raises Lost."""
        answer = self.account.send("GET", "/contacts/{id}", id=contact)
        return bool(answer.record("contact").get("lastName") == self.mark)

    def _marked(self) -> Iterator[tuple[str, str]]:
        """What still carries the mark. Raises Lost."""
        account, place = self.account, {"location": self.account.location}
        where = {"locationId": account.location}
        for row in account.search_contacts(self.mark).rows("contacts"):
            if self._is_ours(str(row.get("id"))):  # a free text finds others too
                yield "contact", str(row["id"])
        fields = account.send(
            "GET", "/locations/{location}/customFields", query={"model": "all"}, **place
        )
        pipelines = account.send("GET", "/opportunities/pipelines", query=where)
        tags = account.send("GET", "/locations/{location}/tags", **place)
        for kind, rows in (
            ("field", fields.rows("customFields")),
            ("pipeline", pipelines.rows("pipelines")),
            ("tag", tags.rows("tags")),
        ):
            for row in rows:
                if self.mark.lower() in str(row.get("name") or "").lower():
                    yield kind, str(row.get("id"))
