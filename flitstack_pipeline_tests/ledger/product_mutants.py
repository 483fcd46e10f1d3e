"""Small bugs put into the product, each of which changes what HighLevel would hold.

The expected outcome of all of them is the same: the ledger must not be clean. A change that leaves
every payload and parent as it was is no mutant.
"""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.clean import BY_DATASET, MAP
from flitstack_pipeline.catalog.objects import BY_KEY, KEYS
from flitstack_pipeline.ledger.columns import fields_of
from flitstack_pipeline.ledger.meanings import LINES_IN, MEANINGS
from flitstack_pipeline.mapping import sources
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument
from flitstack_pipeline_tests.ledger.workshop import Workshop

#: Values the program makes itself: no cell stands behind them alone.
_MADE = frozenset({"source_key", "source_type", "computed", "merged_values", "file_notes"})


@dataclass(frozen=True)
class Mutant:
    """One bug: its kind, what it is, the exports whose cells it touches, how it is put in.

    `apply` maps again where it must.
    """

    kind: str
    name: str
    datasets: tuple[str, ...]
    apply: Callable[[Workshop], None]


def kinds(shop: Workshop) -> dict[str, list[Mutant]]:
    """Every mutant of the product that the small exports allow, by kind."""
    made = [
        *_dropped(shop), *_swapped(shop), *_declared_swapped(shop), *_numbers(shop, "comma"),
        *_numbers(shop, "sign"), *_days(shop), *_zones(shop), *_rows_dropped(shop),
        *_joins_dropped(shop), *_overwritten(shop),
    ]  # fmt: skip
    found: dict[str, list[Mutant]] = {}
    for mutant in made:
        found.setdefault(mutant.kind, []).append(mutant)
    return found


def shuffled(mutants: list[Mutant], seed: int) -> list[Mutant]:
    """The mutants in an order drawn with a seed."""
    return random.Random(seed).sample(mutants, len(mutants))


def is_found(shop: Workshop, mutant: Mutant, before: dict[str, str]) -> bool | None:
    """Whether the ledger sees a mutant; None when it changes nothing of what is written."""
    with shop.mutated():
        mutant.apply(shop)
        if shop.payloads() == before:
            return None
        return not shop.is_clean(mutant.datasets)


# --- the map --------------------------------------------------------------------------------------


def _written(shop: Workshop) -> list[FieldEntry]:
    """Entries of the map whose field holds a cell in some record of theirs."""
    held: dict[tuple[str, str], str] = {}
    for key in KEYS:
        rows = shop.con.execute(
            "SELECT source_key, CASE kind WHEN 'company' THEN 'business' WHEN 'record' THEN target "
            f'ELSE kind END, payload::VARCHAR FROM mapped."{key}"'
        ).fetchall()
        for source, target, payload in rows:
            for dataset in _datasets(source):
                held[dataset, target] = held.get((dataset, target), "") + payload
    held["estimates", t.OPPORTUNITY] += held["jobs", t.OPPORTUNITY]
    return [
        e
        for e in shop.document.fields
        if e.active and e.source not in _MADE and _has_cell(shop, e)
        and f'"{e.field}"' in held.get((e.dataset, e.target), "")
    ]  # fmt: skip


def _objects(entry: FieldEntry) -> set[str]:
    """The object types whose records an entry is part of; jobs hold what estimates say."""
    found = {key for key in KEYS if entry.dataset in BY_KEY[key].datasets}
    return found | ({"jobs"} if "estimates" in found else set())


def _has_cell(shop: Workshop, entry: FieldEntry) -> bool:
    """Whether a cell stands behind an entry: a country may be the account's, a tag our own."""
    if entry.is_custom_column or entry.source == "originals":
        return True
    lines = [child for child, goal in LINES_IN.items() if goal == (entry.dataset, entry.source)]
    columns = MEANINGS[entry.dataset][entry.source].columns
    counts = [f"SELECT count(*) FILTER (\"{c}\" <> '') FROM raw.{entry.dataset}" for c in columns]
    counts += [f"SELECT count(*) FROM raw.{child}" for child in lines]
    return any(shop.con.execute(sql).fetchall()[0][0] for sql in counts)


