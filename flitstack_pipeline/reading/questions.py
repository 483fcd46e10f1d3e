"""The questions that reading leaves to a person: what a file holds, what a column names.

Belongs here: questions as a person sees them, with evidence and choices. Does not: their keys and
answers (`answers`), where they are listed (`flitstack_pipeline.questions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flitstack_pipeline.catalog.not_moved import REASONS
from flitstack_pipeline.catalog.objects import BY_KEY as OBJECTS
from flitstack_pipeline.catalog.objects import object_of_dataset
from flitstack_pipeline.catalog.other_kinds import ANY_NOTE, KINDS, OTHER
from flitstack_pipeline.questions import Choice, Question
from flitstack_pipeline.reading.answers import (
    NOT_MOVED,
    file_question,
    workspace_question,
)
from flitstack_pipeline.reading.recognise import Layout

SHOWN_ROWS = 3
SHOWN_CELL = 40


def about_file(
    file: str, sheet: str, layout: Layout, rows: int, first_rows: Sequence[list[str]]
) -> Question:
    """What a file in doubt holds.

    Args:
        file: Its name in the exports folder.
        sheet: The sheet of a workbook, else "".
        layout: How it was understood, with its doubts and candidates.
        rows: How many rows stand below its header.
        first_rows: The first of them, to be shown.
    """
    where = f"sheet {sheet} of {file}" if sheet else file
    return Question(
        key=file_question(file, sheet),
        kind="file",
        text=f"What does {where} hold? {'; '.join(layout.doubts)}. Its {rows} rows wait",
        file=file,
        sheet=sheet,
        evidence=tuple(_evidence(layout, first_rows)),
        choices=tuple(_choices(layout)),
    )


def _evidence(layout: Layout, first_rows: Sequence[list[str]]) -> Iterable[str]:
    yield from (guess.evidence for guess in layout.guesses)
    yield f"columns: {', '.join(h for h in layout.header if h.strip())}"
    for row in first_rows[:SHOWN_ROWS]:
        yield " | ".join(cell[:SHOWN_CELL] for cell in row)


def _choices(layout: Layout) -> Iterable[Choice]:
    for guess in layout.guesses:
        yield Choice(guess.dataset, _effect(guess.dataset))
    yield Choice(ANY_NOTE.key, ANY_NOTE.effect)
    yield Choice(NOT_MOVED, "nothing of it is moved; the certificate names it")


def _effect(kind: str) -> str:
    if kind in OTHER:
        return OTHER[kind].effect
    if kind in REASONS:
        return f"nothing of it is moved: {REASONS[kind]}"
    fed = object_of_dataset(kind)
    if fed is None:
        return f"it is read as {KINDS[kind].label}"
    return f"each row is one of {KINDS[kind].label}, which become: {OBJECTS[fed].becomes}"


def about_workspace(
    header: str, shown: str, files: Sequence[str], values: Sequence[str]
) -> Question:
    """Whether a column that stands in several files, with the same values, names the workspace.

    Args:
        header: Its header, normalised.
        shown: Its header as the files spell it.
        files: The files that have it.
        values: The first of its values.
    """
    return Question(
        key=workspace_question(header),
        kind="workspace",
        text=f"Does the column {shown!r} name the workspace (branch) that a row belongs to?",
        column=shown,
        file=files[0],
        evidence=(f"in {', '.join(files)}", f"values: {', '.join(values)}"),
        choices=(
            Choice("workspace", "records of each value are kept apart, as of several accounts"),
            Choice("custom field", "it stays a column like any other"),
        ),
    )
