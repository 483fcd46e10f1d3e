"""What one activity becomes in HighLevel: note, task, message with its call or text, appointment.

Belongs here: the choice with its reason, and the payload of each form. Does not: reading the rows
(`mapping.history`), the words of the export (`mapping.activity_words`). Facts:
docs/highlevel.md#notes (notes and tasks cannot be back-dated) and docs/highlevel.md#activities
(messages and appointments can).

A choice that cannot be followed for a row makes it a note. The import of a call has no place for
what was said, by whom and how long it took: a call's note stays beside it, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any

from flitstack_pipeline.catalog.declared import REFERENCE
from flitstack_pipeline.catalog.keys import record_key
from flitstack_pipeline.mapping.activity_words import (
    call_status,
    direction_of,
    meeting_status,
    plain,
)
from flitstack_pipeline.mapping.document import APPOINTMENT, MESSAGE, NOTE
from flitstack_pipeline.mapping.rows import Record, contact_key, parent

Row = dict[str, Any]
CONVERSATION, TASK = "conversation", "task"
_TYPES = {"call": "Call", "sms": "SMS", "email": "Email"}
#: What a message needs of its contact, by the activity's kind: the column of `m_reach`, its name.
_REACH = {"call": ("phone", "phone number"), "sms": ("phone", "phone number"),
          "email": ("email", "e-mail address")}  # fmt: skip


def records_of(row: Row, choices: Mapping[str, str], owner: str | None) -> Iterator[Record]:
    """What one activity becomes, by the map's `choices` (kind of activity → form)."""
    kind = row["kind"]
    wanted = choices.get(kind, NOTE)
    why_not = _obstacle(row, wanted)
    if kind == TASK and not why_not:
        yield _record(row, TASK, _task(row), owner, "task as task")
    elif wanted == APPOINTMENT and not why_not:
        yield _record(row, APPOINTMENT, _appointment(row), owner, "meeting as appointment")
    elif wanted == MESSAGE and not why_not:
        yield from _message(row, owner)
    else:
        remark = f"{kind} as note" + (f": {why_not}" if why_not else "")
        yield _record(row, NOTE, {"body": note_body(row)}, owner, remark)


def _obstacle(row: Row, wanted: str) -> str:
    """Why an activity cannot become what was chosen; empty when it can."""
    if row["kind"] == TASK:
        return "" if due_utc(row) else "its day is not known"
    if wanted == NOTE:
        return ""
    if _exact(row) is None:
        return "its time of day is not known" if row["occurred"] else "its time is not known"
    if wanted == APPOINTMENT:
        return "" if row["client_key"] else "it belongs to no client"
    if "{{image:" in (row["text"] or "") and row["kind"] != "call":
        return "it holds pictures, which a message cannot place"
    column, name = _REACH[row["kind"]]
    return "" if row[column] else f"its contact has no {name}"


def _record(row: Row, kind: str, payload: Row, owner: str | None, remark: str) -> Record:
    label = row["subject"] or f"{row['kind'] or row['kind_text'] or 'note'} {row['occurred']}"
    return Record(
        record_key(kind, row["source_key"]),
        row["source_key"],
        kind,
        kind,
        row["location"],
        payload | ({"owner": owner} if owner else {}),
        [parent("contact", contact_key(row))],
        1,
        label,
        remark,
    )


# --- messages ------------------------------------------------------------------------------------


def conversation_key(row: Row) -> str:
    """The record key of the one conversation of a row's client."""
    return record_key(CONVERSATION, str(row["client_key"]))


def conversation(row: Row) -> Record:
    """The one conversation of a contact, for its messages (docs/highlevel.md#activities)."""
    return Record(
        conversation_key(row),
        f"conversation/{row['client_key']}",
        CONVERSATION,
        CONVERSATION,
        row["location"],
        {},
        [parent("contact", contact_key(row))],
        0,
        f"conversation with {row['client_name']}",
        "conversation of a client",
    )


def _message(row: Row, owner: str | None) -> Iterator[Record]:
    direction = direction_of(row)
    told = direction.because or "the export does not tell who, so HighLevel's default"
    remark = f"{row['kind']} as message, {direction.value} ({_short(told)})"
    fields: Row = {
        "type": _TYPES[row["kind"]],
        "direction": direction.value,
        "date": moment_utc(row),
    }
    payload: Row = {"fields": fields}
    if row["kind"] == "call":
        fields["status"] = call_status(row)
    else:
        payload["body"] = message_body(row)
    if row["kind"] == "email" and row["subject"]:
        fields["subject"] = row["subject"]
    made = _record(row, MESSAGE, payload, None, remark)
    made.parents.append(parent(CONVERSATION, conversation_key(row)))
    yield made
    if row["kind"] == "call":
        words = "the call's words, author and length, which a call has no place for"
        yield _record(row, NOTE, {"body": note_body(row)}, owner, f"note beside a call: {words}")