def _dropped(shop: Workshop) -> Iterator[Mutant]:
    """The run loses a line of the map that a person confirmed."""
    for entry in _written(shop):
        if entry.target == t.BUSINESS:
            continue  # a second copy of what the contact holds

        def apply(shop: Workshop, entry: FieldEntry = entry) -> None:
            document = copy.deepcopy(shop.document)
            document.fields = [e for e in document.fields if e.key != entry.key]
            shop.map(document, _objects(entry))

        yield Mutant("mapping dropped", entry.label, (entry.dataset,), apply)


def _pairs(shop: Workshop) -> Iterator[tuple[FieldEntry, FieldEntry]]:
    for one, other in itertools.combinations(_written(shop), 2):
        if (one.dataset, one.target) == (other.dataset, other.target) and one.target != t.BUSINESS:
            yield one, other


def _with_swap(shop: Workshop, one: FieldEntry, other: FieldEntry) -> MapDocument:
    document = copy.deepcopy(shop.document)
    fields = {one.key: other.field, other.key: one.field}
    for entry in document.fields:
        entry.field = fields.get(entry.key, entry.field)
    return document


def _swapped(shop: Workshop) -> Iterator[Mutant]:
    """The run puts two values into each other's fields; the confirmed map is right."""
    for one, other in _pairs(shop):

        def apply(shop: Workshop, one: FieldEntry = one, other: FieldEntry = other) -> None:
            shop.map(_with_swap(shop, one, other), _objects(one))

        yield Mutant("targets swapped", f"{one.label} / {other.field}", (one.dataset,), apply)


def _declared_swapped(shop: Workshop) -> Iterator[Mutant]:
    """Swapped where they are declared: the map that a person confirms is wrong as well."""
    for one, other in _pairs(shop):

        def apply(shop: Workshop, one: FieldEntry = one, other: FieldEntry = other) -> None:
            shop.document = _with_swap(shop, one, other)
            shop.map(keys=_objects(one))

        yield Mutant(
            "targets swapped in the map", f"{one.label} / {other.field}", (one.dataset,), apply
        )


# --- parsers --------------------------------------------------------------------------------------


