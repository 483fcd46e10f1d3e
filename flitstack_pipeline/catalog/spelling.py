"""Which canonical column a header stands for, and how surely: spellings, qualifiers, alternatives.

Belongs here: matching one header with the columns of one kind of file. Does not: the spellings
themselves (`source`, `other_kinds`), what a whole file is (`reading.recognise`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from flitstack_pipeline.catalog.headers import normalise_header, readings
from flitstack_pipeline.catalog.other_kinds import KINDS
from flitstack_pipeline.catalog.other_languages import in_english

#: Words before a header that say nothing new: "Primary Email" is "Email".
_PLAIN_QUALIFIERS = ("primary", "main", "default", "current", "full")
_PERSON_QUALIFIERS = ("billing", "mailing", "bill to")
#: The same where nothing better is there: a person whose only phone is at home has that phone.
_LOOSE_QUALIFIERS = ("home", "work", "office", "business", "daytime", "evening", "personal")
_LOOSE_COLUMNS = frozenset({"phone", "email"})
_OF_PEOPLE = frozenset({"clients", "leads", "properties"})

#: How sure a header is taken for a column: by its usual spelling, by another, by what is left when
#: words that say nothing are taken off, by the only thing of its kind or in another language, by its
#: cells alone.
USUAL, SPELLED, QUALIFIED, LOOSE, BY_CELLS = 5, 4, 3, 2, 1


@cache
def alias_table(dataset: str) -> dict[str, str]:
    """Normalised spelling → canonical column name, for one dataset (first declaration wins)."""
    table: dict[str, str] = {}
    for column in KINDS[dataset].columns:
        table.setdefault(normalise_header(column.header), column.name)
    for column in KINDS[dataset].columns:
        for spelling in column.spellings:
            table.setdefault(normalise_header(spelling), column.name)
    return table


@lru_cache(maxsize=50_000)
def column_of(dataset: str, header: str) -> tuple[str, int] | None:
    """The canonical column a header stands for in one kind of export, and how surely.

    A header that names a field of another subject is none: "Client Email" is the e-mail column of
    clients, and a custom column of invoices.
    """
    for reading in readings(header):
        found = {column for text in reading if (column := _column(dataset, text))}
        if len({name for name, _ in found}) == 1:
            return max(found, key=lambda column: column[1])
    english = in_english(header)
    if english and (translated := _column(dataset, english)):
        return translated[0], LOOSE
    unsure = _unsure(dataset).get(normalise_header(header))
    return (unsure, BY_CELLS) if unsure else None


@cache
def _unsure(dataset: str) -> dict[str, str]:
    return {normalise_header(u): c.name for c in KINDS[dataset].columns for u in c.unsure}


def _may_be_qualified(dataset: str, text: str) -> bool:
    """Whether a text ends as some spelling of a dataset does: asked first, since it is cheap."""
    words = text.split(" ")
    last = words[-2:] if words[-1] in ("primary", "main") else words[-1:]
    return len(words) > 1 and not _last_words(dataset).isdisjoint(last)


@cache
def _last_words(dataset: str) -> frozenset[str]:
    return frozenset(text.rpartition(" ")[2] for text in alias_table(dataset))


def is_translated(dataset: str, header: str) -> bool:
    """Whether a header stands for a column of the kind in another language only."""
    found = column_of(dataset, header)
    return bool(found and found[1] == LOOSE and in_english(header))


def _column(dataset: str, text: str) -> tuple[str, int] | None:
    table = alias_table(dataset)
    if text in table:
        usual = normalise_header(KINDS[dataset].by_name[table[text]].header) == text
        return table[text], USUAL if usual else SPELLED
    if not _may_be_qualified(dataset, text):
        return None
    bare = _without(text, _qualifiers(dataset))
    inside = re.sub(rf" (?:{'|'.join(KINDS[dataset].subjects) or '-'}) ", " ", text)
    for shorter in (bare, re.sub(r" (?:primary|main)$", "", bare), inside):
        if shorter != text and shorter in table:
            return table[shorter], QUALIFIED
    loose = _without(bare, _LOOSE_QUALIFIERS) if dataset in _OF_PEOPLE else bare
    name = table.get(loose)
    return (name, LOOSE) if loose != bare and name in _LOOSE_COLUMNS else None


def _without(text: str, words: tuple[str, ...]) -> str:
    """The text without the leading words, as often as they stand there; never nothing."""
    while True:
        rest = next((text.removeprefix(f"{w} ") for w in words if text.startswith(f"{w} ")), text)
        if rest == text:
            return text
        text = rest


@cache
def _qualifiers(dataset: str) -> tuple[str, ...]:
    people = _PERSON_QUALIFIERS if dataset in _OF_PEOPLE else ()
    words = (*KINDS[dataset].subjects, *_PLAIN_QUALIFIERS, *people)
    return tuple(sorted(words, key=len, reverse=True))
