"""How complex a migration is: a letter and a word, from four things that are scored, with reasons.

Each is scored 0 (nothing special) to 3. How many files there are and how many questions are open
scores nothing: it is told. Belongs here: the scales. Does not: counting (`facts`).
"""

from __future__ import annotations

from dataclasses import dataclass

from flitstack_pipeline.audit.effort import A_DAY
from flitstack_pipeline.audit.facts import Facts

#: Whether something holds, and how to say it.
Test = tuple[bool, str]
#: Above this many records (files apart) the migration is scoped by hand, whatever the grade.
BY_HAND = 2_000_000
#: Points up to and including → grade.
GRADES = ((1, "A", "Simple"), (4, "B", "Standard"), (7, "C", "Moderate"), (12, "D", "Complex"))


@dataclass(frozen=True)
class Score:
    """One of the four, 0 to 3, and why."""

    about: str
    points: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Grade:
    """The letter, its word, and what it is made of; E is scoped by hand."""

    letter: str
    word: str
    scores: tuple[Score, ...]

    @property
    def points(self) -> int:
        """The sum of the scores."""
        return sum(score.points for score in self.scores)

    def __str__(self) -> str:
        return f"{self.letter} {self.word}"


def grade(facts: Facts) -> Grade:
    """The grade of what was found."""
    scores = (_objects(facts), _mapping(facts), _interface(facts), _volume(facts))
    points = sum(score.points for score in scores)
    if facts.weighed > BY_HAND:
        return Grade("E", "Scoped by hand", scores)
    letter, word = next((letter, word) for most, letter, word in GRADES if points <= most)
    return Grade(letter, word, scores)


def _objects(facts: Facts) -> Score:
    """Object compatibility: what has no object of its own on the other side."""
    return _score(
        "Object compatibility",
        (
            facts.businesses > 0,
            f"{facts.businesses:,} clients become a contact and a company",
        ),
        (facts.estimate_lines > 0, f"{facts.estimate_lines:,} estimate lines become records"),
        (
            bool(facts.not_migrated),
            f"no place for {', '.join(facts.not_migrated)}: named, not moved",
        ),
    )


def _mapping(facts: Facts) -> Score:
    """Mapping clarity: what a person has to say."""
    open_points = facts.questions + facts.unknown_words
    return _score(
        "Mapping clarity",
        (facts.custom_fields > 15, f"{facts.custom_fields} custom fields to confirm"),
        (
            facts.to_decide + facts.orphans > 0.05 * max(facts.records, 1),
            f"{facts.to_decide:,} pairs to decide and {facts.orphans:,} references that lead "
            "nowhere: more than one record in twenty",
        ),
        told=((open_points > 0, f"{open_points} questions or unknown words to answer"),),
    )


def _interface(facts: Facts) -> Score:
    """API constraints: what the interfaces on both sides make harder."""
    return _score(
        "API constraints",
        (facts.workspaces > 1, f"{facts.workspaces} workspaces, each a sub-account or routed"),
        (
            facts.requests > A_DAY,
            f"{facts.requests:,} requests, more than the {A_DAY:,} a day allowed",
        ),
        told=(
            (
                facts.attachments_stuck > 0,
                f"{facts.attachments_stuck:,} files that cannot be moved as they are",
            ),
        ),
    )


def _volume(facts: Facts) -> Score:
    """Data volume."""
    steps = (10_000, 100_000, 1_000_000)
    files = [f"{facts.attachments:,} files, which weigh nothing"] if facts.attachments else []
    return Score(
        "Data volume",
        sum(facts.weighed >= step for step in steps),
        (f"{facts.weighed:,} records", *files),
    )


def _score(about: str, *tests: Test, told: tuple[Test, ...] = ()) -> Score:
    """One point for each test that holds; what is only told scores nothing."""
    reasons = tuple(reason for holds, reason in tests if holds)
    remarks = tuple(remark for holds, remark in told if holds)
    return Score(about, len(reasons), reasons + remarks or ("nothing special",))
