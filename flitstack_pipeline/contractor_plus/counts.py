"""Compares what was read with the counts a person saw on the Contractor+ screens.

The screen counts a module; a module may come in many partial files (contractor_plus.md §3), so the
union of its records is compared, and the latest session that gave a count is believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flitstack_pipeline.spec.source import BY_KEY


@dataclass(frozen=True)
class CountCheck:
    """One module of one workspace: its on-screen count and the distinct records read."""

    dataset: str
    workspace: str
    on_screen: int
    read: int

    @property
    def message(self) -> str:
        """The difference in words, "" when there is none."""
        if self.on_screen == self.read:
            return ""
        where = f" of workspace {self.workspace}" if self.workspace else ""
        return (
            f"{BY_KEY[self.dataset].label}{where}: {self.on_screen} on screen, {self.read} "
            "distinct records read; export the missing ones, or explain the difference"
        )


def check_counts(con: duckdb.DuckDBPyConnection) -> list[CountCheck]:
    """Every module with an on-screen count against its distinct records, all sessions together.

    A file's count stands for the module in the file's workspace. Needs `raw.files` and the raw
    tables it names; both are written by `ingest`.
    """
    told = con.execute(
        "SELECT dataset, coalesce(workspace, ''), arg_max(expected_count, exported_at) "
        "FROM raw.files WHERE expected_count IS NOT NULL AND dataset IS NOT NULL "
        "GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        CountCheck(dataset, workspace, on_screen, _distinct_records(con, dataset, workspace))
        for dataset, workspace, on_screen in told
    ]


def _distinct_records(con: duckdb.DuckDBPyConnection, dataset: str, workspace: str) -> int:
    """Records by their id columns; a row without any id is a record of its own."""
    ids = ", ".join(f'lower(trim("{c}"))' for c in BY_KEY[dataset].id_columns)
    found = con.execute(
        f"SELECT count(DISTINCT CASE WHEN concat({ids}) = '' THEN _row_id "  # noqa: S608
        f"ELSE concat_ws(chr(31), _workspace, {ids}) END) "
        f'FROM raw."{dataset}" WHERE _file IN '
        "(SELECT file FROM raw.files WHERE dataset = ? AND coalesce(workspace, '') = ?)",
        [dataset, workspace],
    ).fetchall()
    return int(found[0][0])
