"""What Dagster may show of customers: counts, our own words, and values by their shape alone.

Dagster keeps what it shows in its own files, beside the data folder. So a cell of a table is masked
unless its column is known to hold none of a customer's values, and a sentence loses what it quotes.
FLITSTACK_SHOW_VALUES=yes shows all as it is.
"""

from __future__ import annotations

import os
import re
from typing import Any

from flitstack_pipeline.mapping.language_model import mask

SHOW = "FLITSTACK_SHOW_VALUES"
#: Columns of ours: names of files, fields, rules and steps, keys of records, vocabularies, figures.
OPEN = frozenset((
    "amounts", "condition", "check", "coverage", "confidence", "dataset", "decision",
    "difference", "fate", "file", "field", "fields", "hours", "hl_id", "id", "is_new", "key",
    "kind", "line", "link", "measure", "object", "outcome", "per", "record", "record_key",
    "records", "requests", "role", "rule", "score", "sheet", "so_far", "state", "status",
    "stage", "sub_account", "target", "time", "transform", "type", "verdict", "what",
    "workspace", "raw_id", "source_id", "source_key", "left_key", "right_key", "invoice_key",
    "job_key", "work_order_key", "reason", "reason_class", "step", "column", "excluded_by",
    "left", "migration", "waits_for", "budget", "running",
))  # fmt: skip
#: Columns of sentences, which may quote a value.
SENTENCES = frozenset((
    "what_to_do", "why", "found", "evidence", "warning", "warnings", "message", "messages",
    "question", "refused", "by_hand", "problem", "changed", "entry", "suggestion", "where",
    "needed", "make", "on", "options", "next",
))  # fmt: skip
_EMAIL = re.compile(r"[^\s<>\"'“”(),;:]+@[^\s<>\"'“”(),;:]+")
_NUMBER = re.compile(r"(?<![\w.])\+?\(?\d[\d\s().-]{6,}\d")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’|(?<!\w)'[^']*'(?!\w)")
_OWNER = re.compile(r"\bowner [^:;,(]+")
#: A command to type quotes keys and words of ours.
_COMMAND = re.compile(r"(\bflitstack [a-z]+(?: (?:'[^']*'|--?[a-z][\w-]*))*)")
#: Fewer digits are a count, a year, an amount; more are a phone or an account.
_DIGITS = 9


def shows_values() -> bool:
    """Whether a person decided that Dagster shows values as they are."""
    return os.environ.get(SHOW, "").strip().lower() in ("yes", "true", "1", "on")


def cell(column: str, value: Any) -> str:
    """A table's cell as Dagster may show it."""
    text = "" if value is None else str(value)
    name = re.sub(r"\W+", "_", column.strip().lower())
    if shows_values() or isinstance(value, bool | int | float) or name in OPEN:
        return text
    return sentence(text) if name in SENTENCES else mask(text)


def sentence(text: str) -> str:
    """A sentence without the values it quotes: addresses, numbers, what stands in quotes.

    A command to type stays as it is.
    """
    if shows_values():
        return text
    parts = _COMMAND.split(text)
    parts[::2] = map(_without_values, parts[::2])
    return "".join(parts)


def _without_values(text: str) -> str:
    for pattern in (_EMAIL, _QUOTED, _OWNER):
        text = pattern.sub(lambda found: _masked(found[0]), text)
    return _NUMBER.sub(
        lambda found: mask(found[0]) if sum(map(str.isdigit, found[0])) >= _DIGITS else found[0],
        text,
    )


def _masked(text: str) -> str:
    """What is quoted, masked; the word before an owner's name stays."""
    word, space, name = text.partition(" ")
    return f"owner {mask(name)}" if word == "owner" and space else mask(text)
