"""What is remembered to save work: how much it is, its cap, and forgetting it.

Belongs here: the tables of the schema `cache`. Does not: what they hold (`cleaning.parsing`,
`services.early_cutoff`). Whatever is forgotten is found again by the step that needs it.
"""

# ruff: noqa: S608 - names of our own tables

from __future__ import annotations

import duckdb

from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline.settings import Project

#: Texts of which may be remembered what their parsers found; some two gigabytes.
MOST_TEXTS = 20_000_000
#: How the tables of parsed texts begin.
_PARSED = "parsed_"


def list_caches(project: Project) -> StepReport:
    """How many entries each cache holds."""
    with project.warehouse.connect() as con:
        sizes = _sizes(con)
    rows = [{"cache": name, "entries": n} for name, n in sorted(sizes.items())]
    return StepReport("caches", sum(sizes.values()), {}, {"caches": rows})


def empty_caches(project: Project) -> StepReport:
    """Forget everything that is remembered to save work; the next run does all of it again."""
    with project.warehouse.connect() as con:
        sizes = _sizes(con)
        for name in sizes:
            con.execute(f'DROP TABLE cache."{name}"')
    return StepReport("caches emptied", sum(sizes.values()))


def hold_caches_down(project: Project, most: int = MOST_TEXTS) -> None:
    """Forget what parsers found, the largest tables first, down to `most` texts in all."""
    with project.warehouse.connect() as con:
        sizes = {name: n for name, n in _sizes(con).items() if name.startswith(_PARSED)}
        for name in sorted(sizes, key=lambda name: -sizes[name]):
            if sum(sizes.values()) <= most:
                return
            con.execute(f'DELETE FROM cache."{name}"')
            sizes.pop(name)


def _sizes(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {
        name: int(con.execute(f'SELECT count(*) FROM cache."{name}"').fetchall()[0][0])
        for (name,) in con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'cache'"
        ).fetchall()
    }
