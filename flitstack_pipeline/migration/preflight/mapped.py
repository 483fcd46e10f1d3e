"""What the mapped records of one sub-account need of it, counted by SQL in the warehouse.

What belongs here: counting over `mapped.*` for the preflight. What does not: any HTTP.
"""

from __future__ import annotations

from collections import Counter

import duckdb

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.migration.duplicates import match_values
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.plan import Plan, plan_load
from flitstack_pipeline.migration.preflight.contents import Recognisable
from flitstack_pipeline.migration.rows import spool_rows
from flitstack_pipeline.warehouse import filled_tables, table_exists

PEOPLE = ("clients", "leads")
#: How many opportunities HighLevel links to one contact (live: L19).
OPPORTUNITIES_MOST = 1_000
PLURALS = {"contact": "contacts", "company": "companies"}


def recognisable(con: duckdb.DuckDBPyConnection, location: str) -> list[Recognisable]:
    """What contacts and companies routed to `location` (its name in the map) are known by."""
    values: dict[str, Counter[str]] = {kind: Counter() for kind in PLURALS}
    for object_key in PEOPLE:
        if not table_exists(con, f"mapped.{object_key}"):
            continue
        rows = con.execute(
            f"""SELECT kind, payload->>'$.fields.email', payload->>'$.fields.phone',
              payload->>'$.fields.name'
            FROM mapped."{object_key}" WHERE location = ? AND kind IN ('contact', 'company')""",  # noqa: S608
            [location],
        ).fetchall()
        for kind, email, phone, name in rows:
            fields = {"email": email, "phone": phone, "name": name}
            values[kind].update(match_values(kind, {"fields": fields}))
    return [Recognisable(kind, PLURALS[kind], found) for kind, found in values.items()]


def astray_links(con: duckdb.DuckDBPyConnection) -> int:
    """Links between records that the routing sends to different sub-accounts."""
    there = [key for key in KEYS if table_exists(con, f"mapped.{key}")]
    if not there:
        return 0
    every = " UNION ALL ".join(
        f'SELECT record_key, location, parents FROM mapped."{key}"'  # noqa: S608
        for key in there
    )
    found = con.execute(f"""
      WITH every AS ({every}),
      links AS (
        SELECT location, unnest(from_json(parents, '[{{"record_key": "VARCHAR"}}]')) AS parent
        FROM every WHERE len(parents) > 2
      )
      SELECT count(*) FROM links JOIN every AS p ON p.record_key = links.parent.record_key
      WHERE p.location <> links.location""").fetchall()  # noqa: S608
    return int(found[0][0])


def crowded_contacts(con: duckdb.DuckDBPyConnection, location: str) -> dict[str, int]:
    """Contacts with more opportunities than HighLevel links to one, by label, largest first."""
    deals = _opportunities(con)
    if not deals:
        return {}
    names = _contacts(con)
    found = con.execute(
        f"""SELECT coalesce(any_value(c.label), d.contact), count(*) AS several
        FROM ({deals}) d LEFT JOIN ({names}) c ON c.record_key = d.contact
        WHERE d.location = ? GROUP BY d.contact HAVING several > ? ORDER BY several DESC""",  # noqa: S608
        [location, OPPORTUNITIES_MOST],
    ).fetchall()
    return {str(label): int(several) for label, several in found}


def differing_owners(con: duckdb.DuckDBPyConnection, location: str) -> int:
    """Contacts that are to have another owner than one of their opportunities."""
    deals = _opportunities(con)
    if not deals:
        return 0
    (found,) = con.execute(
        f"""SELECT count(DISTINCT d.contact)
        FROM ({deals}) d JOIN ({_contacts(con)}) c ON c.record_key = d.contact
        WHERE d.location = ? AND d.owner IS DISTINCT FROM c.owner AND d.owner IS NOT NULL""",  # noqa: S608
        [location],
    ).fetchall()
    return int(found[0])


def _opportunities(con: duckdb.DuckDBPyConnection) -> str:
    """A query for location, owner and contact of every opportunity; empty when there is none."""
    filled = filled_tables(con, "mapped")
    return " UNION ALL ".join(
        f"""SELECT location, payload->>'$.owner' AS owner, list_filter(
          from_json(parents, '[{{"role": "VARCHAR", "record_key": "VARCHAR"}}]'),
          lambda p: p.role = 'contact')[1].record_key AS contact
        FROM mapped."{key}" WHERE kind = 'opportunity'"""  # noqa: S608
        for key in KEYS
        if key in filled
    )


def _contacts(con: duckdb.DuckDBPyConnection) -> str:
    """A query for label and owner of every contact, empty or not."""
    filled = filled_tables(con, "mapped")
    none = "SELECT '' AS record_key, '' AS label, '' AS owner WHERE false"
    contacts = " UNION ALL ".join(
        f"""SELECT record_key, label, payload->>'$.owner' AS owner
        FROM mapped."{key}" WHERE kind = 'contact'"""  # noqa: S608
        for key in KEYS
        if key in filled
    )
    return contacts or none


def planned(
    con: duckdb.DuckDBPyConnection, journal: Journal, location_id: str, location: str
) -> Plan:
    """The load of everything routed to one sub-account, as it stands now."""
    total = Plan()
    for key in KEYS:
        rows = spool_rows(con, key, None, location)
        try:
            total = total + plan_load(journal, location_id, rows)
        finally:
            rows.close()
    return total
