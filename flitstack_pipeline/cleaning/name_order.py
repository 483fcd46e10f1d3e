"""How the names of an account look: whether it writes people "Last, First".

Who writes people so writes them so everywhere, and firms without a comma: where a name may be a
firm's or a person's, that decides. Belongs here: counting the rows. Does not: one name
(`values.names`), what is asked (`name_questions`).
"""

from __future__ import annotations

import duckdb

#: An account writes "Last, First" when so many of its names, and this share of them, have a comma.
ENOUGH, MOST = 20, 0.6
#: `Baker, Bob` and `de la Cruz, Ana María`, but not `Bob Baker, Jr.` or `Dewey, Cheatham & Howe`.
_INVERTED = r"^[^,&\d]+,\s*[^,&\d.\s]{2,}(\s[^,&\d\s]+){0,2}$"


def writes_last_name_first(con: duckdb.DuckDBPyConnection, dataset: str) -> bool:
    """Whether most names of a raw table are written "Last, First"."""
    counted = con.execute(
        f"""
        SELECT count(*) FILTER (regexp_matches(trim(name), '{_INVERTED}')), count(*)
        FROM raw.{dataset} WHERE trim(coalesce(name, '')) <> ''
        """
    ).fetchone()
    inverted, named = counted or (0, 0)
    return bool(inverted >= ENOUGH and inverted >= MOST * named)
