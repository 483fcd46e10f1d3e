"""Reading clean rows with what belongs to them: client, owner, job, estimate, files, location.

Belongs here: SQL over the clean schema. Does not: HighLevel's shapes. The connection holds
temporary tables `m_*`, made by `prepare` and good for one mapping.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET, RELATIONSHIP_DDL, SURVIVORS
from flitstack_pipeline.catalog.declared import PLAIN
from flitstack_pipeline.errors import Stopped
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.routing import location_case
from flitstack_pipeline.warehouse import table_exists

BATCH = 5_000
NO_CLIENT = "~no-client"
#: Kinds of records that hold the files of their own notes; those of others go to their parent.
_HOLDERS = ("clients", "leads", "jobs", "estimates", "invoices", *PLAIN)
ACCEPTED = ("accepted", "accept", "confirmed", "linked", "auto")


class MissingStep(Stopped):
    """A step that must run first has not run."""


def relation(con: duckdb.DuckDBPyConnection, qualified: str) -> str:
    """The table, or an empty one of the same columns when the export never had such a file."""
    if table_exists(con, qualified):
        return qualified
    if qualified in RELATIONSHIP_DDL:
        columns = [part.split() for part in RELATIONSHIP_DDL[qualified].split(",")]
    else:
        columns = [[f.name, f.type] for f in BY_DATASET[qualified.split(".")[1]].fields]
    empty = ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in columns)
    return f"(SELECT {empty} WHERE false)"


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> Iterator[dict[str, Any]]:
    """The rows of a query as dicts, a batch at a time."""
    con.execute(sql)
    names = [d[0] for d in con.description or ()]
    while batch := con.fetchmany(BATCH):
        yield from (dict(zip(names, values, strict=True)) for values in batch)


def with_further(con: duckdb.DuckDBPyConnection, qualified: str) -> str:
    """A clean table with `further`: what a row has beside its known columns, as `Label: value · …`.

    For rows that become a line in a text of their parent: custom columns, and cells that could not
    be read; NULL for nothing.
    """
    filled = (
        "list_filter(map_entries(map_concat(originals, custom)), lambda e: trim(e.value) <> '')"
    )
    told = f"list_sort(list_transform({filled}, lambda e: e.key || ': ' || trim(e.value)))"
    return (
        f"(SELECT *, nullif(array_to_string({told}, ' · '), '') AS further "
        f"FROM {relation(con, qualified)})"
    )


def prepare(con: duckdb.DuckDBPyConnection, document: MapDocument, of: str = "") -> None:
    """Make the temporary link tables. Raises MissingStep when relationships were not resolved.

    `of` names the records and the map; tables that this connection made of the same ones are kept.
    """
    made = "SELECT 1 FROM m_prepared WHERE of = ?"
    if of and table_exists(con, "temp.m_prepared") and con.execute(made, [of]).fetchall():
        return
    if not table_exists(con, "clean.links"):
        raise MissingStep("The records are not related yet: run `flitstack audit`.")
    tables = {d: relation(con, f"clean.{d}") for d in BY_DATASET}
    tables |= {k.split(".")[1]: relation(con, k) for k in RELATIONSHIP_DDL}
    tables["files_further"] = with_further(con, "clean.attachments")
    tables["note_images"] = note_images(con)
    tables["holders"] = ", ".join(f"'{dataset}'" for dataset in _HOLDERS)
    tables["client_location"] = location_sql(document, "clients")
    tables["lead_location"] = location_sql(document, "leads")
    tables["declared"] = ", ".join(f"'{o.singular}'" for o in PLAIN.values())
    tables["accepted"] = ", ".join(f"'{word}'" for word in ACCEPTED)
    for name, sql in _TABLES.items():
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql.format(**tables)}")
    con.execute("CREATE OR REPLACE TEMP TABLE m_prepared AS SELECT ? AS of", [of])


def note_images(con: duckdb.DuckDBPyConnection) -> str:
    """The images of notes, or none where cleaning never met any."""
    if table_exists(con, "clean.note_images"):
        return "clean.note_images"
    names = ("dataset", "source_key", "file_name", "url", "content_type", "sha256", "problem")
    empty = ", ".join(f"NULL::VARCHAR AS {name}" for name in names)
    return f"(SELECT {empty} WHERE false)"


def location_sql(document: MapDocument, dataset: str) -> str:
    """CASE expression: the location alias of a row of `dataset` (table alias x)."""
    return location_case(document.routing.rules, document.routing.default, dataset)


_TABLES: dict[str, str] = {
    "m_people": """
        SELECT source_key, name, {client_location} AS location FROM {clients} x
        WHERE source_key NOT IN (SELECT merged_key FROM {merges})
        UNION ALL
        SELECT source_key, name, {lead_location} AS location FROM {leads} x
        WHERE source_key NOT IN (SELECT merged_key FROM {merges})""",
    "m_link": """
        SELECT l.child_key, l.role,
          arg_min(coalesce(m.kept_key, l.parent_key), coalesce(l.position, 0)) AS parent_key
        FROM {links} l LEFT JOIN {merges} m ON m.merged_key = l.parent_key
        WHERE l.parent_key IS NOT NULL GROUP BY ALL""",
    "m_job": """
        SELECT child_key, min_by(job_key, rank) AS job_key FROM (
          SELECT child_key, parent_key AS job_key, coalesce(position, 0) AS rank
          FROM {links} WHERE role = 'job' AND child_object <> 'invoices'
          UNION ALL
          SELECT parent_key, child_key, 1000 + coalesce(position, 0) FROM {links}
          WHERE role = 'estimate' AND child_object = 'jobs'
        ) WHERE job_key IN (SELECT source_key FROM {jobs}) GROUP BY child_key""",
    "m_invoice_job": """
        WITH decided AS (
          SELECT invoice_key, job_key, confidence FROM {invoice_links}
          WHERE decision IN ({accepted})),
        stated AS (
          SELECT child_key, parent_key, confidence FROM {links}
          WHERE role = 'job' AND child_object = 'invoices'
            AND child_key NOT IN (SELECT invoice_key FROM {invoice_links}))
        SELECT invoice_key, job_key,
          row_number() OVER (PARTITION BY invoice_key ORDER BY confidence DESC, job_key) AS n
        FROM (SELECT * FROM decided UNION SELECT * FROM stated)
        WHERE job_key IN (SELECT source_key FROM {jobs})""",
    "m_invoice_estimate": """
        SELECT DISTINCT l.child_key AS invoice_key, l.parent_key AS estimate_key, j.job_key,
          e.number
        FROM {links} l JOIN {estimates} e ON e.source_key = l.parent_key
        LEFT JOIN m_job j ON j.child_key = l.parent_key
        WHERE l.role = 'estimate' AND l.child_object = 'invoices'""",
    "m_client_stated": """
        SELECT l.child_key, l.parent_key AS client_key, p.name AS client_name, p.location
        FROM m_link l JOIN m_people p ON p.source_key = l.parent_key WHERE l.role = 'client'""",
    "m_parent": """
        SELECT child_key, job_key AS parent_key, 1 AS rank FROM m_job
        UNION ALL SELECT invoice_key, job_key, 1 FROM m_invoice_job WHERE n = 1
        UNION ALL SELECT l.child_key, unnest([l.parent_key, j.job_key]), unnest([2, 3])
        FROM m_link l LEFT JOIN m_job j ON j.child_key = l.parent_key
        WHERE l.role IN ({declared})""",
    "m_client": """
        SELECT * FROM m_client_stated
        UNION ALL
        (SELECT DISTINCT ON (m.child_key) m.child_key, c.client_key, c.client_name, c.location
        FROM m_parent m JOIN m_client_stated c ON c.child_key = m.parent_key
        WHERE m.child_key NOT IN (SELECT child_key FROM m_client_stated)
        ORDER BY m.child_key, m.rank)
        UNION ALL
        SELECT source_key, source_key, name, location FROM m_people""",
    "m_file": """
        SELECT *, NULL::VARCHAR AS holder FROM {attachments}
        UNION ALL BY NAME
        SELECT workspace || '/attachments/~note-' || md5(concat_ws('|', source_key, sha256))[:16]
            AS source_key, workspace, dataset AS record_type,
          split_part(source_key, '/', -1) AS record_ref, file_name, url, content_type,
          CASE WHEN url IS NULL THEN file_name END AS path,
          CASE WHEN url IS NULL THEN sha256 END AS sha256, true AS inline,
          coalesce(m.kept_key, CASE WHEN dataset IN ({holders}) THEN source_key END, l.parent_key)
            AS holder
        FROM (SELECT DISTINCT split_part(source_key, '/', 1) AS workspace, source_key, dataset,
                file_name, url, content_type, sha256
              FROM {note_images} WHERE dataset <> 'activities' AND problem IS NULL) i
        LEFT JOIN {merges} m ON m.merged_key = i.source_key
        LEFT JOIN (SELECT child_key, min(parent_key) AS parent_key FROM m_link
                   WHERE role NOT IN ('owner', 'technician') GROUP BY 1) l
          ON l.child_key = i.source_key""",
    "m_record": """
        SELECT child_key, parent_key AS record_of FROM m_link WHERE role = 'record'
        UNION ALL SELECT source_key, holder FROM m_file WHERE holder IS NOT NULL""",
    "m_owner": """
        SELECT child_key, coalesce(max(parent_key) FILTER (role = 'owner'),
          max(parent_key) FILTER (role = 'technician')) AS owner_key
        FROM m_link WHERE role IN ('owner', 'technician') GROUP BY child_key""",
    "m_merged": """
        SELECT kept_key, string_agg(line, chr(10) ORDER BY line) AS merged_values FROM (
          SELECT m.kept_key, m.merged_key || ': merged (' || coalesce(r.reason, '') || ')' AS line
          FROM {merges} m LEFT JOIN {merge_reasons} r ON r.merged_key = m.merged_key
          UNION ALL
          SELECT kept_key, merged_key || ': ' || field || ' = ' || losing_value
          FROM {merged_values} WHERE losing_value IS NOT NULL
        ) GROUP BY kept_key""",
    "m_main_estimate": """
        SELECT j.job_key, arg_min(e.source_key, (
            CASE e.status WHEN 'converted' THEN 0 WHEN 'approved' THEN 0 WHEN 'sent' THEN 1
              WHEN 'changes_requested' THEN 2 WHEN 'draft' THEN 3 ELSE 4 END,
            -coalesce(epoch(e.estimate_date), 0), e.source_key)) AS estimate_key
        FROM {estimates} e JOIN m_job j ON j.child_key = e.source_key GROUP BY j.job_key""",
    "m_job_file": """
        SELECT a.source_key, coalesce(j.source_key, m.job_key, i.job_key) AS job_key
        FROM m_file a
        JOIN m_record r ON r.child_key = a.source_key
        LEFT JOIN {jobs} j ON j.source_key = r.record_of
        LEFT JOIN m_job m ON m.child_key = r.record_of
        LEFT JOIN m_invoice_job i ON i.invoice_key = r.record_of AND i.n = 1
        WHERE a.problem IS NULL
          AND coalesce(j.source_key, m.job_key, i.job_key) IS NOT NULL""",
    "m_file_notes": """
        SELECT owner_key, string_agg(line, chr(10) ORDER BY line) AS file_notes FROM (
          SELECT coalesce(f.job_key, c.client_key) AS owner_key,
            concat_ws(' · ', a.file_name, a.caption, a.uploaded::VARCHAR, a.uploaded_by, a.further)
              AS line
          FROM {files_further} a
          LEFT JOIN m_job_file f ON f.source_key = a.source_key
          LEFT JOIN m_record r ON r.child_key = a.source_key
          LEFT JOIN m_client c ON c.child_key = r.record_of
          WHERE a.problem IS NULL
            AND coalesce(a.caption, a.uploaded::VARCHAR, a.uploaded_by, a.further) <> ''
        ) WHERE owner_key IS NOT NULL GROUP BY owner_key""",
}


def has_further_estimates(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether some job has more estimates than the one its opportunity holds."""
    if not table_exists(con, "clean.links"):
        return False
    tables = {name: relation(con, f"clean.{name}") for name in ("links", "jobs", "estimates")}
    found = con.execute(
        f"""SELECT job_key FROM ({_TABLES["m_job"].format(**tables)})
        SEMI JOIN {tables["estimates"]} e ON e.source_key = child_key
        GROUP BY job_key HAVING count(*) > 1 LIMIT 1"""
    ).fetchall()
    return bool(found)


