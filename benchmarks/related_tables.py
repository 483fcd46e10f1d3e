"""Clean tables of a contractor of any size, made in SQL: for `relationships.py`.

Belongs here: rows of every clean table with the references real exports have, in about the
proportions of a busy contractor (1.3 jobs, 1.5 estimates of 5.6 lines, an invoice, half a work
order, two notes a client). Does not: truth to measure quality against (`duplicate_people`,
`invoice_links`). All choices come from hashes, so that a size always gives the same tables.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET

#: `chance(row, salt)`: a number from 0 to 1 that is always the same for a row and a salt.
_MACROS = """
CREATE OR REPLACE TEMP MACRO chance(i, salt) AS (hash(i, salt) % 1000003) / 1000003.0;
CREATE OR REPLACE TEMP MACRO pick(i, salt, n) AS (hash(i, salt) % n)::BIGINT;
CREATE OR REPLACE TEMP MACRO coined(i, salt) AS (
    ['an','ber','cal','dor','el','fin','gar','hol','is','jor'][1 + pick(i, salt, 10)]
    || ['lun','mar','nor','os','pel','quin','ros','sten','tur','wick'][1 + pick(i, salt || 'b', 10)]
    || ['ton','man','sen','er','ley','by','son','a','o','ez','son','field'][1 + pick(i, salt || 'c',
       12)]);
CREATE OR REPLACE TEMP MACRO given(i, salt) AS (
    ['James','Mary','Robert','Patricia','John','Jennifer','Michael','Linda','David','Elizabeth',
     'William','Barbara','Richard','Susan','Joseph','Jessica','Thomas','Sarah','Karen','Lisa',
     'Daniel','Nancy','Maria','Jose','Luis','Ana','Kevin','Laura','Brian','Emily'][1 + pick(i, salt,
      30)]);
CREATE OR REPLACE TEMP MACRO stated(dataset, i) AS ('main/' || dataset || '/' || i);
"""

#: The person (or firm) behind row i of clients: one in thirteen was entered before. Rows of `other`
#: people follow, so that leads share them.
_PEOPLE = """
CREATE OR REPLACE TEMP TABLE person AS
WITH numbered AS (
    SELECT i, CASE WHEN chance(i, 'again') < 0.08 AND i > 50 THEN i - 1 - pick(i, 'back', 50)
                   ELSE i END AS p
    FROM range({clients}) t(i)
)
SELECT i, p, given(p, 'g') AS first_name, coined(p, 's') || coined(p, 't')[1:2] AS last_name,
       chance(p, 'firm') < 0.2 AS is_business,
       coined(p, 'f') || ' ' || ['Roofing','Plumbing','Realty','Electric'][1 + pick(p, 'trade', 4)]
       || ' ' || pick(p, 'fn', 1000) AS firm,
       lower(given(p, 'g')) || p || '@mail.com' AS email,
       '+1' || (2010000000 + pick(p, 'phone', 7900000000)) AS phone,
       (1 + pick(p, 'house', 9000)) || ' ' || coined(p, 'street') || ' Street' AS address1,
       'City ' || pick(p, 'city', 900) AS city, (10000 + pick(p, 'city', 900) * 7)::VARCHAR AS zip,
       '2019-01-01'::DATE + pick(i, 'made', 1800)::INT AS created
