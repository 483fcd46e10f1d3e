"""Compares what was read with the counts a person saw on the screens of the source.

The screen counts a module; a module may come in many partial files (docs/contractor_plus.md#plans),
so the distinct records of all sessions together are compared. A difference blocks the cutover until
a person explains it. Explanations stand in `decisions/counts.csv`, each for the very numbers it
explains: when either number changes, the difference is a new one.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import duckdb

from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.decision_tables import read_text
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.private_files import replacing
from flitstack_pipeline.reading.manifest import module
from flitstack_pipeline.warehouse import table_exists

FILE = "counts.csv"


@dataclass(frozen=True)
class Explanation:
    """One line of `decisions/counts.csv`: why a module's screen and its exports differ."""

    module: str
    workspace: str
    on_screen: int
    read: int
    explanation: str
    by: str
    at: str = ""


@dataclass(frozen=True)
class CountCheck:
    """One module of one workspace ("" for all): its on-screen count, the distinct records read."""

    dataset: str
    workspace: str
    on_screen: int
    read: int
    explanation: Explanation | None = None

    @property
    def settled(self) -> bool:
        """Whether the numbers agree or a person explained why they do not."""
        return self.on_screen == self.read or self.explanation is not None

    @property
    def problem(self) -> str:
        """What a person must do, "" when there is nothing."""
        if self.settled:
            return ""
        where = f" of workspace {self.workspace}" if self.workspace else ""
        option = f" --workspace {self.workspace}" if self.workspace else ""
        return (
            f"{BY_KEY[self.dataset].label}{where}: {self.on_screen} on screen, {self.read} "
            "distinct records read. Export and stage the missing ones, or explain the difference: "
            f'flitstack explain {self.dataset} "WHY" --by NAME{option}'
        )

    def as_dict(self) -> dict[str, object]:
        """For tables and JSON."""
        why = self.explanation
        return {
            "module": self.dataset,
            "workspace": self.workspace,
            "on screen": self.on_screen,
            "read": self.read,
            "settled": self.settled,
            "explanation": f"{why.explanation} ({why.by})" if why else "",
        }


def check_counts(con: duckdb.DuckDBPyConnection, decisions: Path) -> list[CountCheck]:
    """Every module with an on-screen count against its distinct records, all sessions together.

    Needs the tables that reading and cleaning write. Raises BadInput for a damaged
    `decisions/counts.csv`.
    """
    if not table_exists(con, "raw.expected_counts"):
        return []
    told = con.execute(
        "SELECT dataset, workspace, on_screen FROM raw.expected_counts ORDER BY ALL"
    ).fetchall()
    explained = {(e.module, e.workspace, e.on_screen, e.read): e for e in explanations(decisions)}
    found = []
    for dataset, workspace, on_screen in told:
        read = distinct_records(con, dataset, workspace)
        why = explained.get((dataset, workspace, on_screen, read))
        found.append(CountCheck(dataset, workspace, on_screen, read, why))
    return found


def explain(decisions: Path, check: CountCheck, text: str, by: str) -> Explanation:
    """Record a person's explanation of one difference, in place of an earlier one.

    Raises BadInput without a text, without a name, or when there is nothing to explain.
    """
    if not text.strip() or not by.strip():
        raise BadInput("An explanation needs its words and the name of the person who gives it.")
    if check.on_screen == check.read:
        raise BadInput(f"{check.dataset}: screen and exports agree; nothing needs explaining.")
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    new = Explanation(
        check.dataset,
        check.workspace,
        check.on_screen,
        check.read,
        text.strip(),
        by.strip(),
        now,
    )
    place = (new.module, new.workspace)
    kept = [e for e in explanations(decisions) if (e.module, e.workspace) != place]
    _write(decisions / FILE, [*kept, new])
    return new


def explanations(decisions: Path) -> list[Explanation]:
    """Every explanation a person gave. Raises BadInput naming the line that is damaged."""
    path = decisions / FILE
    if not path.exists():
        return []
    found = []
    table = io.StringIO(read_text(path), newline="")
    for line, row in enumerate(csv.DictReader(table), start=2):
        try:
            found.append(_explanation(row))
        except (KeyError, ValueError, AttributeError) as error:
            raise BadInput(
                f"{path}, line {line}: {error}. The columns are "
                f"{', '.join(f.name for f in fields(Explanation))}; counts are whole numbers."
            ) from error
    return [e for e in found if e.explanation and e.by]


def _explanation(row: dict[str, str]) -> Explanation:
    return Explanation(
        module(row["module"]),
        (row.get("workspace") or "").strip(),
        int(row["on_screen"]),
        int(row["read"]),
        row["explanation"].strip(),
        row["by"].strip(),
        (row.get("at") or "").strip(),
    )


def _write(path: Path, found: list[Explanation]) -> None:
    with replacing(path, newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Explanation)])
        writer.writeheader()
        writer.writerows(asdict(e) for e in found)


def distinct_records(con: duckdb.DuckDBPyConnection, dataset: str, workspace: str = "") -> int:
    """Distinct source records, of one workspace or of all.

    What cleaning counted, else what the raw table tells: kinds of export that are only
    reported on are never cleaned; there the id columns decide.
    """
    if table_exists(con, "clean.record_counts"):
        cleaned = con.execute(
            "SELECT sum(records) FROM clean.record_counts "
            "WHERE dataset = $dataset AND $workspace IN ('', workspace) "
            "HAVING count(*) > 0",
            {"dataset": dataset, "workspace": workspace},
        ).fetchall()
        if cleaned:
            return int(cleaned[0][0]) - _no_clients(con, dataset, workspace)
    if not table_exists(con, f"raw.{dataset}"):
        return 0
    ids = ", ".join(f'lower(trim("{c}"))' for c in BY_KEY[dataset].id_columns)
    found = con.execute(
        f"""
        SELECT count(DISTINCT CASE WHEN concat({ids}) = '' THEN _row_id
                              ELSE concat_ws(chr(31), _workspace, {ids}) END)
        FROM raw."{dataset}" WHERE $workspace IN ('', _workspace)
        """,
        {"workspace": workspace},
    ).fetchall()
    return int(found[0][0])


def _no_clients(con: duckdb.DuckDBPyConnection, dataset: str, workspace: str) -> int:
    """Vendors and contact persons, which are read with the clients and no screen counts there."""
    if dataset != "clients" or not table_exists(con, "clean.clients"):
        return 0
    found = con.execute(
        "SELECT count(*) FROM clean.clients WHERE source_type IS NOT NULL "
        "AND $workspace IN ('', workspace)",
        {"workspace": workspace},
    ).fetchall()
    return int(found[0][0])
