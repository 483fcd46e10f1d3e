"""What the name of a file or sheet says it holds: known kinds, another thing, or nothing.

Belongs here: nouns of names. Does not: columns (`kinds`), dates and sequences (`sessions`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import PurePath

from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.catalog.other_kinds import KINDS
from flitstack_pipeline.catalog.other_languages import kinds_named
from flitstack_pipeline.catalog.source import BY_KEY


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that say nothing of what a file holds: how it was made, which tool, which part, when.
_NEUTRAL = _words(
    """a all and archive archived active backup complete contractor contractorplus copy csv current
    data database delta demo download downloads dump excel export exported exports file final for
    from full housecall import in inactive joist jobber latest list log master monthly my new
    number of old on open our page part plus pro quickbooks report reports result results sample
    segment service servicetitan session sheet sheet1 synced tab table test the titan to update
    updated version weekly with workbook worksheet xls xlsx yearly
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec"""
)


@dataclass(frozen=True)
class NameSays:
    """What a name says: `known` kinds of export, `other` kinds of file, a `stranger` word.

    `head` are the kinds of its last noun: `parts_clients` are clients. `foreign` are the kinds that
    it says in another language: candidates, no more.
    """

    known: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()
    stranger: str = ""
    head: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds it says, where it says another thing than an export we know, that."""
        return self.other or self.known

    def __bool__(self) -> bool:
        return bool(self.known or self.other)


@lru_cache(maxsize=2_000)
def what_name_says(name: str) -> NameSays:
    """What the name of a file or sheet says; the longest noun wins (estimate items).

    The singular names a kind only where nothing else stands beside it: a "job schedule" is none
    of jobs.
    """
    text = normalise_header(PurePath(name).stem)
    rest, found, head, at = f" {text} ", set[str](), frozenset[str](), -1
    for words, _ in _nouns():
        pattern = f" {words} "
        if pattern in rest:
            kinds = frozenset(k for w, k in _nouns() if w == words)
            found |= kinds
            place = f" {text} ".rfind(pattern)
            head, at = (kinds, place) if place > at else (head, at)
            rest = rest.replace(pattern, " | ")
    left = [w for w in rest.split() if w != "|" and not _says_nothing(w)]
    if not found and left:
        found, left = _singular(" ".join(left)), [] if _singular(" ".join(left)) else left
    known = frozenset(k for k in found if k in BY_KEY)
    other = frozenset(found - known)
    foreign = frozenset() if found else kinds_named(PurePath(name).stem)
    return NameSays(known, other, "" if found else " ".join(left), head, foreign)


def _says_nothing(word: str) -> bool:
    return len(word) <= 2 or word in _NEUTRAL or bool(re.fullmatch(r"\d+|[a-z]?\d+[a-z]?", word))


@cache
def _nouns() -> tuple[tuple[str, str], ...]:
    """(noun, kind), the longest first."""
    nouns = {
        (normalise_header(stem.replace("_", " ")), kind.key)
        for kind in KINDS.values()
        for stem in (*kind.file_stems, kind.label if kind.key in BY_KEY else "")
        if stem
    }
    return tuple(sorted(nouns, key=lambda noun: (-len(noun[0]), noun)))


def _singular(text: str) -> set[str]:
    return {kind.key for kind in BY_KEY.values() if text in kind.subjects[:2]}
