"""Ways an export gets damaged on its way to us: bytes, rows, columns, encodings, names.

One function per kind of damage: the bytes of a file and a seeded random generator in, bytes out.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Callable
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

Damage = Callable[[bytes, random.Random], bytes]


def flip_bytes(data: bytes, rng: random.Random) -> bytes:
    """A few bytes become others."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if out:
            out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def cut(data: bytes, rng: random.Random) -> bytes:
    """The end is missing, perhaps everything."""
    return data[: rng.randrange(len(data) + 1)]


def lose_a_piece(data: bytes, rng: random.Random) -> bytes:
    """Some bytes in the middle are missing."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.randint(1, 200) :]


def insert_marks(data: bytes, rng: random.Random) -> bytes:
    """Quotation marks, separators, line ends and zeros where none belong."""
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(data) + 1)
        data = data[:at] + rng.choice([b'"', b'""', b",", b";", b"\r", b"\n", b"\0"]) + data[at:]
    return data


def other_encoding(data: bytes, rng: random.Random) -> bytes:
    """Saved again in another encoding."""
    name = rng.choice(["utf-16", "utf-16-le", "cp1252", "utf-8-sig", "latin-1", "utf-32", "cp850"])
    return _text(data).encode(name, errors="replace")


def two_encodings(data: bytes, rng: random.Random) -> bytes:
    """Half of it in one encoding, half in another."""
    text = _text(data).replace("a", "é")
    middle = rng.randrange(len(text) + 1)
    return text[:middle].encode() + text[middle:].encode("cp1252", errors="replace")


def other_line_ends(data: bytes, rng: random.Random) -> bytes:
    """CR, LF or a mixture."""
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    ends = rng.choice([[b"\r"], [b"\n"], [b"\r", b"\n", b"\r\n"]])
    return b"".join(line + rng.choice(ends) for line in lines)


def other_rows(data: bytes, rng: random.Random) -> bytes:
    """Rows repeated, dropped, moved, emptied, made ragged; the header and titles in the middle."""
    rows = _rows(data)
    for _ in range(rng.randint(1, 6)):
        row = rng.choice(rows) if rows else []
        extra = rng.choice(
            [row, [], [""] * len(row), row[: len(row) // 2], [*row, "x", "y"], ["Total", "9"],
             rows[0] if rows else [], ["Report of clients"], ["", "=1+1", "\ufeff", "#N/A"]]
        )  # fmt: skip
        rows.insert(rng.randrange(len(rows) + 1), list(extra))
    if rng.random() < 0.5 and rows:
        del rows[rng.randrange(len(rows))]
    return _written(rows, rng)


def other_columns(data: bytes, rng: random.Random) -> bytes:
    """Columns dropped, repeated, renamed, moved."""
    rows = _rows(data)
    width = max(map(len, rows), default=0)
    order = list(range(width))
    rng.shuffle(order)
    order = order[: rng.randint(0, width)] + order[: rng.randint(0, 2)]
    rows = [[row[i] if i < len(row) else "" for i in order] for row in rows]
    if rows and rows[0] and rng.random() < 0.6:
        rows[0][rng.randrange(len(rows[0]))] = rng.choice(["", "Name", "id", "??", "Total ($)"])
    return _written(rows, rng)


def odd_cells(data: bytes, rng: random.Random) -> bytes:
    """Cells hold what no one expects in their column."""
    odd = [
        "", "-", "N/A", "0000-00-00", "31/12/2025", "45000.5", "1e400", "1.234,50", "(5)", "٣",
        "😀" * 5, "x" * 40_000, "a\0b", '"', "\u2028", "<img src='data:image/png;base64,!!'>",
        "2025-02-30", "25%", "99999999999999999999", "+1 813 555 2102 ext 9", "a@b.co;c@d.co",
    ]  # fmt: skip
    rows = _rows(data)
    for row in rows[1:]:
        for i in range(len(row)):
            if rng.random() < 0.15:
                row[i] = rng.choice(odd)
    return _written(rows, rng)


def columns_shifted(data: bytes, rng: random.Random) -> bytes:
    """From some row on every cell stands one column too far, as after a bad paste."""
    rows = _rows(data)
    start = rng.randrange(len(rows) + 1)
    left = rng.random() < 0.5
    shifted = [row[1:] if left else ["", *row] for row in rows[start:]]
    return _written(rows[:start] + shifted, rng)


def pasted_beside(data: bytes, rng: random.Random) -> bytes:
    """The same export once more, to the right of the first, some rows lower."""
    rows = _rows(data)
    width, lower = max(map(len, rows), default=0) + 1, rng.choice([0, 0, 1, 3])
    rows += [[] for _ in range(lower)]
    for number, row in enumerate(rows[: len(rows) - lower]):
        beside = rows[number + lower]
        beside += [""] * (width - len(beside)) + row[: width - 1]
    return _written(rows, rng)


def pasted_below(data: bytes, rng: random.Random) -> bytes:
    """Two downloads in one file: the second one begins with its byte order mark."""
    return data + rng.choice([b"", b"\r\n"]) + b"\xef\xbb\xbf" + data


def as_excel_shows(data: bytes, rng: random.Random) -> bytes:
    """Opened and saved by Excel: serial dates, 1.2E+10 phones, lost zeros, #NAME?, thousands."""
    ways = (
        lambda cell: "45678" if "/20" in cell or "-20" in cell or cell[:2] == "20" else cell,
        lambda cell: f"{int(cell):.5E}" if cell.isdigit() and len(cell) > 9 else cell,
        lambda cell: cell.lstrip("0") if cell.isdigit() else cell,
        lambda cell: f"{int(cell):,}" if cell.isdigit() and len(cell) > 3 else cell,
        lambda cell: f"{cell}.0" if cell.isdigit() else cell,
        lambda cell: rng.choice(["#NAME?", "#N/A", "####"]) if cell[:1] in "=+-" else cell,
        lambda cell: cell.replace("'", "\u2019").replace('"', "\u201d"),
    )  # fmt: skip
    chosen = rng.sample(ways, rng.randint(1, 3))
    rows = _rows(data)
    for row in rows[1:]:
        for way in chosen:
            row[:] = [way(cell) if cell.isascii() else cell for cell in row]
    return _written(rows, rng)


