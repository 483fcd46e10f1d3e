"""A value that HighLevel refuses in an update: it alone is left out, kept beside, and told (L12).

What belongs here: which value a refusal is about, and the decision without it. What does not:
sending (update.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flitstack_pipeline.highlevel.errors import DuplicateContact, HighLevelError
from flitstack_pipeline.migration.parts import Part
from flitstack_pipeline.spec.targets import ORIGINALS

KEPT_BESIDE: Part = ("custom", ORIGINALS)
#: What HighLevel holds once in a sub-account, or checks.
CHECKED = ("phone", "email")


def refused_part(error: HighLevelError, written: Mapping[Part, Any]) -> Part | None:
    """Which of the values written a refusal is about; None when it does not tell.

    Args:
        error: what HighLevel answered.
        written: the values of the request, by part.
    """
    sent = [("fields", name) for name in CHECKED if ("fields", name) in written]
    if isinstance(error, DuplicateContact):
        named = ("fields", str(error.matching_field))
        return named if named in sent else next(iter(sent), None)
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
    before = str(values.get(KEPT_BESIDE) or now.get(KEPT_BESIDE) or "")
    line = f"{part[1]}: {value}"
    return before if line in before.splitlines() else "\n".join(x for x in (before, line) if x)
