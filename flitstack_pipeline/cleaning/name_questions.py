"""The questions about names: is a pattern that firms and people share a firm's or a person's here?

Belongs here: clean rows → one question a pattern, a person's answers. Does not: the patterns
(`values.names`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from flitstack_pipeline.cleaning.rows.people import DOUBTFUL
from flitstack_pipeline.cleaning.values.names import DOUBTS, FIRMS, PEOPLE, Name, decided
from flitstack_pipeline.questions import Choice, Question

KEY = "names:"
#: Datasets of people and firms.
DATASETS = ("clients", "leads")
#: Names shown as evidence.
SHOWN = 3


def answers_about_names(answers: Mapping[str, str]) -> dict[str, str]:
    """What a person said of the patterns: pattern → firms or people."""
    return {
        pattern: word
        for pattern in DOUBTS
        if (word := answers.get(f"{KEY}{pattern}")) in (FIRMS, PEOPLE)
    }


def name_questions(
    con: duckdb.DuckDBPyConnection, object_key: str, dataset: str
) -> Iterator[Question]:
    """One question for each pattern whose names nothing else in their rows tells apart."""
    rows = con.execute(
        f"""
        SELECT business_evidence, count(*), list(DISTINCT name ORDER BY name)[:{SHOWN}]
        FROM clean.{dataset} WHERE starts_with(business_evidence, ?) GROUP BY 1 ORDER BY 1
        """,
        [DOUBTFUL],
    ).fetchall()
    for evidence, count, names in rows:
        pattern = evidence.removeprefix(DOUBTFUL)
        yield Question(
            f"{KEY}{pattern}",
            "names",
            f"Are names like these firms or people: {DOUBTS[pattern]}? "
            f"{count:,} {dataset} have no business name, website or first name that would tell",
            object=object_key,
            dataset=dataset,
            column="name",
            evidence=tuple(map(_both_ways, names)),
            choices=tuple(
                Choice(word, f"{count:,} {dataset} become {word}") for word in (FIRMS, PEOPLE)
            ),
        )


def _both_ways(name: str) -> str:
    """A name as it would be read by either answer."""
    return f"{name!r}: a firm, or {_shown(decided(name, PEOPLE))}"


def _shown(name: Name) -> str:
    parts = ((name.first, "first name"), (name.last, "last name"))
    return ", ".join(f"{what} {part!r}" for part, what in parts if part)
