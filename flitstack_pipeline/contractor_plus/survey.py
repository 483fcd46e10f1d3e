"""Looks through an exports folder: every sheet of every file, understood but not yet loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from flitstack_pipeline.contractor_plus import manifest
from flitstack_pipeline.contractor_plus.cells import Row, Sheet, UnreadableFile, sheets
from flitstack_pipeline.contractor_plus.encoding import Encoding
from flitstack_pipeline.contractor_plus.recognise import HEADER_SEARCH_ROWS, Layout, recognise

HEAD_ROWS = HEADER_SEARCH_ROWS + 20


@dataclass
class SheetRead:
    """One sheet as understood: where it is from, its layout, and the warnings on it.

    `layouts` grows while the sheet is read, when its columns change midway. `copy_of` names the
    file that holds the very same bytes and is read instead.
    """

    sheet: Sheet
    entry: manifest.Entry
    number: int
    layout: Layout | None
    refused: str = ""
    copy_of: str = ""
    layouts: list[Layout] = field(default_factory=list)

    @property
    def dataset(self) -> str | None:
        """The kind of export, None when unknown or refused."""
        return self.layout.dataset if self.layout and not self.refused else None


def survey(exports: Path) -> list[SheetRead]:
    """Every sheet of every export file, in file name order. Raises ValueError: bad manifest."""
    entries = manifest.load(exports)
    first_of: dict[tuple[str, str], str] = {}
    found = []
    for path in manifest.export_files(exports):
        entry = manifest.entry_of(exports, path, entries)
        same = first_of.setdefault((entry.sha256, entry.workspace), entry.file)
        copy_of = same if same != entry.file else ""
        found += _understood(path, entry, copy_of)
    return found


def _understood(path: Path, entry: manifest.Entry, copy_of: str) -> list[SheetRead]:
    try:
        heads = _heads(path, manifest.stamp(path))
    except UnreadableFile as error:
        blank = Sheet(path, "", Encoding("unknown", "refused"), None)
        return [SheetRead(blank, entry, 0, None, str(error))]
    return [
        SheetRead(
            Sheet(path, sheet.name, sheet.encoding, sheet.dialect),
            entry,
            number,
            recognise(head, entry.file, sheet.name, entry.dataset),
            copy_of=copy_of,
        )
        for number, (sheet, head) in enumerate(heads)
    ]


@lru_cache(maxsize=256)
def _heads(path: Path, _stamp: tuple[int, ...]) -> list[tuple[Sheet, list[Row]]]:
    """The sheets of a file and their first rows, remembered while the file is unchanged."""
    return [(sheet, sheet.head(HEAD_ROWS)) for sheet in sheets(path)]
