"""Applying the confirmed entries to one row: values for standard and custom fields.

Belongs here: column → value by the map. Does not: which records a row becomes (`mapping.build`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.catalog.targets import ORIGINALS, STANDARD_FIELDS
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument
from flitstack_pipeline.mapping.transforms import Account, SkippedTime, Unfit, read_as, split_values

Row = Mapping[str, Any]


@dataclass
class Values:
    """Values of one record: standard fields, custom fields by label, what fitted no field."""

    fields: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)

    def adopt(self, other: Values) -> None:
        """Take what the other has and we have not."""
        self.fields = {**other.fields, **self.fields}
        self.custom = {**other.custom, **self.custom}
        self.kept += other.kept

    def with_kept(self) -> Values:
        """The same, with what fitted no field written out in Original_Values__c."""
        if self.kept:
            before = self.custom.get(ORIGINALS)
            self.custom[ORIGINALS] = "\n".join([*([before] if before else []), *self.kept])
            self.kept = []
        return self


class Mapper:
    """The map, ready to be applied row by row."""

    def __init__(self, document: MapDocument, account: Account | None = None) -> None:
        self.document = document
        self.account = account or Account()
        self._entries: dict[tuple[str, str], list[FieldEntry]] = defaultdict(list)
        for entry in document.fields:
            if entry.active:
                self._entries[(entry.dataset, entry.target)].append(entry)
        self._words = {
            name: {**{k.casefold(): v for k, v in m.map.items()}, **m.map}
            for name, m in document.values.items()
        }

    def values(self, dataset: str, target: str, row: Row) -> Values:
        """What the map says about one row for one target. Empty values are left out."""
        found = Values()
        standard = STANDARD_FIELDS.get(target, ())
        for entry in self._entries[(dataset, target)]:
            value = self._value(entry, row, found)
            if value is None or value == []:
                continue
            (found.fields if entry.field in standard else found.custom)[entry.field] = value
        return found

    def stage(self, dataset: str, status: str | None, words: str | None) -> dict[str, str]:
        """Pipeline stage and opportunity status of a document; the first and open when unknown."""
        stages = self.document.stages.get(dataset)
        known = stages.map if stages else {}
        goal = known.get(status or "") or known.get(words or "")
        first = {"stage": self.document.pipeline[0], "status": "open"}
        return goal if goal and goal.get("stage") else first

    def owner(self, user_key: str | None) -> str | None:
        """The user key to own a record, unless a person excluded that user."""
        entry = self.document.owners.get(user_key or "")
        return None if entry is not None and entry.status == "excluded" else user_key

    def _value(self, entry: FieldEntry, row: Row, found: Values) -> Any:
        raw = _read(entry.source, row)
        try:
            if entry.transform == "choice":
                return self._word(entry, raw)
            if entry.transform == "multi":
                labels = [self._word(entry, part) for part in split_values(raw)]
                return list(dict.fromkeys(label for label in labels if label))
            how = self.account.format_of(entry.dataset, entry.source, row)
            return read_as(entry.transform, raw, how, self.account.time_zone)
        except Unfit as error:
            # Of a cell that is no date, the field of its day tells already.
            if entry.transform != "moment" or isinstance(error, SkippedTime):
                found.kept.append(f"{entry.source.removeprefix('custom:')}: {raw}")
            return None

    def _word(self, entry: FieldEntry, raw: Any) -> str | None:
        """The label of a word; a word the map does not know stays itself, never dropped."""
        word = str(raw).strip() if raw is not None else ""
        if not word:
            return None
        known = self._words.get(f"{entry.dataset}.{entry.source}", {})
        return known.get(word) or known.get(word.casefold()) or word


def _read(source: str, row: Row) -> Any:
    if source.startswith("custom:"):
        return (row.get("custom") or {}).get(source.removeprefix("custom:"))
    return row.get(source)
