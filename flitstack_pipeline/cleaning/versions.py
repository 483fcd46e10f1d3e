"""Which rows of one number are versions of one record, over all sessions of exports.

Belongs here: grouping the rows of one number (pure; no row order matters, only sessions do). Does
not: what two rows are to each other (`identity_rules`), reading and marking rows (`same_number`).

Within one session rows that conflict are records of their own. A later session's rows are versions
of the record they agree with most; a row in which everything differs, or whose file was recognised
by other evidence, is a record of its own until a person says otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations, groupby

from flitstack_pipeline.cleaning.identity_rules import (
    NAME,
    Cells,
    Comparison,
    Identity,
    Verdict,
    compare,
    verdict,
)

TWO_RECORDS = "two records"
ONE_RECORD = "one record, the later row wins"
#: Begins the pattern of a doubt between two sessions.
BETWEEN = "between sessions: "
UNCLEAR = "which of several"
OTHER_EVIDENCE = "another kind of file"


@dataclass(frozen=True)
class Version:
    """One row.

    `session` counts sessions from the oldest; `age` orders all rows; `named` says that a person
    named the kind of its file, which its columns did not tell.
    """

    row: int
    session: int
    age: int
    cells: Cells
    file: str = ""
    named: bool = False


@dataclass
class Record:
    """Rows that are one record, and what tells it from others of its number (empty: nothing).

    `decided` are rows whose contradiction a person settled: a later one of their session counts.
    """

    rows: list[Version]
    suffix: str = ""
    decided: set[int] = field(default_factory=set)

    @property
    def shown(self) -> Version:
        """The row of its latest session whose identity cells say most."""
        latest = max(v.session for v in self.rows)
        rows = (v for v in self.rows if v.session == latest)
        return max(rows, key=lambda v: (v.cells.filled, v.cells.text, v.age))

    @property
    def first_session(self) -> int:
        """The session it was first met in."""
        return min(v.session for v in self.rows)

    def fingerprint(self, whole: bool) -> str:
        """Hexadecimal digits of the identity (or all) cells that its first session shows."""
        first = self.first_session
        rows = (v.cells for v in self.rows if v.session == first)
        text = min(c.whole if whole else c.text for c in rows)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def take(self, other: Record, *, decided: bool = False) -> None:
        """Take the rows of another record over."""
        if decided:
            self.decided |= {v.row for v in (*self.rows, *other.rows)}
        self.rows += other.rows
        self.decided |= other.decided


@dataclass(frozen=True)
class Doubt:
    """Two rows of which a person must say whether they are one record; `pattern` says why."""

    pattern: str
    one: Version
    other: Version


@dataclass
class Grouping:
    """The records of one number, and what is doubtful about them."""

    records: list[Record] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


def group(
    identity: Identity,
    versions: Iterable[Version],
    *,
    damaged: bool = False,
    answers: Mapping[str, str] | None = None,
) -> Grouping:
    """Group the rows of one number into records.

    Args:
        identity: What tells the records of the dataset apart.
        versions: Every row of the number, in any order.
        damaged: Whether a spreadsheet rounded the number: then it is no evidence at all.
        answers: What a person said, by the pattern of a doubt: `TWO_RECORDS` or `ONE_RECORD`.

    Returns:
        The records, each with the suffix of its source id, and the doubts nobody answered. A record
        that was alone in the first session keeps the plain number: it may be loaded already.
    """
    found = _Grouper(identity, damaged, answers or {})
    ordered = sorted(versions, key=lambda v: (v.session, v.cells.whole, v.age))
    for _, rows in groupby(ordered, key=lambda v: v.session):
        found.add_session(list(rows))
    _name(found.grouping.records)
    return found.grouping


def _name(records: list[Record]) -> None:
    """Give each record the suffix of its id: by its identity, by all cells where that is shared."""
    first = min(r.first_session for r in records)
    alone = sum(r.first_session == first for r in records) == 1
    prints = [r.fingerprint(False) for r in records]
    for record, print_ in zip(records, prints, strict=True):
        shared = prints.count(print_) > 1
        keeps = alone and record.first_session == first
        record.suffix = "" if keeps else f"~{record.fingerprint(True) if shared else print_}"


@dataclass
class _Grouper:
    identity: Identity
    damaged: bool
    answers: Mapping[str, str]
    grouping: Grouping = field(default_factory=Grouping)

    def add_session(self, rows: list[Version]) -> None:
        """Put the rows of the next session to the records they are versions of."""
        new, known = self._within(rows), list(self.grouping.records)
        if len(known) > 1 or len(new) > 1:
            self._match_clearly(known, new)
        if len(known) == len(new) == 1:
            if self._is_version(known[0], new[0]):
                known[0].take(new.pop())
        else:
            for record in new:
                self._tell_rivals(record, known)
        self.grouping.records += new

    def _match_clearly(self, known: list[Record], new: list[Record]) -> None:
        """Join pairs of which each is nearest to the other; takes them out of both lists."""
        pair = self._nearest(known, new)
        while pair:
            old, record = pair
            old.take(record)
            known.remove(old)
            new.remove(record)
            pair = self._nearest(known, new)

    def _nearest(self, known: list[Record], new: list[Record]) -> tuple[Record, Record] | None:
        """A pair that is nearer to each other than either is to any third; None without one."""
        ranks = {
            (i, j): _rank(found)
            for i, old in enumerate(known)
            for j, record in enumerate(new)
            if self._may_follow(found := self._compare(old.shown, record.shown))
            and old.shown.named == record.shown.named
        }
        for (i, j), rank in sorted(ranks.items(), key=lambda r: r[1]):
            rivals = (r for (k, m), r in ranks.items() if (k == i) != (m == j))
            if all(rank < rival for rival in rivals):
                return known[i], new[j]
        return None

    def _may_follow(self, found: Comparison) -> bool:
        """Whether a row can be a later version of one of several records of its number."""
        if self.damaged and found.conflict:
            return self._is_known_by(found)
        return bool(found.agree) and not found.hard

    def _is_known_by(self, found: Comparison) -> bool:
        """Whether rows of a number that says nothing are one by their other cells alone."""
        return NAME in found.agree if self.identity.leading else not found.conflict

    def _is_version(self, old: Record, new: Record) -> bool:
        """Whether the only new record left is a later version of the only known one left."""
        found = self._compare(old.shown, new.shown)
        if old.shown.named != new.shown.named:
            if old.shown.cells == new.shown.cells:
                return True
            return self._ask(OTHER_EVIDENCE, old.shown, new.shown) == ONE_RECORD
        if self.damaged:
            return self._is_known_by(found)
        if found.hard and len(self.grouping.records) > 1:
            return not found.conflict
        if not found.is_complete:
            return True
        return self._ask(BETWEEN + found.pattern, old.shown, new.shown) == ONE_RECORD

    def _tell_rivals(self, record: Record, known: list[Record]) -> None:
        """A record that several known ones may continue is one of its own, and asked about."""
        for old in known:
            if self._may_follow(self._compare(old.shown, record.shown)):
                self._ask(UNCLEAR, old.shown, record.shown)

    def _within(self, rows: list[Version]) -> list[Record]:
        """The records of one session; those a person joined are one."""
        records: list[Record] = []
        for row in sorted(rows, key=lambda v: (-v.cells.filled, v.cells.whole, v.age)):
            fits = [r for r in records if all(self._is(v, row, Verdict.SAME) for v in r.rows)]
            if len(fits) == 1:
                fits[0].rows.append(row)
            else:
                for rival in fits:
                    self._ask(UNCLEAR, rival.shown, row)
                records.append(Record([row]))
        for one, other in combinations(list(records), 2):
            self._doubt_within(one, other)
        return [r for r in records if r.rows]

    def _doubt_within(self, one: Record, other: Record) -> None:
        if not one.rows or not other.rows:
            return
        if self._verdict(one.shown, other.shown) is not Verdict.DOUBTFUL:
            return
        pattern = self._compare(one.shown, other.shown).pattern
        if self._ask(pattern, one.shown, other.shown) == ONE_RECORD:
            one.take(other, decided=True)
            other.rows = []

    def _ask(self, pattern: str, one: Version, other: Version) -> str:
        """What a person said of a pattern; unanswered, it becomes a doubt."""
        answer = self.answers.get(pattern, "")
        if not answer:
            self.grouping.doubts.append(Doubt(pattern, one, other))
        return answer

    def _compare(self, one: Version, other: Version) -> Comparison:
        return compare(self.identity, one.cells, other.cells)

    def _verdict(self, one: Version, other: Version) -> Verdict:
        """What two rows of one session are; different values in two files are always asked."""
        found = self._compare(one, other)
        if self.damaged and found.conflict and not self._is_known_by(found):
            return Verdict.DIFFERENT
        one_place = one.cells.place == other.cells.place
        said = verdict(self.identity, found, one_place=one_place)
        if said is Verdict.DIFFERENT and one.file != other.file:
            return Verdict.DOUBTFUL
        return said

    def _is(self, one: Version, other: Version, wanted: Verdict) -> bool:
        return self._verdict(one, other) is wanted


def _rank(found: Comparison) -> tuple[int, int]:
    """The less, the nearer: fewest conflicts, then most agreements."""
    return len(found.conflict), -len(found.agree)
