"""Rows and files that do not move as they are, each with a digest of its own content.

Belongs here: quarantined rows, references that lead nowhere, refused files, files that cannot be
moved and lines excluded by a judgement, as rows of one shape. Does not: who acknowledged them and
what waits for it (`services.acknowledging`). Title, blank, repeated header and totals lines are no
records and only counted; an owner nobody knows is decided in the map (`owners`), a work order that
names no job on its list (`clean.work_order_links`).

A digest depends on what the row says, not on its file or line: the same row exported again is the
same matter, a changed one is a new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.not_moved import REASONS
from flitstack_pipeline.catalog.objects import REPORT_ONLY_DATASETS
from flitstack_pipeline.cleaning.quarantine import cells_as_json
from flitstack_pipeline.cleaning.values.cell_sql import literal
from flitstack_pipeline.warehouse import dicts, filled_tables, table_exists

#: Files that stay behind by a declaration or a person's answer: named, nothing to acknowledge.
NOT_MOVED = "not_moved"
REFUSED = "refused_file"
#: Lines that are no records by what they are: counted, never acknowledged.
NO_RECORDS = ("title_line", "blank_line", "repeated_header", "totals_line")
#: What a reader is shown of a row.
SHOWN = 240
ORPHANS_DDL = """CREATE OR REPLACE TABLE clean.orphan_rows (
  digest VARCHAR, object VARCHAR, dataset VARCHAR, file VARCHAR, sheet VARCHAR, line BIGINT,
  what VARCHAR, why VARCHAR, cells VARCHAR)"""


@dataclass(frozen=True)
class LeftOut:
    """One row or file that does not move as it is.

    `rule` says which kind it is (a rule of quarantine, `orphan`, `refused_file`, `file_not_moved`,
    `unnamed_file`, a rule of exclusion); `line` is None for a whole file; `cells` are the row's,
    shortened.
    """

    digest: str
    rule: str
    object: str
    dataset: str
    file: str
    sheet: str
    line: int | None
    what: str
    why: str
    cells: str = ""

    @property
    def place(self) -> str:
        """`FILE[#SHEET][:LINE]`, as a person names it."""
        sheet = f"#{self.sheet}" if self.sheet else ""
        return f"{self.file}{sheet}" + ("" if self.line is None else f":{self.line}")


def list_orphans(con: duckdb.DuckDBPyConnection) -> None:
    """List the rows behind `clean.orphans` that lost a record they name, in `clean.orphan_rows`.

    With them stand notes and files that name no record at all.
    """
    con.execute(ORPHANS_DDL)
    con.execute(_NAMELESS)
    found = con.execute(f"SELECT DISTINCT child_object FROM ({_LOST})").fetchall()
    for (dataset,) in found:
        if dataset in BY_DATASET and table_exists(con, f"raw.{dataset}"):
            con.execute(_orphan_rows(dataset))


#: References that lead nowhere, and documents that name no client.
_LOST = """
    SELECT child_key, child_object, role, reference, reason FROM clean.orphans
    WHERE role NOT IN ('owner', 'technician')
      AND (reference <> '' OR role = 'client')
      AND NOT (role = 'converted' AND reason LIKE '%name the right one')
    UNION ALL SELECT * FROM nameless
"""

_NAMELESS = """
    CREATE OR REPLACE TEMP TABLE nameless AS
    SELECT a.source_key AS child_key, a.kind AS child_object, 'record' AS role,
           NULL::VARCHAR AS reference, 'it names no record' AS reason
    FROM (SELECT source_key, 'activities' AS kind FROM clean.activities
          UNION ALL SELECT source_key, 'attachments' FROM clean.attachments) a
    WHERE a.source_key NOT IN (SELECT child_key FROM clean.links WHERE role = 'record')
      AND a.source_key NOT IN (SELECT child_key FROM clean.orphans WHERE role = 'record')
