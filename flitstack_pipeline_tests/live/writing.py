"""The write-and-undo probe: ten throw-away records, each for a finding, all taken away again.

Nobody is reached: the contacts opt out of every channel in the request that makes them, their
numbers are of the range kept for fiction, their addresses of example.com.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline_tests.live.account import Answer, Lost
from flitstack_pipeline_tests.live.reading import TYPED, Probe
from flitstack_pipeline_tests.live.throwaway import Throwaway

OPTED_OUT = {"status": "active", "message": "probe"}
LONGEST = 12_000
FILE = ("photo.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64, "image/png")


@dataclass
class Writer:
    """Writes and looks. `wait_s`: how long a search may trail."""

    probe: Probe
    own: Throwaway
    wait_s: float
    first: str = ""
    second: str = ""
    phone: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Every step; one that gets no usable answer leaves its findings unprobed."""
        steps: tuple[tuple[Callable[[], None], tuple[str, ...]], ...] = (
            (self._first_contact, ("L1", "L9", "L22")),
            (self._second_contact, ("L12",)),
            (self._deleted_contact, ("L20",)),
            (self._make_fields, ()),
            (self._long_text, ("L10",)),
            (self._uploads, ("L13",)),
            (self._files, ("L6", "L7")),
            (self._deal, ("L3", "L8")),
            (self._task, ("L2",)),
        )
        for step, names in steps:
            try:
                step()
            except Lost as lost:
                for name in names:
                    self.probe.findings.skip(name, f"no usable answer: {lost}")

    def _say(self, name: str, holds: bool, seen: str) -> None:
        self.probe.findings.say(name, holds, seen)

    def _skip(self, name: str, why: str) -> None:
        self.probe.findings.skip(name, why)

    def _keep(self, name: str, answer: Answer, note: str = "") -> Answer:
        self.probe.recorder.keep(name, answer, note)
        return answer

    # --- contacts ------------------------------------------------------------------------------

    def _contact(self, number: int, **more: Any) -> tuple[str, Answer]:
        body = {"locationId": self.probe.account.location, "firstName": f"Probe{number}",
                "lastName": self.own.mark, "dnd": True, **more}  # fmt: skip
        return self.own.make("contact", "/contacts/", body)

    def _read(self, contact: str) -> dict[str, Any]:
        answer = self.probe.account.send("GET", "/contacts/{id}", id=contact)
        self._keep("contact-get", answer)
        return answer.record("contact")

    def _first_contact(self) -> None:
        tag = f"{self.own.mark}-Tag"
        self.phone = f"+1202555{100 + secrets.randbelow(100):04}"
        self.first, answer = self._contact(
            1, email=f"{self.own.mark}@example.com", phone=self.phone, address1="1 Probe Street",
            companyName="Probe & Co", tags=[tag], dndSettings={"sms": OPTED_OUT},
        )  # fmt: skip
        self._keep("contact-create", answer)
        if not self.first:
            for name in ("L9", "L22"):
                self._skip(name, f"no contact could be made ({answer.status})")
            return
        found = self._read(self.first)
        tags = [str(t) for t in found.get("tags") or []]
        self._say("L9", tag.lower() in tags, "an upper-case tag came back in " +
                  ("lower case" if tag.lower() in tags else "another form"))  # fmt: skip
        channels = found.get("dndSettings")
        kept = isinstance(channels, dict) and any(k.lower() == "sms" for k in channels)
        keys = ", ".join(sorted(channels)) if isinstance(channels, dict) else "none"
        self._say(
            "L22", kept and bool(found.get("dnd")), f"dnd {found.get('dnd')}, channels {keys}"
        )
        rows = self._until_found(self.first)
        if rows:
            self.probe.contact_rows([row for row in rows if row.get("id") == self.first])

    def _until_found(self, contact: str) -> list[dict[str, Any]]:
        """Rows of a search that shows a contact; empty when it never did."""
        until = time.monotonic() + self.wait_s
        while True:
            answer = self.probe.account.search_contacts(self.own.mark)
            rows = answer.rows("contacts")
            if any(row.get("id") == contact for row in rows):
                self._keep("contacts-search-own", answer)
                return rows
            if time.monotonic() > until:
                return []
            time.sleep(min(1.0, self.wait_s / 10))

    def _second_contact(self) -> None:
        self.second, _ = self._contact(2, email=f"2{self.own.mark}@example.com")
        if not (self.first and self.second):
            self._skip("L12", "it takes two contacts")
            return
        answer = self.probe.account.send(
            "PUT", "/contacts/{id}", {"phone": self.phone}, id=self.second
        )
        self._keep("contact-put-duplicate", answer)
        meta = answer.body.get("meta") if isinstance(answer.body, dict) else None
        named = "names the other contact" if (meta or {}).get("contactId") else "names nobody"
        seen = f"it answers {answer.status}" + (f" and {named}" if answer.status == 400 else "")
        self._say("L12", answer.status == 400, seen)

    def _deleted_contact(self) -> None:
        third, _ = self._contact(3)
        if not third or not self._until_found(third):
            self._skip("L20", "a search never showed the contact that was to be deleted")
            return
        if not self.probe.account.send("DELETE", "/contacts/{id}", id=third).ok:
            self._skip("L20", "a contact could not be deleted")
            return
        self.own.forget(third)
        answer = self.probe.account.search_contacts(self.own.mark)
        still = any(row.get("id") == third for row in answer.rows("contacts"))
        self._say("L20", still, f"a contact just deleted is {'still' if still else 'not'} found")

    # --- fields and files ----------------------------------------------------------------------

    def _make_fields(self) -> None:
        for name, more in {
            "text": {"dataType": "LARGE_TEXT", "model": "contact"},
            "files": {"dataType": "FILE_UPLOAD", "model": "contact", "isMultipleFile": True,
                      "maxNumberOfFiles": 5},
            "file": {"dataType": "FILE_UPLOAD", "model": "contact", "isMultipleFile": False,
                     "maxNumberOfFiles": 1},
            "key": {"dataType": "TEXT", "model": "opportunity"},
        }.items():  # fmt: skip
            body = {"name": f"{self.own.mark} {name}", **more}
            route, place = "/locations/{location}/customFields", self.probe.account.location
            self.fields[name], answer = self.own.make("field", route, body, location=place)
            self._keep(f"customField-create-{more['dataType']}", answer)

    def _long_text(self) -> None:
        if not (self.first and self.fields.get("text")):
            self._skip("L10", "no field for a long text could be made")
            return
        long, fitting = self._write_text(LONGEST + 1), self._write_text(LONGEST)
        self._keep("large-text-refused", long)
        echoes = "x" * 100 in long.message
        seen = f"12,001 characters answer {long.status}, 12,000 answer {fitting.status}"
        seen += "; the refusal repeats the text" if echoes else ""
        self._say("L10", long.status in (400, 422) and fitting.ok, seen)

    def _write_text(self, length: int) -> Answer:
        cell = {"id": self.fields["text"], "fieldValue": "x" * length}
        return self.probe.account.send(
            "PUT", "/contacts/{id}", {"customFields": [cell]}, id=self.first
        )

    def _uploads(self) -> None:
        field_id = self.fields.get("files")
        if not field_id:
            self._skip("L13", "no field for files could be made")
            return
        answer = self.probe.account.send(
            "POST", "/locations/{location}/customFields/upload",
            data={"id": field_id, "maxFiles": "1"},
            files={f"{field_id}_{uuid.uuid4()}": FILE}, location=self.probe.account.location,
        )  # fmt: skip
        self._keep("customFields-upload", answer)
        names = list(answer.record("uploadedFiles"))
        if answer.ok and names:
            own = names == [FILE[0]]
            self._say("L13", not own, f"the answer names {'the file' if own else 'something else'}")
        else:
            self._skip("L13", f"the upload answers {answer.status}")

    def _files(self) -> None:
        several, one = self.fields.get("files"), self.fields.get("file")
        if self.first and several:
            sent = [self._put_file(several) for _ in range(2)]
            held = _count(self._cell(several)) if all(a.ok for a in sent) else -1
            if held >= 0:
                self._say("L6", held == 1, f"after two uploads the field holds {held}")
        self._skip("L6", "a file could not be put into a contact's field")
        if self.first and one and self._put_file(one).ok:
            cell = self._cell(one)
            bare = isinstance(cell, dict) and isinstance(cell.get("url"), str)
            self._say("L7", bare, f"the field holds {'the file alone' if bare else _form(cell)}")
        self._skip("L7", "a file could not be put into a contact's field")

    def _put_file(self, field_id: str) -> Answer:
        query = {"contactId": self.first, "locationId": self.probe.account.location}
        part = {f"{field_id}_{uuid.uuid4()}": FILE}
        answer = self.probe.account.send(
            "POST", "/forms/upload-custom-files", query=query, files=part
        )
        return self._keep("forms-upload", answer)

    def _cell(self, field_id: str) -> Any:
        answer = self.probe.account.send("GET", "/contacts/{id}", id=self.first)
        self._keep("contact-get-files", answer)
        cells = answer.record("contact").get("customFields") or []
        return next((c.get("value") for c in cells if c.get("id") == field_id), None)

    # --- opportunities and tasks ---------------------------------------------------------------

    def _deal(self) -> None:
        pipeline, stage = self._pipeline()
        if not (self.first and pipeline and stage and self.fields.get("key")):
            for name in ("L3", "L8"):
                self._skip(name, "no opportunity could be made")
            return
        owner = self._user()
        cell = {"id": self.fields["key"], "fieldValue": self.own.mark}
        body = {"locationId": self.probe.account.location, "name": self.own.mark,
                "contactId": self.first, "pipelineId": pipeline, "pipelineStageId": stage,
                "status": "open", "assignedTo": owner or None, "customFields": [cell]}  # fmt: skip
        sent = {k: v for k, v in body.items() if v is not None}
        deal, answer = self.own.make("opportunity", "/opportunities/", sent)
        self._keep("opportunity-create", answer)
        if not deal:
            for name in ("L3", "L8"):
                self._skip(name, f"an opportunity could not be made ({answer.status})")
            return
        self._owner(owner)
        self._rows_of(deal)

    def _pipeline(self) -> tuple[str, str]:
        """A pipeline of our own and its first stage; looks whether the list shows it at once."""
        account = self.probe.account
        stages = [{"name": name, "position": i} for i, name in enumerate(("New", "Done"))]
        body = {"name": self.own.mark, "locationId": account.location, "stages": stages}
        made, answer = self.own.make("pipeline", "/opportunities/pipelines", body)
        self._keep("pipeline-create", answer)
        if not made:
            self._skip("L20", f"a pipeline could not be made ({answer.status})")
            return "", ""
        where = {"locationId": account.location}
        listed = account.send("GET", "/opportunities/pipelines", query=where).rows("pipelines")
        shown = any(p.get("id") == made for p in listed)
        self._say(
            "L20", not shown, f"a new pipeline is {'in' if shown else 'not in'} the list at once"
        )
        one = account.send("GET", "/opportunities/pipelines/{id}", id=made)
        found = one.body if isinstance(one.body, dict) else {}
        stage = next(iter((found.get("pipeline") or found).get("stages") or []), {})
        return made, str(stage.get("id") or "")

    def _user(self) -> str:
        """A user of the account, to own the opportunity; empty when there is none."""
        account = self.probe.account
        place = account.send("GET", "/locations/{id}", id=account.location).record("location")
        query = {"companyId": str(place.get("companyId") or ""), "locationId": account.location}
        users = account.send("GET", "/users/search", query=query).rows("users")
        return next((str(u["id"]) for u in users if u.get("id") and not u.get("deleted")), "")

    def _owner(self, owner: str) -> None:
        if not owner:
            self._skip("L8", "the account has no user")
            return
        same = self._read(self.first).get("assignedTo") == owner
        self._say("L8", same, f"the contact has {'the same' if same else 'no such'} owner")

    def _rows_of(self, deal: str) -> None:
        until = time.monotonic() + self.wait_s
        while True:
            answer = self.probe.account.search_opportunities(self.own.mark)
            row = next((r for r in answer.rows("opportunities") if r.get("id") == deal), None)
            if row is not None or time.monotonic() > until:
                break
            time.sleep(min(1.0, self.wait_s / 10))
        if row is None:
            self._skip("L3", "a search never showed the opportunity")
            return
        self._keep("opportunities-search-own", answer)
        cells = row.get("customFields")
        typed = any(k in TYPED for c in cells or [] for k in c)
        other = "custom_fields" in row and "customFields" not in row
        seen = "empty" if cells == [] else "typed" if typed else "as custom_fields" if other else ""
        self._say("L3", bool(seen), f"the row shows them {seen or 'as the record does'}")

    def _task(self) -> None:
        if not self.first:
            self._skip("L2", "a task takes a contact")
            return
        body = {"title": self.own.mark, "dueDate": "2026-01-01T00:00:00Z", "completed": True}
        route = "/contacts/{contact}/tasks"
        made, answer = self.own.make("task", route, body, contact=self.first)
        self._keep("task-create", answer)
        if made:
            found = self.probe.account.send(
                "POST", "/locations/{location}/tasks/search",
                {"contactId": [self.first], "limit": 2}, location=self.probe.account.location,
            )  # fmt: skip
            self.probe.task_rows(found, "the search never showed the task")
        self._skip("L2", f"a task could not be made ({answer.status})")


def _count(cell: Any) -> int:
    """How many files a value holds, whichever form it has."""
    if isinstance(cell, dict) and isinstance(cell.get("url"), str):
        return 1
    return len(cell) if isinstance(cell, dict | list) else int(bool(cell))


def _form(cell: Any) -> str:
    return {dict: "files by id", list: "a list", str: "a text"}.get(type(cell), "nothing")
