"""Raw requests to the sub-account: slowly, reads repeated, answers as they came.

What belongs here: sending and remembering. What does not: what an answer means. A read is repeated
when a proxy's page, a 5xx, a 429 or a refusal that passes by itself came; changing and deleting by
id are repeated too, because twice is once. A create is sent once: whether it happened is found out
by `throwaway.py`, which looks for what carries the probe's mark.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

VERSION = "v3"
TRIES = 5
PASSING = ("error occurred while searching", "please try again")


@dataclass(frozen=True)
class Answer:
    """One answer: `body` is parsed where it is JSON, else its text."""

    route: str
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return self.status < 300

    @property
    def message(self) -> str:
        """What a refusal says."""
        if not isinstance(self.body, dict):
            return str(self.body)
        said = self.body.get("message") or self.body.get("error") or ""
        return "; ".join(map(str, said)) if isinstance(said, list) else str(said)

    def rows(self, envelope: str) -> list[dict[str, Any]]:
        """The records of a list; empty when there is none."""
        found = self.body.get(envelope) if isinstance(self.body, dict) else None
        return [row for row in found or [] if isinstance(row, dict)]

    def record(self, envelope: str) -> dict[str, Any]:
        """The record of an answer; empty when there is none."""
        found = self.body.get(envelope) if isinstance(self.body, dict) else None
        return found if isinstance(found, dict) else {}


class Lost(Exception):
    """No usable answer, however often it was asked."""


@dataclass
class Account:
    """A sub-account and its token; `pause_s` is kept between two requests."""

    url: str
    token: str
    location: str
    pause_s: float = 0.2
    sent: int = 0
    passing: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)

    def send(
        self,
        method: str,
        route: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        files: Any = None,
        data: Mapping[str, str] | None = None,
        **path: str,
    ) -> Answer:
        """Send one request; `path` fills the route. Raises Lost."""
        once = method == "POST" and not route.endswith("/search")
        for number in range(1, 2 if once else TRIES + 1):
            answer = self._attempt(method, route, body, query, files, data, path)
            if answer is not None:
                return answer
            time.sleep(self.pause_s * 2**number)
        raise Lost(f"{method} {route}: {self.passing[-1]}")

    def _attempt(
        self, method: str, route: str, body: Any, query: Any, files: Any, data: Any, path: Any
    ) -> Answer | None:
        """One attempt; None when it may be repeated."""
        time.sleep(self.pause_s)
        self.sent += 1
        given = {} if body is None else {"json": body}
        try:
            response = self.session.request(
                method,
                self.url + route.format(**path),
                params=query,
                headers={"Authorization": f"Bearer {self.token}", "Version": VERSION},
                files=files,
                data=data,
                timeout=60,
                **given,
            )
        except requests.RequestException as failure:
            self.passing.append(f"no answer ({type(failure).__name__})")
            return None
        return self._understood(method, route, response)

    def _understood(self, method: str, route: str, response: requests.Response) -> Answer | None:
        text = response.text
        try:
            parsed = json.loads(text) if text else None
        except ValueError:
            parsed = text
        answer = Answer(f"{method} {route}", response.status_code, response.headers, parsed)
        page = text.lstrip()[:15].lower().startswith(("<!doctype", "<html"))
        passes = any(words in answer.message.lower() for words in PASSING)
        if page or response.status_code in (429, 500, 502, 503, 504, 520, 524) or passes:
            seen = "a page of HTML" if page else answer.message[:60]
            self.passing.append(f"{response.status_code} {seen}")
            return None
        if not text and answer.ok and method == "GET":
            self.empty.append(route)
            self.passing.append("an empty answer")
            return None
        return answer

    def search_contacts(self, query: str) -> Answer:
        """The contacts a free text finds."""
        body = {"locationId": self.location, "pageLimit": 20, "query": query}
        return self.send("POST", "/contacts/search", body)

    def search_opportunities(self, query: str = "", **place: Any) -> Answer:
        """The opportunities a free text finds."""
        details = dict.fromkeys(("notes", "tasks", "calendarEvents", "unReadConversations"), False)
        body = {"locationId": self.location, "query": query, "limit": 20,
                "additionalDetails": details, **(place or {"searchAfter": []})}  # fmt: skip
        return self.send("POST", "/opportunities/search", body)
