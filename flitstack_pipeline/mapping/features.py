"""What speaks for two headers meaning the same: numbers for the score, words for the evidence.

Belongs here: comparing two headers. Does not: weighing (`mapping.weights`), ranking
(`mapping.matcher`), reading a header (`mapping.meanings`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from flitstack_pipeline.mapping.meanings import Meaning, readable, words_of
from flitstack_pipeline.mapping.profiles import Profile, value_type
from flitstack_pipeline.mapping.vocabulary import ENTITIES, HEAD_TYPES, HEADS, RELATED

FEATURES: tuple[str, ...] = (
    "same_words", "same_head", "related_head", "other_head", "unknown_head", "one_head_unknown",
    "same_entity", "entity_assumed", "entity_missing", "entity_near", "entity_conflict",
    "entity_conflict_assumed",
    "same_kind", "kind_missing", "kind_conflict", "place_conflict", "same_place",
    "rest_shared", "rest_missing", "spelling", "partial_spelling", "described_alike",
    "described_by_name", "type_fits", "type_conflict", "time_differs", "words_shared",
    "behind_head", "unexplained", "trigrams", "trigrams_unknown", "trigrams_abroad",
    "same_head_abroad", "related_head_abroad", "other_head_abroad", "conflict_abroad", "loose",
    "aligned_unknown", "aligned_abroad",
)  # fmt: skip
_AT = {name: i for i, name in enumerate(FEATURES)}

#: Kinds that are the usual one when none is named.
_USUAL = {"billing", "mailing", "work", "direct"}
_NEAR_KINDS = {
    frozenset(p)
    for p in (
        ("billing", "mailing"),
        ("service", "shipping"),
        ("mailing", "home"),
        ("work", "mailing"),
        ("work", "billing"),
    )
}
#: People and things beside the record: their phone is never the record's own.
_OTHERS = {
    "owner",
    "technician",
    "vendor",
    "spouse",
    "assistant",
    "emergency",
    "parent",
    "manager",
    "insurance",
    "tenant",
    "landlord",
}
_NEAR_ENTITIES = {
    frozenset(p)
    for p in (
        ("deal", "workorder"), ("deal", "visit"), ("workorder", "visit"),
        ("owner", "technician"), ("person", "company"), ("deal", "estimate"),
        ("invoice", "payment"), ("visit", "task"), ("deal", "contract"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """A header made ready for comparing."""

    name: str
    meaning: Meaning
    profile: Profile = field(default_factory=Profile)
    described: frozenset[str] = frozenset()
    description: str = ""
    type: str = ""
    #: How foreign the domain of its list is: the share of words that the vocabulary does not have.
    abroad: float = 0.0

    @property
    def value_type(self) -> str:
        """The sort of its values: stated, else seen, else told by its name; empty when unknown."""
        told = "yes_no" if self.meaning.question else HEAD_TYPES.get(self.meaning.head, "")
        return self.type or value_type(self.profile) or told


def compare(a: Known, b: Known) -> tuple[NDArray[np.float64], list[str]]:
    """The features of a pair, in the order of `FEATURES`, and the evidence in words."""
    x = np.zeros(len(FEATURES))
    reasons: list[str] = []
    alike = plain(a.name) == plain(b.name)
    _names(a.meaning, b.meaning, x, reasons, alike)
    _qualifiers(a.meaning, b.meaning, x, reasons)
    _spelling(a, b, x, reasons)
    _descriptions(a, b, x, reasons)
    _types(a, b, x, reasons)
    _abroad(a, b, x)
    return x, reasons


def _abroad(a: Known, b: Known, x: NDArray[np.float64]) -> None:
    """Letters alike count more, and the vocabulary less, where it knows few words of the lists."""
    alike = trigrams(spaced(a.name), spaced(b.name))
    share = max(a.abroad, b.abroad)
    x[_AT["trigrams"]] = alike
    words = aligned(spaced(a.name), spaced(b.name))
    if not (a.meaning.head and b.meaning.head):
        x[_AT["trigrams_unknown"]] = alike
        x[_AT["aligned_unknown"]] = words
    if share:
        x[_AT["trigrams_abroad"]] = alike * share
        x[_AT["aligned_abroad"]] = words * share
        x[_HEADS_ABROAD] = x[_HEADS_HERE] * share
        x[_AT["conflict_abroad"]] = x[_CONFLICTS].sum() * share


_HEADS_HERE = [_AT[name] for name in ("same_head", "related_head", "other_head")]
_HEADS_ABROAD = [_AT[f"{name}_abroad"] for name in ("same_head", "related_head", "other_head")]
_CONFLICTS = [
    _AT[name]
    for name in (
        "entity_missing", "entity_conflict", "entity_conflict_assumed", "kind_missing",
        "kind_conflict", "place_conflict",
    )
]  # fmt: skip


def trigrams(a: str, b: str) -> float:
    """The share of runs of three letters that two texts have in common (Jaccard)."""
    mine, theirs = _runs(a), _runs(b)
    shared = len(mine & theirs)
    return shared / (len(mine) + len(theirs) - shared)


@lru_cache(maxsize=50_000)
def aligned(a: str, b: str) -> float:
    """How well the words of two texts meet, abbreviated or mistyped ones too, by their length."""
    mine, theirs = a.split(), b.split()
    if not mine or not theirs:
        return 0.0
    met = [(len(w), max(_one_word(w, v) for v in theirs)) for w in mine]
    met += [(len(v), max(_one_word(v, w) for w in mine)) for v in theirs]
    return sum(size * found for size, found in met) / sum(size for size, _ in met)


@lru_cache(maxsize=50_000)
def _one_word(a: str, b: str) -> float:
    """Whether two words are one: 1 the same, 0.8 the beginning, 0.6 some letters of it."""
    if a == b:
        return 1.0
    short, long = sorted((a, b), key=len)
    if len(short) >= 2 and long.startswith(short):
        return 0.8
    likeness = fuzz.ratio(a, b) / 100
    if len(short) >= 4 and likeness >= 0.8:
        return likeness
    left = iter(long)
    if len(short) >= 2 and short[0] == long[0] and all(letter in left for letter in short):
        return 0.6
    return 0.0


@lru_cache(maxsize=20_000)
def _runs(text: str) -> frozenset[str]:
    padded = f"  {text} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


@lru_cache(maxsize=20_000)
def spaced(name: str) -> str:
    """A header in lower case, its words apart."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def plain(name: str) -> str:
    """A header without case and marks."""
    return "".join(c for c in name.casefold() if c.isalnum())


