"""How cleaned records belong together: duplicates and merges, references, invoice-to-job links.

Fills the tables of `catalog.clean.RELATIONSHIP_DDL`, in an order that matters: merges first, so
every link points at a kept record; clients before numbers, since a shared client decides between
records of the same number; numbers before guesses. What points at nothing is an orphan with its
reason. The work itself is in the modules called here, as SQL over whole tables.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET, RELATIONSHIP_DDL, SURVIVORS
from flitstack_pipeline.cleaning.duplicates import write_pairs
from flitstack_pipeline.cleaning.estimate_links import link_estimates
from flitstack_pipeline.cleaning.excluded_rows import list_orphans
from flitstack_pipeline.cleaning.frozen import keep_reasons
from flitstack_pipeline.cleaning.invoice_links import link_invoices
from flitstack_pipeline.cleaning.lead_merges import fold_leads, pair_leads
from flitstack_pipeline.cleaning.merges import make_people, merge_rows
from flitstack_pipeline.cleaning.references import (
    link_clients,
    link_numbers,
    link_people,
    lost_children,
)
from flitstack_pipeline.cleaning.survivorship import make_survivors
from flitstack_pipeline.cleaning.unlinked_references import keep_stated
from flitstack_pipeline.cleaning.work_order_links import link_work_orders
from flitstack_pipeline.warehouse import table_exists

__all__ = ["RelationsResult", "count_merges", "relate", "summary"]

#: The datasets whose rows merge.
PEOPLE = ("clients", "leads")


@dataclass
class RelationsResult:
    """Counts of what was found, by name."""

    counts: dict[str, int] = field(default_factory=dict)


def relate(con: duckdb.DuckDBPyConnection, decisions: Path) -> RelationsResult:
    """Relate all clean records; a clean table that is missing is made, empty.

    `decisions` is the folder of `duplicates.csv`, `invoice_links.csv` and `work_order_links.csv`.
    Running it again gives the same tables. Raises BadInput when one of them cannot be followed.
    """
    for table in BY_DATASET.values():
        if not table_exists(con, table.name):
            con.execute(table.ddl)
    for name, columns in RELATIONSHIP_DDL.items():
        con.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    for kept in SURVIVORS.values():
        con.execute(kept.ddl)
    write_pairs(con, decisions)
    merge_rows(con, "clients")
    fold_leads(con)
    pair_leads(con)
    merge_rows(con, "leads")
    keep_reasons(con, decisions)
    make_people(con)
    make_survivors(con)
    link_clients(con)
    link_numbers(con)
    link_estimates(con)
    link_people(con)
    lost_children(con)
    link_invoices(con, decisions)
    link_work_orders(con, decisions)
    keep_stated(con)
    count_merges(con)
    list_orphans(con)
    return RelationsResult({name: _count(con, name) for name in RELATIONSHIP_DDL})


def summary(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Orphans by kind, for reports."""
    rows = con.execute(
        "SELECT child_object, role, reason, count(*) FROM clean.orphans GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [dict(zip(("object", "link", "reason", "count"), row, strict=True)) for row in rows]


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def count_merges(con: duckdb.DuckDBPyConnection, datasets: Collection[str] = PEOPLE) -> None:
    """Move merged rows from loaded to merged in the accounting; the same however often it runs.

    Args:
        con: The warehouse.
        datasets: Those whose accounting was written anew; only people merge.
    """
    merging = [dataset for dataset in PEOPLE if dataset in datasets]
    if not merging or not table_exists(con, "clean.merges"):
        return
    for dataset in merging:
        if not table_exists(con, f"raw.{dataset}"):
            continue
        con.execute(
            f"""
            UPDATE clean.accounting a SET merged = m.n, loaded = a.loaded + a.merged - m.n
            FROM (
                SELECT r._file AS file, count(g.merged_key) AS n
                FROM clean."{dataset}" c JOIN raw."{dataset}" r ON r._row_id = c.raw_id
                LEFT JOIN clean.merges g ON g.merged_key = c.source_key
                GROUP BY r._file
            ) m WHERE a.dataset = ? AND a.file = m.file
            """,
            [dataset],
        )