def _cells(shop: Workshop, types: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """(dataset, clean column, source key) of every filled value of some types."""
    for dataset, table in BY_DATASET.items():
        known = " " + " ".join(fields_of(dataset))
        for field in table.fields:
            if field.type not in types or f" {field.name}" not in known:
                continue
            rows = shop.con.execute(
                f"SELECT c.source_key FROM {table.name} c JOIN raw.{dataset} r "
                f'ON r._row_id = c.raw_id WHERE c."{field.name}" IS NOT NULL '
                f"AND {_is_written(dataset, field.name)}"
            ).fetchall()
            yield from ((dataset, field.name, key) for (key,) in rows)


def _is_written(dataset: str, field: str) -> str:
    """SQL: whether a cell stands behind a value; a paid date may be that of the last payment."""
    meaning = MEANINGS.get(dataset, {}).get(field)
    cells = [f"r.\"{c}\" <> ''" for c in (meaning.columns if meaning else ())]
    return f"({' OR '.join(cells)})" if cells else "true"


def _broken(kind: str, dataset: str, column: str, key: str, broken: str, how: str = "") -> Mutant:
    def apply(shop: Workshop) -> None:
        shop.con.execute(
            f'UPDATE clean.{dataset} SET "{column}" = {broken} WHERE source_key = ?', [key]
        )
        shop.map()

    return Mutant(kind, f"{dataset}.{column} of {key}{how}", (dataset,), apply)


def _numbers(shop: Workshop, what: str) -> Iterator[Mutant]:
    """A decimal point read as thousands, thousands read as a decimal comma; a sign lost or won."""
    for dataset, column, key in _cells(shop, ("DECIMAL(18,4)", "DECIMAL(18,6)")):
        if what == "sign":
            yield _broken("parser broken: sign", dataset, column, key, f'-"{column}"')
            continue
        kind = "parser broken: comma"
        yield _broken(kind, dataset, column, key, f'"{column}" * 100', ", the point left out")
        yield _broken(kind, dataset, column, key, f'trunc("{column}") / 1000', ", comma as point")


def _days(shop: Workshop) -> Iterator[Mutant]:
    """Day and month change places; a day above 12 runs over into the next year, as strptime may."""
    for dataset, column, key in _cells(shop, ("DATE",)):
        swapped = (
            f'make_date(year("{column}"), 1, 1) + to_months(day("{column}") - 1)'
            f' + to_days(month("{column}") - 1)'
        )
        yield _broken("parser broken: day order", dataset, column, key, f"({swapped})::DATE")


def _zones(shop: Workshop) -> Iterator[Mutant]:
    """The moment keeps its clock under the offset of another zone."""
    for dataset, column, key in _cells(shop, ("VARCHAR", MAP)):
        if not column.endswith("_at") and column != "stage_times":
            continue
        for offset in ("+00:00", "-08:00", "+02:00", "-03:00", "-06:00"):
            broken = f"regexp_replace({{}}, '[+-][0-9:]+$', '{offset}')"
            cell = broken.format(f'"{column}"')
            if column == "stage_times":
                cell = (
                    f"map_from_entries(list_transform(map_entries({column}), "
                    f"lambda e: {{'key': e.key, 'value': {broken.format('e.value')}}}))"
                )
            yield _broken("parser broken: zone", dataset, column, key, cell, f" {offset}")


# --- rows and joins -------------------------------------------------------------------------------


def _rows_dropped(shop: Workshop) -> Iterator[Mutant]:
    """A row, or all rows of a table, that cleaning or mapping leaves out."""
    for key in KEYS:
        for dataset in BY_KEY[key].datasets:
            if dataset != "users":
                yield from _rows_of(shop, "clean", dataset, "source_key")
        yield from _rows_of(shop, "mapped", key, "record_key")


def _rows_of(shop: Workshop, schema: str, table: str, column: str) -> Iterator[Mutant]:
    rows = shop.con.execute(f'SELECT {column}, source_key FROM {schema}."{table}"').fetchall()
    parts = [(row, [row], _datasets(key)) for row, key in rows]
    if len(rows) > 1:
        every = tuple({d: None for _, key in rows for d in _datasets(key)})
        parts.append(("every row", [row for row, _ in rows], every))
    for name, gone, datasets in parts:

        def apply(shop: Workshop, gone: list[str] = gone) -> None:
            shop.con.execute(
                f'DELETE FROM {schema}."{table}" WHERE list_contains(?, {column})', [gone]
            )
            if schema == "clean":
                shop.map()

        yield Mutant("batch dropped", f"{name} from {schema}.{table}", datasets, apply)


def _datasets(source_key: str) -> tuple[str, ...]:
    """The export a source key is of."""
    parts = source_key.split("/")
    return (parts[1],) if len(parts) > 1 else ()


#: Joins of a mapping, by the table that a broken one leaves without some of its rows.
_JOINS = {
    "m_client_stated": "child_key", "m_job": "child_key", "m_invoice_job": "invoice_key",
    "m_link": "child_key || '>' || parent_key", "m_record": "child_key", "m_owner": "child_key",
    "m_people": "source_key", "m_client": "child_key", "m_parent": "child_key",
}  # fmt: skip


def _joins_dropped(shop: Workshop) -> Iterator[Mutant]:
    for table, column in _JOINS.items():
        rows = shop.con.execute(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1").fetchall()
        for (row,) in rows:

            def apply(
                shop: Workshop, table: str = table, column: str = column, row: str = row
            ) -> None:
                whole = sources._TABLES[table]
                kept = row.replace("'", "''")
                sources._TABLES[table] = f"SELECT * FROM ({whole}) z WHERE {column} <> '{kept}'"
                try:
                    shop.map()
                finally:
                    sources._TABLES[table] = whole

            yield Mutant("join dropped", f"{row} from {table}", _datasets(row), apply)


def _overwritten(shop: Workshop) -> Iterator[Mutant]:
    """All that a record holds is what another of its kind holds."""
    for key in KEYS:
        rows = shop.con.execute(
            f'SELECT record_key, source_key, kind, target FROM mapped."{key}" '
            "WHERE kind NOT IN ('relation', 'company_link', 'conversation', 'media') "
            f"AND record_key NOT LIKE '%{sources.NO_CLIENT}%'"
        ).fetchall()
        for (one, source, *like), (other, _, *like_other) in itertools.permutations(rows, 2):
            if like != like_other:
                continue

            def apply(shop: Workshop, key: str = key, one: str = one, other: str = other) -> None:
                shop.con.execute(
                    f'UPDATE mapped."{key}" SET payload = (SELECT payload FROM mapped."{key}" '
                    "WHERE record_key = ?) WHERE record_key = ?",
                    [other, one],
                )

            yield Mutant("record overwritten", f"{one} by {other}", _datasets(source), apply)
