"""Comparing what a contractor writes with HighLevel's building blocks, by words.

What belongs here: normalising words and scoring. A word counts by how rare it is among the
phrases: "completed" says more than "job". Spelling mistakes are forgiven (rapidfuzz).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from flitstack_pipeline.workflows.entries import Entry, NoEquivalent

#: Below NEAR a person should look twice; below FAR nothing is close.
NEAR, FAR = 0.72, 0.5
ALIKE = 86.0
TEXT_SHARE = 0.3
#: A word the text has beside the phrase's counts at most this much against it.
EXTRA_MOST = 2.0

_PHRASES = (
    (r"\be-?mail", "email"), (r"\b(text|sms) messages?\b", "sms"), (r"\btexts?\b", "sms"),
    (r"\btexting\b", "sms"), (r"\bteam members?\b", "user"), (r"\bsales ?reps?\b", "user"),
    (r"\bproject managers?\b", "user"), (r"\bto-?dos?\b", "task"), (r"\bno-shows?\b", "no show"),
    (r"\bpast due\b", "overdue"), (r"\bon-site\b", "on site"), (r"\bfollow-?ups?\b", "follow up"),
    (r"\bqbo?\b", "quickbooks"), (r"\bphone calls?\b", "call"), (r"\bsets?\b", "set"),
)  # fmt: skip
_SYNONYMS = {
    "client": "contact", "customer": "contact", "homeowner": "contact", "prospect": "lead",
    "job": "opportunity", "project": "opportunity", "deal": "opportunity",
    "quote": "estimate", "proposal": "estimate", "bid": "estimate",
    "technician": "user", "tech": "user", "crew": "user", "staff": "user", "employee": "user",
    "worker": "user", "foreman": "user", "manager": "user", "estimator": "user", "team": "user",
    "visit": "appointment", "booking": "appointment", "meeting": "appointment",
    "accepted": "approved", "signed-off": "approved", "won": "won", "rejected": "declined",
    "refused": "declined", "finished": "completed", "done": "completed", "closed": "completed",
    "canceled": "cancelled", "made": "created", "added": "created", "issued": "sent",
    "bill": "invoice", "stalled": "stuck", "reminder": "reminder", "photo": "photo",
    "picture": "photo", "image": "photo", "alert": "notify", "inform": "notify", "tell": "notify",
    "arrive": "arrives", "geo-fence": "geofence", "form": "form", "photos": "photo",
}  # fmt: skip
_STOP = frozenset((
    "a", "an", "the", "when", "whenever", "if", "is", "are", "was", "were", "be", "been", "has",
    "have", "had", "to", "of", "for", "with", "at", "on", "in", "by", "and", "or", "it", "its",
    "their", "our", "we", "they", "them", "us", "any", "each", "that", "this", "then", "gets",
    "get", "got", "once", "as", "from", "into", "who", "which", "automatically", "i", "you",
    "your", "will",
))  # fmt: skip
_SUFFIXES = ("ing", "ed", "es", "s", "e")


@dataclass(frozen=True)
class Match:
    """A building block near to a text; `score` 0–1, `phrase` what it was recognised by."""

    score: float
    phrase: str
    entry: Entry | None = None
    missing: NoEquivalent | None = None


class Matcher:
    """Finds the nearest of some building blocks, and what has none."""

    def __init__(self, entries: Sequence[Entry], missing: Sequence[NoEquivalent]) -> None:
        self._phrases = [(tokens(p), p, e, None) for e in entries for p in (e.name, *e.phrases)]
        self._phrases += [(tokens(p), p, None, m) for m in missing for p in m.phrases]  # type: ignore[misc]
        self._weights = _rarity([t for t, *_ in self._phrases])

    def nearest(self, text: str, most: int = 3) -> list[Match]:
        """The nearest building blocks, best first, each once; empty when nothing is close."""
        words = tokens(text)
        if not words:
            return []
        best: dict[int, Match] = {}
        for phrase, wording, entry, missing in self._phrases:
            score = self._score(words, phrase)
            key = id(entry or missing)
            if score >= FAR and (key not in best or score > best[key].score):
                best[key] = Match(round(score, 3), wording, entry, missing)
        return sorted(best.values(), key=lambda m: -m.score)[:most]

    def _score(self, words: tuple[str, ...], phrase: tuple[str, ...]) -> float:
        """How much of the phrase is in the text, and a little of how much of the text it says."""
        if not phrase:
            return 0.0
        weight = self._weights
        heaviest = max(weight.values())
        found = [p for p in phrase if any(self._alike(w, p) for w in words)]
        said = [w for w in words if any(self._alike(w, p) for p in phrase)]
        covered = sum(weight[p] for p in found) / sum(weight[p] for p in phrase)
        whole = sum(min(weight.get(w, heaviest), EXTRA_MOST) for w in words)
        told = sum(min(weight.get(w, heaviest), EXTRA_MOST) for w in said) / whole
        return (1 - TEXT_SHARE) * covered + TEXT_SHARE * told

    def _alike(self, word: str, known: str) -> bool:
        """The same word, or a misspelling of it: a contract is no misspelt contact."""
        if word == known:
            return True
        return word not in self._weights and len(known) > 4 and fuzz.ratio(word, known) >= ALIKE


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The words that matter, in one vocabulary and without endings, each once."""
    text = text.lower().replace("’", "'")
    for pattern, word in _PHRASES:
        text = re.sub(pattern, word, text)
    words = re.findall(r"[a-z0-9][a-z0-9'-]*", text)
    return tuple(dict.fromkeys(_stem(_synonym(w)) for w in words if w not in _STOP))


def _synonym(word: str) -> str:
    for form in (word, word.removesuffix("'s"), word.removesuffix("s"), word.removesuffix("es")):
        if form in _SYNONYMS:
            return _SYNONYMS[form]
    return word.removesuffix("'s")


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def _rarity(phrases: Sequence[tuple[str, ...]]) -> dict[str, float]:
    counts: dict[str, int] = {}
    for phrase in phrases:
        for word in phrase:
            counts[word] = counts.get(word, 0) + 1
    return {word: math.log(1 + len(phrases) / count) for word, count in counts.items()}
