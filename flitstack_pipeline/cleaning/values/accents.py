"""Letters without their accents, for comparing words."""

from __future__ import annotations

import unicodedata


def without_accents(text: str) -> str:
    """A text with `e` for `é`, and `fi` for `ﬁ`; letters that are their own (`đ`, `ß`) stay."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c))
