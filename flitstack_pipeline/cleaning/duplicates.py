"""Which clients are the same, with a score and the evidence in words; never on name alone.

Candidates share an exact key (e-mail, phone, or name with address). Fixed, documented weights add
up to a score between 0 and 1: at 0.99 and above two rows are merged by themselves, between 0.5
and 0.99 a person decides. A shared office phone with different names stays far below.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

MERGE_AT, REVIEW_AT = 0.99, 0.5
#: Two rows agree on this → how much it says. Measured nowhere yet: fixed by judgement.
WEIGHTS = {"e-mail": 0.5, "name": 0.3, "phone": 0.25, "address": 0.25}
LARGEST_BLOCK = 50

_PAIRS = """
WITH keyed AS (
    SELECT source_key, workspace, email, phone,
           regexp_replace(lower(strip_accents(coalesce(name, ''))), '[^a-z0-9]+', '', 'g') AS name_key,
           nullif(regexp_replace(lower(coalesce(address1, '') || coalesce(postal_code, '')),
                                 '[^a-z0-9]+', '', 'g'), '') AS address_key
    FROM clean.clients
), blocks AS (
    SELECT source_key, workspace, 'e' || email AS block FROM keyed WHERE email IS NOT NULL
    UNION ALL SELECT source_key, workspace, 'p' || phone FROM keyed WHERE phone IS NOT NULL
    UNION ALL SELECT source_key, workspace, 'a' || name_key || '/' || address_key
              FROM keyed WHERE name_key <> '' AND address_key IS NOT NULL
), small AS (
    SELECT workspace, block FROM blocks GROUP BY ALL HAVING count(*) BETWEEN 2 AND ?
), candidates AS (
    SELECT DISTINCT l.source_key AS l, r.source_key AS r
    FROM blocks l JOIN small s USING (workspace, block)
    JOIN blocks r ON r.block = l.block AND r.workspace = l.workspace
                 AND l.source_key < r.source_key
)
SELECT c.l, c.r, coalesce(a.email = b.email, false) AS same_email,
       coalesce(a.phone = b.phone, false) AS same_phone,
       a.name_key = b.name_key AND a.name_key <> '' AS same_name,
       coalesce(a.address_key = b.address_key, false) AS same_address,
       jaro_winkler_similarity(a.name_key, b.name_key) AS name_score
FROM candidates c JOIN keyed a ON a.source_key = c.l JOIN keyed b ON b.source_key = c.r
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Pair:
    """Two clients that may be one."""

    left: str
    right: str
    score: float
    evidence: str
    decision: str


def find_pairs(con: duckdb.DuckDBPyConnection, decisions: Path) -> list[Pair]:
    """Scored pairs of clients; what a person decided before stands.

    `decisions/duplicates.csv` has the columns left_key, right_key and decision (`merge` or
    `keep apart`). Raises ValueError for another word there.
    """
    decided = read_decisions(decisions / "duplicates.csv")
    pairs = []
    for left, right, email, phone, name, address, likeness in con.execute(
        _PAIRS, [LARGEST_BLOCK]
    ).fetchall():
        score, evidence = _score(email, phone, name, address, likeness)
        decision = decided.get((left, right)) or (
            "merge" if score >= MERGE_AT else "review" if score >= REVIEW_AT else "keep apart"
        )
        pairs.append(Pair(left, right, score, evidence, decision))
    return pairs


def _score(
    email: bool, phone: bool, name: bool, address: bool, likeness: float
) -> tuple[float, str]:
    found = {"e-mail": email, "phone": phone, "name": name, "address": address}
    score = sum(WEIGHTS[k] for k, same in found.items() if same)
    agree = [f"same {k}" for k, same in found.items() if same]
    if not name:
        agree.append(f"names {likeness:.2f} alike")
        if likeness < 0.88:
            score = min(score, 0.6)  # another person may share every contact point
    if not (email or phone or address):
        score = 0.0
    return round(min(score, 1.0), 3), ", ".join(agree)


def read_decisions(path: Path) -> dict[tuple[str, str], str]:
    """A person's decisions by pair; empty when there is no file."""
    if not path.exists():
        return {}
    decided = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            word = (row.get("decision") or "").strip().lower()
            if word not in ("merge", "keep apart", ""):
                raise ValueError(
                    f"{path.name}, line {number}: {word!r} is no decision. Write merge or keep apart."
                )
            if word:
                left, right = sorted((row["left_key"], row["right_key"]))
                decided[left, right] = word
    return decided


def groups(pairs: Iterable[Pair]) -> dict[str, str]:
    """Merged pairs as groups: each key → the smallest key of its group."""
    root: dict[str, str] = {}

    def find(key: str) -> str:
        while root.get(key, key) != key:
            key = root[key]
        return key

    for pair in pairs:
        if pair.decision == "merge":
            low, high = sorted((find(pair.left), find(pair.right)))
            root[high] = low
            root.setdefault(low, low)
    return {key: find(key) for key in root}
