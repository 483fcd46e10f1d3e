"""SQL of the cells that need a second look: their paths, the best of them, the fate it gives.

Belongs here: the statements from `ledger_look` (those cells) over what their paths hold to
`ledger.looked` (their fates). Does not: which cells these are (`quick`), reading (`witness`).
"""

from __future__ import annotations

from flitstack_pipeline.ledger import fates, known, refusals, witness
from flitstack_pipeline.ledger.provenance import BY, LINKED, MERGED, STAGES
from flitstack_pipeline.ledger.quick import ASK, LOOK, MISSING, NONE, SAME, SURE, outcome
from flitstack_pipeline.ledger.readings import EMPTY_WORDS, VERBATIM
from flitstack_pipeline.ledger.store import table_of
from flitstack_pipeline.ledger.ways import FORMS, counted

FIND_OUT = (
    "The value is in none of the fields the map names for it. Look at the column in map.yaml; when "
    "it is mapped rightly, tell us: this is a mistake of the program."
)
CROSSED = "the targets of two columns look swapped"
#: SQL of the workspace of a row in the state `s`.
WORKSPACE = "split_part(s.key, '/', 1)"
NOT_COMMA = "NOT ends_with(kind, ',')"
#: So many cells are looked at together.
PIECE = 400_000


def look(dataset: str, cells: list[str], told: str) -> str:
    """Make `ledger_look`: the cells that SQL is not sure of, in pieces.

    Args:
        dataset: The kind of export.
        cells: SQL of each column's cell of a raw row `r`.
        told: SQL of the cell of `r` that tells the kind of record the row hangs on.
    """
    listed = ", ".join(
        f"{{'n': {n}, 'number': f.c{n}, 'text': {cell}}}" for n, cell in enumerate(cells)
    )
    least = ", ".join(f"f.c{n}" for n in range(len(cells)))
    return f"""
        CREATE OR REPLACE TEMP TABLE ledger_look AS
        SELECT (row_number() OVER () - 1) // {PIECE} AS piece, x.* EXCLUDE c, c.n, c.text
        FROM (
            SELECT s.row, f.row_id, f.file, f.sheet, f.line, f.record, s.several,
                   {WORKSPACE} AS workspace, {told} AS told, unnest([{listed}]) AS c
            FROM {table_of(dataset)} f JOIN raw."{dataset}" r ON r._row_id = f.row_id
            JOIN ledger_state s ON s.row = r.rowid WHERE least({least}) = {LOOK}
        ) x WHERE c.number = {LOOK}
        """


