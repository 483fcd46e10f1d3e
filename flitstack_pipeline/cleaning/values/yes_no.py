"""Yes and no, done and open, in the words of tools, spreadsheets, people and languages."""

from __future__ import annotations

from flitstack_pipeline.cleaning.values.words import PLACEHOLDERS, WHITE, text

#: Also as spreadsheets of other languages write TRUE and FALSE.
TRUE_WORDS = frozenset(
    {"yes", "y", "true", "t", "1", "1.0", "x", "on", "checked", "✓", "✔", "☑", "✔\ufe0f", "☑\ufe0f",
     "✅", "si", "sí", "oui",
     "ja", "sim", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "[x]"}
)  # fmt: skip
FALSE_WORDS = frozenset(
    {"no", "n", "false", "f", "0", "0.0", "", "off", "unchecked", "✗", "✘", "☐",
     "❌", "✖", "✖\ufe0f", "nej", "non", "nein",
     "nee", "não", "nao", "falsch", "faux", "falso", "onwaar", "[ ]"}
)  # fmt: skip


class NeitherYesNorNo(ValueError):
    """A text that is not empty and says neither."""


def boolean(value: str | None) -> bool | None:
    """Yes/No, TRUE/FALSE, 1/0, x and blank; None for an absent column or another word."""
    if value is None:
        return None
    word = value.strip(WHITE).lower()
    if word in TRUE_WORDS:
        return True
    return False if word in FALSE_WORDS or word in PLACEHOLDERS else None


#: What a task's state is called besides yes and no.
_DONE = frozenset({"done", "complete", "completed", "closed", "finished", "hecho", "terminé"})
_OPEN = frozenset(
    {"open", "pending", "to do", "todo", "not done", "not completed", "not complete", "incomplete",
     "in progress", "not started", "started", "overdue", "pendiente", "ouvert"}
)  # fmt: skip


def done(value: str | None) -> bool | None:
    """Whether something is done, by yes and no or a word for either; None for another word."""
    word = " ".join((value or "").casefold().replace("-", " ").split())
    if word in _DONE:
        return True
    return False if word in _OPEN else boolean(value)


def yes_or_no(value: str | None) -> bool | None:
    """Yes or no of a cell; None for an empty one. Raises NeitherYesNorNo for any other text."""
    if not value or not value.strip(WHITE):
        return None
    found = boolean(value)
    if found is None or text(value) is None:
        raise NeitherYesNorNo(f"{value!r} is neither yes nor no")
    return found
