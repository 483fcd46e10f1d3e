"""Letters that a wrong encoding spoiled: which encoding makes words, and twice-encoded UTF-8.

Belongs here: telling words from nonsense, putting letters right, and the note that says so with
words before and after. Does not: byte order marks and UTF-8 itself (`encoding`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

#: One-byte encodings that spreadsheets write, the likeliest first.
CANDIDATES = ("cp1252", "mac_roman", "cp850")
#: How many words a note shows.
SHOWN = 3
_TOKEN = re.compile(rb"[A-Za-z'\x80-\xff]*[\x80-\xff][A-Za-z'\x80-\xff]*")
_LOWER, _UPPER = "a-zß-öø-ÿœšž", "A-ZÀ-ÖØ-ÞŒŠŽŸ"
_CAMEL = rf"[{_UPPER}][{_LOWER}]+(?:[A-Z][{_LOWER}]+)+"
_WORD = rf"(?:[{_UPPER}]?[{_LOWER}]+|[{_UPPER}]{{2,}}|{_CAMEL})"
#: Two words that a dash joins; shorter ones are more likely one word with a spoiled letter.
_JOINED = rf"(?:[{_UPPER}]?[{_LOWER}]{{3,}}[–—…][{_UPPER}]?[{_LOWER}]{{3,}})"
_ENDS = "s|t|d|m|n|ll|re|ve|em|S|T|D|M|N|LL|RE|VE|EM"
_OPEN, _CLOSE = "[“‘„«¿¡(]*", "[”’»…®™°):]*"
_PLAUSIBLE = re.compile(
    rf"{_OPEN}(?:[{_LOWER}{_UPPER}]{{1,2}}['’])?(?:{_JOINED}|{_WORD})(?:['’](?:{_ENDS}))?{_CLOSE}"
)
#: Signs that stand alone, and letters that are words.
_ALONE = re.compile(r"[–—•…™®©°€£¥¢½¼¾²³·§“”‘’«»±×÷'\xa0]+|[àéèóúòùÀÉâôaáyYíı]")
#: What Windows-1252 shows of the second and later bytes of a letter in UTF-8.
_LATER = "".join(
    bytes([b]).decode("cp1252", "replace").replace("\ufffd", chr(b)) for b in range(0x80, 0xC0)
)
_TAIL = f"[{re.escape(_LATER)}]"
_SURE = re.compile(
    f"(?<![A-Z])[ÂÃ](?!\xa0){_TAIL}|[ÂÃ](?![\xa0’”…–—]){_TAIL}|â(?:€|„|‚|˜|™|œ|\x9c){_TAIL}|ðŸ{_TAIL}|[\x80-\x9f]"
)
_TWICE = re.compile(f"[Â-ß]{_TAIL}|[à-ï]{_TAIL}{{2}}|[ðñò]{_TAIL}{{3}}")
_C1 = re.compile("[\x80-\x9f]")
#: Letters and signs that an export of a contractor may hold.
_USUAL = re.compile("[\xa0-\u024f\u2010-\u203a\u20a0-\u20bf\u2100-\u214f\u2190-\u21ff\u2500-\u27bf"
                    "\ufe0f\U0001f000-\U0001faff]+")  # fmt: skip
#: As bytes of UTF-8 the signs begin so.
_SIGNS = (b"\xc3\x83", b"\xc3\x82", b"\xc3\xa2\xe2\x82\xac", b"\xc3\xb0\xc5\xb8", b"\xc2\x80")
_C1_BYTES = re.compile(rb"\xc2[\x80-\x9f]")


def best_encoding(data: bytes) -> tuple[str, list[tuple[str, str]]]:
    """The one-byte encoding in which most words are words, and words as (usual, best) readings.

    Windows-1252 unless another explains more; no words where it is that. "" when in none of them
    even half the words are.
    """
    tokens = Counter(_TOKEN.findall(data))
    scores = {name: _score(tokens, name) for name in CANDIDATES}
    best = max(CANDIDATES, key=lambda name: scores[name])
    if not tokens or best == CANDIDATES[0]:
        usual = scores[CANDIDATES[0]] * 2 >= tokens.total()
        return (CANDIDATES[0] if usual else ""), []
    if scores[best] < 0.8 * tokens.total():
        return "", []
    pairs = [(_read(t, CANDIDATES[0]), _read(t, best)) for t, _ in tokens.most_common(50)]
    return best, [(was, now) for was, now in pairs if was != now][:SHOWN]


def _score(tokens: Counter[bytes], encoding: str) -> int:
    return sum(n for token, n in tokens.items() if _is_word(_read(token, encoding)))


def _read(token: bytes, encoding: str) -> str:
    return token.decode(encoding, "replace")


def _is_word(text: str) -> bool:
    bare = text.strip("'\xa0")
    return bool(_ALONE.fullmatch(text) or (len(bare) > 1 and _PLAUSIBLE.fullmatch(bare)))


def may_be_twice_encoded(data: bytes) -> bool:
    """Whether bytes of UTF-8 hold signs of letters that were encoded twice."""
    return any(sign in data for sign in _SIGNS) or bool(_C1_BYTES.search(data))


def put_right(text: str) -> str:
    """Text whose letters were read as Windows-1252 and encoded again, as it was before."""
    for _ in range(2):
        if not _SURE.search(text):
            break
        better = _C1.sub(_from_windows, _TWICE.sub(_decoded, text))
        if better == text:
            break
        text = better
    return text


def _decoded(match: re.Match[str]) -> str:
    found = match.group()
    raw = b"".join(_byte(c) for c in found)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return found
    return text if _USUAL.fullmatch(text) or _C1.fullmatch(text) else found


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1", "replace")


def _from_windows(match: re.Match[str]) -> str:
    return match.group().encode("latin-1").decode("cp1252", "ignore")


@dataclass
class Letters:
    """The cells of a sheet whose letters were put right, or are lost."""

    header: list[str] = field(default_factory=list)
    count: int = 0
    lost: int = 0
    shown: list[str] = field(default_factory=list)
    first_lost: str = ""

    def rows(self, numbers: Sequence[int], rows: list[list[str]]) -> list[list[str]]:
        """Rows with their letters put right; what was changed is counted and shown."""
        found = []
        for number, cells in zip(numbers, rows, strict=True):
            joined = "\x1f".join(cells)
            self.header = self.header or cells
            if "\ufffd" in joined:
                self.lost += 1
                self.first_lost = self.first_lost or self._place(number, cells, "\ufffd")
            found.append(self._row(number, cells) if _SURE.search(joined) else cells)
        return found

    def tell(self, numbers: Sequence[int], rows: list[list[str]], usual: str, now: str) -> None:
        """Show words of a file that is read otherwise than as Windows-1252."""
        for number, cells in zip(numbers, rows, strict=True):
            self.header = self.header or cells
            for column, cell in enumerate(cells):
                if not cell.isascii():
                    was = cell.encode(now, "replace").decode(usual, "replace")
                    self._note(number, column, was, cell)

    def notes(self, how: str) -> list[str]:
        """What a person is told."""
        told = []
        if self.count:
            told.append(
                f"{self.count} cells hold letters that {how}; read as: {'; '.join(self.shown)}. "
                "Compare them with the screen"
            )
        if self.lost:
            told.append(
                f"{self.lost} rows hold \ufffd where a letter was lost before the export, the "
                f"first {self.first_lost}; export again as UTF-8"
            )
        return told

    def _row(self, number: int, cells: list[str]) -> list[str]:
        found = []
        for column, cell in enumerate(cells):
            better = put_right(cell)
            if better != cell:
                self._note(number, column, cell, better)
            found.append(better)
        return found

    def _note(self, number: int, column: int, was: str, now: str) -> None:
        self.count += 1
        if len(self.shown) < SHOWN:
            name = self._name(column)
            self.shown.append(f"line {number}, {name}: {was[:60]!r} as {now[:60]!r}")

    def _place(self, number: int, cells: list[str], sign: str) -> str:
        column = next(i for i, cell in enumerate(cells) if sign in cell)
        return f"on line {number}, {self._name(column)}"

    def _name(self, column: int) -> str:
        known = self.header[column].strip() if column < len(self.header) else ""
        return f"column {known!r}" if known else f"column {column + 1}"