def with_links(con: duckdb.DuckDBPyConnection, document: MapDocument, dataset: str) -> str:
    """Query: every row of a dataset with client, location, owner and what was merged into it."""
    table = as_migrated(con, dataset)
    return f"""
      SELECT x.*, c.client_key, c.client_name AS linked_client,
        coalesce(c.location, {location_sql(document, dataset)}) AS location,
        o.owner_key, m.merged_values, n.file_notes
      FROM {table} x
      LEFT JOIN m_client c ON c.child_key = x.source_key
      LEFT JOIN m_owner o ON o.child_key = x.source_key
      LEFT JOIN m_merged m ON m.kept_key = x.source_key
      LEFT JOIN m_file_notes n ON n.owner_key = x.source_key
    """


def as_migrated(con: duckdb.DuckDBPyConnection, dataset: str) -> str:
    """A clean table with the records several rows became in place of those rows (people)."""
    table = relation(con, f"clean.{dataset}")
    kept = SURVIVORS.get(dataset)
    if kept is None or not table_exists(con, kept.name):
        return table
    return f"""(
      SELECT * FROM {table} ANTI JOIN {kept.name} s USING (source_key)
      UNION ALL BY NAME SELECT * FROM {kept.name})"""


def workspaces_without_client(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Workspaces with a record that needs a contact and has no client."""
    known = "source_key NOT IN (SELECT child_key FROM m_client)"
    parts = [
        f"SELECT workspace FROM {relation(con, 'clean.jobs')} WHERE {known}",
        f"SELECT workspace FROM {relation(con, 'clean.estimates')} WHERE {known} "
        "AND source_key NOT IN (SELECT child_key FROM m_job)",
        f"SELECT workspace FROM {relation(con, 'clean.invoices')} WHERE {known} "
        "AND source_key NOT IN (SELECT invoice_key FROM m_invoice_job)",
    ]
    for table in ("m_file", relation(con, "clean.activities")):
        parts.append(
            f"SELECT x.workspace FROM {table} x "
            "JOIN m_record r ON r.child_key = x.source_key "
            "WHERE r.record_of NOT IN (SELECT child_key FROM m_client) "
            "AND x.source_key NOT IN (SELECT source_key FROM m_job_file)"
        )
    sql = " UNION ".join(parts) + " ORDER BY workspace"
    return [row[0] for row in con.execute(sql).fetchall()]
