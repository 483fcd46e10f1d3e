"""SQL of the fates that need no second look: one number per cell, for whole columns at once.

Belongs here: which number a cell gets (`code`), and what each number means (`outcomes`). Does not:
the rows and their records (`cells`, `holders`), what SQL is sure of (`witness`), cells that need
Python to read them (`settle`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flitstack_pipeline.ledger import fates, witness
from flitstack_pipeline.ledger.holders import NOBODY
from flitstack_pipeline.ledger.provenance import ARRIVED, LINKED, MERGED, Path
from flitstack_pipeline.ledger.readings import EMPTY_WORDS, VERBATIM
from flitstack_pipeline.ledger.sure import SURE_RULE, is_nobody_sql

#: How a path fares: no record, the same text, another text that surely says the same, to be read
#: by Python, an empty field.
NONE, SAME, SURE, ASK, MISSING = range(5)
#: The kind of reading of a field that holds one of the phones of a cell.
ONE_PHONE = "phone:one"
#: Numbers of a cell: nothing in it, or to be looked at.
EMPTY, LOOK = 0, -1


@dataclass(frozen=True)
class Way:
    """A path by its number, with the SQL of what it holds and of when it surely says the same.

    `value` is the name of a column, or NULL; `formed` the SQL of that column where it is not among
    the values of the records.
    """

    number: int
    path: Path
    value: str
    sure: str
    formed: str = ""

    @property
    def is_formed(self) -> bool:
        """Whether the column of the value is to be made."""
        return self.value == f"v{self.number}"

    @property
    def inside(self) -> bool:
        """Whether the cell is one piece of a longer text."""
        return self.path.kind.startswith("in:")

    @property
    def contradicts(self) -> bool:
        """Whether another value in its field, or none, takes the cell back."""
        return (self.path.sole or self.path.filled) and not self.inside

    @property
    def is_ahead(self) -> bool:
        """Whether its outcome decides over others, so that it is found for every row."""
        mapped = not self.inside and self.path.fate != MERGED
        return mapped and (self.contradicts or self.path.fate == ARRIVED)

    def outcome(self, text: str) -> str:
        """SQL of how it fares with a cell."""
        missing = str(MISSING if self.path.sole or self.path.filled else NONE)
        ask = str(ASK)
        if self.path.timed:
            missing = _where(witness.is_timed_sql(text), missing)
        if self.path.kind == ONE_PHONE:  # words, and numbers nobody can have, stand beside it
            phone = witness.is_phone_sql(text)
            missing, ask = _where(phone, missing), _where(phone, ask)
        if self.path.kind.startswith("owner:"):  # somebody who is no member owns nothing
            team = self.path.kind.removeprefix("owner:")
            nobody = f"{self.value} = '{NOBODY}' AND {is_nobody_sql(text, team)}"
            ask = f"CASE WHEN {nobody} THEN {NONE} ELSE {ask} END"
        return outcome(text, self.value, self.sure, missing, ask)

    def numbers(self) -> tuple[int, int]:
        """The numbers of a cell that is there verbatim, and of one that is there by its rule."""
        return 2 * self.number + 1, 2 * self.number + 2


def outcome(text: str, value: str, sure: str, missing: str, ask: str) -> str:
    """SQL of how a cell fares with a value.

    Args:
        text: SQL of the cell.
        value: SQL of the value.
        sure: SQL of when it surely says the same.
        missing: SQL of the outcome where it is empty.
        ask: SQL of the outcome where it is another text.
    """
    return (
        f"CASE WHEN {value} = {text} THEN {SAME} WHEN {value} IS NULL THEN {NONE} "
        f"WHEN {value} = '' THEN {missing} WHEN {sure} THEN {SURE} ELSE {ask} END"
    )


def _where(condition: str, outcome: str) -> str:
    return f"CASE WHEN {condition} THEN {outcome} ELSE {NONE} END"


def code(text: str, ways: list[Way], without: int) -> str:
    """SQL of the number of a cell.

    Args:
        text: SQL of the cell.
        ways: Its paths; the outcomes of those read ahead stand in columns `o<number>`.
        without: The number of a cell of a column without any path, LOOK when there is none.
    """
    # What begins with a letter, a digit or a sign is not blank; trimming costs more than the rest.
    blank = f"({text} < '!' OR {text} > '~') AND trim({text}) = ''"
    empty = f"WHEN {text} IS NULL OR ({blank}) THEN {EMPTY}"
    if not ways:
        word = witness.is_empty_word_sql(text, EMPTY_WORDS)
        return f"CASE {empty} WHEN {word} THEN {LOOK} ELSE {without} END"
    ahead = [w for w in ways if w.is_ahead]
    whens = [f"WHEN {' OR '.join(_bad(w) for w in ahead if w.contradicts)} THEN {LOOK}"]
    whens = whens if any(w.contradicts for w in ahead) else []
    arrived = [w for w in ahead if w.path.fate == ARRIVED]
    for place, outcome in enumerate((SAME, SURE)):
        whens += [f"WHEN o{w.number} = {outcome} THEN {w.numbers()[place]}" for w in arrived]
    if arrived:
        whens.append(f"WHEN {' OR '.join(f'o{w.number} = {ASK}' for w in arrived)} THEN {LOOK}")
    for w in ways:
        if w.inside and w.path.fate == ARRIVED:
            whens.append(f"WHEN {w.value} = {text} THEN {w.numbers()[0]}")
            if w.sure != "false":
                whens.append(f"WHEN {w.sure} THEN {w.numbers()[_is_by_rule(w.path)]}")
    for w in ways:
        if w.path.fate == LINKED and not w.inside and w.value != "NULL":
            known = f"o{w.number} = {SAME}", f"o{w.number} = {SURE}"
            same, sure = known if w in ahead else (f"{w.value} = {text}", w.sure)
            if w not in ahead and (owed := _owed(w, ahead)):  # the same, found out already
                whens += [
                    f"WHEN o{owed.number} = {out} THEN {number}"
                    for out, number in zip((SAME, SURE), w.numbers(), strict=True)
                ]
            whens += [f"WHEN {same} THEN {w.numbers()[0]}", f"WHEN {sure} THEN {w.numbers()[1]}"]
    return f"CASE {empty} {' '.join(whens)} ELSE {LOOK} END"


def _owed(way: Way, ahead: list[Way]) -> Way | None:
    """The way by which the same link is owed where the cell names a known record."""
    plain = replace(way.path, sole=True, named="")
    return next((w for w in ahead if w.path.named and replace(w.path, named="") == plain), None)


def _bad(way: Way) -> str:
    return f"o{way.number} >= {ASK}"


def _is_by_rule(path: Path) -> int:
    """0 where a piece of a text is the cell's own text, 1 where it is written by a rule."""
    return int(path.kind.split(":")[1] not in ("text", "id", "kept", "file"))


def sure_rule(path: Path) -> str:
    """What is said of a cell that SQL surely finds on a path, though not as the whole value."""
    if path.kind.startswith("in:") and not _is_by_rule(path):
        return VERBATIM
    kind = path.kind.removeprefix("in:")
    return SURE_RULE.get(kind) or SURE_RULE.get(kind.partition(":")[0], "")


def outcomes(paths: list[Path]) -> list[tuple[int, str, str, str, str]]:
    """(number, column, fate, rule, field) of every number a path can give."""
    found = []
    for number, path in enumerate(paths):
        rule = sure_rule(path)
        linked = path.fate == LINKED
        same, sure = 2 * number + 1, 2 * number + 2
        found.append(
            (same, path.column, fates.LINKED if linked else fates.ARRIVED,
             VERBATIM if linked else "", path.field)
        )  # fmt: skip
        found.append(
            (sure, path.column, fates.LINKED if linked else fates.BY_RULE, rule, path.field)
        )
    return found
