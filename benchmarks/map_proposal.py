"""How often the map proposal is right on headers it never saw, beside three naive matchers.

    python benchmarks/map_proposal.py [--show tune]

`map_sets/fresh` and `unseen` are exports of vendors that no weight was fitted to, matched with the
known lists of `tune` (HighLevel's among them). `foreign` and `abroad` are lists of other domains,
such as patients, bus stops, flights and recipes, matched with one another. `test` are vendors that
none of the weights saw. `tune` and `dev` are what weights and calibration were made with. The
mistakes of `unseen` were looked at before the lists of `fresh` were written, and those of `fresh`
only after the vocabulary was closed; but who wrote its lists also wrote words of the vocabulary.

Printed: hit@1, hit@3, MRR over the headers that have a counterpart, and calibration over all
headers: of the first candidates at or above 0.9, how many are right, how many there are, and how
many of them belong to a header without counterpart (`null`).

Textbook: trigrams (Jaccard), with its whole ranking. Floors: token set and Jaro-Winkler
(rapidfuzz). `--show` prints the mistakes of a split. Ends with 1 when a domain is below trigrams.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from map_labels import HeaderSet, Problem, problems, sets
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from flitstack_pipeline.mapping.matcher import Header, match_headers

Ranking = list[tuple[int, float]]
Matcher = Callable[[Sequence[str], Sequence[str]], list[Ranking]]
SURE = 0.9
SPLITS = ("tune", "test", "fresh", "unseen", "foreign", "abroad")


@dataclass
class Score:
    asked: int = 0
    first: int = 0
    third: int = 0
    reciprocal: float = 0.0
    null: int = 0
    bins: dict[float, list[bool]] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def add(self, problem: Problem, rankings: list[Ranking]) -> None:
        for header, right, ranking in zip(
            problem.source.headers, problem.right, rankings, strict=True
        ):
            places = [i for i, (j, _) in enumerate(ranking) if j in right]
            place = places[0] if places else None
            if right:
                self.asked += 1
                self.first += place == 0
                self.third += place is not None and place < 3
                self.reciprocal += 1 / (place + 1) if place is not None else 0.0
            sure = ranking[0][1] if ranking else 0.0
            self.null += not right and sure >= SURE
            self.bins.setdefault(min(int(sure * 10), 9) / 10, []).append(place == 0)
            if (right and place != 0) or (not right and sure >= 0.5):
                names = [f"{problem.target.headers[j]} {c:.2f}" for j, c in ranking[:2]]
                wanted = [problem.target.headers[j] for j in right]
                self.mistakes.append(
                    f"{problem.source.vendor}>{problem.target.vendor}.{problem.target.kind} "
                    f"{header!r} -> {names}, right {wanted}"
                )

    @property
    def sure(self) -> list[bool]:
        return self.bins.get(SURE, [])

    def line(self, name: str) -> str:
        sure = f"{sum(self.sure) / len(self.sure):7.3f}" if self.sure else "      -"
        return (
            f"{name:<16} {self.first / self.asked:7.3f} {self.third / self.asked:7.3f} "
            f"{self.reciprocal / self.asked:7.3f} {sure} {len(self.sure):7} {self.null:6}"
        )


def ours(columns: Sequence[str], fields: Sequence[str]) -> list[Ranking]:
    found = match_headers([Header(c) for c in columns], [Header(f) for f in fields])
    return [[(c.index, c.confidence) for c in match.candidates] for match in found]


def naive(similarity: Callable[[str, str], float]) -> Matcher:
    def match(columns: Sequence[str], fields: Sequence[str]) -> list[Ranking]:
        return [
            sorted(
                ((j, similarity(plain(c), plain(f))) for j, f in enumerate(fields)),
                key=lambda pair: -pair[1],
            )
            for c in columns
        ]

    return match


def plain(text: str) -> str:
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def trigrams(a: str, b: str) -> float:
    def parts(text: str) -> set[str]:
        padded = f"  {text} "
        return {padded[i : i + 3] for i in range(len(padded) - 2)}

    mine, theirs = parts(a), parts(b)
    return len(mine & theirs) / len(mine | theirs)


MATCHERS: dict[str, Matcher] = {
    "flitstack": ours,
    "trigram": naive(trigrams),
    "token set": naive(lambda a, b: fuzz.token_set_ratio(a, b) / 100),
    "Jaro-Winkler": naive(JaroWinkler.similarity),
}


def scored(found: list[Problem], matchers: Sequence[str] = tuple(MATCHERS)) -> dict[str, Score]:
    scores = {matcher: Score() for matcher in matchers}
    for matcher, score in scores.items():
        for problem in found:
            score.add(problem, MATCHERS[matcher](problem.source.headers, problem.target.headers))
    return scores


def by_domain(lists: list[HeaderSet]) -> bool:
    """Print the MRR in each domain, ours and trigrams'; whether ours is nowhere below."""
    held = True
    print("MRR by domain, product and trigram:", end="")
    for kind in sorted({one.kind for one in lists}):
        found = list(problems(*[[one for one in lists if one.kind == kind]] * 2))
        scores = scored(found, ("flitstack", "trigram"))
        mine, theirs = (s.reciprocal / s.asked for s in scores.values())
        held = held and mine >= theirs
        print(f" {kind} {mine:.3f} {theirs:.3f}", end=";")
    print()
    return held


def measure(name: str, sources: list[HeaderSet], targets: list[HeaderSet], show: bool) -> None:
    found = list(problems(sources, targets))
    scores = scored(found)
    asked = scores["flitstack"].asked
    print(f"\n{name}: {len(found)} pairs of lists, {asked} headers with a counterpart")
    print(f"{'':16} {'hit@1':>7} {'hit@3':>7} {'MRR':>7} {'>=0.9':>7} {'(n)':>7} {'null':>6}")
    for matcher, score in scores.items():
        print(score.line(matcher))
    bins = scores["flitstack"].bins
    shares = (f"{b:.1f}: {sum(v) / len(v):.2f} ({len(v)})" for b, v in sorted(bins.items()))
    print("right by confidence:", ", ".join(shares))
    if show:
        print("\n".join(scores["flitstack"].mistakes))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--show", choices=SPLITS, default="", help="print the mistakes of a split")
    show = parser.parse_args().show
    start = perf_counter()
    tune, test, fresh, unseen, foreign, abroad = (sets(split) for split in SPLITS)
    measure("vendors written last, to known lists", fresh, tune, show == "fresh")
    measure("exports never seen, to known lists", unseen, tune, show == "unseen")
    measure("exports never seen, both lists", unseen, unseen, False)
    measure("lists of foreign domains", foreign, foreign, show == "foreign")
    held = by_domain(foreign)
    measure("lists of other foreign domains", abroad, abroad, show == "abroad")
    held = by_domain(abroad) and held
    measure("older test vendors, both lists", test, test, show == "test")
    measure("older test vendors, to known lists", test, tune, False)
    measure("tuning vendors", tune, tune, show == "tune")
    print(f"\n{perf_counter() - start:.0f} s in all")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
