"""Status words to closed vocabularies (docs/contractor_plus.md#status-words).

Unknown words stay unknown: they keep their text, are listed, and wait for the value map.
"""

from __future__ import annotations

import re
from functools import lru_cache

from flitstack_pipeline.catalog.clean import WORDS
from flitstack_pipeline.cleaning.values.accents import without_accents

VOCABULARIES: dict[str, dict[str, str]] = {
    name: {spelling: word.split()[0] for word in words for spelling in word.split()}
    for name, words in WORDS.items()
}
_JOINED = {
    name: {spelling.replace("_", ""): word for spelling, word in known.items()}
    for name, known in VOCABULARIES.items()
}


@lru_cache(maxsize=50_000)
def canonical(vocabulary: str, value: str | None) -> str | None:
    """The closed-vocabulary status of a word, or None when empty or unknown.

    The whole word is compared, so "unpaid" is never read as "paid"; "Paid?" is none. A word may be
    cut in two (`Un-scheduled`, `Over due`), two words may be joined (`InProgress`, `PartPaid`).
    """
    if not value or "?" in value:
        return None
    return _JOINED[vocabulary].get(_slug(value).replace("_", ""))


def _slug(value: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", without_accents(value).casefold()).strip("_")