def _set(x: NDArray[np.float64], name: str, value: float = 1.0) -> None:
    x[_AT[name]] = value


def _names(m: Meaning, n: Meaning, x: NDArray[np.float64], reasons: list[str], alike: bool) -> None:
    if m.words == n.words and m.words:
        _set(x, "same_words")
        reasons.append("same name" if alike else f"both mean {m.in_words or m.phrase!r}")
    if m.head and n.head:
        if m.head == n.head:
            _set(x, "same_head")
            if m.words != n.words:
                reasons.append(_same_head(m, n))
        elif related := _related(m, n):
            _set(x, "related_head", related)
            reasons.append(f"{m.in_words!r} is near {n.in_words!r}")
        else:
            _set(x, "other_head")
            reasons.append(f"{m.in_words!r} is not {n.in_words!r}")
    elif m.head or n.head:
        _set(x, "one_head_unknown")
    else:
        _set(x, "unknown_head")


def _same_head(m: Meaning, n: Meaning) -> str:
    if m.in_words == n.in_words:
        return f"both mean {m.in_words!r}"
    return f"{m.in_words!r} and {n.in_words!r} are both {readable(m.head)!r}"


def _related(m: Meaning, n: Meaning) -> float:
    if m.entity == n.entity == "owner" and {m.head, n.head} <= {"name", "id", "email"}:
        return 0.8
    if "title" in m.loose | n.loose and {m.head, n.head} == {"jobtitle", "salutation"}:
        return 0.6
    return RELATED.get(frozenset((m.head, n.head)), 0.0)


def _qualifiers(m: Meaning, n: Meaning, x: NDArray[np.float64], reasons: list[str]) -> None:
    _entities(m, n, x, reasons)
    #: `Closed date` is not the expected one; of a job it is the day of completion.
    planned = frozenset() if m.head == n.head == "closedate" else frozenset({"actual"})
    mine, theirs = m.kinds - planned, n.kinds - planned
    if mine == theirs:
        _set(x, "same_kind", 1.0 if mine else 0.0)
    elif mine & theirs or frozenset((*mine, *theirs)) in _NEAR_KINDS:
        _set(x, "kind_missing", 0.5)
    elif not mine or not theirs:
        _set(x, "kind_missing", 0.5 if (mine | theirs) <= _USUAL else 1.0)
    else:
        _set(x, "kind_conflict")
        reasons.append(f"{' '.join(sorted(mine))} is not {' '.join(sorted(theirs))}")
    if m.place != n.place:
        _set(x, "place_conflict")
    elif m.place:
        _set(x, "same_place")
    if m.open_reading or n.open_reading or m.loose - set(n.words) != n.loose - set(m.words):
        _set(x, "loose")
    if m.time != n.time and m.dated and n.dated:
        _set(x, "time_differs")


