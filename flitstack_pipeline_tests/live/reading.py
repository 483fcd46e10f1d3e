"""The read-only probe: what the account as it is shows of the findings. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline_tests.live.account import Account, Answer, Lost
from flitstack_pipeline_tests.live.findings import Findings
from flitstack_pipeline_tests.live.recording import Recorder

TYPED = ("fieldValueString", "fieldValueNumber", "fieldValueArray", "fieldValueDate",
         "fieldValueFiles", "fieldValueBoolean")  # fmt: skip


@dataclass
class Probe:
    """What every look at the account needs."""

    account: Account
    findings: Findings
    recorder: Recorder

    def workflows(self) -> tuple[Answer, list[str]]:
        """The answer that lists the workflows, and the names of those not in draft."""
        where = {"locationId": self.account.location}
        answer = self.account.send("GET", "/workflows/", query=where)
        self.recorder.keep("workflows", answer)
        rows = answer.rows("workflows")
        names = [str(w.get("name") or w.get("id")) for w in rows
                 if str(w.get("status") or "").lower() != "draft"]  # fmt: skip
        if rows:
            shown = sorted({key for row in rows for key in row if "trigger" in key.lower()})
            seen = f"their keys: {', '.join(sorted(rows[0]))}"
            self.findings.say("L21", not shown, seen)
        else:
            self.findings.skip("L21", "the account has no workflow; firing one is never tried")
        return answer, sorted(names)

    def read_only(self) -> None:
        """Look at everything that reading tells."""
        looks: dict[str, Callable[[], None]] = {
            "L1": self._contacts, "L2": self._tasks, "L3": self._opportunities, "L5": self._fields,
            "L15": self._business, "L16": self._associations, "L17": self._pipelines,
        }  # fmt: skip
        for name, look in looks.items():
            try:
                look()
            except Lost as lost:
                self.findings.skip(name, f"no usable answer: {lost}")

    # --- families ------------------------------------------------------------------------------

    def _contacts(self) -> None:
        answer = self.account.search_contacts("")
        self.recorder.keep("contacts-search", answer)
        self.contact_rows(answer.rows("contacts"))

    def contact_rows(self, rows: list[dict[str, Any]]) -> None:
        """L1, from rows of people with a name."""
        named = [r for r in rows if r.get("firstNameLowerCase") or r.get("firstName")]
        if not named:
            self.findings.skip("L1", "no contact with a name was found")
            return
        row = named[0]
        typed = str(row.get("firstName") or "")
        keys = ("firstName", "firstNameLowerCase", "address", "address1", "businessName")
        shown = ", ".join(k for k in keys if k in row)
        self.findings.say("L1", typed == typed.lower(), f"a row has {shown or 'none of the names'}")

    def _tasks(self) -> None:
        route = "/locations/{location}/tasks/search"
        answer = self.account.send("POST", route, {"limit": 2}, location=self.account.location)
        self.task_rows(answer, "the account has no task")

    def task_rows(self, answer: Answer, otherwise: str) -> None:
        """L2, from rows of the task search."""
        self.recorder.keep("tasks-search", answer)
        rows = answer.rows("tasks")
        if not rows:
            self.findings.skip("L2", otherwise)
            return
        row = rows[0]
        keys = [k for k in ("id", "_id", "completed", "status", "searchAfter") if k in row]
        holds = "_id" in row and "id" not in row and "completed" not in row
        seen = f"status {answer.status}, a row has {', '.join(keys)}"
        self.findings.say("L2", holds, seen)

    def _opportunities(self) -> None:
        first = self.account.search_opportunities()
        self.recorder.keep("opportunities-search", first)
        place = {"page": 1, "searchAfter": []}
        both = self.account.search_opportunities(**place)
        self.recorder.keep("opportunities-page-and-cursor", both)
        rows = first.rows("opportunities")
        cursor = next((k for k in ("searchAfter", "sort") if rows and k in rows[0]), "no")
        meta = first.body.get("meta") if isinstance(first.body, dict) else None
        total = "meta.total" if isinstance(meta, dict) and "total" in meta else "total"
        self.findings.say(
            "L4", both.status in (400, 422),
            f"both together answer {both.status}, one alone {first.status}; "
            + (f"{cursor} cursor in the rows, the total in {total}" if rows else "no rows"),
        )  # fmt: skip
        self.findings.skip("L3", "takes an opportunity with a value (write part)")

    def _fields(self) -> None:
        answer = self.account.send(
            "GET", "/locations/{location}/customFields", query={"model": "all"},
            location=self.account.location,
        )  # fmt: skip
        self.recorder.keep("customFields-model-all", answer)
        rows = answer.rows("customFields")
        models = {str(r.get("model") or "") for r in rows}
        objects = [k for k in self._objects() if k.startswith("custom_objects.")]
        beyond = models - {"contact", "opportunity", ""}
        if beyond or objects:
            bare = all(isinstance(o, str) for r in rows for o in r.get("picklistOptions") or [])
            options = "options are bare labels" if bare else "options are objects"
            seen = f"{len(objects)} custom objects; {len(beyond)} models beyond; {options}"
            self.findings.say("L5", bool(beyond), seen)
        else:
            self.findings.skip("L5", "the account has no custom object")

    def _objects(self) -> list[str]:
        answer = self.account.send("GET", "/objects/", query={"locationId": self.account.location})
        return [str(o.get("key") or "") for o in answer.rows("objects")]

    def _business(self) -> None:
        answer = self.account.send("GET", "/businesses/{id}", id="abc")
        self.recorder.keep("business-bad-id", answer)
        objectid = "not a valid objectid" in answer.message.lower()
        self.findings.say("L15", answer.status == 400 and objectid, f"it answers {answer.status}")

    def _associations(self) -> None:
        where = {"locationId": self.account.location, "skip": 0, "limit": 100}
        answer = self.account.send("GET", "/associations/", query=where)
        self.recorder.keep("associations", answer)
        system = [a for a in answer.rows("associations") if _is_system(a)]
        if system:
            bare = any(not a.get("key") for a in system)
            self.findings.say(
                "L16", bare, f"system associations {'lack' if bare else 'have'} a key"
            )
        limits = [_limits(a) for a in system if "opportunit" in str(a.get("id", "")).lower()]
        known = [pair for pair in limits if None not in pair]
        if known:
            seen = f"an association says {known[0][0]} and {known[0][1]}"
            self.findings.say("L19", known[0] == (25, 1000), seen)
        self.findings.skip("L19", "no association shows a limit; a thousand are never made")
        self._record_links()
        self.findings.skip("L16", "no system association and no record of a custom object is shown")

    def _record_links(self) -> None:
        for key in [k for k in self._objects() if k.startswith("custom_objects.")][:3]:
            body = {"locationId": self.account.location, "page": 1, "pageLimit": 2, "query": "",
                    "searchAfter": []}  # fmt: skip
            answer = self.account.send("POST", "/objects/{key}/records/search", body, key=key)
            rows = answer.rows("records")
            if rows:
                self.recorder.keep("records-search", answer)
                shown = any(row.get("relations") for row in rows)
                seen = f"rows of records show {'links' if shown else 'no links'}"
                self.findings.say("L16", not shown, seen)
                return

    def _pipelines(self) -> None:
        where = {"locationId": self.account.location}
        answer = self.account.send("GET", "/opportunities/pipelines", query=where)
        self.recorder.keep("pipelines", answer)
        if answer.ok:
            self.findings.skip("L17", "this token may read pipelines: one that lacks it tells")
        else:
            deals = self.account.search_opportunities()
            self.findings.say(
                "L17", deals.ok, f"it answers {answer.status}, the search {deals.status}"
            )

    def conclude(self) -> None:
        """What shows only by the way."""
        account, findings = self.account, self.findings
        if account.passing:
            seen = "; ".join(sorted(set(account.passing))[:4])
            findings.say("L11", True, f"{len(account.passing)} of {account.sent}: {seen}")
        findings.skip("L11", f"cannot be provoked; none in {account.sent} requests")
        if account.empty:
            findings.say("L14", True, f"an empty answer of {account.empty[0]}")
        findings.skip("L14", f"cannot be provoked; none in {account.sent} requests")
        findings.skip("L18", "an object that cannot be deleted would stay: try it by hand")


def _is_system(association: Mapping[str, Any]) -> bool:
    return str(association.get("associationType") or "").upper().startswith("SYSTEM")


def _limits(association: Mapping[str, Any]) -> tuple[Any, Any]:
    first = association.get("firstObjectToSecondObjectMaxLimit")
    return first, association.get("secondObjectToFirstObjectMaxLimit")
