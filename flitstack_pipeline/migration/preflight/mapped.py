"""What the mapped records of one sub-account need of it, counted by SQL in the warehouse.

What belongs here: counting over `mapped.*` for the preflight. What does not: any HTTP.
"""

from __future__ import annotations

from collections import Counter

import duckdb

from flitstack_pipeline.migration.duplicates import match_values
from flitstack_pipeline.migration.journal import Journal
from flitstack_pipeline.migration.plan import Plan, plan_load
from flitstack_pipeline.migration.preflight.contents import Recognisable
from flitstack_pipeline.migration.rows import spool_rows
from flitstack_pipeline.spec.objects import KEYS
from flitstack_pipeline.warehouse import table_exists

PEOPLE = ("clients", "leads")
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
