"""What `words` and `yes_no` do to one cell, as SQL, so that whole columns are read where they lie.

Each function takes a SQL expression and returns one; NULL stays NULL. A test holds both to each
other on any text.
"""

from __future__ import annotations

from functools import lru_cache

from flitstack_pipeline import warehouse
from flitstack_pipeline.catalog.keys import DEFAULT_WORKSPACE
from flitstack_pipeline.cleaning.tags import LINES, NAMES, TAG
from flitstack_pipeline.cleaning.values.words import (
    EMPTY_WORDS,
    PENDING,
    PLACEHOLDERS,
    SPACES,
    WHITE,
)
from flitstack_pipeline.cleaning.values.yes_no import FALSE_WORDS, TRUE_WORDS


def _class(characters: str) -> str:
    """Characters as a class of RE2, DuckDB's regular expressions; neighbours as one range."""
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges) + "]"


#: Entities that the reader leaves in a cell with tags; the ampersand last.
_ENTITIES = {"&nbsp;": " ", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&apos;": "'",
             "&amp;": "&"}  # fmt: skip
_WHITE, _SPACE = _class(WHITE), _class(SPACES)
_BLANK = r"\p{Zs}"  # what DuckDB's `trim` takes away
_EDGE = f"^{_WHITE}|{_WHITE}$"
_NOT_ONE_SPACE = f"  |{_class(SPACES.replace(' ', ''))}"


def literal(value: str | None) -> str:
    """A text as a SQL literal."""
    return "NULL" if value is None else warehouse.literal(value)


def cell(column: str, row: str = "s") -> str:
    """One cell of a row."""
    return f'{row}."{column}"'


#: Letters beyond ASCII that `lower` makes an ASCII letter.
_ALSO = {"i": r"\x{130}", "k": r"\x{212a}"}


@lru_cache(maxsize=64)
def _any_case(values: frozenset[str]) -> str:
    """Words in lower case as a regular expression that finds what `lower` makes of them.

    It is tried from a cell's first letter on, and nearly always ends there; a list of words would
    become a join for each column.
    """
    return "|".join("".join(map(_letter, value)) for value in sorted(values))


def _letter(letter: str) -> str:
    both = "".join(rf"\x{{{ord(x):x}}}" for x in dict.fromkeys((letter, letter.upper())))
    return f"[{both}{_ALSO.get(letter, '')}]" if letter.isalpha() else both


def _is_one_of(x: str, values: frozenset[str], around: str = _WHITE) -> str:
    """Whether a cell is one of some words, letter case and white space around it aside."""
    return f"regexp_full_match({x}, '{around}*(?:{_any_case(values)}){around}*')"


def stripped(x: str) -> str:
    """Text without white space at its ends; only cells that have some are touched."""
    return f"CASE WHEN regexp_matches({x}, '{_EDGE}') THEN trim({x}, {literal(WHITE)}) ELSE {x} END"


def text(x: str) -> str:
    """`words.text`: trimmed, NULL for an empty cell or a placeholder."""
    return f"CASE WHEN {_is_one_of(x, PLACEHOLDERS | {''})} THEN NULL ELSE {stripped(x)} END"


def said(x: str) -> str:
    """Trimmed text, NULL for an empty cell or a placeholder that says nothing; `TBD` does."""
    nothing = (PLACEHOLDERS - PENDING) | {""}
    return f"CASE WHEN {_is_one_of(x, nothing)} THEN NULL ELSE {stripped(x)} END"


def is_html(x: str) -> str:
    """Whether a cell holds a tag of HTML."""
    return f"contains({x}, '<') AND regexp_matches({x}, {literal('(?i)' + TAG)})"


def without_tags(x: str) -> str:
    """A cell without tags, a line for each block; one that shows an image stays as it is."""
    lines = literal(rf"(?i)\s*</?(?:{LINES})(?:[\s/][^<>]*)?>\s*")
    tags = literal(rf"(?i)</?(?:{NAMES})(?:[\s/][^<>]*)?>")
    text = f"regexp_replace(regexp_replace({x}, {lines}, chr(10), 'g'), {tags}, '', 'g')"
    for entity, sign in _ENTITIES.items():
        text = f"replace({text}, {literal(entity)}, {literal(sign)})"
    text = rf"trim(regexp_replace({text}, '\n\n+', chr(10), 'g'), {literal(WHITE)})"
    return f"CASE WHEN {is_html(x)} AND NOT contains(lower({x}), '<img') THEN {text} ELSE {x} END"


def written(x: str) -> str:
    """A cell as it is, NULL where a program wrote that nothing is there (`words.EMPTY_WORDS`)."""
    return f"CASE WHEN {_is_one_of(x, EMPTY_WORDS, _BLANK)} THEN NULL ELSE {x} END"


def one_line(trimmed: str) -> str:
    """`words.one_line` of a text that is trimmed."""
    return (
        f"CASE WHEN regexp_matches({trimmed}, '{_NOT_ONE_SPACE}') "
        f"THEN regexp_replace({trimmed}, '{_SPACE}+', ' ', 'g') ELSE {trimmed} END"
    )


def boolean(x: str) -> str:
    """`yes_no.boolean`: NULL for an absent column or a word that is neither yes nor no."""
    return (
        f"CASE WHEN {_is_one_of(x, TRUE_WORDS)} THEN true "
        f"WHEN {_is_one_of(x, FALSE_WORDS | PLACEHOLDERS)} THEN false END"
    )


def document_number(trimmed: str) -> str:
    """`words.document_number` of a text that is trimmed."""
    bare = f"regexp_replace({trimmed}, '^#+{_WHITE}*', '')"
    return f"regexp_replace({bare}, '^([0-9]+)\\.0$', '\\1')"


def workspace(row: str) -> str:
    """The workspace a raw row belongs to."""
    return f"coalesce(nullif({row}._workspace, ''), {literal(DEFAULT_WORKSPACE)})"
