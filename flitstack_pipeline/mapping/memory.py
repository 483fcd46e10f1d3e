"""Memory of earlier maps: what people confirmed, so that the next migration is proposed better.

Belongs here: the memory file, what of a map goes in, what a proposal asks it. Does not: scoring
(`mapping.matcher`), where the file lies (`settings`). It holds headers, field labels, option
words and their labels, and in how many migrations each was confirmed; no record and no name of
a customer or person. Readable by its owner only. A damaged file is left alone and told.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flitstack_pipeline.mapping.document import CONFIRMED, EXCLUDED, Decision, MapDocument
from flitstack_pipeline.mapping.opt_outs import PREFIX

VERSION = 1
#: (kind, where, column or word, goal): `field contact "gate code" → "Gate Code|TEXT"`.
Key = tuple[str, str, str, str]


@dataclass
class Memory:
    """Choices with the migrations that made them; `problem` says why a file was not used."""

    choices: dict[Key, set[str]] = field(default_factory=dict)
    problem: str = ""

    @classmethod
    def load(cls, path: Path | None) -> Memory:
        """The memory in a file; empty without one, empty with a `problem` when it is damaged."""
        if path is None or not path.exists():
            return cls()
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            choices = {
                (c["kind"], c["where"], c["word"], c["goal"]): set(map(str, c["migrations"]))
                for c in data["choices"]
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            return cls(problem=f"the memory {path} cannot be read and is not used: {error}")
        return cls(choices)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all, for its owner only. Raises OSError."""
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700)
        listed = [
            {"kind": k, "where": w, "word": word, "goal": goal, "migrations": sorted(who)}
            for (k, w, word, goal), who in sorted(self.choices.items())
        ]
        text = json.dumps({"version": VERSION, "choices": listed}, indent=1, ensure_ascii=False)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".memory-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        Path(name).replace(path)

    def remember(self, document: MapDocument, migration: str) -> int:
        """Learn what a person decided in a map; how many choices are known of this migration.

        What this migration had taught before and no longer says is forgotten.
        """
        for who in self.choices.values():
            who.discard(migration)
        found = set(_decided(document))
        for key in found:
            self.choices.setdefault(key, set()).add(migration)
        self.choices = {key: who for key, who in self.choices.items() if who}
        return len(found)

    def fields(self, target: str) -> dict[tuple[str, str], int]:
        """(column, field label), both casefolded → in how many migrations it was confirmed."""
        found: Counter[tuple[str, str]] = Counter()
        for (kind, where, column, goal), who in self.choices.items():
            if kind == "field" and where == target:
                found[(column, goal.partition("|")[0].casefold())] += len(who)
        return dict(found)

    def choice(self, target: str, header: str) -> tuple[str, str, int] | None:
        """The field label, data type and count confirmed most often for a header, or None."""
        goals = self._goals("field", target, _plain(header))
        if not goals:
            return None
        goal = max(goals, key=lambda g: (goals[g], g))
        label, _, data_type = goal.rpartition("|")
        return label, data_type, goals[goal]

    def excluded(self, target: str, header: str) -> int:
        """In how many migrations a header was left out."""
        return sum(self._goals("excluded", target, _plain(header)).values())

    def labels(self, kind: str, where: str, words: Iterator[str] | list[str]) -> dict[str, str]:
        """Word → goal confirmed most often for it, of those words the memory knows."""
        found = {}
        for word in words:
            goals = self._goals(kind, where, _plain(word))
            if goals:
                found[word] = max(goals, key=lambda g: (goals[g], g))
        return found

    def _goals(self, kind: str, where: str, word: str) -> Mapping[str, int]:
        return {
            goal: len(who)
            for (k, w, known, goal), who in self.choices.items()
            if (k, w, known) == (kind, where, word)
        }


def values_key(header: str) -> str:
    """Where the words of a custom column are remembered: by header, whatever the object."""
    return _plain(header)


def _decided(document: MapDocument) -> Iterator[Key]:
    """What a person confirmed or left out in a map, as keys of the memory."""
    yield from _decided_fields(document)
    for name, values in document.values.items():
        column = "" if name.startswith(PREFIX) else name.partition("custom:")[2]
        if column and _is_confirmed(values):
            for word, label in values.map.items():
                if label and _plain(word) != _plain(label):
                    yield "value", values_key(column), _plain(word), label
    for name, stages in document.stages.items():
        if _is_confirmed(stages):
            for word, goal in stages.map.items():
                if goal.get("stage") and word not in stages.open:
                    yield "stage", name, _plain(word), f"{goal['stage']}|{goal['status']}"


def _decided_fields(document: MapDocument) -> Iterator[Key]:
    for entry in document.fields:
        column = _plain(entry.source.removeprefix("custom:"))
        if not entry.is_custom_column or not entry.decided_by:
            continue
        if entry.status == CONFIRMED:
            yield "field", entry.target, column, f"{entry.field}|{entry.data_type}"
        elif entry.status == EXCLUDED:
            yield "excluded", entry.target, column, ""


def _is_confirmed(entry: Decision) -> bool:
    return entry.status == CONFIRMED and bool(entry.decided_by)


def _plain(text: Any) -> str:
    return " ".join(str(text).split()).casefold()
