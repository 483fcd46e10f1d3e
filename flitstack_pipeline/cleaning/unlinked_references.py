"""What a document states and its links do not show: another name of its client, a dead number.

An invoice may name the person at a company, or a former name, or a job that is in no export. The
link goes elsewhere or nowhere, and the words would be lost, so they join the document's original
values.
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET, CleanTable
from flitstack_pipeline.catalog.declared import RECORDS
from flitstack_pipeline.warehouse import filled_tables

NAME = "client_name"
_PEOPLE = ("clients", "leads")
#: Roles of links; under these words dead references are kept. No column of an export is named so.
_ROLES = ("client", "document", "estimate", "job", "owner", "record", "technician",
          *(o.singular for o in RECORDS))  # fmt: skip


def keep_stated(con: duckdb.DuckDBPyConnection) -> None:
    """Note other names and dead references in `originals`; the same however often it runs.

    What an earlier run noted and links show by now (a merge taken back) is taken out again.
    """
    noted = [
        table
        for dataset, table in BY_DATASET.items()
        if dataset not in _PEOPLE and table.has("originals")
    ]
    con.execute(_other_names([table for table in noted if table.has(NAME)]))
    filled = filled_tables(con, "clean")
    for table in (table for table in noted if table.dataset in filled):
        con.execute(_SAID, [table.dataset, table.dataset])
        con.execute(_note(table))


#: What each record of a dataset states: dead references by role, and another name of its client.
_SAID = f"""
CREATE OR REPLACE TEMP TABLE said AS
SELECT source_key, map(list(field ORDER BY field), list(words ORDER BY field)) AS said
FROM (
    SELECT child_key AS source_key, role AS field,
           string_agg(reference, ', ' ORDER BY reference) AS words
    FROM clean.orphans o ANTI JOIN other_names n  -- which say the same of a client without id
      ON n.source_key = o.child_key AND n.stated = o.reference AND o.role = 'client'
    WHERE child_object = ? AND reference <> '' GROUP BY ALL
    UNION ALL
    SELECT source_key, '{NAME}', stated FROM other_names WHERE dataset = ?
) GROUP BY source_key
"""


def _note(table: CleanTable) -> str:
    """Write what is said, over what was said before, where that makes a difference."""
    roles = ", ".join(f"'{role}'" for role in _ROLES)
    ours = f"e.key IN ({roles})"
    if table.has(NAME):
        ours += f" OR e.key = '{NAME}' AND e.value = x.{NAME}"
    before = f"list_filter(coalesce(map_entries(x.originals), []), lambda e: NOT ({ours}))"
    now = f"map_concat(map_from_entries({before}), coalesce(s.said, MAP {{}}))"
    return f"""
        UPDATE {table.name} x SET originals = o.now
        FROM (
            SELECT x.source_key, {now} AS now
            FROM {table.name} x LEFT JOIN said s ON s.source_key = x.source_key
            WHERE (cardinality(x.originals) > 0 OR s.said IS NOT NULL)
              AND coalesce(x.originals, MAP {{}}) IS DISTINCT FROM {now}
        ) o WHERE o.source_key = x.source_key
        """


def _other_names(tables: list[CleanTable]) -> str:
    """Temporary table `other_names`: the client's name as a document has it, unless the client's
    record says the same.

    Word order, case, accents and punctuation make no difference: "Lee, Ann" is Ann Lee. Names
    that are letter for letter the same, nearly all, are not taken apart, the others once each.
    """
    documents = " UNION ALL ".join(
        f"SELECT '{t.dataset}' AS dataset, source_key, {NAME} AS stated FROM {t.name}"
        for t in tables
    )
    return f"""
        CREATE OR REPLACE TEMP TABLE unlike AS
        SELECT d.*, c.name, concat_ws(' ', c.first_name, c.last_name) AS person,
               c.business_name AS firm
        FROM ({documents}) d
        LEFT JOIN (
            SELECT child_key, parent_key FROM clean.links WHERE role = 'client'
        ) l ON l.child_key = d.source_key
        LEFT JOIN clean.clients c ON c.source_key = l.parent_key
        WHERE stated IS NOT NULL AND stated IS DISTINCT FROM name
          AND stated IS DISTINCT FROM person AND stated IS DISTINCT FROM firm;
        CREATE OR REPLACE TEMP TABLE in_words AS
        SELECT name, {_words("name")} AS words
        FROM (SELECT DISTINCT unnest([stated, name, person, firm]) AS name FROM unlike);
        CREATE OR REPLACE TEMP TABLE other_names AS
        SELECT u.dataset, u.source_key, u.stated
        FROM unlike u JOIN in_words w ON w.name = u.stated
        LEFT JOIN in_words n ON n.name = u.name
        LEFT JOIN in_words p ON p.name = u.person
        LEFT JOIN in_words f ON f.name = u.firm
        WHERE w.words NOT IN ('', coalesce(n.words, ''), coalesce(p.words, ''),
                              coalesce(f.words, ''))
        """


def _words(value: str) -> str:
    """SQL: the words of a name in one order, as one text; empty for none."""
    plain = f"regexp_replace(lower(strip_accents(coalesce({value}, ''))), '[^a-z0-9]+', ' ', 'g')"
    return f"trim(array_to_string(list_sort(string_split({plain}, ' ')), ' '))"
