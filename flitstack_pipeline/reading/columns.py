"""Which column of a header row is which canonical column of its kind; every other is a custom one.

Of two headers that stand for one column the one whose cells look like it wins, then the one that
is spelled as usual. Belongs here: one header row with the cells below it. Does not: which kind it
is (`kinds`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.catalog.spelling import BY_CELLS, LOOSE, column_of
from flitstack_pipeline.reading.column_kinds import says_nothing

_JOINTS = re.compile(r"[\s_\-.:,;/]+")
_WRAPPED = re.compile(r"^\s*(?:CFT|CFS|CFL|CFD|CFN|PFT|PFI)\s*\[\s*:?\s*(.*?)\s*:?\s*\]\s*$")
_LOOKS: dict[str, Callable[[str], object]] = {
    "email": re.compile(r"@").search,
    "phone": re.compile(r"(?:\d\D*){7}").search,
    "mobile": re.compile(r"(?:\d\D*){7}").search,
    "website": re.compile(
        r"\s*(?:https?://\S+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?)\s*$", re.IGNORECASE
    ).match,
    "zip": re.compile(r"\d").search,
}  # fmt: skip
_HAS_DIGIT = re.compile(r"\d").search
_WITH_DIGITS = re.compile(
    r"(?:date|amount|total|subtotal|tax|discount|balance|created|updated|paid)$"
)
#: What the cells of a column say: nothing, something else than its name, or what it should.
EMPTY, UNLIKE, ALIKE = 0, 1, 2


@dataclass(frozen=True)
class Columns:
    """The columns of a header row: `names[i]` canonical or None, `labels[i]` as a custom field.

    `stand_ins` are further columns of amounts, by canonical name: where its own cell is empty, the
    first filled one of them counts.
    """

    names: list[str | None]
    labels: list[str]
    notes: list[str]
    stand_ins: dict[str, tuple[int, ...]]


def columns_of(
    cells: list[str],
    dataset: str | None,
    rows: Sequence[list[str]] = (),
    workspace_header: str = "",
) -> Columns:
    """The columns of a header row of one kind.

    Args:
        cells: The header row.
        dataset: The kind of file, None when it is unknown (then every column is a custom one).
        rows: The first rows below it, as evidence where two headers stand for one column.
        workspace_header: The header a person named as that of the workspace, normalised.
    """
    claims = _claims(cells, dataset, rows, workspace_header)
    holders = _holders(claims)
    names: list[str | None] = []
    labels: list[str] = []
    notes: list[str] = []
    stand_ins: dict[str, tuple[int, ...]] = {}
    for index, cell in enumerate(cells):
        claim = claims.get(index)
        name = claim[0] if claim and holders[claim[0]] == index else None
        if claim and name is None:
            kept = "kept as a column of its own"
            if dataset == "jobs" and claim[0] == "amount":
                stand_ins["amount"] = (*stand_ins.get("amount", ()), index)
                kept += ", and the amount where that is empty"
            notes.append(f"column {index + 1} {cell!r} repeats {claim[0]}; {kept}")
        names.append(name)
        label = _free_label(custom_label(cell) or f"(column {index + 1})", set(labels))
        labels.append(label)
    return Columns(names, labels, notes, stand_ins)


def custom_label(header: str) -> str:
    """An unknown header as a custom field's label: wrappers such as CFT[…] are taken off."""
    wrapped = _WRAPPED.match(header)
    return " ".join((wrapped.group(1) if wrapped else header).split())


def label_key(label: str) -> str:
    """The same for a custom column's label in any case, with any spaces, hyphens or underscores."""
    return _JOINTS.sub(" ", label.casefold()).strip()


def _claims(
    cells: list[str], dataset: str | None, rows: Sequence[list[str]], workspace_header: str
) -> dict[int, tuple[str, int, int]]:
    """By position: the canonical column a header stands for, what its cells say, how surely."""
    found: dict[int, tuple[str, int, int]] = {}
    for index, cell in enumerate(cells):
        column = column_of(dataset, cell) if dataset and cell.strip() else None
        if workspace_header and normalise_header(cell) == workspace_header:
            column = ("workspace", BY_CELLS + 1)
        if column is None:
            continue
        name, strength = column
        looks = _looks(name, [row[index] for row in rows if index < len(row)])
        if strength == BY_CELLS and looks != ALIKE:
            continue
        if strength == LOOSE and looks == UNLIKE:
            continue
        found[index] = (name, looks, strength)
    return found


def _holders(claims: dict[int, tuple[str, int, int]]) -> dict[str, int]:
    """For each canonical column the position that holds it."""
    best: dict[str, tuple[int, int, int]] = {}
    for index, (name, looks, strength) in claims.items():
        best[name] = max(best.get(name, (-1, -1, 1)), (looks, strength, -index))
    return {name: -index for name, (_, _, index) in best.items()}


def _looks(name: str, cells: list[str]) -> int:
    """What the cells of a column say of its being the canonical one."""
    filled = [c for c in cells if not says_nothing(c)]
    if not filled:
        return EMPTY
    test = _LOOKS.get(name) or (_HAS_DIGIT if _WITH_DIGITS.search(name) else None)
    fitting = sum(1 for c in filled if test is None or test(c))
    return ALIKE if 2 * fitting >= len(filled) else UNLIKE


def _free_label(label: str, taken: set[str]) -> str:
    """The label, numbered when it is taken: labels are keys, and no cell may hide another."""
    free, number = label, 2
    while free in taken:
        free, number = f"{label} ({number})", number + 1
    return free