def _entities(m: Meaning, n: Meaning, x: NDArray[np.float64], reasons: list[str]) -> None:
    if m.entity == n.entity:
        if m.entity:
            _set(x, "entity_assumed" if m.assumed or n.assumed else "same_entity")
    elif not m.entity or not n.entity:
        other = m.entity or n.entity
        if other in _OTHERS:
            _set(x, "entity_conflict_assumed")
            return
        mild = other == "person" and m.head == n.head and m.head not in {"name", "id"}
        _set(x, "entity_missing", 0.3 if mild else 1.0)
    elif _near_entities(m, n):
        _set(x, "entity_near")
    else:
        assumed = (m.assumed or n.assumed) and m.head != "name"
        _set(x, "entity_conflict_assumed" if assumed else "entity_conflict")
        if m.head == n.head:
            reasons.append(f"of {m.entity}, not of {n.entity}")


def _near_entities(m: Meaning, n: Meaning) -> bool:
    pair = frozenset((m.entity, n.entity))
    if pair == {"owner", "technician"}:
        return True
    return pair in _NEAR_ENTITIES and m.head != "name"


def _spelling(a: Known, b: Known, x: NDArray[np.float64], reasons: list[str]) -> None:
    m, n = a.meaning, b.meaning
    rest = m.rest | n.rest
    if rest:
        mine = {w for w in m.rest if not _is_in(w, n)}
        theirs = {w for w in n.rest if not _is_in(w, m)}
        missing = (len(mine) + len(theirs)) / (len(m.rest) + len(n.rest))
        _set(x, "rest_shared", 1 - missing)
        _set(x, "rest_missing", missing)
        unexplained = mine | theirs
        heads = sum(w in HEADS for w in unexplained)  # `Tax Region`: another thing's region
        _set(x, "unexplained", min(3, len(unexplained) + heads) / 3)
        behind = (m.behind & mine) | (n.behind & theirs)
        _set(x, "behind_head", min(2, len(behind)) / 2)
    words = set(m.words) & set(n.words)
    _set(x, "words_shared", len(words) / max(1, len(set(m.words) | set(n.words))))
    if words and m.head != n.head and m.words != n.words:
        reasons.append(f"shares {', '.join(sorted(words))}")
    _set(x, "spelling", fuzz.token_sort_ratio(m.phrase, n.phrase) / 100)
    raw = fuzz.partial_ratio(a.name.casefold(), b.name.casefold()) / 100
    _set(x, "partial_spelling", raw)
    if not reasons or (not words and not m.head and not n.head):
        reasons.append("spelling only" if raw > 0.5 else "nothing in common")


def _is_in(word: str, other: Meaning) -> bool:
    """Whether a word stands in another header, a little mistyped perhaps."""
    return word in other.words or any(
        len(word) > 4 and w not in ENTITIES and fuzz.ratio(word, w) >= 85 for w in other.words
    )


def _descriptions(a: Known, b: Known, x: NDArray[np.float64], reasons: list[str]) -> None:
    if a.described and b.described:
        shared = len(a.described & b.described) / max(1, min(len(a.described), len(b.described)))
        _set(x, "described_alike", shared)
        if shared >= 0.5:
            reasons.append("descriptions are alike")
    named = max(_named_in(a, b.described), _named_in(b, a.described))
    if named:
        _set(x, "described_by_name", named)
        if named == 1.0:
            reasons.append("one is named in the other's description")


def _named_in(header: Known, described: frozenset[str]) -> float:
    words = set(header.meaning.words)
    return len(words & described) / len(words) if words and described else 0.0


def _types(a: Known, b: Known, x: NDArray[np.float64], reasons: list[str]) -> None:
    mine, theirs = a.value_type, b.value_type
    if not mine or not theirs or "text" in (mine, theirs):
        return
    if mine == theirs or {mine, theirs} <= {"number", "money"}:
        _set(x, "type_fits")
        if a.profile.filled:
            reasons.append(f"values are {_IN_WORDS.get(mine, mine)}")
    else:
        _set(x, "type_conflict")
        words = _IN_WORDS.get(mine, mine)
        reasons.append(f"holds {words}, not {_IN_WORDS.get(theirs, theirs)}")


_IN_WORDS = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "url": "web addresses",
    "date": "dates",
    "money": "amounts",
    "number": "numbers",
    "yes_no": "yes or no",
    "choice": "options",
}


def words_in(text: str) -> Sequence[str]:
    """The telling words of a description."""
    return [w for w in words_of(text) if len(w) > 2] if text else []
