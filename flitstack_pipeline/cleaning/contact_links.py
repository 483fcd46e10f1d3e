"""Clients of documents by the e-mail or phone that stands beside their name.

Belongs here: documents whose client no id and no name leads to, or a name that several have. Does
not: ids and names (`references`), and which clients are the same (`duplicates`).
"""

from __future__ import annotations

import duckdb

#: Kinds of documents that tell an e-mail or phone of their client in columns of their own.
_TELLING = ("jobs", "estimates", "invoices", "work_orders")
_HEADER = (
    r"(?i)^(?:(?:customer|client|contact|homeowner|bill(?:ing)?(?: ?to)?)(?:''s)?[ _-]*)?"
    r"(?:primary )?(?:e-?mail(?: address)?"
    r"|(?:cell |mobile |home |main )?phone(?: number| no\.?| ?#)?|mobile|cell|telephone|tel)\.?$"
)
METHOD, SURE = "e-mail or phone", 0.9


def by_contact_point(con: duckdb.DuckDBPyConnection) -> None:
    """Settle what is still open in `wanted` where one client alone has a contact point of it.

    Needs the temporary tables `wanted` and `settled` of `references`, and `people` of `merges`.
    """
    con.execute(_OPEN)
    if not con.execute("SELECT 1 FROM no_client LIMIT 1").fetchall():
        return
    told = " UNION ALL ".join(_told(dataset) for dataset in _TELLING)
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE by_point AS
        WITH told AS ({told}), points AS (
            SELECT p.workspace, p.kept_key AS key, unnest(list_distinct(list_transform(
                list_filter(list_concat([c.email, c.phone], c.extra_emails, c.extra_phones),
                            lambda x: x IS NOT NULL), lambda x: {_form("x")}))) AS form
            FROM people p JOIN (
                SELECT source_key, email, phone, extra_emails, extra_phones FROM clean.clients
                UNION ALL
                SELECT source_key, email, phone, extra_emails, extra_phones FROM clean.leads
            ) c USING (source_key)
        )
        SELECT t.id, min(p.key) AS key
        FROM told t JOIN points p ON p.workspace = t.workspace AND p.form = t.form
        WHERE t.form <> '' GROUP BY t.id HAVING min(p.key) = max(p.key);
        DELETE FROM settled WHERE id IN (SELECT id FROM by_point);
        INSERT INTO settled SELECT id, key, '{METHOD}', {SURE} FROM by_point;
        """
    )


_OPEN = """
CREATE OR REPLACE TEMP TABLE no_client AS
SELECT w.id, w.child_key, w.child_object, w.workspace
FROM wanted w LEFT JOIN settled s ON s.id = w.id WHERE s.key IS NULL"""


def _told(dataset: str) -> str:
    """SELECT id, workspace, form of the contact points in the custom columns of open documents."""
    return f"""
        SELECT w.id, w.workspace, {_form("e.value")} AS form
        FROM no_client w JOIN (
            SELECT source_key, unnest(map_entries(custom)) AS e FROM clean."{dataset}"
        ) c ON c.source_key = w.child_key
        WHERE w.child_object = '{dataset}' AND regexp_matches(e.key, '{_HEADER}')
        """


def _form(value: str) -> str:
    """SQL of an e-mail in lower case, of a phone its last ten digits; empty for less."""
    digits = f"regexp_replace({value}, '[^0-9]', '', 'g')"
    return (
        f"CASE WHEN contains({value}, '@') THEN lower(trim({value})) "
        f"WHEN length({digits}) >= 10 THEN right({digits}, 10) ELSE '' END"
    )