def asked(piece: int, held: str, readings: list[str], near_late: bool) -> str:
    """Make `ledger_asked`: what each path of the cells of a piece holds, and how it fares.

    Args:
        piece: The number of the piece.
        held: SELECT place, key, held of the records.
        readings: SQL, by `reading`, of when a `value` surely says the same as a `text`.
        near_late: Whether linked records are only found for these cells; a field of several rows
            does not hold them.
    """
    known_sql = known.is_known_sql("named", "text", "workspace")
    forms = " ".join(
        f"WHEN '{form}' THEN {counted(form, 'text', 'held', 'rest', known_sql)}" for form in FORMS
    )
    said = """EXISTS (FROM ledger_label l WHERE l.words = valued.words
        AND l.text = lower(trim(valued.text)) AND l.label = value)"""
    sure = " ".join(f"WHEN {n} THEN {sql}" for n, sql in enumerate(readings))
    sure = sure.replace("{mdy}", f"ends_with(kind, '{witness.MONTH}')")
    sure = sure.replace("{dmy}", f"ends_with(kind, '{witness.DAY}')")
    sure = f"{said} OR CASE reading {sure.replace('{point}', NOT_COMMA)} END"
    is_timed, is_phone = witness.is_timed_sql("text"), witness.is_phone_sql("text")
    speaks = f"(NOT timed OR {is_timed}) AND (NOT one_phone OR {is_phone})"
    missing = f"CASE WHEN misses AND {speaks} THEN {MISSING} ELSE {NONE} END"
    ask = f"CASE WHEN NOT one_phone OR {is_phone} THEN {ASK} ELSE {NONE} END"
    several = (
        f"several AND value <> '' AND NOT starts_with(kind, 'in:') AND NOT (near AND {near_late})"
    )
    return f"""
        CREATE OR REPLACE TEMP TABLE ledger_asked AS
        WITH held AS ({held}), valued AS (
            SELECT * EXCLUDE (form, named), CASE form {forms} END AS value FROM (
                SELECT l.row, l.n, l.file, l.several, l.record, l.text, l.workspace,
                       p.n AS path, p.form, p.reading, p.words, p.near, p.ahead, p.timed,
                       p.misses, p.one_phone, coalesce(k.kind, p.kind) AS kind,
                       CASE WHEN starts_with(p.named, '{BY}')
                            THEN {known.told_kind_sql("l.told")} ELSE p.named END AS named,
                       h.held[p.slot] AS held, h.held[p.rest] AS rest
                FROM ledger_look l JOIN ledger_path p ON p.col = l.n
                LEFT JOIN ledger_kind k ON k.path = p.n AND k.file = l.file
                LEFT JOIN held h ON h.place = p.place AND h.key = l.record
                WHERE l.piece = {piece}
            )
        )
        SELECT row, n, several, record, path, kind, text, value, words, ahead,
               {outcome("text", "value", sure, missing, ask)} AS out
        FROM valued WHERE value IS NOT NULL
        UNION ALL
        SELECT row, n, several, record, path, 'in:' || kind, text, value, words, false, {ASK}
        FROM valued WHERE {several}
        """


#: Before a piece: nothing is settled.
NONE_SETTLED = """
CREATE OR REPLACE TEMP TABLE ledger_settled (row BIGINT, n INT, path INT, rule VARCHAR,
    against BOOLEAN, missing BOOLEAN, verbatim BOOLEAN, astray BOOLEAN)"""


def slow(first: bool) -> str:
    """Make `ledger_slow`: the paths of the cells of a piece that are to be looked at.

    A field of several rows may hold a cell as a piece. `first`: only the paths whose outcome
    decides over the others, of cells of one row; else all paths of what these did not settle.
    """
    open_ = """ANTI JOIN (
            SELECT row, n FROM ledger_settled
            WHERE path IS NOT NULL AND NOT (coalesce(against, false) OR coalesce(missing, false))
        ) s USING (row, n)"""
    return (
        "CREATE OR REPLACE TEMP TABLE ledger_slow AS SELECT * FROM ledger_asked "
        f"{'WHERE ahead AND NOT several' if first else open_}"
    )