def _short(told: str) -> str:
    """A reason without the row's own words, so that remarks can be counted."""
    return told.partition(":")[0]


def message_body(row: Row) -> str:
    """The text of a text or e-mail, then author, record and source key; HTML for an e-mail.

    What the import has no field for stands under the text: nothing of the row is lost.
    """
    tail = [" · ".join(part for part in (row["author"], *_about(row)) if part), *_extras(row)]
    tail = [line for line in tail if line] + [f"{REFERENCE}{row['source_key']}"]
    if row["kind"] != "email":
        subject = [row["subject"]] if row["subject"] else []
        return "\n".join([*subject, plain(row["text"]), *tail]).strip()
    text = row["text"] or ""
    html = text if re.search(r"<[a-zA-Z/]", text) else escape(text).replace("\n", "<br>")
    return f"{html}<p>{'<br>'.join(escape(line) for line in tail)}</p>"


# --- appointments and tasks ----------------------------------------------------------------------


def _appointment(row: Row) -> Row:
    """An appointment at the meeting's own time; its calendar's usual length when none is known."""
    start = _exact(row)
    assert start is not None  # an obstacle otherwise
    first_line = plain(row["text"]).split("\n")[0][:120]
    fields = {
        "title": row["subject"] or first_line or "Meeting",
        "startTime": _text(start),
        "status": meeting_status(row),
    }
    if row["duration_minutes"]:
        fields["endTime"] = _text(start + timedelta(minutes=row["duration_minutes"]))
    return {"fields": fields, "body": note_body(row)}


def _task(row: Row) -> Row:
    """A task: due and open only as the source says (docs/highlevel.md#notes)."""
    words = " ".join(str(v) for v in (row["custom"] or {}).values()).casefold()
    is_open = bool(re.search(r"\b(open|pending|to ?do|not done|incomplete)\b", words))
    if row["done"] is not None:
        is_open = not row["done"]
    text = re.sub(r"<[^>]+>", " ", row["text"] or "").strip()
    title = row["subject"] or text.split("\n")[0][:120] or "Task"
    fields = {"title": title, "dueDate": due_utc(row), "completed": "no" if is_open else "yes"}
    return {"fields": fields, "body": note_body(row)}


# --- times and texts -----------------------------------------------------------------------------


def moment_utc(row: Row) -> str | None:
    """The moment of an activity in UTC; noon of its day when only the day is known."""
    return _utc(row["occurred"], row["occurred_at"])


def due_utc(row: Row) -> str | None:
    """The moment a task is due in UTC: its own, else that of the activity."""
    return _utc(row["due"], row["due_at"]) or moment_utc(row)


def _utc(day: date | None, exact_text: str | None) -> str | None:
    exact = _moment(exact_text)
    if exact is not None:
        return _text(exact)
    return f"{day.isoformat()}T12:00:00Z" if day else None


def _exact(row: Row) -> datetime | None:
    """The moment when its time of day and zone are known."""
    return _moment(row["occurred_at"])


def _moment(exact: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(exact or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def note_body(row: Row) -> str:
    """The text of a note: header with time, kind and author; the text; the source key.

    HighLevel sets a note's own date itself, so the original time stands in the first line
    (docs/highlevel.md#notes).
    """
    kind = row["kind"] or row["kind_text"] or "note"
    head = " · ".join(part for part in (_clock(row), kind, row["author"]) if part)
    parts = [f"[{head}]", " · ".join(_about(row)), row["subject"], row["text"] or "", *_extras(row)]
    return "\n".join([*(p for p in parts if p), f"{REFERENCE}{row['source_key']}"])


def _about(row: Row) -> list[str]:
    """The record an activity hangs on, unless that is the client itself, its kind and length."""
    kind, word = row["kind"] or "", row["kind_text"] or ""
    record = "" if "clients" in row["record_type"] else f"{row['record_type']} {row['record_ref']}"
    minutes = row["duration_minutes"]
    length = "" if minutes is None else f"minutes: {minutes}"
    said = word if kind and word.casefold() != kind else ""
    return [part for part in (record, said, length) if part]


def _extras(row: Row) -> list[str]:
    """What the row says besides: when it is due, its own columns, cells that could not be read."""
    told = {"Due": row["due_at"] or row["due"], "Completed": row["done"]}
    task = [f"{k}: {_shown(v)}" for k, v in told.items() if v is not None]
    rest = [*sorted((row["custom"] or {}).items()), *sorted((row["originals"] or {}).items())]
    return task + [f"{k}: {v}" for k, v in rest if v]


def _shown(value: Any) -> str:
    return {True: "Yes", False: "No"}.get(value, str(value))


def _clock(row: Row) -> str:
    if row["occurred_at"]:
        try:
            return datetime.fromisoformat(row["occurred_at"]).strftime("%Y-%m-%d %H:%M")
        except ValueError:
            return str(row["occurred_at"])
    return row["occurred"].isoformat() if row["occurred"] else ""
