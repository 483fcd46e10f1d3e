"""Which row is the header, what each column is, and which kind of export a sheet holds.

Recognition is by columns first; the file name only settles what the columns leave open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import PurePath

from flitstack_pipeline.spec.source import (
    BY_KEY,
    DATASETS,
    Dataset,
    alias_table,
    normalise_header,
)

HEADER_SEARCH_ROWS = 30
NAME_BONUS = 0.35
CLEAR_MARGIN = 0.08
_JOINTS = re.compile(r"[\s_\-.:,;/]+")
_WRAPPED = re.compile(r"^\s*(?:CFT|CFS|CFL|CFD|CFN|PFT|PFI)\s*\[\s*:?\s*(.*?)\s*:?\s*\]\s*$")


@dataclass(frozen=True)
class Guess:
    """One kind of export a header row could belong to, and how well it fits.

    `telling` says that more than shared columns speak for it: its name, its id or its signature.
    """

    dataset: str
    score: float
    recognised: int
    telling: bool


@dataclass(frozen=True)
class Layout:
    """How a sheet is laid out. `columns[i]` is the canonical name of column i, or None.

    `labels[i]` is the header of an unknown column as a custom field would be called. `question`
    is what a person must say about the file: which kind of export it holds, when that is not clear.
    """

    header_row: int
    header: list[str]
    dataset: str | None
    columns: list[str | None]
    labels: list[str]
    guesses: tuple[Guess, ...]
    warnings: tuple[str, ...]
    question: str = ""


def recognise(
    first_rows: list[tuple[int, list[str]]],
    file_name: str,
    sheet_name: str = "",
    answer: str = "",
) -> Layout | None:
    """The layout of a sheet from its first rows, or None when it holds no row at all.

    `answer` is the dataset a person named for this file; it settles every doubt.
    """
    if sheet_name and named_datasets(sheet_name):
        file_name = sheet_name
    candidates = [(n, cells) for n, cells in first_rows[:HEADER_SEARCH_ROWS] if any(_filled(cells))]
    if not candidates:
        return None
    ranked = [(max(_guesses(cells, file_name), key=_rank), n, cells) for n, cells in candidates]
    best = max(ranked, key=lambda item: (item[0].recognised, item[0].score, -item[1]))
    if best[0].recognised < 2 and len(candidates[0][1]) > 1:
        best = ranked[0]
    _, number, cells = best
    guesses = tuple(sorted(_guesses(cells, file_name), key=_rank, reverse=True)[:3])
    dataset, question = (answer, "") if answer else _decide(guesses, file_name)
    columns, labels, notes = _columns(cells, dataset)
    return Layout(number, cells, dataset, columns, labels, guesses, tuple(notes), question)


def layout_of(number: int, cells: list[str], dataset: str) -> Layout:
    """The layout below a header row whose kind of export is known already."""
    columns, labels, notes = _columns(cells, dataset)
    return Layout(number, cells, dataset, columns, labels, (), tuple(notes))


@lru_cache(maxsize=1_000)
def named_datasets(name: str) -> frozenset[str]:
    """Kinds of export a file or sheet is named after; the longest name wins (estimate items)."""
    stem = normalise_header(PurePath(name).stem)
    found = [
        (len(words), dataset.key)
        for dataset in DATASETS
        for words in (normalise_header(s) for s in dataset.file_stems)
        if re.search(rf"\b{re.escape(words)}\b", stem)
    ]
    longest = max((length for length, _ in found), default=0)
    return frozenset(key for length, key in found if length == longest)


def custom_label(header: str) -> str:
    """An unknown header as a custom field's label: wrappers such as CFT[…] are taken off."""
    wrapped = _WRAPPED.match(header)
    return " ".join((wrapped.group(1) if wrapped else header).split())


def label_key(label: str) -> str:
    """The same for a custom column's label in any case, with any spaces, hyphens or underscores."""
    return _JOINTS.sub(" ", label.casefold()).strip()


