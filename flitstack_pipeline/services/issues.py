"""What a person should look at, as rows: files with warnings, orphans, rejected records, conflicts.

Belongs here: small questions to the warehouse and the journal, asked by checks and by `status`.
Every list is capped at `SHOWN` rows; the true number comes with it.
"""

from __future__ import annotations

from typing import Any

import duckdb

from flitstack_pipeline.catalog.objects import BY_KEY
from flitstack_pipeline.services.project_context import accounts, open_journal
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import dicts

SHOWN = 50
Rows = list[dict[str, Any]]


def files_to_look_at(project: Project, key: str) -> Rows:
    """Files of one object type that were refused, warned about, or leave a question open."""
    datasets = list(BY_KEY[key].datasets)
    sql = """
        SELECT f.file, f.sheet, f.dataset, rows_read, q.text AS question, refused,
               CAST(warnings AS VARCHAR) AS warnings
        FROM raw.files f LEFT JOIN questions.asked q
          ON q.kind = 'file' AND q.file = f.file AND q.sheet = f.sheet
        WHERE list_contains(?::VARCHAR[], f.dataset)
          AND (refused IS NOT NULL OR json_array_length(warnings) > 0 OR q.key IS NOT NULL)
        ORDER BY f.file, f.sheet
    """
    return _select(project, sql, [datasets])


def files_not_recognised(project: Project) -> Rows:
    """Files of the exports folder that feed no object type: damaged, or with unknown columns."""
    sql = """
        SELECT file, sheet, refused, CAST(warnings AS VARCHAR) AS warnings
        FROM raw.files WHERE dataset IS NULL ORDER BY file, sheet
    """
    return _select(project, sql)


def quarantined(project: Project, key: str) -> tuple[Rows, int]:
    """Rows of one object type in quarantine, and how many there are."""
    listed = 'SELECT file, line, "column", rule, what_to_do FROM quarantine.rows WHERE object = ?'
    counted = "SELECT count(*) AS n FROM quarantine.rows WHERE object = ?"
    found = _select(project, counted, [key])
    rows = _select(project, listed, [key])
    return rows, int(found[0]["n"]) if found else 0


def unknown_words(project: Project, key: str) -> Rows:
    """Words of one object type that no closed vocabulary knows, most frequent first."""
    sql = """
        SELECT dataset, "column", word, "count" AS "rows" FROM clean.unknown_words
        WHERE object = ? ORDER BY "count" DESC
    """
    return _select(project, sql, [key])


def orphans(project: Project) -> Rows:
    """References that lead nowhere, counted by object, link and reason."""
    sql = """
        SELECT child_object AS object, role AS link, reason, count(*) AS records
        FROM clean.orphans GROUP BY ALL ORDER BY ALL
    """
    return _select(project, sql)


def duplicates_to_decide(project: Project) -> Rows:
    """Pairs of records that may be the same and wait for a person, best first."""
    sql = """
        SELECT * FROM clean.duplicate_pairs WHERE decision = 'review'
        ORDER BY score DESC, left_key, right_key
    """
    return _select(project, sql)


#: Name of a list of documents → its table.
LINKS = {"invoice links": "clean.invoice_links", "work order links": "clean.work_order_links"}


def links_to_decide(project: Project, name: str) -> Rows:
    """Candidates of documents whose job is not sure; `name` is a key of `LINKS`."""
    table = LINKS[name]
    return _select(project, f"SELECT * FROM {table} WHERE decision = 'review' ORDER BY ALL")  # noqa: S608


def rejected(project: Project, key: str) -> Rows:
    """Records of one object type that HighLevel refused, with its words."""
    shown = ("record_key", "label", "reason_class", "status", "messages", "attempts")
    with open_journal(project) as journal:
        letters = [
            letter
            for account in accounts(project)
            for letter in journal.dead_letters(account.location_id, key)
        ]
    return [{k: x[k] for k in shown if x.get(k) is not None} for x in letters]


def conflicts(project: Project, key: str | None = None) -> Rows:
    """Fields changed on both sides, which a person has to decide."""
    with open_journal(project) as journal:
        found = [
            conflict
            for account in accounts(project)
            for conflict in journal.conflicts(account.location_id, key, waiting=True)
        ]
    hidden = ("location", "at")
    return [{k: v for k, v in x.items() if k not in hidden} for x in found]


def _select(project: Project, sql: str, parameters: list[Any] | None = None) -> Rows:
    """The rows of a query, capped; none while its table does not exist yet."""
    with project.warehouse.connect() as con:
        try:
            return dicts(con, f"{sql} LIMIT {SHOWN}", parameters or [])
        except duckdb.CatalogException:
            return []
