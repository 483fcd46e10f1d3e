"""What a person answered about an export file that its columns leave open.

A question has a key that says what it is about; the answers stand in `decisions/questions.csv`
(see `steps.questions`) and come here as a mapping of key to word.
"""

from __future__ import annotations

from collections.abc import Mapping

from flitstack_pipeline.contractor_plus.manifest import module

#: The answer for a file that holds nothing to migrate.
NOTHING = "nothing"


def file_question(file: str, sheet: str = "") -> str:
    """The key of the question what a file, or one sheet of a workbook, holds."""
    return f"file:{file}#{sheet}" if sheet else f"file:{file}"


def file_answer(answers: Mapping[str, str], file: str, sheet: str = "") -> str:
    """The kind of export a person named, `NOTHING`, or "" where nobody was asked.

    An answer for the sheet wins over one for the whole file. Raises ValueError for a word that is
    no kind of export.
    """
    keys = (file_question(file, sheet), file_question(file))
    key = next((k for k in keys if answers.get(k)), None)
    if key is None:
        return ""
    if answers[key].strip().casefold() == NOTHING:
        return NOTHING
    try:
        return module(answers[key])
    except ValueError as error:
        raise ValueError(f"answer to {key}: {error}, or {NOTHING!r}") from error