FROM numbered;
"""

_COMMON = "'main' AS workspace, {i}::VARCHAR AS source_id, 'r' || {i} AS raw_id"

_PERSON_COLUMNS = """
    CASE WHEN is_business THEN firm ELSE first_name || ' ' || last_name END AS name,
    CASE WHEN NOT is_business THEN first_name END AS first_name,
    CASE WHEN NOT is_business THEN last_name END AS last_name,
    CASE WHEN is_business THEN firm END AS business_name, is_business,
    CASE WHEN chance(i, 'e') < 0.85 THEN email END AS email,
    CASE WHEN chance(i, 'p') < 0.9 THEN phone END AS phone,
    CASE WHEN chance(i, 'x') < 0.1 THEN ['+1' || (2010000000 + pick(i, 'x', 7900000000))] END
      AS extra_phones,
    address1, city, 'MA' AS state, zip AS postal_code, 'US' AS country,
    CASE WHEN chance(i, 'n') < 0.3 THEN 'Gate code ' || pick(i, 'n', 9999) END AS notes,
    ['user ' || pick(i, 'owner', 20)] AS assigned_to, created,
    MAP {'Gate': pick(i, 'n', 9999)::VARCHAR} AS custom"""

#: Dataset → SELECT of its rows. `{clients}` is the number of clients.
_TABLES: dict[str, str] = {
    "users": f"""
        SELECT stated('users', i) AS source_key, {_COMMON.format(i="i")}, 'User ' || i AS name,
               'user' || i || '@firm.com' AS email
        FROM range(20) t(i)""",
    "clients": f"""
        SELECT stated('clients', i) AS source_key, {_COMMON.format(i="i")}, {_PERSON_COLUMNS}
        FROM person""",
    "leads": f"""
        SELECT stated('leads', i) AS source_key, {_COMMON.format(i="i")}, {_PERSON_COLUMNS},
               chance(i, 'conv') < 0.4 AS converted,
               CASE WHEN chance(i, 'conv') < 0.3 THEN i::VARCHAR END AS converted_client_ref,
               (100 + pick(i, 'v', 90000))::DECIMAL(18,4) AS estimated_value
        FROM (SELECT * REPLACE (
                  CASE WHEN chance(i, 'kin') < 0.5 THEN email ELSE 'l' || p // 3 || '@x.com' END
                  AS email, CASE WHEN chance(i, 'kin') < 0.5 THEN phone END AS phone)
              FROM person WHERE i < {{clients}} // 5)""",
    "jobs": f"""
        SELECT stated('jobs', i) AS source_key, {_COMMON.format(i="i")}, 'J-' || i AS number,
               ['Roof repair','New fence','Gutters','Deck'][1 + pick(i, 't', 4)] AS title,
               c::VARCHAR AS client_ref, p.first_name || ' ' || p.last_name AS client_name,
               CASE WHEN chance(i, 'est') < 0.3 THEN ['E-' || i] END AS estimate_refs,
               p.address1 || ', ' || p.city AS service_address, 'completed' AS status,
               (4000 + pick(i, 'a', 900000))::DECIMAL(18,4) / 100 AS amount,
               '2021-01-01'::DATE + pick(i, 'd', 1400)::INT AS start_date,
               '2021-01-01'::DATE + pick(i, 'd', 1400)::INT + 2 AS end_date,
               ['User ' || pick(i, 'owner', 21)] AS assigned_to
        FROM (SELECT i, i % {{clients}} AS c FROM range(({{clients}} * 1.3)::BIGINT) t(i)) j
        JOIN (SELECT * RENAME (i AS c) FROM person) p USING (c)""",
    "estimates": f"""
        SELECT stated('estimates', i) AS source_key, {_COMMON.format(i="i")},
               'E-' || i AS number, 'Estimate ' || i AS title,
               CASE WHEN chance(i, 'ref') < 0.9 THEN c::VARCHAR END AS client_ref,
               p.first_name || ' ' || p.last_name AS client_name,
               CASE WHEN chance(i, 'job') < 0.3 THEN ['#' || i] END AS job_refs,
               '2021-01-01'::DATE + pick(i, 'd', 1400)::INT AS estimate_date, 'approved' AS status,
               (4000 + pick(i, 'a', 900000))::DECIMAL(18,4) / 100 AS total
        FROM (SELECT i, i % {{clients}} AS c FROM range(({{clients}} * 1.5)::BIGINT) t(i)) e
        JOIN (SELECT * RENAME (i AS c) FROM person) p USING (c)""",
    "estimate_items": f"""
        SELECT stated('estimate_items', i) AS source_key, {_COMMON.format(i="i")},
               stated('estimates', i % ({{clients}} * 1.5)::BIGINT) AS document_key,
               1 + i // ({{clients}} * 1.5)::BIGINT AS line_number, 'labor' AS type,
               'Item ' || pick(i, 'item', 500) AS name, 2::DECIMAL(18,6) AS quantity,
               pick(i, 'price', 900)::DECIMAL(18,4) AS unit_price,
               (2 * pick(i, 'price', 900))::DECIMAL(18,4) AS amount
        FROM range(({{clients}} * 8.4)::BIGINT) t(i)""",
    "invoices": f"""
        SELECT stated('invoices', i) AS source_key, {_COMMON.format(i="i")},
               'INV-' || i AS number, j.title, j.client_ref, j.client_name,
               CASE WHEN chance(i, 'est') < 0.2 THEN ['E-' || i] END AS estimate_refs,
               CASE WHEN chance(i, 'job') < 0.4 THEN [[j.number, '#' || i, 'job ' || i, '99' || i]
                    [1 + pick(i, 'w', 4)]] END AS job_refs,
               j.end_date + pick(i, 'late', 20)::INT AS issue_date, 'paid' AS status,
               j.amount AS subtotal,
               j.amount * CASE WHEN chance(i, 'tax') < 0.4 THEN 1.08 ELSE 1 END AS total
        FROM range({{clients}}) t(i) JOIN clean.jobs j ON j.source_key = stated('jobs', i)""",
    "invoice_items": f"""
        SELECT stated('invoice_items', i) AS source_key, {_COMMON.format(i="i")},
               stated('invoices', i % {{clients}}) AS document_key,
               1 + i // {{clients}} AS line_number, 'Item ' || pick(i, 'item', 500) AS name,
               pick(i, 'price', 900)::DECIMAL(18,4) AS amount
        FROM range({{clients}} * 3) t(i)""",
    "payments": f"""
        SELECT stated('payments', i) AS source_key, {_COMMON.format(i="i")},
               stated('invoices', i) AS invoice_key, pick(i, 'a', 9000)::DECIMAL(18,4) AS amount
        FROM range({{clients}}) t(i) WHERE chance(i, 'paid') < 0.8""",
    "change_orders": f"""
        SELECT stated('change_orders', i) AS source_key, {_COMMON.format(i="i")},
               'INV-' || i * 20 AS invoice_ref, 'approved' AS status,
               (25 * pick(i, 'a', 20))::DECIMAL(18,4) AS amount
        FROM range({{clients}} // 20) t(i)""",
    "visits": f"""
        SELECT stated('visits', i) AS source_key, {_COMMON.format(i="i")}, 'J-' || i AS job_ref,
               ['User ' || pick(i, 'owner', 20)] AS assigned_to
        FROM range({{clients}} // 2) t(i)""",
    "work_orders": f"""
        SELECT stated('work_orders', i) AS source_key, {_COMMON.format(i="i")},
               'WO-' || i AS number, j.title, j.client_ref, j.client_name,
               CASE WHEN chance(i, 'wj') < 0.3 THEN [j.number] END AS job_refs,
               CASE WHEN chance(i, 'wa') < 0.7 THEN j.service_address END AS service_address,
               j.start_date + 1 AS scheduled_date, ['User ' || pick(i, 'o', 20)] AS assigned_to
        FROM range({{clients}} // 2) t(i) JOIN clean.jobs j ON j.source_key = stated('jobs', i)""",
    "properties": f"""
        SELECT stated('properties', i) AS source_key, {_COMMON.format(i="i")},
               i::VARCHAR AS client_ref, 'Site ' || i AS property_name
        FROM range({{clients}} // 5) t(i)""",
    "attachments": f"""
        SELECT stated('attachments', i) AS source_key, {_COMMON.format(i="i")},
               'jobs' AS record_type, 'J-' || i AS record_ref, 'photo.jpg' AS file_name
        FROM range({{clients}}) t(i)""",
    "activities": f"""
        SELECT stated('activities', i) AS source_key, {_COMMON.format(i="i")},
               ['clients', 'jobs', 'leads', 'invoices'][1 + pick(i, 'of', 4)] AS record_type,
               ['' || i // 2, 'J-' || i // 2, '' || i // 10, 'INV-' || i // 2]
               [1 + pick(i, 'of', 4)] AS record_ref, 'note' AS kind, 'Called' AS text
        FROM range({{clients}} * 2) t(i)""",
}


def make(file: Path, clients: int, memory: str = "2GB") -> int:
    """Write the clean tables to a DuckDB file; return the rows of all of them."""
    con = duckdb.connect(str(file), config={"memory_limit": memory})
    con.execute("SET enable_progress_bar = false")
    for schema in ("raw", "clean"):
        con.execute(f"CREATE SCHEMA {schema}")
    con.execute(_MACROS)
    con.execute(_PEOPLE.format(clients=clients))
    rows = 0
    for dataset, table in BY_DATASET.items():
        con.execute(table.ddl)
        if dataset in _TABLES:
            select = _TABLES[dataset].replace("{clients}", str(clients))
            con.execute(f"INSERT INTO {table.name} BY NAME {select}")
        rows += con.execute(f"SELECT count(*) FROM {table.name}").fetchall()[0][0]
    con.close()
    return rows
