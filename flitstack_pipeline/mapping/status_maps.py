"""Value maps and stages of the status columns: declared words, and words nobody knows.

Belongs here: status word → option label, stage and opportunity status, with a hint each. Does
not: custom columns (`mapping.custom_proposals`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.clean import BY_DATASET, STATUS_COLUMNS
from flitstack_pipeline.catalog.statuses import label_of
from flitstack_pipeline.mapping.document import MapDocument, StageMap, ValueMap
from flitstack_pipeline.mapping.memory import Memory
from flitstack_pipeline.mapping.own_stages import OwnStage, own_stages, stage_like
from flitstack_pipeline.mapping.sources import relation
from flitstack_pipeline.mapping.status_hints import suggested

#: Opportunity status of an own stage that is proposed for a word nobody knows.
OPEN = "open"


def status_words(
    con: duckdb.DuckDBPyConnection, dataset: str, document: MapDocument, memory: Memory
) -> None:
    """Value map (and stages) of the status column: closed words, then words nobody knows.

    A word nobody declared is an entry of its own: open until a person names it, whatever is
    confirmed beside it. Where jobs have such words, the account's own words are the stages of the
    pipeline (`own_stages`); the proposal gives each word its stage.
    """
    if dataset not in STATUS_COLUMNS:
        return
    column, text_column = STATUS_COLUMNS[dataset]
    closed = tuple(next(f for f in BY_DATASET[dataset].fields if f.name == column).isin or ())
    unknown = _unknown_words(con, dataset, column, text_column)
    hints = {word: suggested(word, closed) for word in unknown}
    evidence = f"unknown words: {', '.join(unknown)}" if unknown else "declared status words"
    staged = dataset in t.DEFAULT_STAGES
    if dataset != "jobs":
        document.values[f"{dataset}.{column}"] = ValueMap(
            map={w: label_of(w) for w in closed} | {w: w for w in unknown},
            hints={w: "not a declared status: becomes an option of its own" for w in unknown},
            evidence=evidence,
            open=[] if staged else list(unknown),
        )
    if staged:
        own = own_stages(con)
        if own:
            document.pipeline = [stage.name for stage in own]
        document.stages[dataset] = _stages(dataset, unknown, hints, memory, own)
        document.stages[dataset].evidence = evidence


def _unknown_words(
    con: duckdb.DuckDBPyConnection, dataset: str, column: str, text_column: str
) -> list[str]:
    found = con.execute(
        f"SELECT DISTINCT {text_column} FROM {relation(con, f'clean.{dataset}')} "
        f"WHERE {column} IS NULL AND trim(coalesce({text_column}, '')) <> '' ORDER BY 1"
    ).fetchall()
    return [word for (word,) in found]


def _stages(
    dataset: str,
    unknown: list[str],
    hints: dict[str, tuple[str, str]],
    memory: Memory,
    own: list[OwnStage],
) -> StageMap:
    """Where every word goes: declared, confirmed in an earlier map, else proposed and open."""
    declared = {
        word: (stage_like(stage, own) if own else stage, status)
        for word, (stage, status) in t.DEFAULT_STAGES[dataset].items()
    }
    named = {word: stage.name for stage in own for word in stage.spellings}
    if dataset == "jobs":
        of_status = {stage.status: stage.name for stage in own if stage.status}
        declared |= {w: (of_status.get(w, s), o) for w, (s, o) in declared.items()}
    found = StageMap(map={w: {"stage": s, "status": o} for w, (s, o) in declared.items()})
    known = {stage.name for stage in own} or set(t.STAGES)
    remembered = memory.labels("stage", dataset, unknown)
    for word in unknown:
        stage, _, status = remembered.get(word, "").partition("|")
        if stage in known:
            found.map[word], found.hints[word] = _goal(stage, status), "confirmed before"
            continue
        meant, why = hints[word]
        stage, status = declared.get(meant, ("", ""))
        if dataset == "jobs":
            stage, status = named.get(word, stage), status or OPEN
        found.map[word] = _goal(stage, status)
        found.hints[word] = f"a suggestion: {why}" if meant else "nobody knows this word"
        found.open.append(word)
    return found


def _goal(stage: str, status: str) -> dict[str, str]:
    return {"stage": stage, "status": status if stage else ""}
