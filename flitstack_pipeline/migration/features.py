"""What a sample must exercise: the features of mapped rows.

A feature is anything a mapping mistake could hide in: a kind of record, a field, a choice, a
transform, a kind of link, an extreme (longest name, biggest amount, most files), letters beyond
ASCII. What does not belong here: choosing records (sample.py).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from flitstack_pipeline.catalog import targets as t

CHOICE_LENGTH = 60
CHOICE_TYPES = frozenset({t.CHOICE, t.MULTI})
CHOICE_TRANSFORMS = frozenset({"choice", "multi", "yes_no"})
CHOICE_NAMES = frozenset({"stage", "status", "tags", "type", "direction"})
HOLDERS = 4
SOURCE_TARGETS = {"contact": t.CONTACT, "company": t.BUSINESS, "opportunity": t.OPPORTUNITY}


@dataclass(frozen=True)
class Row:
    """A mapped row as far as the sample cares."""

    record_key: str
    kind: str
    target: str
    payload: dict[str, Any]
    parents: list[dict[str, str]]
    size: int

    @classmethod
    def of(cls, record_key: str, kind: str, target: str, payload: str, parents: str) -> Row:
        """From the columns of `mapped.<object>`."""
        decoded = json.loads(payload)
        return cls(record_key, kind, target, decoded, json.loads(parents or "[]"), len(payload))

    @property
    def needs(self) -> list[str]:
        """Records that must be there for this one: its parents and its files."""
        return [p["record_key"] for p in self.parents] + list(self.payload.get("files", ()))

    @property
    def place(self) -> str:
        """What the record is in HighLevel."""
        return f"{self.kind} {self.target}" if self.kind in ("record", "relation") else self.kind

    def values(self) -> Iterator[tuple[str, Any]]:
        """(field, value), standard and custom alike."""
        for part in ("fields", "custom", "dnd"):
            yield from self.payload.get(part, {}).items()


class Features:
    """Learns from a pass over rows which features there are and a few rows that hold each."""

    def __init__(self, transforms: dict[tuple[str, str], str]) -> None:
        self._transforms = transforms
        self._holders: dict[str, list[str]] = defaultdict(list)
        self._extremes: dict[str, tuple[Any, str]] = {}
        self._types = {(p, f.label): f.data_type for p, fs in t.FIELDS.items() for f in fs}

    def learn(self, row: Row) -> None:
        """Take a row in."""
        if row.kind == "opportunity_file":
            return  # a job's file is nothing without its opportunity, which brings it along
        for feature in (*self._plain(row), *self._choices(row)):
            self._offer(feature, row.record_key)
        for extreme, size in self._sizes(row):
            if size > self._extremes.get(extreme, (size - 1, ""))[0]:
                self._extremes[extreme] = (size, row.record_key)

    def wanted(self) -> frozenset[str]:
        """Every feature there is."""
        return frozenset(self._holders.keys() | self._extremes.keys())

    def holders(self) -> set[str]:
        """Records that hold a feature, a few for each."""
        keys = {k for f, several in self._holders.items() for k in several}
        return keys | {key for _, key in self._extremes.values()}

    def of(self, row: Row) -> Iterator[str]:
        """The features of one row, as far as they were learnt."""
        yield from self._plain(row)
        yield from self._choices(row)
        for extreme, _ in self._sizes(row):
            if self._extremes.get(extreme, (0, ""))[1] == row.record_key:
                yield extreme

    # --- what a row shows ----------------------------------------------------------------------

    def _plain(self, row: Row) -> Iterator[str]:
        yield row.place
        for parent in row.parents:
            yield f"{row.place} → {parent['role']}"
        if "~2" in row.record_key.rsplit("/", 1)[-1] and row.kind == "relation":
            yield f"{row.place} (several)"
        if row.payload.get("files"):
            yield f"{row.place} with files"
            if len(row.payload["files"]) > 1:
                yield f"{row.place} with several files"
        if row.payload.get("owner"):
            yield f"{row.place}: owner"
        yield from self._fields(row)
        body = row.payload.get("body")
        if body:
            yield f"{row.place}: text"
            yield from _letters(row.place, body)

    def _fields(self, row: Row) -> Iterator[str]:
        place = SOURCE_TARGETS.get(row.kind, row.target)
        for name, value in row.values():
            yield f"{row.place}: {name}"
            transform = self._transforms.get((place, name))
            if transform:
                yield f"transform {transform} ({self._types.get((place, name), 'TEXT')})"
            if isinstance(value, str):
                yield from _letters(row.place, value)

    def _choices(self, row: Row) -> Iterator[str]:
        """The choices of picklists, stages and tags that a row makes."""
        place = SOURCE_TARGETS.get(row.kind, row.target)
        for name, value in row.values():
            if (
                name in CHOICE_NAMES
                or self._types.get((place, name)) in CHOICE_TYPES
                or (self._transforms.get((place, name)) in CHOICE_TRANSFORMS)
            ):
                for one in value if isinstance(value, list) else [value]:
                    yield f"{row.place}: {name} = {str(one)[:CHOICE_LENGTH]}"

    def _sizes(self, row: Row) -> Iterator[tuple[str, Any]]:
        """(extreme, how extreme) of a row."""
        yield f"{row.place}: longest record", row.size
        place = SOURCE_TARGETS.get(row.kind, row.target)
        for name, value in row.values():
            if name in ("name", "firstName", "lastName", t.NAME) and isinstance(value, str):
                yield f"{row.place}: longest {name}", len(value)
            if name == "monetaryValue" or self._types.get((place, name)) == t.MONEY:
                amount = _amount(value)
                if amount is not None:
                    yield f"{row.place}: biggest {name}", amount
                    yield f"{row.place}: smallest {name}", -amount
        if row.payload.get("files"):
            yield f"{row.place}: most files", len(row.payload["files"])
        if row.payload.get("body"):
            yield f"{row.place}: longest text", len(row.payload["body"])

    # --- keeping ---------------------------------------------------------------------------------

    def _offer(self, feature: str, key: str) -> None:
        holders = self._holders[feature]
        if len(holders) < HOLDERS and key not in holders:
            holders.append(key)


def _letters(place: str, text: str) -> Iterator[str]:
    if not text.isascii():
        yield f"{place}: letters beyond ASCII"
    if "\n" in text:
        yield f"{place}: several lines"


def _amount(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
