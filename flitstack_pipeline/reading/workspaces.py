"""Columns that may name the workspace of a row: taken for it only when a person agrees.

`Account`, `Tenant` or `Location Name` are a client's account, a tenant, a property in most files.
They are asked about where the same values repeat, row by row, in several kinds of file of one
account; else they stay columns like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flitstack_pipeline.catalog.headers import normalise_header
from flitstack_pipeline.questions import Question
from flitstack_pipeline.reading.answers import workspace_question
from flitstack_pipeline.reading.questions import about_workspace
from flitstack_pipeline.reading.recognise import Layout

_MAY_NAME_ONE = frozenset(
    {
        "account", "sub account", "tenant", "location", "location name", "company location",
        "branch", "branch name", "business unit", "office", "franchise", "division",
        "territory", "store",
    }
)  # fmt: skip
AGREED = "workspace"
SHOWN = 6


def agreed(answers: Mapping[str, str]) -> str:
    """The normalised header that a person named as that of the workspace, "" for none."""
    headers = (
        key.removeprefix(workspace_question(""))
        for key, word in sorted(answers.items())
        if key.startswith(workspace_question("")) and word.strip().casefold() == AGREED
    )
    return next(headers, "")


def questions(
    sheets: Mapping[str, tuple[Layout, Sequence[tuple[int, list[str]]]]],
) -> list[Question]:
    """A question for each column that may name the workspace, from the first rows of the sheets."""
    found: dict[str, dict[str, tuple[str, str, list[str]]]] = {}
    for place, (layout, head) in sheets.items():
        for index, (header, name) in enumerate(zip(layout.header, layout.columns, strict=True)):
            words = normalise_header(header)
            if name is None and words in _MAY_NAME_ONE:
                cells = [
                    row[index].strip()
                    for n, row in head
                    if n > layout.header_row and index < len(row)
                ]
                filled = [cell for cell in cells if cell]
                found.setdefault(words, {})[place] = (header.strip(), layout.dataset or "", filled)
    return [_ask(words, places) for words, places in found.items() if _repeats(places)]


def _repeats(places: Mapping[str, tuple[str, str, list[str]]]) -> bool:
    """Whether several kinds of file share the values, and in each a value stands on several rows:
    a client's own account stands once among the clients."""
    if len({kind for _, kind, _ in places.values()}) < 2:
        return False
    values = [set(cells) for _, _, cells in places.values() if cells]
    if len(values) < 2 or not set.intersection(*values):
        return False
    return all(len(cells) >= 2 * len(set(cells)) for _, _, cells in places.values())


def _ask(words: str, places: Mapping[str, tuple[str, str, list[str]]]) -> Question:
    shown = next(iter(places.values()))[0]
    values = sorted({cell for _, _, cells in places.values() for cell in cells})
    files = [place.rstrip("#") for place in places]
    return about_workspace(words, shown, files, values[:SHOWN])
