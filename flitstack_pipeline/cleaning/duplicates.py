"""Which clients are the same, with a score and the evidence in words; never on name alone.

Belongs here: candidate pairs, their decisions, the review list. Does not: what the likenesses
weigh (`matching_weights`), and what becomes of the values of merged rows (`survivorship`).

Candidates share an e-mail, a phone, an address, or a name with a postcode or city, within one
workspace. At 0.99 and above two rows are merged by themselves, between 0.5 and 0.99 a person
decides. What a person decided in `decisions/duplicates.csv` always stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path

import duckdb

from flitstack_pipeline.cleaning.decisions import DUPLICATES, read_decisions
from flitstack_pipeline.cleaning.frozen import APPROVED, read_frozen
from flitstack_pipeline.cleaning.match_keys import name_key
from flitstack_pipeline.cleaning.matching_blocks import make_candidates
from flitstack_pipeline.cleaning.matching_columns import make_columns
from flitstack_pipeline.cleaning.matching_learned import keep_matching, kept_matching, learn
from flitstack_pipeline.cleaning.matching_model import compare_candidates, score_candidates
from flitstack_pipeline.cleaning.matching_weights import HOME_CAP, SAME_ADDRESS_SQL

#: How the evidence of a pair begins that a person decided.
BY_PERSON = "decided by a person"


@dataclass(frozen=True)
class Pair:
    """Two clients that may be one."""

    left: str
    right: str
    score: float
    evidence: str
    decision: str

    @property
    def is_settled(self) -> bool:
        """Whether a person decided it, or approved it with the sample."""
        return self.evidence.startswith((BY_PERSON, APPROVED))


def find_pairs(con: duckdb.DuckDBPyConnection, decisions: Path) -> list[Pair]:
    """Scored pairs of clients worth showing; what a person decided before stands.

    `decisions/duplicates.csv` has the columns left_key, right_key and decision (`merge` or
    `keep apart`). Raises BadInput when it cannot be followed (see `decisions`).
    """
    _score_pairs(con, decisions)
    rows = con.execute(
        "SELECT l, r, score, evidence, decision FROM scored_pairs WHERE NOT of_leads "
        "ORDER BY score DESC, l, r"
    ).fetchall()
    return [Pair(*row) for row in rows]


def write_pairs(con: duckdb.DuckDBPyConnection, decisions: Path) -> None:
    """Like `find_pairs`, into `clean.duplicate_pairs` without leaving the database."""
    _score_pairs(con, decisions)
    con.execute(
        """
        INSERT INTO clean.duplicate_pairs
        SELECT 'clients', l, r, score, evidence, decision FROM scored_pairs WHERE NOT of_leads
        ORDER BY score DESC, l, r;
        CREATE OR REPLACE TABLE pair_levels AS SELECT * EXCLUDE (evidence) FROM scored_pairs;
        INSERT INTO clean.idle_decisions
        SELECT 'clients', left_key, right_key, decision,
               'no such client or lead in these exports'
        FROM followed WHERE NOT fits
        """
    )


def pairs_of(dataset: str) -> str:
    """SELECT of the pairs of `clean.duplicate_pairs` of two clients, or of two leads."""
    return f"""
        SELECT * FROM clean.duplicate_pairs p
        SEMI JOIN clean."{dataset}" one ON one.source_key = p.left_key
        SEMI JOIN clean."{dataset}" other ON other.source_key = p.right_key
        WHERE object = '{dataset}'
        """


def decided_pairs(con: duckdb.DuckDBPyConnection, dataset: str) -> list[Pair]:
    """The pairs of two clients, or of two leads, that are merged or kept apart."""
    rows = con.execute(
        f"""
        SELECT left_key, right_key, score, evidence, decision FROM ({pairs_of(dataset)})
        WHERE decision IN ('merge', 'keep apart')
        ORDER BY NOT starts_with(evidence, '{BY_PERSON}'),
                 NOT starts_with(evidence, '{APPROVED}'), score DESC, left_key, right_key
        """
    ).fetchall()
    return [Pair(*row) for row in rows]


def near_pairs(con: duckdb.DuckDBPyConnection, dataset: str) -> list[tuple[str, str]]:
    """Pairs on the review list that speak for a group: where the account's own weights score."""
    if not kept_matching(con).learned:
        return []
    return con.execute(
        f"SELECT left_key, right_key FROM ({pairs_of(dataset)}) WHERE decision = 'review'"
    ).fetchall()


