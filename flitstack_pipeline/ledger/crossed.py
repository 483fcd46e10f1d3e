"""Columns whose values change places on the way: by the confirmed map, or by what cleaning reads.

What is declared is held against `meanings`: where a column's value goes to a field that is for
another column, whose value goes to a field for a third, and so on back to the first, all of them
are crossed. A value that a person sends elsewhere by itself is not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from functools import cache

from flitstack_pipeline.catalog.source import BY_KEY, JOINED_INTO
from flitstack_pipeline.ledger.columns import fields_of
from flitstack_pipeline.ledger.meanings import LINES_IN, MEANINGS, Meaning
from flitstack_pipeline.ledger.provenance import read_alone
from flitstack_pipeline.ledger.witness import alike
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument

#: How alike the header of a custom column and a field must be to mean the same.
ALIKE = 0.5
Edge = tuple[str, str]


def crossed_columns(dataset: str, document: MapDocument) -> set[str]:
    """The columns of a kind of export whose values stand in each other's fields."""
    words = _on_cycles(_map_edges(dataset, document))
    found = _on_cycles(_column_edges(dataset))
    for word in words:
        meaning = _meanings(dataset).get(word)
        sources = {s.column for s in read_alone(dataset, word)}
        found |= {word} if word.startswith("custom:") else sources
        found |= meaning.columns if meaning else frozenset()
    return found


@cache
def _meanings(dataset: str) -> dict[str, Meaning]:
    """What is written down of a kind of export; of one in no list of ours, what it declares."""
    declared = (c for c in BY_KEY[dataset].columns if c.to)
    return MEANINGS.get(dataset) or {
        c.cleaned: Meaning(frozenset([c.name]), frozenset([c.to])) for c in declared
    }


def is_line_crossed(dataset: str, document: MapDocument) -> bool:
    """Whether the text that the rows of a kind of export become lines of is crossed."""
    parent, word = {**JOINED_INTO, **LINES_IN}.get(dataset, ("", ""))
    return word in _on_cycles(_map_edges(parent, document)) if parent else False


def _map_edges(dataset: str, document: MapDocument) -> Iterator[Edge]:
    """Word of the map → the word whose field its value goes to instead of its own."""
    for entries in _by_target(document.entries(dataset)).values():
        for entry in entries:
            if _is_for(dataset, entry.source, entry.field):
                continue
            for other in entries:
                if other.source != entry.source and _is_for(dataset, other.source, entry.field):
                    yield entry.source, other.source


def _by_target(entries: Iterable[FieldEntry]) -> dict[str, list[FieldEntry]]:
    found: dict[str, list[FieldEntry]] = {}
    for entry in entries:
        found.setdefault(entry.target, []).append(entry)
    return found


def _is_for(dataset: str, word: str, field: str) -> bool:
    """Whether a field is for what a word of the map, or the header of a custom column, means."""
    if word.startswith("custom:"):
        return alike(word.removeprefix("custom:"), field) >= ALIKE
    meaning = _meanings(dataset).get(word)
    return meaning is not None and field in meaning.fields


def _column_edges(dataset: str) -> Iterator[Edge]:
    """Column that cleaning reads for a word, in place of its own → the word's own column."""
    for word, meaning in _meanings(dataset).items():
        read = {s.column for s in fields_of(dataset).get(word, ())}
        if not read & meaning.columns:
            yield from itertools.product(read, meaning.columns)


def _on_cycles(edges: Iterable[Edge]) -> set[str]:
    """The nodes from which a way leads back to themselves."""
    ways: dict[str, set[str]] = {}
    for one, other in edges:
        ways.setdefault(one, set()).add(other)
    return {node for node in ways if node in _reached(node, ways)}


def _reached(node: str, ways: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [*ways[node]]
    while ahead:
        now = ahead.pop()
        if now not in found:
            found.add(now)
            ahead += ways.get(now, ())
    return found
