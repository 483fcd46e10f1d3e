"""What a document states and its links do not show: another name of its client, a dead number.

An invoice may name the person at a company, or a former name, or a job that is in no export. The
link goes elsewhere or nowhere, and the words would be lost, so they join the document's original
values.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.spec.clean import BY_DATASET, CleanTable

NAME = "client_name"
_PEOPLE = ("clients", "leads")


def keep_stated(con: duckdb.DuckDBPyConnection) -> None:
    """Note other names and dead references in `originals`; the same however often it runs."""
    for dataset, table in BY_DATASET.items():
        names = {f.name for f in table.fields}
        if "originals" not in names or dataset in _PEOPLE:
            continue
        _keep_dead_references(con, dataset, table)
        if NAME in names:
            _keep_other_names(con, table)


def _keep_dead_references(con: duckdb.DuckDBPyConnection, dataset: str, table: CleanTable) -> None:
    """`job: 99999`, where the document names a record no export holds."""
    con.execute(
        f"""
        UPDATE {table.name} x
        SET originals = map_concat(coalesce(x.originals, MAP {{}}), o.dead)
        FROM (
            SELECT child_key, map(list(role ORDER BY role), list(words ORDER BY role)) AS dead
            FROM (
                SELECT child_key, role, string_agg(reference, ', ' ORDER BY reference) AS words
                FROM clean.orphans WHERE child_object = ? AND reference <> '' GROUP BY ALL
            ) GROUP BY child_key
        ) o WHERE o.child_key = x.source_key
        """,  # noqa: S608
        [dataset],
    ).fetchall()


def _keep_other_names(con: duckdb.DuckDBPyConnection, table: CleanTable) -> None:
    """The client's name as the document has it, unless the client's record says the same.

    Word order, case, accents and punctuation make no difference: "Lee, Ann" is Ann Lee.
    """
    con.execute(
        f"""
        UPDATE {table.name} x
        SET originals = map_concat(coalesce(x.originals, MAP {{}}), MAP {{'{NAME}': x.{NAME}}})
        FROM (
            SELECT d.source_key FROM {table.name} d
            LEFT JOIN clean.links l ON l.child_key = d.source_key AND l.role = 'client'
            LEFT JOIN clean.clients c ON c.source_key = l.parent_key
            WHERE {_words(f"d.{NAME}")} NOT IN (
                '', {_words("c.name")}, {_words("concat_ws(' ', c.first_name, c.last_name)")},
                {_words("c.business_name")})
        ) other WHERE other.source_key = x.source_key
        """  # noqa: S608
    ).fetchall()


def _words(value: str) -> str:
    """SQL: the words of a name in one order, as one text; empty for none."""
    words = f"regexp_extract_all(lower(strip_accents(coalesce({value}, ''))), '[a-z0-9]+')"
    return f"array_to_string(list_sort({words}), ' ')"
