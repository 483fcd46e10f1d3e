"""Documents about the sub-accounts: the preflight, the schema setup checklist, the roster.

What belongs here: their layout, from rows. What does not: finding anything out (migration/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flitstack_pipeline.reports.document import Document, Section, write_csv, write_html

Rows = Sequence[Mapping[str, Any]]


def write_preflight(lines: Rows, accounts: Sequence[str], path: Path) -> Path:
    """The preflight as a page: what must be done first, then every line."""
    failed = [x for x in lines if x["verdict"] == "fail"]
    warned = [x for x in lines if x["verdict"] == "warn"]
    verdict = (
        f"{len(failed)} things must be dealt with before anything is written."
        if failed
        else f"The migration may begin; {len(warned)} things to know."
    )
    facts = {"sub-accounts": "; ".join(accounts)}
    sections = [
        Section("To do first", failed, "Nothing is written before these are settled.", "verdict",
                "Nothing."),
        Section("To know", warned, "", "verdict", "Nothing."),
        Section("Everything examined", lines, "In the order of examination.", "verdict"),
    ]  # fmt: skip
    about = "What was examined in HighLevel. Only reads; it can be repeated at any time."
    return write_html(Document("Preflight", verdict, not failed, facts, sections, about), path)


def write_checklist(steps: Rows, path: Path) -> Path:
    """What a person makes in HighLevel, with exact names; the next preflight looks at it again."""
    required = [x for x in steps if x["needed"] == "required"]
    advised = [x for x in steps if x["needed"] != "required"]
    verdict = (
        f"{len(required)} steps by hand, then run the preflight again."
        if required
        else "Nothing must be made by hand."
    )
    about = (
        "Names, keys, types and options must be exactly as written here: the migration finds them "
        "by these names. The preflight looks at them again."
    )
    sections = [
        Section("Required", required, "The migration cannot go on without them.", "", "Nothing."),
        Section("Recommended", advised, "They make it safer or tidier.", "", "Nothing."),
    ]
    return write_html(
        Document("Schema setup checklist", verdict, not required, {}, sections, about), path
    )


def write_roster(rows: Rows, path: Path) -> Path:
    """The team for the admin: who is matched, whom to invite, who takes whose records.

    A CSV of the same rows is written beside the page.
    """
    waiting = [x for x in rows if x["outcome"] == "undecided" and x["records"]]
    without = [x for x in rows if not x["HighLevel user"] and x not in waiting and x["records"]]
    verdict = (
        f"{len(waiting)} team members own records and nobody decided who takes them."
        if waiting
        else f"Everybody is decided; {len(without)} leave their records without an owner."
    )
    about = (
        "HighLevel users are logins, so only the admin invites them; roles and permissions are not "
        "moved. Matched by e-mail; a name alone is only a suggestion."
    )
    sections = [
        Section("Waiting for a decision", waiting, "", "", "Nobody."),
        Section("Without an owner in HighLevel", without, "As the map says.", "", "Nobody."),
        Section("The whole team", rows, "", "outcome"),
    ]
    write_csv(rows, path.with_suffix(".csv"))
    return write_html(Document("Roster", verdict, not waiting, {}, sections, about), path)
