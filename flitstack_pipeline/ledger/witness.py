"""The witness: looks whether each cell stands in the fields that provenance names, set by set.

Belongs here: what the columns say about how they are written (day or month first, decimal sign),
read by SQL of its own; the comparisons that SQL is sure of; handing each distinct (text, kind,
value) that is left to `readings` once. Imports nothing of the rooms that read, clean and map.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from flitstack_pipeline.ledger.moments import header_zone, zone_above
from flitstack_pipeline.ledger.readings import agrees
from flitstack_pipeline.ledger.texts import Account

DAY, MONTH, UNDECIDED = "day first", "month first", "undecided"
PIECE = 50_000
_PAIR = "^[0-9]{1,2}[/.-][0-9]{1,2}[/.-]([0-9]{4}|[0-9]{2})($|[^0-9])"
#: A number whose commas part thousands, and whose point is the decimal sign.
_POINT = "^[^0-9.,]*[0-9]{1,3}(,[0-9]{3})*([.][0-9]*)?[^0-9.,]*$"
Place = tuple[str, str]


def count_pairs(
    con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]
) -> dict[Place, tuple[int, int, int]]:
    """Per (file, column): cells that are a day only day first, only month first, either way.

    `columns` gives the SQL of each column's cell.
    """
    found: dict[Place, tuple[int, int, int]] = {}
    for column, sql in columns.items():
        rows = con.execute(
            f"""
            WITH pairs AS (
                SELECT file, string_split_regex(cell, '[/.-]')[1]::INT AS a,
                       string_split_regex(cell, '[/.-]')[2]::INT AS b, n
                FROM (SELECT _file AS file, trim({sql}) AS cell, count(*) AS n FROM {table} r
                      GROUP BY ALL)
                WHERE regexp_matches(cell, '{_PAIR}'))
            SELECT file, coalesce(sum(n) FILTER (a > 12 AND b <= 12), 0),
                   coalesce(sum(n) FILTER (b > 12 AND a <= 12), 0),
                   coalesce(sum(n) FILTER (a <= 12 AND b <= 12 AND a <> b), 0)
            FROM pairs GROUP BY file
            """
        ).fetchall()
        found |= {(file, column): (int(d), int(m), int(e)) for file, d, m, e in rows}
    return found


def orders(
    dataset: str,
    counts: Mapping[str, dict[Place, tuple[int, int, int]]],
    answers: Mapping[str, str],
) -> dict[Place, str]:
    """The order of every (file, column) of a dataset, by its cells, a person, its neighbours."""
    own = counts.get(dataset, {})
    everything = [c for other in counts.values() for c in other.values()]
    return {
        (file, column): _order(
            [
                [found],
                [c for (f, _), c in own.items() if f == file],
                [c for (_, n), c in own.items() if n == column],
                everything,
            ],
            _answer(answers, dataset, column),
        )
        for (file, column), found in own.items()
    }


def _order(evidence: list[list[tuple[int, int, int]]], answer: str) -> str:
    day, month, either = (sum(c[i] for c in evidence[0]) for i in range(3))
    if day and month:
        return answer or UNDECIDED
    if day or month:
        return DAY if day else MONTH
    if not either:
        return answer or MONTH
    for around in evidence[1:]:
        day, month = sum(c[0] for c in around), sum(c[1] for c in around)
        if bool(day) != bool(month):
            return DAY if day else MONTH
    return answer or UNDECIDED


def zones(
    con: duckdb.DuckDBPyConnection, dataset: str, columns: Iterable[str], answers: Mapping[str, str]
) -> dict[Place, str]:
    """Per (file, column) the zone of times that name none, by a person, by its header, or by a line
    above the header."""
    above = _zones_above(con, dataset)
    named = dict(_headers(con, dataset))
    files = con.execute(f'SELECT DISTINCT _file FROM raw."{dataset}"').fetchall()
    found = {}
    for column in columns:
        bare = column.removeprefix("custom:")
        answer = _answer(answers, dataset, column, "zone")
        for (file,) in files:
            zone = answer or header_zone(named.get((file, column), bare))
            zone = zone or above.get(file, "")
            if zone:
                found[file, column] = zone
    return found


def _zones_above(con: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, str]:
    """The zone that the lines above the header of each file say all times are in."""
    there = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = 'excluded'"
    ).fetchall()[0][0]
    if not there:
        return {}
    lines = con.execute(
        "SELECT file, text FROM raw.excluded WHERE dataset = ? AND rule = 'title_line'", [dataset]
    ).fetchall()
    said: dict[str, set[str]] = {}
    for file, text in lines:
        for zone in filter(None, map(zone_above, text.split(" | "))):
            said.setdefault(file, set()).add(zone)
    return {file: zones.pop() for file, zones in said.items() if len(zones) == 1}


def _headers(con: duckdb.DuckDBPyConnection, dataset: str) -> list[tuple[Place, str]]:
    """How known columns are called in each file."""
    there = con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw' AND table_name = 'headers'"
    ).fetchall()[0][0]
    if not there:
        return []
    rows = con.execute("SELECT file, name, header FROM raw.headers WHERE dataset = ?", [dataset])
    return [((file, name), header) for file, name, header in rows.fetchall()]


def _answer(answers: Mapping[str, str], dataset: str, column: str, about: str = "dates") -> str:
    bare = column.removeprefix("custom:")
    for key in (f"{about}:{dataset}.{bare}", f"{about}:{dataset}", f"{about}:*"):
        if key in answers:
            return answers[key]
    return ""


def commas(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> set[Place]:
    """The (file, column) places whose numbers can only be read with a decimal comma.

    Where all commas part thousands, and a point the decimals, no cell says so.
    """
    odd = " OR ".join(
        f"(contains({sql}, ',') AND NOT regexp_matches({sql}, '{_POINT}'))"
        for sql in columns.values()
    )
    if not odd or not con.execute(f"SELECT 1 FROM {table} r WHERE {odd} LIMIT 1").fetchall():
        return set()
    counts: dict[Place, list[int]] = {}
    for column, sql in columns.items():
        shape = f"translate(trim({sql}), '123456789', '000000000')"
        rows = con.execute(
            f"""
            SELECT _file, coalesce(sum(n) FILTER (regexp_matches(cell, ',0{{1,2}}$') OR
                       regexp_matches(cell, '[.]000,0*$') OR
                       regexp_matches(cell, ',0{{4,}}$')), 0),
                   coalesce(sum(n) FILTER (regexp_matches(cell, '[.]0{{1,2}}$') OR
                       regexp_matches(cell, ',000[.]0*$') OR
                       regexp_matches(cell, '[.]0{{4,}}$') OR
                       regexp_matches(cell, '^0{{1,3}}(,000){{2,}}$')), 0)
            FROM (SELECT _file, n, regexp_replace(shape, '[^0.,]', '', 'g') AS cell FROM (
                SELECT _file, {shape} AS shape, count(*) AS n FROM {table} r
                WHERE {sql} IS NOT NULL GROUP BY ALL))
            GROUP BY _file
            """
        ).fetchall()
        for file, comma, point in rows:
            counts[file, column] = [int(comma), int(point)]
    return {place for place in counts if _is_comma(counts, place)}


def _is_comma(counts: Mapping[Place, list[int]], place: Place) -> bool:
    file, column = place
    near = (
        [counts[place]],
        [c for (f, _), c in counts.items() if f == file],
        [c for (_, n), c in counts.items() if n == column],
    )
    for around in near:
        comma, point = (sum(c[i] for c in around) for i in (0, 1))
        if comma != point:
            return comma > point
    return False


def bear_witness(con: duckdb.DuckDBPyConnection, asked: str, account: Account) -> None:
    """Make the temporary table `ledger_verdict (kind, text, value, rule)` for what `asked` holds.

    Args:
        con: The warehouse.
        asked: A temporary table with columns kind, text, value; only distinct ones are read.
        account: The account's time zone and country.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ledger_verdict "
        "(kind VARCHAR, text VARCHAR, value VARCHAR, rule VARCHAR)"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE ledger_ask AS SELECT kind, text, value, "
        f"row_number() OVER () AS n FROM (SELECT DISTINCT kind, text, value FROM {asked}) "
    )
    total = con.execute("SELECT count(*) FROM ledger_ask").fetchall()[0][0]
    for start in range(1, total + 1, PIECE):
        table = con.execute(
            "SELECT kind, text, value FROM ledger_ask WHERE n BETWEEN ? AND ?",
            [start, start + PIECE - 1],
        ).fetchall()
        _insert(con, [(k, x, v, agrees(k, x, v, account)) for k, x, v in table])
    con.execute("DROP TABLE ledger_ask")


