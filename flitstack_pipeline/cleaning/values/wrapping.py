"""Takes off a cell what a tool wrapped around its text: Excel's armour, escapes, HTML entities.

Belongs here: one cell as a person would read it on the screen it was exported from. Does not:
what the text says (the other parsers), rows and dialects (`reading`).
"""

from __future__ import annotations

import html
import json
import re

#: A line break inside an unquoted cell, between reading (`text_lines`) and here.
INNER_BREAK = "\x0b"
_ARMOUR = re.compile(r'^=\s*"((?:[^"]|"")*)"$')
_APOSTROPHE = re.compile(r"^'(?=[0-9+(=-])")
#: A carriage return before a line feed, as Excel's format writes it.
_EXCEL_RETURN = re.compile(r"_x000[Dd]_(?=\n)")
_EXCEL_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,24});")
#: A line break that a program wrote out (`gate\ndog`), and what looks so and is a path.
_WRITTEN_BREAK = re.compile(r"(?:\\r)?\\n|\\r\b")
_PATH = re.compile(r"(?:^|[\s\"'(])(?:[A-Za-z]:|\\)\\|\.\w{2,5}\s*$")
_BREAK_TAG = re.compile(r"<br\s*/?>", re.I)
#: Any other tag; `<john@mailbox.net>` and `<5 ft` are none.
_OTHER_TAG = re.compile(r"<(?!br\b)/?[a-z][a-z0-9:]*(?:\s[^<>]*)?/?>", re.I)
#: Signs of any of the above, each by its first character; most rows, and most files, have none.
_SIGNS = (
    r'=\s*"', r"'[0-9+(=-]", r"_x[0-9A-Fa-f]{4}_", r"&(?:#|[A-Za-z][A-Za-z0-9]{1,24};)",
    r"\x00", r"\x0b", r"\\[nr]", r"<[bB][rR]", r'\[\s*"', r'\{\s*"',
)  # fmt: skip
_IN_ROW = re.compile("|".join(_SIGNS))
#: One pattern a sign: looking for a first character is much faster than for one of several.
_IN_BYTES = [re.compile(sign.encode()) for sign in _SIGNS]


def has_signs(data: bytes) -> bool:
    """Whether anything is wrapped in bytes of UTF-8 or of any one-byte encoding."""
    return any(sign.search(data) for sign in _IN_BYTES)


def unwrapped_row(cells: list[str]) -> list[str]:
    """The cells of a row, each unwrapped (`unwrapped`); the same list where nothing is wrapped."""
    if not _IN_ROW.search("\x1f".join(cells)):
        return cells
    return [unwrapped(cell) for cell in cells]


def unwrapped(cell: str) -> str:
    """The text of a cell without what a tool wrapped around it.

    `="00042"` and `'00042` are 00042 (how programs keep Excel from eating zeros); `_x000D_` is a
    character that Excel's format cannot hold; `&amp;` and `&#39;` are entities, also escaped twice;
    `<br>` in a text without other tags is a line break, as is a written `\\n` that belongs to no
    path; NUL is nothing; a list or an object of
    JavaScript is its values. Notes with HTML keep their entities for the sanitiser.
    """
    text = _EXCEL_ESCAPE.sub(_unescaped, _EXCEL_RETURN.sub("", cell))
    text = text.replace("\x00", "").replace(INNER_BREAK, "\n")
    if "\\" in text and not _PATH.search(text):
        text = _WRITTEN_BREAK.sub("\n", text)
    bare = text.strip()
    armoured = _ARMOUR.match(bare)
    if armoured:
        text = armoured.group(1).replace('""', '"')
    elif _APOSTROPHE.match(bare):
        text = bare[1:]
    if bare[:1] in ("[", "{") and bare[1:].lstrip()[:1] == '"':
        text = _values_of_json(bare) or text
    if _OTHER_TAG.search(text):
        return text
    text = _BREAK_TAG.sub("\n", text)
    return _entities(_entities(text))


def _unescaped(found: re.Match[str]) -> str:
    """The character of an escape; a carriage return alone is a line break."""
    return chr(int(found.group(1), 16)).replace("\r", "\n")


def _values_of_json(text: str) -> str:
    """`["a","b"]` is `a; b`, `{"street":"12 Oak St","city":"Tampa"}` is `12 Oak St, Tampa`."""
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    joint = "; " if isinstance(found, list) else ", "
    values = found if isinstance(found, list) else list(found.values())
    if not all(value is None or isinstance(value, str | int | float) for value in values):
        return ""
    return joint.join(str(value) for value in values if value not in (None, ""))


def _entities(text: str) -> str:
    return _ENTITY.sub(lambda m: html.unescape(m.group(0)), text) if "&" in text else text