def _filled(cells: list[str]) -> list[str]:
    return [c for c in cells if c.strip()]


def _rank(guess: Guess) -> float:
    return guess.score


def _guesses(cells: list[str], file_name: str) -> list[Guess]:
    headers = [normalise_header(c) for c in _filled(cells)]
    named = named_datasets(file_name)
    return [_fit(dataset, headers, dataset.key in named) for dataset in DATASETS]


def _fit(dataset: Dataset, headers: list[str], named: bool) -> Guess:
    """Share of headers known, exact ones counting more, plus the share of the signature."""
    table = alias_table(dataset.key)
    usual = _usual_headers(dataset.key)
    found = {table[h] for h in headers if h in table}
    known = sum(1.0 if h in usual else 0.6 for h in headers if h in table)
    share = known / len(headers) if headers else 0.0
    signature = sum(name in found for name in dataset.signature) / len(dataset.signature)
    exact_id = any(usual.get(h) == dataset.id_columns[0] for h in headers)
    score = share + 0.5 * signature + (0.3 if exact_id else 0) + (NAME_BONUS if named else 0)
    return Guess(dataset.key, round(score, 4), len(found), named or exact_id or signature == 1)


def _decide(guesses: tuple[Guess, ...], file_name: str) -> tuple[str | None, str]:
    """(kind of export, what to ask a person when the columns do not make it clear)."""
    best = guesses[0]
    likely = " or ".join(g.dataset for g in guesses if g.recognised)
    if best.recognised == 0:
        return None, f"What does {file_name} hold? None of its columns is known"
    if best.recognised < 2 and best.score < 0.9:
        return None, f"What does {file_name} hold? Too few known columns; perhaps {likely}"
    close = best.score - guesses[1].score < CLEAR_MARGIN
    shared = not best.telling and guesses[1].recognised >= best.recognised
    if close or shared:
        other = guesses[1].dataset
        return best.dataset, (
            f"Does {file_name} hold {best.dataset} or {other}? Its columns fit both; "
            f"it is read as {best.dataset} meanwhile"
        )
    return best.dataset, ""


def _columns(
    cells: list[str], dataset: str | None
) -> tuple[list[str | None], list[str], list[str]]:
    """Canonical name or custom label per column; the first of two alike wins."""
    table = alias_table(dataset) if dataset else {}
    columns: list[str | None] = []
    labels: list[str] = []
    notes: list[str] = []
    taken: set[str] = set()
    seen: set[str] = set()
    best = _best_holder(cells, dataset)
    for index, cell in enumerate(cells):
        name = table.get(normalise_header(cell)) if cell.strip() else None
        if name and (name in taken or best.get(name, index) != index):
            notes.append(f"column {index + 1} {cell!r} repeats {name}; kept as a column of its own")
            name = None
        if name:
            taken.add(name)
        label = _free_label(custom_label(cell) or f"(column {index + 1})", seen)
        seen.add(label)
        labels.append(label)
        columns.append(name)
    return columns, labels, notes


def _free_label(label: str, taken: set[str]) -> str:
    """The label, numbered when it is taken: labels are keys, and no cell may hide another."""
    free, number = label, 2
    while free in taken:
        free, number = f"{label} ({number})", number + 1
    return free


def _best_holder(cells: list[str], dataset: str | None) -> dict[str, int]:
    """For each canonical column, the position whose header is the usual one, when present."""
    if dataset is None:
        return {}
    usual = _usual_headers(dataset)
    best: dict[str, int] = {}
    for index, cell in enumerate(cells):
        name = usual.get(normalise_header(cell))
        if name:
            best.setdefault(name, index)
    return best


@cache
def _usual_headers(dataset: str) -> dict[str, str]:
    """Normalised usual header → canonical name, for one kind of export."""
    usual: dict[str, str] = {}
    for column in BY_KEY[dataset].columns:
        usual.setdefault(normalise_header(column.header), column.name)
    return usual
