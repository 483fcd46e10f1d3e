"""Whether a clean table holds to its Pandera schema, and whether every row is accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET, pandera_schema, scalar_columns
from flitstack_pipeline.warehouse import dicts, table_exists

if TYPE_CHECKING:
    import pandas as pd


FAILURES_SHOWN = 50
#: DuckDB vectors (2,048 rows each) that are validated at a time.
VECTORS = 50


@dataclass
class ValidationResult:
    """Failing cells (capped) and how many there are."""

    dataset: str
    failures: list[dict[str, Any]] = field(default_factory=list)
    failure_count: int = 0

    @property
    def passed(self) -> bool:
        """Whether the whole table holds to its schema."""
        return self.failure_count == 0


@dataclass
class AccountingResult:
    """The accounting of one object type per file, and what does not add up."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every row that was read is accounted for."""
        return not self.problems


def validate_clean(con: duckdb.DuckDBPyConnection, dataset: str) -> ValidationResult:
    """Run the Pandera schema of one clean table, lazily, over its scalar columns.

    The table is looked at a part at a time, so that memory does not grow with it; that keys are
    unique over all parts is asked in SQL.
    """
    if not table_exists(con, f"clean.{dataset}"):
        return ValidationResult(
            dataset, [{"column": "", "check": "the clean table does not exist yet"}], 1
        )
    result = ValidationResult(dataset)
    listed = ", ".join(f'"{c}"' for c in scalar_columns(dataset))
    found = con.execute(f'SELECT {listed} FROM clean."{dataset}"')
    while True:
        frame = found.fetch_df_chunk(VECTORS)
        if frame.empty:
            break
        _validate(frame, dataset, result)
    for column in BY_DATASET[dataset].fields:
        if column.unique:
            _check_unique(con, dataset, column.name, result)
    return result


def _validate(frame: pd.DataFrame, dataset: str, result: ValidationResult) -> None:
    import pandera.errors

    try:
        pandera_schema(dataset).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        cases = cases[cases["check"] != "field_uniqueness"]
        room = FAILURES_SHOWN - len(result.failures)
        result.failures += [
            {
                "source_key": str(frame["source_key"].get(case["index"], "")),
                "column": str(case["column"]),
                "check": str(case["check"]),
                "value": str(case["failure_case"]),
            }
            for case in cases.head(room).to_dict("records")
        ]
        result.failure_count += len(cases)


def _check_unique(
    con: duckdb.DuckDBPyConnection, dataset: str, column: str, result: ValidationResult
) -> None:
    repeated = con.execute(
        f'SELECT "{column}", count(*) FROM clean."{dataset}" '
        f'GROUP BY "{column}" HAVING count(*) > 1'
    ).fetchall()
    result.failure_count += len(repeated)
    result.failures += [
        {"source_key": str(value), "column": column, "check": "unique", "value": f"{n} rows"}
        for value, n in repeated[: FAILURES_SHOWN - len(result.failures)]
    ]


def check_accounting(con: duckdb.DuckDBPyConnection, *object_keys: str) -> AccountingResult:
    """Per file: rows read = loaded + merged + superseded + quarantined + excluded."""
    result = AccountingResult()
    if not table_exists(con, "clean.accounting"):
        return AccountingResult(problems=[f"{key} has not been cleaned yet" for key in object_keys])
    result.lines = dicts(
        con,
        "SELECT dataset, file, rows_read, loaded, merged, superseded, quarantined, excluded, "
        "excluded_by FROM clean.accounting WHERE list_contains(?::VARCHAR[], object) "
        "ORDER BY dataset, file",
        [list(object_keys)],
    )
    for line in result.lines:
        parts = ("loaded", "merged", "superseded", "quarantined", "excluded")
        found = sum(int(line[p]) for p in parts)
        if found != line["rows_read"]:
            result.problems.append(
                f"{line['file']}: {line['rows_read']} rows read, {found} accounted for"
            )
    return result
