"""SQL of the cells that need a second look: their paths, the best of them, the fate it gives.

Belongs here: the statements between `ledger_look` (cells with the paths to ask about) and
`ledger.looked` (their fates). Does not: which cells these are (`quick`), reading (`witness`).
"""

# ruff: noqa: S608 - the words in the SQL are our own

from __future__ import annotations

from flitstack_pipeline.ledger import fates, refusals, witness
from flitstack_pipeline.ledger.provenance import LINKED, MERGED, STAGES
from flitstack_pipeline.ledger.quick import ASK, MISSING, SAME, SURE
from flitstack_pipeline.ledger.readings import EMPTY_WORDS, VERBATIM

FIND_OUT = (
    "The value is in none of the fields the map names for it. Look at the column in map.yaml; when "
    "it is mapped rightly, tell us: this is a mistake of the program."
)
CROSSED = "the targets of two columns look swapped"
ASKS = 'STRUCT(path INT, "out" INT, kind VARCHAR, value VARCHAR, words VARCHAR)[]'

#: Before a batch: nothing is settled.
NONE_SETTLED = """
CREATE OR REPLACE TEMP TABLE ledger_settled (row BIGINT, n INT, path INT, rule VARCHAR,
    against BOOLEAN, missing BOOLEAN, verbatim BOOLEAN, astray BOOLEAN)"""
#: Cells that their paths did not settle.
_OPEN = """
SELECT l.* FROM ledger_look l ANTI JOIN (
    SELECT row, n FROM ledger_settled
    WHERE path IS NOT NULL AND NOT (coalesce(against, false) OR coalesce(missing, false))
) s USING (row, n)"""


def slow(first: bool) -> str:
    """Make `ledger_slow`: the paths of the cells that SQL is not sure of.

    A field of several rows may hold a cell as a piece. `first`: only the paths whose outcome
    decides over the others, of cells of one row; else all paths of what is still open.
    """
    ahead = "AND p.ahead AND NOT l.several" if first else ""
    return f"""
        CREATE OR REPLACE TEMP TABLE ledger_slow AS
        WITH asked AS (
            SELECT l.row, l.n, l.several, l.record, l.text, p.near, l.a
            FROM (SELECT row, n, several, record, text, unnest(asks) AS a FROM ({_OPEN})) l
            JOIN ledger_path p ON p.n = l.a.path WHERE true {ahead}
        )
        SELECT row, n, several, record, a.path, a."out" AS out, a.kind, text, a.value, a.words
        FROM asked WHERE a.value IS NOT NULL
        UNION ALL
        SELECT row, n, several, record, a.path, {ASK}, a.kind, text, h.held[1], a.words
        FROM asked JOIN ledger_near h ON h.key = asked.record WHERE a.value IS NULL AND near
        UNION ALL
        SELECT row, n, several, record, a.path, {ASK}, 'in:' || a.kind, text, a.value, a.words
        FROM asked WHERE several AND a.value <> '' AND NOT starts_with(a.kind, 'in:')
        """


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
SELECT $object, $dataset, _row_id, file, _sheet, _row, shown, text, fate,
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
