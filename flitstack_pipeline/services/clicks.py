"""What people decide on the pages of the review room, stored at once, and folded into the map.

Belongs here: taking a decision for what was shown (never for what changed meanwhile), the file it
goes to, the trail of who decided what. Does not: what the pages show (`services.publishing`), what
a decision does (the rooms that read `decisions/` and `map.yaml`).

A click on the map is a line of a file (`services.click_files`), folded into `map.yaml` later
(`services.click_folding`). Whatever is decided is first noted in the journal: who, when, what, and
the digest of what the page showed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from flitstack_pipeline import answers_file
from flitstack_pipeline.answers_file import BETWEEN, Line, chosen
from flitstack_pipeline.cleaning.decisions import (
    DUPLICATES,
    INVOICE_LINKS,
    WORK_ORDER_LINKS,
    DecisionFile,
    read_decisions,
)
from flitstack_pipeline.decision_tables import write_table
from flitstack_pipeline.errors import BadInput, Stopped
from flitstack_pipeline.services.click_files import CLICKS, append, locked
from flitstack_pipeline.services.decision_trail import note
from flitstack_pipeline.services.page_store import PageRow, count_open, replace_row, row, section
from flitstack_pipeline.services.publishing import (
    ANSWERED,
    DUPLICATE_PAIRS,
    EARLIER,
    LINKS,
    MAP,
    MERGED,
    OPEN,
    QUESTIONS,
)
from flitstack_pipeline.settings import Project

_LINK_FILES = {kind.name: kind for kind in (INVOICE_LINKS, WORK_ORDER_LINKS)}


class Changed(Stopped):
    """What the page showed is not what stands there now: somebody, or a step, changed it."""


def decide_map(
    project: Project, key: str, answers: Mapping[str, str], by: str, seen: str
) -> PageRow:
    """Store a person's answers about one entry of the map; the row as it is shown now.

    Args:
        project: The migration.
        key: The row's key, sheet and entry.
        answers: Column → value (`Decision` → `confirmed`, `HighLevel field` → a field's name).
        by: Who decides.
        seen: Digest of the row that the person saw.

    Raises:
        Changed: The row is another by now.
        BadInput: A column that nobody may answer, or a value that is none of its choices.
    """
    with locked(project):
        shown = _as_seen(project, MAP, key, seen)
        for column, value in answers.items():
            _check_answer(shown, column, value)
        sheet, _, entry = key.partition("\t")
        now = _now()
        note(project, by, "map", f"{sheet}: {shown.data['name']}", answers, seen)
        for column, value in answers.items():
            line = {"at": now, "by": by, "sheet": sheet, "key": entry, "column": column,
                    "value": value}  # fmt: skip
            append(project.decisions / CLICKS, line)
        pending = {**shown.data.get("pending", {}), **answers}
        new = replace(shown, data={**shown.data, "pending": pending, "by": by, "at": now})
        replace_row(project, MAP, new)
        return new


def confirm_above(project: Project, share: float, by: str, seen: str) -> None:
    """Confirm every open entry of the map at or above a confidence.

    Args:
        project: The migration.
        share: The confidence, 0 to 1. Status words that nobody declared stay open whatever it is.
        by: Who confirms.
        seen: Fingerprint of the map that the page showed.

    Raises:
        Changed: The map is another by now.
    """
    with locked(project):
        shown = section(project, MAP)
        if shown is None or seen not in (shown.fingerprint, *shown.facts.get(EARLIER, ())):
            raise Changed("The map is another one since you opened the page.")
        told = {"Decision": f"confirmed, {share:.0%} sure or more"}
        note(project, by, "map", "every open entry", told, seen)
        append(project.decisions / CLICKS, {"at": _now(), "by": by, "above": share})


def _check_answer(shown: PageRow, column: str, value: str) -> None:
    if column not in shown.data["answers"]:
        raise BadInput(f"{column!r} is nothing to decide here")
    words = shown.data["choices"].get(column, ())
    if words and column not in shown.data["free"] and value not in words:
        raise BadInput(f"{value!r} is none of {', '.join(words)}")
    if column in shown.data["free"] and column == "HighLevel field" and not value.strip():
        raise BadInput("name a field, or leave the column out")


def answer_question(project: Project, key: str, word: str, by: str, seen: str) -> None:
    """Store the answer to a published question; "" takes it back.

    Raises Changed, or ValueError for a word that is none of its choices.
    """
    with locked(project):
        shown = _as_seen(project, QUESTIONS, key, seen)
        words = [str(c["word"]) for c in shown.data["choices"]]
        if word and words:
            meant = chosen(word, words)
            if meant is None:
                raise BadInput(f"{word!r} is none of {', '.join(words)}")
            word = meant
        known = answers_file.read_lines(project.decisions).get(key)
        line = known or Line(
            key, shown.data["kind"], shown.data["file"], shown.data["sheet"], shown.data["column"],
            ", ".join(shown.data["rows"][:10]), shown.data["question"],
            "; ".join(shown.data["evidence"]), BETWEEN.join(words),
        )  # fmt: skip
        note(project, by, "question", shown.data["question"], {"answer": word}, seen)
        answers_file.store(project.decisions, line, word, by)
        data = {
            **shown.data,
            "answer": word,
            "by": by if word else "",
            "at": _now() if word else "",
        }
        replace_row(project, QUESTIONS, replace(shown, data=data, part=ANSWERED if word else OPEN))
        count_open(project, QUESTIONS, bool(shown.data["answer"]) - bool(word))


def decide_pair(project: Project, key: str, word: str, by: str, seen: str) -> None:
    """Store "same" or "different" about two people, or a document and a job; "" takes it back.

    Args:
        project: The migration.
        key: The row's key: of a pair `LEFT<tab>RIGHT`, of a link `FILE<tab>DOCUMENT<tab>JOB`.
        word: One of its file's words (`merge`, `keep apart`; `link`, `do not link`), or "".
        by: Who decides.
        seen: Digest of the row that the person saw.

    Raises:
        Changed: The row is another by now.
        BadInput: Another word.
    """
    file, kind, keys = _pair_of(key)
    section = DUPLICATE_PAIRS if kind is DUPLICATES else LINKS
    if word and word not in kind.words:
        raise BadInput(f"{word!r} is none of {', '.join(kind.words)}")
    with locked(project):
        shown = _as_seen(project, section, key, seen)
        note(project, by, section.removesuffix("s"), _pair_words(shown), {"decision": word}, seen)
        memory = project.decisions / file
        rows = read_decisions(memory, kind)
        kept = [r for r in rows if (r[kind.keys[0]], r[kind.keys[1]]) not in (keys, keys[::-1])]
        if word:
            told = {c: str(shown.data.get(c, "")) for c in kind.columns}
            kept.append({**told, kind.keys[0]: keys[0], kind.keys[1]: keys[1], "decision": word})
        write_table(memory, kind.columns, kept)
        replace_row(project, section, replace(
            shown, data={**shown.data, "decision": word, "by": by if word else ""}))  # fmt: skip
        if shown.part != MERGED:  # what was merged without a person waits for nobody
            count_open(project, section, bool(shown.data["decision"]) - bool(word))


def _pair_of(key: str) -> tuple[str, DecisionFile, tuple[str, str]]:
    parts = key.split("\t")
    if len(parts) == 3 and parts[0] in _LINK_FILES:
        return parts[0], _LINK_FILES[parts[0]], (parts[1], parts[2])
    if len(parts) != 2:
        raise BadInput("no such pair")
    return DUPLICATES.name, DUPLICATES, (parts[0], parts[1])


def _pair_words(shown: PageRow) -> str:
    """The two sides of a pair as a person calls them."""
    data = shown.data
    if "left_name" in data:
        sides = (data[f"{side}_name"] or data[f"{side}_key"] for side in ("left", "right"))
        return " and ".join(sides)
    return f"{data['number'] or data['document']} and job {data['job_number'] or data['job_key']}"


def _as_seen(project: Project, section: str, key: str, seen: str) -> PageRow:
    shown = row(project, section, key)
    if shown is None:
        raise Changed("It is not there any more: a step made this list anew.")
    if shown.digest != seen:
        raise Changed(_news(shown))
    return shown


def _news(shown: PageRow) -> str:
    """What is new about a row since a page showed it."""
    data = shown.data
    decided = dict(data.get("pending", {})) or {
        "decision": data.get("decision") or data.get("answer") or ""
    }
    if not data.get("by"):
        return "It was changed since you opened the page; here it is as it stands now."
    told = ", ".join(str(value) for value in decided.values() if value) or "taken back"
    return f"{data['by']} decided it since you opened the page: {told}. This is how it stands."


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
