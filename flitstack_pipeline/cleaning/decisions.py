"""Files in which a person decides about pairs of records, and their memory from run to run.

Belongs here: reading such a file however a spreadsheet saved it, and moving what was filled in on
a work list into the memory. Does not: what the decisions do (`duplicates`, `invoice_links`), and
what the work lists show (`pending_decisions`).

A work list (`reports/duplicates.csv`) is written anew by every run and holds what is open, with an
empty column `decision`. What a person fills in there is remembered in `decisions/duplicates.csv`
by the next run, and may be changed or taken out there; the newer word, on the work list, wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flitstack_pipeline.decision_tables import Row, read_table, write_table
from flitstack_pipeline.errors import BadInput


@dataclass(frozen=True)
class DecisionFile:
    """One kind of decision: file name, the two key columns, the words a person may write."""

    name: str
    keys: tuple[str, str]
    words: tuple[str, str]
    symmetric: bool = False
    describing: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the memory file."""
        return (*self.keys, "decision", *self.describing)


DUPLICATES = DecisionFile(
    "duplicates.csv",
    ("left_key", "right_key"),
    ("merge", "keep apart"),
    symmetric=True,
    describing=tuple(
        f"{side}_{what}" for what in ("name", "email", "phone") for side in ("left", "right")
    ),
)
INVOICE_LINKS = DecisionFile(
    "invoice_links.csv", ("invoice_key", "job_key"), ("link", "do not link")
)
WORK_ORDER_LINKS = DecisionFile(
    "work_order_links.csv", ("work_order_key", "job_key"), ("link", "do not link")
)


def read_decisions(path: Path, kind: DecisionFile) -> list[Row]:
    """The decided rows of a file, one per pair, with every column of `kind`; none without a file.

    Raises BadInput, naming all lines at once, for other words than the kind's, missing columns
    and keys, and pairs that are decided in two ways.
    """
    found: dict[tuple[str, str], tuple[int, Row]] = {}
    wrong: list[str] = []
    for line, row in read_table(path, kind.columns, (*kind.keys, "decision")):
        word = row["decision"].lower()
        if not word:
            continue
        if word not in kind.words:
            wrong.append(f"line {line}: {word!r} is no decision")
            continue
        row |= {"decision": word}
        if kind.symmetric and row[kind.keys[0]] > row[kind.keys[1]]:
            row = _turned(row)
        pair = (row[kind.keys[0]], row[kind.keys[1]])
        if not all(pair) or (kind.symmetric and pair[0] == pair[1]):
            wrong.append(f"line {line}: two different keys are needed")
        elif pair in found and found[pair][1]["decision"] != word:
            wrong.append(f"lines {found[pair][0]} and {line} decide one pair in two ways")
        else:
            found[pair] = (line, row)
    if wrong:
        raise BadInput(
            f"{path}: {'; '.join(wrong)}. Write {kind.words[0]} or {kind.words[1]}, or leave the "
            "cell empty."
        )
    return [row for _, row in found.values()]


def remember(work_list: Path, memory: Path, kind: DecisionFile) -> int:
    """Move what was decided on a work list into the memory; how many decisions are new or changed.

    Raises BadInput like `read_decisions`; the memory is then as it was.
    """
    known = {_pair(r, kind): r for r in read_decisions(memory, kind)}
    new = {
        pair: row
        for row in read_decisions(work_list, kind)
        if known.get(pair := _pair(row, kind), {}).get("decision") != row["decision"]
    }
    if new:
        write_table(memory, kind.columns, list((known | new).values()))
    return len(new)


def _pair(row: Row, kind: DecisionFile) -> tuple[str, str]:
    return row[kind.keys[0]], row[kind.keys[1]]


def _turned(row: Row) -> Row:
    """The row with left and right exchanged."""
    other = {"left": "right", "right": "left"}
    turned = {}
    for name, value in row.items():
        side, _, rest = name.partition("_")
        turned[f"{other[side]}_{rest}" if side in other else name] = value
    return turned