def pairs_of_one_home(con: duckdb.DuckDBPyConnection, dataset: str) -> list[tuple[str, str]]:
    """Pairs on the review list of one name and home with two e-mails or phones: father and son?"""
    return con.execute(
        f"""
        SELECT left_key, right_key FROM ({pairs_of(dataset)}) p
        JOIN pair_levels s ON s.l = p.left_key AND s.r = p.right_key
        WHERE p.decision = 'review' AND s.score = {HOME_CAP} AND {SAME_ADDRESS_SQL}
        """
    ).fetchall()


def groups(
    pairs: Iterable[Pair],
    names: Mapping[str, str] | None = None,
    near: Iterable[tuple[str, str]] = (),
    doubted: Iterable[tuple[str, str]] = (),
    sure: float = inf,
) -> dict[str, str]:
    """Merged pairs as groups: each key → the smallest key of its group.

    Of the pairs given, earlier ones go first, and a merge is left out when it would join rows that
    a person keeps apart, or, not decided by a person, rows whose names (by key) are nowhere in the
    pairs merged with each other, nor in those `near`, or rows of a pair that is `doubted`: a chain
    of small likenesses does not make strangers one, nor father and son. A pair that scores `sure`
    or more is no small likeness: the names of the others do not stop it.
    """
    listed = list(pairs)
    made = _Groups(names or {}, listed, sure)
    made.doubt(doubted)
    for one, other in near:
        made.mark_alike({one}, {other})
    for pair in listed:
        if pair.decision == "merge":
            made.join(pair)
    return made.root_of_members()


