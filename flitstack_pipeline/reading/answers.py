"""What a person answered about an export file that its columns leave open.

A question has a key that says what it is about; the answers stand in `decisions/questions.csv`
(see `services.questions`) and come here as a mapping of key to word.
"""

from __future__ import annotations

from collections.abc import Mapping

from flitstack_pipeline.catalog.other_kinds import NOTE
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.reading.manifest import module

#: The answers for a file of which nothing is to be moved.
NOTHING = "nothing"
NOT_MOVED = "not moved"


def file_question(file: str, sheet: str = "") -> str:
    """The key of the question what a file, or one sheet of a workbook, holds."""
    return f"file:{file}#{sheet}" if sheet else f"file:{file}"


def workspace_question(header: str) -> str:
    """The key of the question whether a column names the workspace, by its normalised header."""
    return f"workspace:{header}"


def file_answer(answers: Mapping[str, str], file: str, sheet: str = "") -> str:
    """The kind of file a person named, `NOTHING`, or "" where nobody was asked.

    An answer for the sheet wins over one for the whole file. Raises BadInput for a word that is
    no kind of file.
    """
    keys = (file_question(file, sheet), file_question(file))
    key = next((k for k in keys if answers.get(k)), None)
    if key is None:
        return ""
    word = " ".join(answers[key].casefold().replace("_", " ").split())
    if word in (NOTHING, NOT_MOVED):
        return NOTHING
    if word in ("note", "notes of its parent", "note on its parent", "keep as note on its parent"):
        return NOTE
    try:
        return module(answers[key])
    except ValueError as error:
        words = f"{NOTE!r} (each row on the record it names) or {NOT_MOVED!r}"
        raise BadInput(f"answer to {key}: {error}; {words}") from error
