"""How rows of attachments and activities are cleaned: which record they hang on, what is moved."""

from __future__ import annotations

from flitstack_pipeline.cleaning.cells import Cells, Row


def attachment(c: Cells) -> Row:
    """A file of a record; `problem` says why it cannot be moved."""
    record, file = _record(c), c.together("file")
    name = file.value("name")
    what = "Give the file its name or its location."
    c.refuse(f"{name} IS NULL", "file_name", "no_file_name", what)
    return {
        **record,
        "file_name": name,
        "path": file.value("path"),
        "url": file.value("url"),
        "sha256": file.value("sha256"),
        "size_bytes": file.value("size_bytes", "BIGINT"),
        "content_type": file.value("content_type"),
        "problem": file.value("problem"),
        "inline": "false",
    }


def activity(c: Cells) -> Row:
    """A note, call, e-mail, meeting or task with its moment, author and kind.

    A row without a kind that is due, or done or not, is a task.
    """
    kind, shown = c.status("kind", "activities")
    (day, exact), text, subject = c.date("date"), c.note("text"), c.one_line("subject")
    (due, due_at), done = c.date("due_date"), c.done("done")
    task = (
        f"CASE WHEN {shown} IS NULL AND ({due} IS NOT NULL OR {done} IS NOT NULL) THEN 'task' END"
    )
    sort = f"coalesce({kind}, {task}, 'note')"
    said = f"{sort} = 'task' OR trim({c.raw('done')}) <> ''"  # only a task is open when none says
    what = "The note has no text; nothing to move."
    c.refuse(f"{text} IS NULL AND {subject} IS NULL", "text", "empty_note", what)
    return {
        **_record(c),
        "kind": sort,
        "kind_text": shown,
        "occurred": day,
        "occurred_at": exact,
        "subject": subject,
        "text": text,
        "duration_minutes": _whole_minutes(c.text("duration")),
        "due": due,
        "due_at": due_at,
        "done": f"CASE WHEN {said} THEN {done} END",
    }


def _whole_minutes(value: str) -> str:
    minutes = f"regexp_extract({value}, '^([0-9]{{1,6}})(?:[^0-9]|$)', 1)"
    return f"TRY_CAST(nullif({minutes}, '') AS BIGINT)"


def _record(c: Cells) -> Row:
    """The record a file or note hangs on."""
    kind, number = c.read("record_type", "record_type", "key"), c.text("record_number")
    what = "Name the record: Client, Lead, Job, Estimate, Invoice or Work Order."
    c.refuse(f"{kind} IS NULL", "record_type", "unknown_record_type", what)
    what = "Give the number of the record it belongs to."
    c.refuse(f"{number} IS NULL", "record_number", "no_record", what)
    return {"record_type": kind, "record_ref": c.reference("record_number")}