def as_a_workbook(data: bytes, rng: random.Random) -> bytes:
    """A workbook with cells of every type, merged and hidden ones, and sheets nobody asked for."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in _rows(data):
        sheet.append([_typed(ILLEGAL_CHARACTERS_RE.sub("", cell), rng) for cell in row])
    if rng.random() < 0.5:
        sheet.merge_cells(start_row=1, start_column=1, end_row=rng.randint(1, 4), end_column=2)
    if rng.random() < 0.5:
        sheet.row_dimensions[2].hidden = True
    for title in rng.sample(["Sheet2", "Pivot", "Notes"], rng.randint(0, 2)):
        other = book.create_sheet(title)
        other.append(rng.choice([[], ["Sum of Total", 12.5], ["to do", "call Ann"]]))
        other.sheet_state = rng.choice(["visible", "hidden"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _typed(cell: str, rng: random.Random) -> object:
    """A cell as Excel would type it: number, date, truth, formula, or text."""
    if rng.random() < 0.02:
        return rng.choice([dt.datetime(2026, 2, 3), dt.time(9, 30), True, 1.5, "=1+1", "#DIV/0!"])
    if cell.isascii() and cell.isdigit() and len(cell) < 15:
        return int(cell)
    return cell or None


def not_a_table(data: bytes, rng: random.Random) -> bytes:
    """Something else under the name of an export."""
    head = rng.choice(
        [b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"<html>", b"%PDF-1.7", b"\x1f\x8b", b""]
    )
    return head + bytes(rng.randrange(256) for _ in range(rng.randint(0, 300)))


DAMAGES: tuple[Damage, ...] = (
    flip_bytes,
    cut,
    lose_a_piece,
    insert_marks,
    other_encoding,
    two_encodings,
    other_line_ends,
    other_rows,
    other_columns,
    odd_cells,
    columns_shifted,
    pasted_beside,
    pasted_below,
    as_excel_shows,
    as_a_workbook,
    not_a_table,
)


def damaged_folder(source: Path, target: Path, rng: random.Random) -> list[str]:
    """Copy one to three exports, each damaged once or twice; what was done, in words."""
    files = sorted(p for p in source.iterdir() if p.suffix in (".csv", ".xlsx"))
    done = []
    for path in rng.sample(files, rng.randint(1, 3)):
        data = path.read_bytes()
        for damage in rng.sample(DAMAGES, rng.randint(1, 2)):
            data = damage(data, rng)
            done.append(f"{path.name}: {damage.__name__}")
        name = path.name if rng.random() < 0.9 else f"export {rng.randint(1, 9)}{path.suffix}"
        (target / name).write_bytes(data)
    return done


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", errors="replace")


def _rows(data: bytes) -> list[list[str]]:
    text = _text(data).replace("\0", "")
    return list(csv.reader(io.StringIO(text[:60_000], newline="")))


def _written(rows: list[list[str]], rng: random.Random) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=rng.choice(",,,;\t|"), quoting=rng.choice([0, 0, 1]))
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", errors="replace")
