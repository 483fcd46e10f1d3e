"""Looks through an exports folder: every sheet of every file, understood but not yet loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from flitstack_pipeline.contractor_plus import manifest
from flitstack_pipeline.contractor_plus.answers import NOTHING, file_answer, file_question
from flitstack_pipeline.contractor_plus.cells import Row, Sheet, UnreadableFile, sheets
from flitstack_pipeline.contractor_plus.encoding import Encoding
from flitstack_pipeline.contractor_plus.recognise import HEADER_SEARCH_ROWS, Layout, recognise
from flitstack_pipeline.questions import Choice, Question

HEAD_ROWS = HEADER_SEARCH_ROWS + 20


@dataclass
class SheetRead:
    """One sheet as understood: where it is from, its layout, and the warnings on it.

    `layouts` grows while the sheet is read, when its columns change midway. `copy_of` names the
    file that holds the very same bytes and is read instead. `left_out` says that a person wants
    nothing of it.
    """

    sheet: Sheet
    entry: manifest.Entry
    number: int
    layout: Layout | None
    refused: str = ""
    copy_of: str = ""
    left_out: bool = False
    layouts: list[Layout] = field(default_factory=list)

    @property
    def dataset(self) -> str | None:
        """The kind of export; None when unknown, unreadable from the start, or left out."""
        return self.layout.dataset if self.layout and not self.left_out else None

    def question(self, rows_read: int) -> Question | None:
        """What a person must say about the sheet; a sheet without rows leaves nothing to ask."""
        if self.layout is None or self.left_out or self.copy_of or self.refused:
            return None
        if not self.layout.question or rows_read == 0:
            return None
        likely = [g for g in self.layout.guesses if g.recognised]
        return Question(
            file_question(self.entry.file, self.sheet.name),
            "file",
            self.layout.question,
            dataset=self.layout.dataset or "",
            file=self.entry.file,
            sheet=self.sheet.name,
            evidence=tuple(f"{g.dataset}: {g.recognised} of its columns are known" for g in likely),
            choices=(*(Choice(g.dataset) for g in likely), Choice(NOTHING, "no row is moved")),
        )


def survey(exports: Path, answers: Mapping[str, str] | None = None) -> list[SheetRead]:
    """Every sheet of every export file, in file name order.

    `answers` are a person's (see `answers`). Raises ValueError for a bad manifest or answer.
    """
    entries = manifest.load(exports)
    first_of: dict[tuple[str, str], str] = {}
    found = []
    for path in manifest.export_files(exports):
        entry = manifest.entry_of(exports, path, entries)
        same = first_of.setdefault((entry.sha256, entry.workspace), entry.file)
        copy_of = same if same != entry.file else ""
        found += _understood(path, entry, copy_of, answers or {})
    return found


def _understood(
    path: Path, entry: manifest.Entry, copy_of: str, answers: Mapping[str, str]
) -> list[SheetRead]:
    try:
        heads = _heads(path, manifest.stamp(path))
    except UnreadableFile as error:
        blank = Sheet(path, "", Encoding("unknown", "refused"), None)
        left_out = file_answer(answers, entry.file) == NOTHING
        return [SheetRead(blank, entry, 0, None, str(error), left_out=left_out)]
    found = []
    for number, (sheet, _) in enumerate(heads):
        answer = file_answer(answers, entry.file, sheet.name) or entry.dataset
        known = "" if answer == NOTHING else answer
        found.append(
            SheetRead(
                Sheet(path, sheet.name, sheet.encoding, sheet.dialect),
                entry,
                number,
                _layout(path, manifest.stamp(path), number, entry.file, known),
                copy_of=copy_of,
                left_out=answer == NOTHING,
            )
        )
    return found


@lru_cache(maxsize=256)
def _heads(path: Path, _stamp: tuple[int, ...]) -> list[tuple[Sheet, list[Row]]]:
    """The sheets of a file and their first rows, remembered while the file is unchanged."""
    return [(sheet, sheet.head(HEAD_ROWS)) for sheet in sheets(path)]


@lru_cache(maxsize=1_024)  # every object type looks at every sheet
def _layout(
    path: Path, stamp: tuple[int, ...], number: int, file: str, answer: str
) -> Layout | None:
    sheet, head = _heads(path, stamp)[number]
    return recognise(head, file, sheet.name, answer)