def _insert(con: duckdb.DuckDBPyConnection, verdicts: list[tuple[str, str, str, str]]) -> None:
    held: list[tuple[Any, ...]] = [v for v in verdicts if v[3]]
    if not held:
        return
    columns = [pa.array(column, pa.string()) for column in zip(*held, strict=True)]
    con.register("incoming", pa.table(columns, names=["kind", "text", "value", "rule"]))
    con.execute("INSERT INTO ledger_verdict SELECT * FROM incoming")
    con.unregister("incoming")


def is_empty_word_sql(text: str, words: frozenset[str]) -> str:
    """SQL: whether a cell is one of the words that stand for nothing."""
    listed = ", ".join("'" + w.replace("'", "''") + "'" for w in sorted(words))
    zeros = "'^0{1,4}[/.-]0{1,2}[/.-]0{1,4}([T ][0:]+)?$'"
    return f"(lower(trim({text})) IN ({listed}) OR regexp_matches(trim({text}), {zeros}))"


def is_timed_sql(text: str) -> str:
    """SQL: whether a cell tells a time of day beside a day; midnight may stand for none."""
    midnight = "'[ T](00:00(:00([.]0+)?)?|12:00(:00)? ?[Aa]\\.?[Mm]\\.?)'"
    return (
        f"(regexp_matches({text}, '[0-9]:[0-9][0-9]') AND NOT regexp_matches({text}, {midnight}))"
    )


