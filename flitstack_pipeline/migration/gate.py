"""The gate of the cutover: every condition with its state, from the journal and the warehouse.

Plain data in, reasons out; used as the check a person sees and as the guard of every load.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.migration.fingerprints import changed
from flitstack_pipeline.migration.report import Reason


@dataclass(frozen=True)
class Condition:
    """One condition of the gate, its state, and what to do when it does not hold.

    `found` says what was looked at, whether or not the condition holds.
    """

    name: str
    ok: bool
    what_to_do: str
    found: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For tables and JSON."""
        return {
            "condition": self.name,
            "ok": self.ok,
            "what_to_do": "" if self.ok else self.what_to_do,
            "found": self.found,
        }


@dataclass(frozen=True)
class GateState:
    """What the gate looks at.

    `unconfirmed`: open entries of the map; `preflight`: its lines, None when it never ran;
    `roster`: team members with their HighLevel users, None when never matched; `owners_needed`:
    keys of team members that own records and may stay without a user because the map says so;
    `accounting`, `counts`, `questions`: what does not add up about the exports, in words;
    `left_behind`: rows and files that do not move and that nobody acknowledged;
    `cells`: cells of the exports that are in no record;
    `sample`: the last comparison; `approval`: the newest; `prints`: fingerprints as they are now.
    """

    unconfirmed: list[str]
    preflight: list[dict[str, Any]] | None
    unresolved_users: list[str] | None
    accounting: list[str]
    counts: list[str]
    questions: list[str]
    left_behind: list[str]
    cells: list[str]
    sample: Mapping[str, Any] | None
    approval: Mapping[str, Any] | None
    prints: Mapping[str, str]


def conditions(state: GateState) -> list[Condition]:
    """Every condition in the order in which a person meets it."""
    return [
        _map(state.unconfirmed),
        _preflight(state.preflight),
        _users(state.unresolved_users),
        _listed("every row accounted for", state.accounting),
        _listed("every cell accounted for", state.cells),
        _listed("on-screen counts explained", state.counts),
        _listed("no open question about the exports", state.questions),
        _listed("what stays behind is acknowledged", state.left_behind),
        _sample(state.sample, state.prints),
        _approval(state.approval, state.sample, state.prints),
    ]  # fmt: skip


def _listed(name: str, reasons: list[str]) -> Condition:
    return Condition(name, not reasons, few(reasons), f"{len(reasons)} open" if reasons else "")


def _map(unconfirmed: list[str]) -> Condition:
    why = f"The map is not confirmed: {few(unconfirmed)}. Edit map.yaml first."
    press = f"{why} Then launch the job {JOB['confirm_map']}."
    advice = Reason(why, run="map confirm NAME", press=press)
    found = f"{len(unconfirmed)} open" if unconfirmed else ""
    return Condition("map confirmed", not unconfirmed, advice, found)


def _preflight(lines: list[dict[str, Any]] | None) -> Condition:
    name = "preflight passed"
    if lines is None:
        why = "The sub-account has not been examined."
        press = f"{why} Launch the job {JOB['prepare']}."
        return Condition(name, False, Reason(why, run="prepare", press=press))
    failed = [x for x in lines if x["verdict"] == "fail"]
    warned = sum(x["verdict"] == "warn" for x in lines)
    advice = few(x.get("what_to_do") or x.get("check") or "" for x in failed)
    return Condition(name, not failed, advice, f"{len(lines)} lines, {warned} warnings")


def _users(unresolved: list[str] | None) -> Condition:
    name = "users resolved"
    if unresolved is None:
        why = "The team is not matched with HighLevel's users."
        press = f"{why} Launch the job {JOB['prepare']}."
        return Condition(name, False, Reason(why, run="prepare", press=press))
    return Condition(
        name,
        not unresolved,
        "Invite them in HighLevel with the same e-mail, or decide in map.yaml who owns their "
        f"records (owners: user, or status excluded; or fallback_owner): {few(unresolved)}",
        f"{len(unresolved)} without a user" if unresolved else "",
    )


def _sample(sample: Mapping[str, Any] | None, prints: Mapping[str, str]) -> Condition:
    name = "sample verified"
    if sample is None:
        why = "The sample was not loaded and compared."
        return Condition(name, False, _sample_again(why))
    other = changed({**sample, "result": ""}, {**prints, "result": ""})
    if other:
        what = " and ".join(other)
        return Condition(name, False, _sample_again(f"{what} changed since the sample was loaded."))
    found = f"{sample.get('records')} records"
    if sample.get("coverage") is not None:
        found += f", {100 * sample['coverage']:.1f} % covered"
    advice = f"Read reports/sample.html; the sample shows differences: {few(sample['problems'])}"
    return Condition(name, not sample["problems"], advice, found)


def _sample_again(why: str) -> Reason:
    return Reason(why, run="migrate", press=f"{why} Launch the job {JOB['sample']}.")


def _approval(
    approval: Mapping[str, Any] | None,
    sample: Mapping[str, Any] | None,
    prints: Mapping[str, str],
) -> Condition:
    name = "sample approved"
    if approval is None:
        why = "Read reports/sample.html and approve it."
        press = f"{why} Materialize `sample_approval` with a name."
        return Condition(name, False, Reason(why, run="approve NAME", press=press))
    by = str(approval["approved_by"])
    now = {**prints, "result": str((sample or {}).get("result") or "")}
    other = changed(approval.get("details") or {}, now)
    what = " and ".join(other)
    why = f"The approval of {by} has lapsed, because {what} changed since: approve again."
    press = f"{why} Materialize `sample_approval`."
    return Condition(name, not other, Reason(why, run="approve NAME", press=press), f"by {by}")


def few(reasons: Iterable[str], most: int = 5) -> str:
    """The first reasons in one sentence, the rest counted; a Reason where one of them is."""
    listed = [r for r in reasons if r]
    more = f" … and {len(listed) - most} more" if len(listed) > most else ""
    told = "; ".join(listed[:most]) + more
    if not any(isinstance(r, Reason) for r in listed[:most]):
        return told
    pressed = (r.in_dagster if isinstance(r, Reason) else r for r in listed[:most])
    return Reason.said(told, "; ".join(pressed) + more)
