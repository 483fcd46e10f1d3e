"""The questions about names: how is a pattern that has two readings read in this account?

Belongs here: clean rows → one question a pattern, a person's answers. Does not: the patterns
(`values.names`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb

from flitstack_pipeline.cleaning.rows.people import DOUBTFUL
from flitstack_pipeline.cleaning.values.names import (
    DOUBTS,
    FAMILY_FIRST,
    FIRMS,
    GIVEN_FIRST,
    PEOPLE,
    Name,
    decided,
)
from flitstack_pipeline.questions import Choice, Question

KEY = "names:"
#: Datasets of people and firms.
DATASETS = ("clients", "leads")
#: Names shown as evidence.
SHOWN = 3
_ASKED = {
    (FIRMS, PEOPLE): "Are names like these firms or people",
    (FAMILY_FIRST, GIVEN_FIRST): "Which name comes first in names like these",
}
_EFFECTS = {
    FIRMS: "{} become firms",
    PEOPLE: "{} become people",
    FAMILY_FIRST: "the first word of {} becomes the last name",
    GIVEN_FIRST: "the last word of {} stays the last name",
}


def answers_about_names(answers: Mapping[str, str]) -> dict[str, str]:
    """What a person said of the patterns: pattern → one of its choices."""
    return {
        pattern: word
        for pattern, doubt in DOUBTS.items()
        if (word := answers.get(f"{KEY}{pattern}")) in doubt.choices
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
        doubt = DOUBTS[pattern]
        yield Question(
            f"{KEY}{pattern}",
            "names",
            f"{_ASKED[doubt.choices]}: {doubt.what}? "
            f"{count:,} {dataset} have no business name, website or first name that would tell",
            object=object_key,
            dataset=dataset,
            column="name",
            evidence=tuple(_both_ways(name, doubt.choices) for name in names),
            choices=tuple(
                Choice(word, _EFFECTS[word].format(f"{count:,} {dataset}"))
                for word in doubt.choices
            ),
        )


def _both_ways(name: str, choices: tuple[str, str]) -> str:
    """A name as it would be read by either answer."""
    return f"{name!r}: {', or '.join(_shown(decided(name, word)) for word in choices)}"


def _shown(name: Name) -> str:
    if name.looks_like_business:
        return "a firm"
    parts = ((name.first, "first name"), (name.last, "last name"))
    return ", ".join(f"{what} {part!r}" for part, what in parts if part)