class _Groups:
    """Groups being made: the root of each key, members and names by root."""

    def __init__(self, names: Mapping[str, str], pairs: list[Pair], sure: float) -> None:
        self.root: dict[str, str] = {}
        self.members: dict[str, set[str]] = {}
        self.names, self.sure = names, sure
        self.apart: dict[str, set[str]] = {}
        self.alike: set[tuple[str, str]] = set()
        self.doubted: dict[str, set[str]] = {}
        for pair in pairs:
            if pair.decision == "keep apart":
                self.apart.setdefault(pair.left, set()).add(pair.right)
                self.apart.setdefault(pair.right, set()).add(pair.left)
            elif pair.decision == "merge":
                self.mark_alike({pair.left}, {pair.right})

    def join(self, pair: Pair) -> None:
        """Join the groups of a pair, unless something speaks against it."""
        low, high = sorted((self._find(pair.left), self._find(pair.right)))
        ours, theirs = self.members.get(low, {low}), self.members.get(high, {high})
        if low == high or any(self.apart.get(key, set()) & ours for key in theirs):
            return
        doubted = any(self.doubted.get(key, set()) & ours for key in theirs)
        if pair.is_settled or (pair.score >= self.sure and not doubted):
            self.mark_alike(ours, theirs)
        elif doubted or not all(self._are_alike(one, other) for one in ours for other in theirs):
            return
        self.root[high] = low
        self.members[low] = ours | theirs
        self.members.pop(high, None)

    def doubt(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Let no merge but a settled one join the rows of these pairs."""
        for one, other in pairs:
            self.doubted.setdefault(one, set()).add(other)
            self.doubted.setdefault(other, set()).add(one)

    def root_of_members(self) -> dict[str, str]:
        return {key: self._find(key) for keys in self.members.values() for key in keys}

    def _find(self, key: str) -> str:
        while self.root.setdefault(key, key) != key:
            self.root[key] = self.root[self.root[key]]
            key = self.root[key]
        return key

    def mark_alike(self, ours: set[str], theirs: set[str]) -> None:
        """Let names of two groups stand in one group."""
        for one in {self.names.get(key, "") for key in ours}:
            for other in {self.names.get(key, "") for key in theirs}:
                self.alike |= {(one, other), (other, one)}

    def _are_alike(self, one: str, other: str) -> bool:
        mine, yours = self.names.get(one, ""), self.names.get(other, "")
        return mine == yours or (mine, yours) in self.alike


def _score_pairs(con: duckdb.DuckDBPyConnection, decisions: Path) -> None:
    make_decided(con, decisions)
    approved = read_frozen(decisions)
    _add_approved(con, approved.merged)
    make_columns(con)
    make_candidates(con)
    compare_candidates(con)
    matching = approved.matching or learn(con)
    score_candidates(con, matching.review_at, matching)
    if approved.matching is None:
        matching = matching.with_threshold(con)
    keep_matching(con, matching)
    con.execute(_DECIDED.format(merge_at=matching.merge_at))


def _add_approved(con: duckdb.DuckDBPyConnection, merged: list[tuple[str, str]]) -> None:
    """Put pairs merged when the sample was approved into `decided`, unless a person says more."""

    import pandas as pd

    if not merged:
        return
    con.register("merged_read", pd.DataFrame(merged, columns=["l", "r"]).astype("str"))
    con.execute(
        "INSERT INTO decided SELECT l, r, 'approved' FROM merged_read "
        "WHERE (l, r) NOT IN (SELECT (l, r) FROM decided)"
    )
    con.unregister("merged_read")


def make_decided(con: duckdb.DuckDBPyConnection, decisions: Path) -> None:
    """Temporary table `decided` (l, r, decision) of the people's decisions that can be followed.

    A key that is gone because the export has no ids (`~…`) is found again by the name with the
    e-mail or phone it had; `followed` also has those that fit nobody.
    """

    import pandas as pd

    rows = read_decisions(decisions / DUPLICATES.name, DUPLICATES)
    con.execute(_NO_DECISIONS)
    if not rows:
        return
    frame = pd.DataFrame(rows, columns=list(DUPLICATES.columns)).astype("str")
    con.register("decisions_read", frame)
    con.execute(_FOLLOWED)
    con.unregister("decisions_read")


_NO_DECISIONS = """
CREATE OR REPLACE TEMP TABLE followed (
    left_key VARCHAR, right_key VARCHAR, decision VARCHAR, l VARCHAR, r VARCHAR, fits BOOLEAN);
CREATE OR REPLACE TEMP TABLE decided (l VARCHAR, r VARCHAR, decision VARCHAR);
"""

#: A decision by the keys of today, smaller key first; NULL where a key fits nobody any more.
_FOLLOWED = f"""
CREATE OR REPLACE TEMP TABLE followed AS
WITH person AS (
    SELECT source_key, workspace, name, email, phone FROM clean.clients
    UNION ALL SELECT source_key, workspace, name, email, phone FROM clean.leads
), asked AS (
    SELECT left_key AS key, left_name AS name, left_email AS email, left_phone AS phone
    FROM decisions_read
    UNION
    SELECT right_key, right_name, right_email, right_phone FROM decisions_read
), again AS (
    SELECT a.key, min(p.source_key) AS now
    FROM asked a ANTI JOIN person gone ON gone.source_key = a.key
    JOIN person p ON p.workspace = split_part(a.key, '/', 1)
     AND split_part(p.source_key, '/', 2) = split_part(a.key, '/', 2)
     AND {name_key("p.name")} = {name_key("a.name")} AND (p.email = a.email OR p.phone = a.phone)
    GROUP BY a.key HAVING count(DISTINCT p.source_key) = 1
), found AS (
    SELECT a.key, coalesce(p.source_key, n.now) AS now
    FROM (SELECT DISTINCT key FROM asked) a
    LEFT JOIN person p ON p.source_key = a.key LEFT JOIN again n ON n.key = a.key
)
SELECT d.left_key, d.right_key, d.decision, least(l.now, r.now) AS l, greatest(l.now, r.now) AS r,
       l.now IS NOT NULL AND r.now IS NOT NULL AND l.now <> r.now AS fits
FROM decisions_read d JOIN found l ON l.key = d.left_key JOIN found r ON r.key = d.right_key;
CREATE OR REPLACE TEMP TABLE decided AS
SELECT DISTINCT ON (l, r) l, r, decision FROM followed WHERE fits ORDER BY l, r, decision;
"""

_DECIDED = f"""
CREATE OR REPLACE TEMP TABLE scored_pairs AS
SELECT s.* EXCLUDE (evidence),
       CASE WHEN d.decision = 'approved' AND s.score < {{merge_at}}
                THEN concat_ws(': ', '{APPROVED}', nullif(s.evidence, ''))
            WHEN d.decision IS NULL OR d.decision = 'approved' THEN s.evidence
            ELSE concat_ws(': ', '{BY_PERSON}', nullif(s.evidence, '')) END AS evidence,
       CASE WHEN d.decision = 'approved' THEN 'merge'
            WHEN d.decision IS NOT NULL THEN d.decision
            WHEN s.score >= {{merge_at}} THEN 'merge' ELSE 'review' END AS decision
FROM scores s LEFT JOIN decided d ON d.l = s.l AND d.r = s.r
"""
