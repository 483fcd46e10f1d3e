"""The migration certificate: what was moved, when, approved by whom; for the customer to file."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flitstack_pipeline.catalog.objects import BY_KEY
from flitstack_pipeline.migration.reconcile import Reconciliation
from flitstack_pipeline.reports.document import Section, render_template, write_json, write_text
from flitstack_pipeline.reports.field_words import sums_in_words

#: Its long lists: what each is called, and a sentence about it.
_LISTS = {
    "left behind": (
        "What stayed behind",
        "Rows, records without their parent and files that were not moved as they are, and who "
        "acknowledged it.",
    ),
    "merged": (
        "Merged",
        "Rows of the exports that are one record now, with every value of both. One is taken apart "
        "by “keep apart” in reports/duplicates.csv (or “Different” in the review room) and the "
        "next delta.",
    ),
    "taken apart": ("Taken apart", "One record when the sample was approved, two now."),
}


def content(
    result: Reconciliation,
    *,
    account: str,
    location: str,
    approval: Mapping[str, Any] | None,
    runs: Sequence[Mapping[str, Any]],
    fingerprints: Mapping[str, str],
    coverage: float | None,
    open_matters: Mapping[str, int],
    exported: Mapping[str, int],
    joined: Mapping[str, int],
    to_settle: Sequence[str] = (),
    left_behind: Sequence[Mapping[str, Any]] = (),
    merged: Sequence[Mapping[str, Any]] = (),
    taken_apart: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Everything the certificate says, as plain data.

    `exported` counts each object type as the customer does, a record of the exports once, what
    stayed behind among them; `joined` those that became one with another. `open_matters` counts
    what waits for a person, `to_settle` names it; `left_behind` is what does
    not move, with who acknowledged it; `merged` are records kept as another, `taken_apart` pairs
    that were one when the sample was approved. The certificate is complete when nothing waits.
    """
    loads = [r for r in runs if r["stage"] != "reconcile" and r["started_at"]]
    waiting = {k: n for k, n in open_matters.items() if n}
    return {
        "complete": result.good and not waiting and any(
            n["planned"] for n in result.by_object.values()
        ),
        "issued": _when(dt.datetime.now(dt.UTC).timestamp()),
        "sub-account": location,
        "account": account,
        "began": _when(min((r["started_at"] for r in loads), default=None)),
        "ended": _when(max((r["ended_at"] or r["started_at"] for r in loads), default=None)),
        "approval": {
            "by": approval["approved_by"],
            "at": _when(approval["at"]),
            "note": approval["note"] or "",
            "sample coverage": None if coverage is None else f"{100 * coverage:.1f} %",
        } if approval else None,
        "moved": [
            {
                "what": BY_KEY[key].label, "in your exports": exported.get(key, 0),
                "now one with another": joined.get(key, 0),
                "in HighLevel": BY_KEY[key].becomes, "records": n["planned"],
                "verified": n["verified"], "not verified": n["wrong"],
            }
            for key, n in result.by_object.items()
            if n["planned"]
        ],
        "totals": sums_in_words(result.sums),
        "values compared": sum(result.verdicts.values()),
        "verdicts": result.verdicts,
        "changed by rule": result.rules,
        "files": result.files,
        "differences": result.counts,
        "open matters": waiting,
        "to settle": list(to_settle),
        "left behind": [dict(row) for row in left_behind],
        "merged": [dict(row) for row in merged],
        "taken apart": [dict(row) for row in taken_apart],
        "fingerprints": dict(fingerprints),
        "requests": result.requests,
    }  # fmt: skip


def write(folder: Path, facts: Mapping[str, Any]) -> Path:
    """Write certificate.html and certificate.json; return the path of the page."""
    write_json(facts, folder / "certificate.json")
    page = render_template("certificate.html.j2", c=facts, lists=lists(facts))
    return write_text(folder / "certificate.html", page)


def lists(facts: Mapping[str, Any]) -> list[Section]:
    """The long lists of a certificate, in order."""
    return [Section(title, facts[name], about, empty="Nothing.")
            for name, (title, about) in _LISTS.items()]  # fmt: skip


def without_lists(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a certificate says beside its long lists."""
    return {name: value for name, value in facts.items() if name not in _LISTS}


def withdraw(folder: Path, why: str) -> dict[str, Any] | None:
    """Say on a certificate that was issued that it is none any more, and why.

    Returns what it says now; None where none was issued.
    """
    issued = folder / "certificate.json"
    if not issued.exists():
        return None
    facts = json.loads(issued.read_text(encoding="utf-8"))
    withdrawn = {**facts, "complete": False, "withdrawn": why}
    write(folder, withdrawn)
    return withdrawn


def _when(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
