"""What a document calls its client, where the client's own record says otherwise.

An invoice may name the person at a company, or a former name. The link goes by id or number; the
name itself would be lost, so it joins the document's original values.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.spec.clean import BY_DATASET

NAME = "client_name"


def keep_other_names(con: duckdb.DuckDBPyConnection) -> int:
    """Note differing client names in `originals`; how many. The same however often it runs.

    Word order, case, accents and punctuation make no difference: "Lee, Ann" is Ann Lee.
    """
    noted = 0
    for dataset, table in BY_DATASET.items():
        names = {f.name for f in table.fields}
        if not {NAME, "originals"} <= names or dataset in ("clients", "leads"):
            continue
        rows = con.execute(
            f"""
            UPDATE {table.name} x
            SET originals = map_concat(
                coalesce(x.originals, MAP {{}}), MAP {{'{NAME}': x.{NAME}}})
            FROM clean.links l JOIN clean.clients c ON c.source_key = l.parent_key
            WHERE l.child_key = x.source_key AND l.role = 'client'
              AND {_words(f"x.{NAME}")} NOT IN (
                {_words("c.name")}, {_words("concat_ws(' ', c.first_name, c.last_name)")},
                {_words("c.business_name")})
            """  # noqa: S608
        ).fetchall()
        noted += int(rows[0][0]) if rows else 0
    return noted


def _words(value: str) -> str:
    """SQL: the words of a name in one order, as one text; empty for none."""
    words = f"regexp_extract_all(lower(strip_accents(coalesce({value}, ''))), '[a-z0-9]+')"
    return f"array_to_string(list_sort({words}), ' ')"