"""


def _orphan_rows(dataset: str) -> str:
    return f"""
        INSERT INTO clean.orphan_rows
        SELECT md5(concat_ws(chr(31), 'orphan', '{dataset}', o.role, o.reference, o.reason,
                             coalesce({cells_as_json(dataset)}, o.child_key))),
               o.child_object, '{dataset}', r._file, coalesce(r._sheet, ''), r._row,
               split_part(o.child_key, '/', -1),
               concat_ws(': ', nullif(concat_ws(' ', o.role, o.reference), ''), o.reason),
               coalesce({cells_as_json(dataset)}, '')[:{SHOWN}]
        FROM ({_LOST}) o
        JOIN clean."{dataset}" c ON c.source_key = o.child_key
        LEFT JOIN raw."{dataset}" r ON r._row_id = c.raw_id
        WHERE o.child_object = '{dataset}'
    """


def left_out(con: duckdb.DuckDBPyConnection) -> Iterator[LeftOut]:
    """Everything that does not move as it is, in the order of rule, file and line."""
    filled = filled_tables(con)
    parts = [
        sql
        for (first, *others), sql in _PARTS.items()
        if first in filled and all(table_exists(con, other) for other in others)
    ]
    if not parts:
        return
    names = "digest, rule, object, dataset, file, sheet, line, what, why, cells"
    sql = (
        f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS t({names}) ORDER BY rule, file, line, what"
    )
    named = _named_files(con) if "clean.attachments" in filled else set()
    for row in dicts(con, sql):
        if row["rule"] != REFUSED or row["file"] not in named:
            yield LeftOut(**row)


def _named_files(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Photos and papers beside the exports that a row names: they move, though no export is one."""
    return {p for (p,) in con.execute("SELECT path FROM clean.attachments").fetchall() if p}


#: Kinds of export that are declared not to move, with the reason.
_DECLARED = "SELECT * FROM (VALUES {}) AS v(dataset, reason)".format(
    ", ".join(f"({literal(key)}, {literal(REASONS[key])})" for key in REPORT_ONLY_DATASETS)
)

#: Tables → the rows of them that are left out.
_PARTS: dict[tuple[str, ...], str] = {
    ("quarantine.rows",): f"""
        SELECT md5(concat_ws(chr(31), 'quarantine', dataset, rule, "column", raw)) AS digest,
               rule, object, dataset, file, coalesce(sheet, '') AS sheet, line,
               dataset || ' row' AS what, message AS why, (raw::VARCHAR)[:{SHOWN}] AS cells
        FROM quarantine.rows""",
    ("clean.orphan_rows",): """
        SELECT digest, 'orphan', object, dataset, coalesce(file, ''), sheet, line, what, why, cells
        FROM clean.orphan_rows""",
    ("clean.attachments", "raw.attachments"): """
        SELECT md5(concat_ws(chr(31), 'file', a.record_type, a.record_ref, a.file_name,
                             coalesce(a.path, a.url), a.problem)),
               'file_not_moved', 'attachments', 'attachments', r._file, coalesce(r._sheet, ''),
               r._row, a.file_name,
               concat_ws(' ', 'of', a.record_type, a.record_ref) || ': ' || a.problem, ''
        FROM clean.attachments a JOIN raw.attachments r ON r._row_id = a.raw_id
        WHERE a.problem IS NOT NULL""",
    ("clean.note_images",): """
        SELECT DISTINCT md5(concat_ws(chr(31), 'image', source_key, "column", sha256, problem)),
               'file_not_moved', object, dataset, coalesce(file, ''), coalesce(sheet, ''), line,
               'picture in ' || "column", problem, ''
        FROM clean.note_images WHERE problem IS NOT NULL""",
    ("clean.unnamed_files", "clean.inline_images"): """
        SELECT md5(concat_ws(chr(31), 'unnamed', file, size_bytes)), 'unnamed_file', 'attachments',
               '', file, '', NULL, file, why, ''
        FROM clean.unnamed_files u
        WHERE NOT EXISTS (FROM clean.inline_images i WHERE i.sha256 = u.sha256)""",
    ("raw.files",): f"""
        SELECT md5(concat_ws(chr(31), 'refused', sha256)), '{REFUSED}', '',
               coalesce(dataset, ''), file, coalesce(sheet, ''), NULL, file, refused, ''
        FROM raw.files WHERE refused IS NOT NULL
        UNION ALL
        SELECT md5(concat_ws(chr(31), 'not moved', sha256, sheet)), '{NOT_MOVED}', '', '', file,
               coalesce(sheet, ''), NULL, file, w.warning, ''
        FROM raw.files, unnest(from_json(warnings, '["VARCHAR"]')) AS w(warning)
        WHERE dataset IS NULL AND starts_with(w.warning, 'not moved: ')
        UNION ALL
        SELECT md5(concat_ws(chr(31), 'not moved', sha256, sheet)), '{NOT_MOVED}', '', f.dataset,
               file, coalesce(sheet, ''), NULL, rows_read || ' rows of ' || f.dataset, r.reason, ''
        FROM raw.files f JOIN ({_DECLARED}) r ON r.dataset = f.dataset WHERE refused IS NULL""",
    ("raw.excluded",): f"""
        SELECT md5(concat_ws(chr(31), 'excluded', dataset, rule, text)), rule, '', dataset, file,
               coalesce(sheet, ''), "row", dataset || ' line', 'excluded by the rule ' || rule,
               text[:{SHOWN}]
        FROM raw.excluded WHERE rule NOT IN {NO_RECORDS}""",
}