#: The best path of each of those cells; one that contradicts (`against`) takes it back, unless the
#: cell is kept verbatim. A record that is known and not led to (`astray`) is lost all the same,
#: where no refusal is recorded.
SETTLED = f"""
DELETE FROM ledger_settled s USING ledger_slow x WHERE x.row = s.row AND x.n = s.n;
INSERT INTO ledger_settled
WITH judged AS (
    SELECT s.row, s.n, s.several, s.path, p.fate, p.sole, p.keeps, s.out,
           p.named <> '' AND NOT EXISTS (
               SELECT 1 FROM ledger_refused r
               WHERE r.key = s.record AND r.kind IN (p.named, '{refusals.ANY}')) AS owed,
           NOT starts_with(s.words, '{STAGES}') OR k.text IS NOT NULL AS known,
           CASE WHEN s.out = {SAME} THEN '{VERBATIM}' WHEN s.out = {SURE} THEN p.rule
                WHEN w.label IS NOT NULL THEN 'label of the confirmed value map'
                ELSE v.rule END AS rule
    FROM ledger_slow s JOIN ledger_path p ON p.n = s.path
    LEFT JOIN ledger_verdict v ON v.kind = s.kind AND v.text = s.text AND v.value = s.value
        AND s.out = {ASK}
    LEFT JOIN (SELECT DISTINCT words, text, label FROM ledger_words) w
        ON s.out = {ASK} AND w.words = s.words AND w.text = lower(trim(s.text))
        AND w.label = s.value
    LEFT JOIN (SELECT DISTINCT words, text FROM ledger_words) k
        ON k.words = s.words AND k.text = lower(trim(s.text))
)
SELECT row, n, min_by(path, rank) FILTER (rule IS NOT NULL) AS path,
       min_by(rule, rank) FILTER (rule IS NOT NULL) AS rule,
       bool_or(sole AND rule IS NULL AND NOT several AND out = {ASK} AND known) AS against,
       bool_or(NOT several AND out = {MISSING}) AS missing,
       bool_or(rule = '{VERBATIM}' AND keeps) AS verbatim,
       bool_or(owed AND rule IS NULL AND NOT several AND out = {ASK}) AS astray
FROM (SELECT *, CASE WHEN fate = '{MERGED}' THEN 40 WHEN fate = '{LINKED}' THEN 20 ELSE 0 END
             + CASE WHEN rule = '{VERBATIM}' THEN 0 ELSE 10 END + path / 1000.0 AS rank
      FROM judged WHERE fate <> '{MERGED}' OR several)
GROUP BY row, n
"""
WRITE = f"""
INSERT INTO ledger.looked
WITH told AS (
    SELECT l.*, k.shown, k.excluded, k.reason, k.instead, k.crossed,
           s.path AS way, s.rule AS how,
           coalesce(s.astray OR (s.against AND NOT s.verbatim), false) AS against,
           coalesce(s.missing AND NOT s.verbatim, false) AS missing
    FROM ledger_look l JOIN ledger_column k ON k.n = l.n
    LEFT JOIN ledger_settled s ON s.row = l.row AND s.n = l.n
    WHERE l.piece = $piece
), judged AS (
    SELECT told.*, p.field, CASE
        WHEN crossed THEN '{fates.UNACCOUNTED}'
        WHEN way IS NOT NULL AND NOT against AND NOT missing THEN
            CASE p.fate WHEN '{MERGED}' THEN '{fates.MERGED}' WHEN '{LINKED}' THEN '{fates.LINKED}'
                 ELSE CASE WHEN how = '{VERBATIM}' THEN '{fates.ARRIVED}'
                           ELSE '{fates.BY_RULE}' END END
        WHEN {witness.is_empty_word_sql("text", EMPTY_WORDS)} THEN '{fates.EMPTY_WORD}'
        WHEN excluded <> '' THEN '{fates.EXCLUDED}'
        WHEN reason <> '' THEN '{fates.NOT_MOVED}'
        ELSE '{fates.UNACCOUNTED}' END AS fate
    FROM told LEFT JOIN ledger_path p ON p.n = way
)
SELECT $object, $dataset, row_id, file, sheet, line, shown, text, fate,
       CASE fate WHEN '{fates.UNACCOUNTED}' THEN CASE WHEN crossed THEN '{CROSSED}'
                     WHEN against THEN 'the field says something else'
                     WHEN missing THEN 'the field is empty' ELSE 'found nowhere' END
                 WHEN '{fates.EMPTY_WORD}' THEN trim(text) || ' stands for nothing'
                 WHEN '{fates.EXCLUDED}' THEN excluded WHEN '{fates.NOT_MOVED}' THEN reason
                 WHEN '{fates.ARRIVED}' THEN '' ELSE how END,
       CASE WHEN fate IN ('{fates.EMPTY_WORD}', '{fates.EXCLUDED}', '{fates.NOT_MOVED}') THEN ''
            ELSE coalesce(field, '') END,
       coalesce(record, ''),
       CASE fate WHEN '{fates.UNACCOUNTED}' THEN '{FIND_OUT}'
                 WHEN '{fates.NOT_MOVED}' THEN instead ELSE '' END
FROM judged
"""
