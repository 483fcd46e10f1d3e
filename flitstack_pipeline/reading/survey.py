"""Looks through an exports folder: every sheet of every file, understood but not yet loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from flitstack_pipeline.catalog.not_moved import REASONS
from flitstack_pipeline.catalog.other_kinds import feeds, is_left_behind
from flitstack_pipeline.questions import Question
from flitstack_pipeline.reading import manifest, questions, workspaces
from flitstack_pipeline.reading.answers import NOTHING, file_answer
from flitstack_pipeline.reading.cells import Row, Sheet, UnreadableFile, sheets
from flitstack_pipeline.reading.encoding import Encoding
from flitstack_pipeline.reading.folder import export_files
from flitstack_pipeline.reading.recognise import HEADER_SEARCH_ROWS, Layout, recognise
from flitstack_pipeline.reading.sessions import sessions_of

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
    head: Sequence[Row] = ()
    layouts: list[Layout] = field(default_factory=list)

    @property
    def dataset(self) -> str | None:
        """The kind of export its rows go with; None when unknown, unreadable, or not moved."""
        kind = self.layout.dataset if self.layout and not self.left_out else None
        return feeds(kind) if kind else None

    @property
    def why_left_out(self) -> str:
        """The reason why nothing of it is moved."""
        kind = self.layout.dataset if self.layout else None
        return REASONS.get(kind or "", "a person said that nothing of it is to be migrated")

    def question(self, rows_read: int) -> Question | None:
        """What a person must say about the sheet; a sheet without rows leaves nothing to ask."""
        if self.layout is None or self.left_out or self.copy_of or self.refused:
            return None
        if not self.layout.doubts or rows_read == 0:
            return None
        first = [cells for number, cells in self.head if number > self.layout.header_row]
        return questions.about_file(self.entry.file, self.sheet.name, self.layout, rows_read, first)


def survey(exports: Path, answers: Mapping[str, str] | None = None) -> list[SheetRead]:
    """Every sheet of every export file, in file name order.

    `answers` are a person's (see `answers`). Raises BadInput for a bad manifest or answer.
    """
    answers = answers or {}
    entries = manifest.load(exports)
    paths = list(export_files(exports))
    timed = {name for name, entry in entries.items() if entry.exported_at}
    known = sessions_of(
        (manifest.entry_of(exports, path, entries) for path in paths), answers, timed
    )
    workspace_header = workspaces.agreed(answers)
    first_of: dict[tuple[str, str], str] = {}
    found = []
    for path, entry in zip(paths, known, strict=True):
        same = first_of.setdefault((entry.sha256, entry.workspace), entry.file)
        copy_of = same if same != entry.file else ""
        found += _understood(path, entry, copy_of, answers, workspace_header)
    return found


def open_questions(
    reads: Sequence[SheetRead], rows: Mapping[int, int], answers: Mapping[str, str] | None = None
) -> list[Question]:
    """What the surveyed sheets leave to a person.

    Args:
        reads: The sheets, as `survey` found them.
        rows: How many rows wait in the sheets nobody could name, by their place in `reads`.
        answers: What a person answered.
    """
    asked = [q for i, read in enumerate(reads) if (q := read.question(rows.get(i, 0)))]
    heads = {
        f"{read.entry.file}#{read.sheet.name}": (read.layout, read.head)
        for read in reads
        if read.layout and read.dataset
    }
    asked += workspaces.questions(heads)
    return [question for question in asked if not (answers or {}).get(question.key)]


def _understood(
    path: Path,
    entry: manifest.Entry,
    copy_of: str,
    answers: Mapping[str, str],
    workspace_header: str,
) -> list[SheetRead]:
    try:
        heads = _heads(path, manifest.stamp(path))
    except UnreadableFile as error:
        blank = Sheet(path, "", Encoding("unknown", "refused"), None)
        left_out = file_answer(answers, entry.file) == NOTHING
        return [SheetRead(blank, entry, 0, None, str(error), left_out=left_out)]
    found = []
    for number, (sheet, head) in enumerate(heads):
        answer = file_answer(answers, entry.file, sheet.name) or entry.dataset
        known = "" if answer == NOTHING else answer
        found.append(
            SheetRead(
                Sheet(path, sheet.name, sheet.encoding, sheet.dialect),
                entry,
                number,
                _layout(path, manifest.stamp(path), number, entry.file, known, workspace_header),
                copy_of=copy_of,
                left_out=answer == NOTHING or is_left_behind(answer),
                head=head,
            )
        )
    if found and not any(r.layout or r.left_out for r in found):
        reason = "it is empty: no cell has text"
        found[0].refused = str(UnreadableFile(path, reason, "Export it again, or take it out."))
    return found


@lru_cache(maxsize=256)
def _heads(path: Path, _stamp: tuple[int, ...]) -> list[tuple[Sheet, list[Row]]]:
    """The sheets of a file and their first rows, remembered while the file is unchanged."""
    return [(sheet, sheet.head(HEAD_ROWS)) for sheet in sheets(path)]


@lru_cache(maxsize=1_024)  # every object type looks at every sheet
def _layout(
    path: Path, stamp: tuple[int, ...], number: int, file: str, answer: str, workspace_header: str
) -> Layout | None:
    sheet, head = _heads(path, stamp)[number]
    return recognise(head, file, sheet.name, answer, workspace_header)