_GAP = "[^0-9A-Za-z]{0,3}"
_AMERICAN_PHONE = (
    f"(^|[^0-9])1?{_GAP}[2-9][0-9]{{2}}{_GAP}[2-9][0-9]{{2}}{_GAP}[0-9]{{4}}($|[^0-9])"
)
_ONE_DIGIT = f"({'|'.join(f'{digit}{{10}}' for digit in range(10))})$"


def is_phone_sql(text: str) -> str:
    """SQL: whether a cell surely holds a number that somebody can have.

    `{american}` in it is to be filled in, as in `sure`.
    """
    digits = f"regexp_replace({text}, '[^0-9]', '', 'g')"
    abroad = f"regexp_matches({text}, '[+][1-9]([^0-9A-Za-z]?[0-9]){{7,14}}($|[^0-9])')"
    return (
        f"(CASE WHEN {{american}} THEN regexp_matches({text}, '{_AMERICAN_PHONE}') "
        f"OR {abroad} ELSE length({digits}) >= 7 END "
        f"AND NOT regexp_matches({digits}, '{_ONE_DIGIT}'))"
    )


def alike(one: str, other: str) -> float:
    """How much two names of columns or fields share of their words, 0 to 1."""
    left, right = _parts(one), _parts(other)
    return len(left & right) / max(len(left | right), 1)


def _parts(name: str) -> set[str]:
    bare = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c")).casefold()
    return set(re.findall(r"[a-z0-9]+", bare.replace("_", " "))) - {"job", "estimate", "the", "of"}
