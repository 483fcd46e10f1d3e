"""Which row is the header, what each column is, and which kind of file a sheet holds.

Recognition is by columns first; the file name confirms it or contradicts it. What is not certain
is not taken for its likeliest kind: it is asked about (`Layout.doubts`), and waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flitstack_pipeline.catalog.other_kinds import KINDS
from flitstack_pipeline.catalog.other_languages import in_english
from flitstack_pipeline.catalog.spelling import is_translated
from flitstack_pipeline.reading.columns import columns_of, custom_label, label_key
from flitstack_pipeline.reading.file_names import NameSays, what_name_says
from flitstack_pipeline.reading.kinds import Guess, best_known, doubts, guesses, most_known

__all__ = ["Guess", "Layout", "custom_label", "label_key", "layout_of", "recognise"]

HEADER_SEARCH_ROWS = 30
SHOWN_GUESSES = 3
SHOWN_HEADERS = 4


@dataclass(frozen=True)
class Layout:
    """How a sheet is laid out. `columns[i]` is the canonical name of column i, or None.

    `labels[i]` is the header of a column as a custom field would be called. `dataset` is the kind
    of file, None while it is unknown or in doubt; `doubts` say why a person must name it, `guesses`
    what it could be. `stand_ins` are further columns of an amount (see `columns.Columns`).
    """

    header_row: int
    header: list[str]
    dataset: str | None
    columns: list[str | None]
    labels: list[str]
    guesses: tuple[Guess, ...]
    warnings: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    stand_ins: tuple[tuple[str, tuple[int, ...]], ...] = ()


def recognise(
    first_rows: list[tuple[int, list[str]]],
    file_name: str,
    sheet_name: str = "",
    answer: str = "",
    workspace_header: str = "",
) -> Layout | None:
    """The layout of a sheet from its first rows, or None when it holds no row at all.

    Args:
        first_rows: Line numbers and cells, from the first line on.
        file_name: The name of the file.
        sheet_name: The name of the sheet of a workbook.
        answer: The kind of file a person named; it settles every doubt.
        workspace_header: The header a person named as that of the workspace, normalised.
    """
    candidates = [(n, cells) for n, cells in first_rows[:HEADER_SEARCH_ROWS] if any(_filled(cells))]
    if not candidates:
        return None
    says = _says(file_name, sheet_name)
    number, cells = _header_row(candidates, says, answer)
    ranked = guesses(cells, says)
    found = [] if answer else doubts(ranked, says, len(_filled(cells)))
    if not answer:
        found += _in_other_languages(cells, best_known(ranked).dataset, says, bool(found))
    dataset = answer or (None if found else best_known(ranked).dataset)
    below = [cells for n, cells in first_rows if n > number]
    return _laid_out(number, cells, dataset, below, _shown(ranked, says), found, workspace_header)


def layout_of(number: int, cells: list[str], dataset: str) -> Layout:
    """The layout below a header row whose kind of file is known already."""
    return _laid_out(number, cells, dataset, [], (), [], "")


def _laid_out(
    number: int,
    cells: list[str],
    dataset: str | None,
    below: Sequence[list[str]],
    shown: tuple[Guess, ...],
    found: list[str],
    workspace_header: str,
) -> Layout:
    columns = columns_of(cells, dataset, below, workspace_header)
    return Layout(
        number,
        cells,
        dataset,
        columns.names,
        columns.labels,
        shown,
        tuple(columns.notes),
        tuple(found),
        tuple(columns.stand_ins.items()),
    )


def _says(file_name: str, sheet_name: str) -> NameSays:
    """What the names say: the sheet's where it says anything, else the file's."""
    sheet = what_name_says(sheet_name) if sheet_name else NameSays()
    return sheet if sheet else what_name_says(file_name)


def _header_row(
    candidates: list[tuple[int, list[str]]], says: NameSays, answer: str
) -> tuple[int, list[str]]:
    """The line whose cells are known headers of one kind, the first where none is."""
    known = [most_known(_filled(cells), answer) for _, cells in candidates]
    if max(known) < 2 and len(candidates[0][1]) > 1:
        return candidates[0]
    likely = [line for line, n in zip(candidates, known, strict=True) if n == max(known)]
    return max(likely, key=lambda line: (_fit(line[1], says, answer), -line[0]))


def _fit(cells: list[str], says: NameSays, answer: str) -> float:
    if answer:
        return most_known(_filled(cells), answer) / len(cells)
    return max(guesses(cells, says), key=lambda g: (g.recognised, g.score)).score


def _in_other_languages(
    cells: list[str], dataset: str, says: NameSays, in_doubt: bool
) -> list[str]:
    """What is read by words of another language, and so asked about.

    Args:
        cells: The header row.
        dataset: The likeliest kind of export.
        says: What the name says.
        in_doubt: Whether the file is asked about anyway: then a name that agrees is told, too.
    """
    found = []
    if says.foreign and (in_doubt or dataset not in says.foreign):
        kinds = ", ".join(sorted(KINDS[kind].label for kind in says.foreign))
        found.append(f"in another language its name says {kinds}")
    headers = [h for h in _filled(cells) if is_translated(dataset, h)]
    if headers:
        told = ", ".join(f"{h.strip()} = {in_english(h)}" for h in headers[:SHOWN_HEADERS])
        found.append(f"its headers are in another language ({told})")
    return found


def _shown(ranked: list[Guess], says: NameSays) -> tuple[Guess, ...]:
    """The candidates to tell a person of: those the name says, then the likeliest."""
    named = [g for g in ranked if g.recognised and g.dataset in says.kinds]
    named += [g for g in ranked if g.dataset in says.foreign]
    likely = [g for g in ranked if g.recognised and g not in named]
    return tuple((*named[:2], *likely)[:SHOWN_GUESSES])


def _filled(cells: list[str]) -> list[str]:
    return [c for c in cells if c.strip()]
