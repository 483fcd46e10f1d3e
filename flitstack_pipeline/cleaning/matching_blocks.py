"""Which clients and leads are compared at all: rows that share a key of some cells.

Belongs here: the temporary table `candidates`, as SQL over `keyed` and `contact_points`. Does not:
what their likeness weighs (`matching_weights`).

Candidates share an e-mail, a phone, an address, or a name with a postcode or city, within one
workspace. So that a typing error hides nobody, they also come from keys of any two cells of name
and address: a mistyped copy still has two of them as they were. Who shares but one of these keys is
a candidate only by a name somewhat alike. Blocks are bounded, so the work grows like the number of
rows.
"""

from __future__ import annotations

import duckdb

#: Rows that share one key and are still compared each with each; larger blocks of a weak key are
#: an office phone or a tower block, larger ones of a strong key are compared with their first row.
LARGEST_BLOCK = 50
#: The same for keys of two cells that typing errors may have spared.
LARGEST_LOOSE_BLOCK = 12
#: Jaro and Winkler's similarity of two names from which one loose key is enough. More than half of
#: the pairs with one key are below it (61 % of 200,000 clients'), and of the 6,454 pairs of a
#: made-up account that score .93 or more, four.
ALIKE = 0.7


def make_candidates(con: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table `candidates` (l, r: rows of `keyed` by number, smaller key first).

    Pairs that a person decided (table `decided`) are always among them.
    """
    con.execute(_BLOCKS)
    con.execute(_CANDIDATES)
    con.execute("DROP TABLE blocks")


#: A block is a hash of its workspace and key: a collision only costs a comparison.
_BLOCKS = """
CREATE OR REPLACE TEMP TABLE blocks AS
WITH keys AS (
    SELECT n, workspace, kind || ':' || value AS block, 0 AS kind FROM contact_points
    UNION ALL
    SELECT p.n, p.workspace, p.kind || 'n:' || p.value || '/' || k.name_key, 1
    FROM contact_points p JOIN keyed k USING (n) WHERE k.name_key IS NOT NULL
    UNION ALL
    SELECT n, workspace, 'a:' || address_key || '/' || coalesce(postal, city), 0 FROM keyed
    UNION ALL
    SELECT n, workspace, 'na:' || name_key || '/' || address_key, 1 FROM keyed
    UNION ALL
    SELECT n, workspace, 'nz:' || name_key || '/' || postal, 0 FROM keyed WHERE full_name
    UNION ALL
    SELECT n, workspace, unnest([
        'hs:' || house || '/' || street, 'hz:' || house || '/' || postal,
        'sz:' || street || '/' || postal, 'sc:' || street || '/' || city,
        'hc:' || house || '/' || city, 'n:' || name_key, 's:' || street, 'z:' || postal,
        'u:' || unit || '/' || house, 'hf:' || house || '/' || left(street, 4) || left(postal, 3),
        'fc:' || left(street, 5) || '/' || left(city, 5),
        'cz:' || city || '/' || left(postal, 3), 'c:' || city || '/' || state,
        'fz:' || left(street, 4) || '/' || postal]), 2
    FROM keyed
    UNION ALL
    SELECT n, workspace, unnest([
        'wz:' || word || '/' || postal, 'ws:' || word || '/' || street,
        'wh:' || word || '/' || house || '/' || coalesce(left(city, 4), ''),
        'wc:' || word || '/' || city, 'w:' || word,
        'wt:' || word || '/' || state || '/' || left(house, 1),
        'wf:' || word || '/' || left(street, 3),
        'fz:' || left(word, 3) || '/' || postal, 'fs:' || left(word, 3) || '/' || street,
        'fh:' || left(word, 3) || '/' || house || '/' || left(city, 3)]), 2
    FROM (SELECT *, unnest(words) AS word FROM keyed WHERE NOT is_business) WHERE length(word) > 2
)
SELECT DISTINCT n, hash(workspace, block) AS block, kind FROM keys WHERE block IS NOT NULL
"""

_CANDIDATES = f"""
CREATE OR REPLACE TEMP TABLE candidates AS
WITH sized AS (
    SELECT block, any_value(kind) AS kind, count(*) AS size, min(n) AS first
    FROM blocks GROUP BY block
    HAVING count(*) > 1 AND (any_value(kind) = 1 OR count(*) <=
        CASE any_value(kind) WHEN 0 THEN {LARGEST_BLOCK} ELSE {LARGEST_LOOSE_BLOCK} END)
), members AS (
    SELECT b.n, b.block, s.size, s.first, s.kind FROM blocks b JOIN sized s USING (block)
), meeting AS (
    SELECT x.n AS l, y.n AS r, min(x.kind) < 2 OR count(*) > 1 AS is_enough
    FROM members x JOIN members y USING (block)
    WHERE x.size <= {LARGEST_BLOCK} AND x.n < y.n GROUP BY ALL
), each_with_each AS (
    SELECT l, r FROM meeting WHERE is_enough
    UNION ALL
    SELECT m.l, m.r FROM meeting m JOIN keyed x ON x.n = m.l JOIN keyed y ON y.n = m.r
    WHERE NOT is_enough AND coalesce(greatest(
        jaro_winkler_similarity(x.letters, y.letters), jaro_winkler_similarity(x.letters, y.turned),
        jaro_winkler_similarity(x.turned, y.letters)), 1) >= {ALIKE}
), with_the_first AS (
    SELECT first AS l, n AS r FROM members WHERE size > {LARGEST_BLOCK} AND n <> first
)
SELECT l, r FROM each_with_each
UNION SELECT l, r FROM with_the_first
UNION
SELECT least(one.n, other.n), greatest(one.n, other.n)
FROM decided d JOIN keyed one ON one.source_key = d.l JOIN keyed other ON other.source_key = d.r
"""
