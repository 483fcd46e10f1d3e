"""Puts what was clicked in the review room into `map.yaml`.

Belongs here: applying the lines of `services.click_files`, person by person. Does not: deciding
(`services.clicks`), what follows from a changed map (`services.field_map`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flitstack_pipeline.mapping.answers import Answer, apply_answers
from flitstack_pipeline.mapping.document import CONFIRMED, MapDocument, MapError
from flitstack_pipeline.services.click_files import (
    CLICKS,
    FOLDING,
    REFUSED,
    append,
    folding,
    lines,
    take_new,
)
from flitstack_pipeline.settings import Project

#: Whether this thread is folding.
_mine = threading.local()


Clicks = Sequence[Mapping[str, Any]]
Then = Callable[[MapDocument, Clicks], object]


def fold_clicks(project: Project, then: Then | None = None) -> int:
    """Put the stored clicks into `map.yaml`; how many it was.

    A click that the map cannot follow (any more) is kept in `decisions/map-clicks-refused.jsonl`
    with the reason, and shown. `then` follows with the saved map and the clicks it was made of,
    before anybody else folds: a map that is saved later must hold every click.
    """
    if getattr(_mine, "folding", False):  # what follows a fold reads the map: it is the folded one
        return 0
    if not any((project.decisions / name).exists() for name in (CLICKS, FOLDING)):
        return 0
    if not project.map_path.exists():
        return 0
    with folding(project):
        _mine.folding = True
        try:
            return _fold(project, then)
        finally:
            _mine.folding = False


def _fold(project: Project, then: Then | None) -> int:
    clicks = take_new(project)
    if not clicks:
        return 0
    document = MapDocument.load(project.map_path)
    refused: list[dict[str, Any]] = []
    for by, answers, above in _by_person(clicks):
        document, wrong = _folded(document, answers, by)
        refused += wrong
        if above is not None:
            document.confirm_all(by, above)
    document.save(project.map_path)
    for line in refused:
        append(project.decisions / REFUSED, line)
    (project.decisions / FOLDING).unlink(missing_ok=True)
    if then is not None:
        then(document, clicks)
    return len(clicks)


def _folded(
    document: MapDocument, answers: list[Answer], by: str
) -> tuple[MapDocument, list[dict[str, Any]]]:
    """The map with one person's answers, and those it cannot follow: none holds up the others."""
    refused: list[dict[str, Any]] = []
    confirmed = 0
    try:
        document, changes = apply_answers(document, answers, by)
        confirmed = sum(c.after == CONFIRMED for c in changes)
    except MapError:
        for answer in answers:
            try:
                document, changes = apply_answers(document, [answer], by)
                confirmed += sum(c.after == CONFIRMED for c in changes)
            except MapError as error:
                refused.append({"by": by, "sheet": answer.sheet, "key": answer.key,
                                "column": answer.column, "value": answer.value,
                                "why": str(error)})  # fmt: skip
    document.note_confirmation(by, confirmed)
    return document, refused


def _by_person(clicks: Clicks) -> Iterator[tuple[str, list[Answer], float | None]]:
    """Runs of clicks of one person, of each cell the last, and what is confirmed at their end."""
    run: dict[tuple[str, str, str], Answer] = {}
    who = ""
    for click in clicks:
        if run and (click["by"] != who or "above" in click):
            yield who, list(run.values()), None
            run = {}
        who = str(click["by"])
        if "above" in click:
            yield who, [], float(click["above"])
            continue
        place = (click["sheet"], click["key"], click["column"])
        run[place] = Answer(f"{click['sheet']}: {click['column']}, decided {click['at']}", *place,
                            click["value"])  # fmt: skip
    if run:
        yield who, list(run.values()), None


def refused_clicks(project: Project) -> list[dict[str, Any]]:
    """Clicks that the map could not follow, with the reason."""
    return list(lines(project.decisions / REFUSED))
