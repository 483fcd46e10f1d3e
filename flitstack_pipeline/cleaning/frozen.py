"""What an account taught, frozen with the approval of the sample: weights, merges, ratios.

Belongs here: the file `decisions/matching.json`, written at the approval with its fingerprint and
obeyed by every run after it. Does not: the learning (`matching_learned`, `account_ratios`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import duckdb

from flitstack_pipeline.cleaning.matching_learned import Matching, kept_matching
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.private_files import replacing
from flitstack_pipeline.warehouse import table_exists

#: What was approved, in the folder of decisions.
FILE = "matching.json"
#: How the evidence of a pair begins that was merged when the sample was approved, and that the
#: weights of today would not merge.
APPROVED = "merged when it was approved"
Ratios = list[tuple[Decimal, int]]


@dataclass(frozen=True)
class Frozen:
    """What was written at the approval; nothing before it."""

    #: None before an approval, and when the comparisons are others by now.
    matching: Matching | None = None
    #: Pairs that were merged, the smaller key first.
    merged: list[tuple[str, str]] = field(default_factory=list)
    #: None before an approval, and where one says nothing of them.
    ratios: Ratios | None = None
    #: Why a record was merged, by its key.
    reasons: dict[str, str] = field(default_factory=dict)


def freeze(con: duckdb.DuckDBPyConnection, decisions: Path, fingerprint: str) -> None:
    """Write what the last run learned and merged beside the fingerprint that was approved.

    From then on the deltas are scored by it, and what it merged stays merged.
    """
    merged = con.execute(
        "SELECT least(kept_key, merged_key), greatest(kept_key, merged_key) FROM clean.merges "
        "ORDER BY ALL"
    ).fetchall()
    data = {
        "approved": fingerprint,
        "matching": kept_matching(con).as_json(),
        "ratios": [[str(ratio), seen] for ratio, seen in kept_ratios(con)],
        "merged": merged,
        "reasons": dict(
            con.execute("SELECT merged_key, reason FROM clean.merge_reasons").fetchall()
        ),
    }
    with replacing(decisions / FILE) as file:
        json.dump(data, file, indent=1)


def without_approved(evidence: str) -> str:
    """SQL: an evidence without the words that it was approved."""
    return f"replace({evidence}, '{APPROVED}: ', '')"


def keep_reasons(con: duckdb.DuckDBPyConnection, decisions: Path) -> None:
    """Say of a merge what was said at the approval, where nothing but the approval is new.

    The reason stands in the merged record: other words for it would be written to HighLevel.
    """
    said = read_frozen(decisions).reasons
    if said:
        con.execute(
            "UPDATE clean.merge_reasons r SET reason = s.why "
            "FROM (SELECT unnest(?::VARCHAR[]) AS key, unnest(?::VARCHAR[]) AS why) s "
            "WHERE r.merged_key = s.key AND r.reason = ? || ': ' || s.why",
            [list(said), list(said.values()), APPROVED],
        )


def kept_ratios(con: duckdb.DuckDBPyConnection) -> Ratios:
    """The ratios of the last run with how many pairs each explains; none before the first."""
    if not table_exists(con, "main.account_ratios"):
        return []
    return con.execute("SELECT ratio, seen FROM account_ratios ORDER BY seen DESC, 1").fetchall()


def read_frozen(decisions: Path) -> Frozen:
    """What was written at the approval.

    Raises BadInput when the file cannot be read.
    """
    path = decisions / FILE
    if not path.exists():
        return Frozen()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        matching, ratios = Matching.from_json(data["matching"]), data.get("ratios")
        return Frozen(
            matching,
            [(one, other) for one, other in data["merged"]],
            None if ratios is None else [(Decimal(ratio), int(seen)) for ratio, seen in ratios],
            dict(data.get("reasons", {})),
        )
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise BadInput(
            f"{path}: not what was written at the approval ({error}). Put the file of a backup "
            "back; without it, take it away: the account is learned anew."
        ) from None
