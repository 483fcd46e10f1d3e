"""Value maps and stages of the status columns: declared words, and words nobody knows.

Belongs here: status word → option label, stage and opportunity status, with a hint each. Does
not: custom columns (`mapping.custom_proposals`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.mapping.declared import STATUS_COLUMNS
from flitstack_pipeline.mapping.document import MapDocument, StageMap, ValueMap
from flitstack_pipeline.mapping.memory import Memory
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.mapping.status_hints import suggested
from flitstack_pipeline.spec import targets as t
from flitstack_pipeline.spec.clean import BY_DATASET

UNSURE = 0.5
REMEMBERED = 0.9
NO_GOAL = {"stage": "", "status": ""}


def status_words(
    con: duckdb.DuckDBPyConnection, dataset: str, document: MapDocument, memory: Memory
) -> None:
    """Value map (and stages) of the status column: closed words, then words nobody knows.

    An unknown word is suggested a stage when it sounds like a known one; else it has none, and
    the gate stays shut until a person gives it one.
    """
    if dataset not in STATUS_COLUMNS:
        return
    column, text_column = STATUS_COLUMNS[dataset]
    closed = tuple(next(f for f in BY_DATASET[dataset].fields if f.name == column).isin or ())
    unknown = _unknown_words(con, dataset, column, text_column)
    hints = {word: suggested(word, closed) for word in unknown}
    evidence = f"unknown words: {', '.join(unknown)}" if unknown else "declared status words"
    confidence = UNSURE if unknown else 1.0
    if dataset != "jobs":
        document.values[f"{dataset}.{column}"] = ValueMap(
            map={w: t.label_of(w) for w in closed} | {w: w for w in unknown},
            hints={w: "not a declared status: becomes an option of its own" for w in unknown},
            confidence=confidence,
            evidence=evidence,
        )
    if dataset in t.DEFAULT_STAGES:
        document.stages[dataset] = _stages(dataset, unknown, hints, memory, evidence)


def _unknown_words(
    con: duckdb.DuckDBPyConnection, dataset: str, column: str, text_column: str
) -> list[str]:
    found = con.execute(
        f"SELECT DISTINCT {text_column} FROM {relation(con, f'clean.{dataset}')} "  # noqa: S608
        f"WHERE {column} IS NULL AND trim(coalesce({text_column}, '')) <> '' ORDER BY 1"
    ).fetchall()
    return [word for (word,) in found]


def _stages(
    dataset: str,
    unknown: list[str],
    hints: dict[str, tuple[str, str]],
    memory: Memory,
    evidence: str,
) -> StageMap:
    declared = t.DEFAULT_STAGES[dataset]
    goals = {w: {"stage": s, "status": o} for w, (s, o) in declared.items()}
    told: dict[str, str] = {}
    remembered = memory.labels("stage", dataset, unknown)
    for word in unknown:
        if word in remembered:
            stage, _, status = remembered[word].partition("|")
            goals[word], told[word] = {"stage": stage, "status": status}, "confirmed before"
            continue
        meant, why = hints[word]
        if meant in declared:
            stage, status = declared[meant]
            goals[word], told[word] = {"stage": stage, "status": status}, f"a suggestion: {why}"
        else:
            goals[word], told[word] = dict(NO_GOAL), "nobody knows this word: give it a stage"
    sure = REMEMBERED if set(remembered) == set(unknown) else UNSURE
    return StageMap(
        map=goals, hints=told, confidence=sure if unknown else 1.0, evidence=evidence
    )  # fmt: skip
