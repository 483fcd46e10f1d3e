"""The last line of a text, `Contractor+ ref: …`: how records without fields are found again."""

from __future__ import annotations

import re
from html import unescape

from flitstack_pipeline.catalog.declared import REFERENCE

_LINE = re.compile(re.escape(REFERENCE.strip()) + r"\s*(\S[^<\n]*)")


def reference(text: str | None) -> str:
    """The source key a text's last line names; empty when there is none."""
    found = _LINE.findall(unescape(text or ""))
    return found[-1].strip() if found else ""


def with_reference(text: str | None, source_key: str) -> str:
    """The text with its last line naming the source key, unless one does already."""
    if reference(text):
        return str(text)
    return "\n".join(part for part in (text, f"{REFERENCE}{source_key}") if part)
