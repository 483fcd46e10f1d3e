"""A value that HighLevel refuses in an update: it alone is left out, kept beside, and told (L12).

What belongs here: which value a refusal is about, where it is kept, and how a comparison knows it
there. What does not: sending (update.py, duplicates.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flitstack_pipeline.catalog.targets import ORIGINALS
from flitstack_pipeline.highlevel.errors import DuplicateContact, HighLevelError
from flitstack_pipeline.migration.field_values import Part
from flitstack_pipeline.migration.long_texts import FIELD_MOST

KEPT_BESIDE: Part = ("custom", ORIGINALS)
#: What HighLevel holds once in a sub-account, or checks.
CHECKED = ("phone", "email")


#: Asks which contact has an e-mail or a phone: its id, or None.
Holder = Callable[[str, Any], str | None]


def refused_part(
    error: HighLevelError, written: Mapping[Part, Any], hl_id: str, holder: Holder
) -> Part | None:
    """Which of the values written a refusal is about; None when it does not tell.

    Args:
        error: what HighLevel answered.
        written: the values of the request, by part.
        hl_id: the contact that was to be changed.
        holder: asked where a refusal for a duplicate names neither (live: L12).
    """
    sent = [("fields", name) for name in CHECKED if ("fields", name) in written]
    if isinstance(error, DuplicateContact):
        named = ("fields", str(error.matching_field))
        if named in sent or len(sent) < 2:
            return named if named in sent else next(iter(sent), None)
        return next((p for p in sent if holder(p[1], written[p]) not in (None, hl_id)), sent[0])
    if error.status not in (400, 422):
        return None
    words = " ".join(error.messages).lower()
    return next((part for part in sent if re.search(rf"\b{part[1]}\b", words)), None)


def kept_beside(values: Mapping[Part, Any], now: Mapping[Part, Any], part: Part, value: Any) -> str:
    """The text of the field for originals with a refused value added.

    Args:
        values: what is written.
        now: what the record holds.
        part: the refused field.
        value: its value.
    """
    return with_line(values.get(KEPT_BESIDE) or now.get(KEPT_BESIDE), part[1], value)


def with_line(text: Any, name: str, value: Any) -> str:
    """A text with the line `name: value`, unless it has it or has no room for it."""
    before, line = str(text or ""), f"{name}: {value}"
    longer = "\n".join(x for x in (before, line) if x)
    return before if line in before.splitlines() or len(longer) > FIELD_MOST else longer


def is_kept_beside(name: str, wanted: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Whether a contact differs in a field only by a value kept among the originals instead.

    Args:
        name: the field that differs.
        wanted: every value that was meant, by field.
        held: every value the contact has.
    """
    meant, found = (set(str(v.get(ORIGINALS) or "").splitlines()) for v in (wanted, held))
    moved = {field: f"{field}: {wanted[field]}" for field in CHECKED if wanted.get(field)}
    if name == ORIGINALS:
        return meant < found and found - meant <= set(moved.values())
    return name in moved and moved[name] in found - meant
