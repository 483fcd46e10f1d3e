"""Whatever happens to the bytes of an export, it is read as it stands, or refused with a reason."""

import csv
import io
import json
import random
import re

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flitstack_pipeline.catalog.source import BY_KEY
from flitstack_pipeline.cleaning.values.wrapping import unwrapped_row
from flitstack_pipeline.reading.cells import UnreadableFile, sheets
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.reading.letters import put_right
from flitstack_pipeline.reading.text_lines import (
    BACKSLASH,
    LONE_RETURN,
    SPACED,
    TWICE_ENCODED,
    WRAPPED,
)
from flitstack_pipeline.warehouse import SCHEMAS
from flitstack_pipeline_tests.reading import damage
from flitstack_pipeline_tests.reading.test_reading import HEADER, TABLES, write

BYTES = (
    damage.flip_bytes,
    damage.cut,
    damage.lose_a_piece,
    damage.insert_marks,
    damage.two_encodings,
    damage.other_line_ends,
)
#: Bytes of a file in which no cell has text: byte order marks, blanks, separators, quotation marks.
NO_TEXT = b'\xef\xbb\xbf\xff\xfe\0 \t\r\n",;|'


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=TABLES,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    separator=st.sampled_from([",", ";", "\t"]),
    done=st.lists(st.sampled_from(BYTES), min_size=1, max_size=3),
    seed=st.integers(0, 2**32),
)
def test_every_cell_of_a_damaged_file_is_stored_or_the_file_is_refused(
    tmp_path_factory, rows, encoding, separator, done, seed
):
    folder = tmp_path_factory.mktemp("d")
    path = write(folder / "clients.csv", [HEADER, *rows], encoding, separator)
    rng = random.Random(seed)
    data = path.read_bytes()
    for change in done:
        data = change(data, rng)
    path.write_bytes(data)
    with duckdb.connect(config={"threads": 1}) as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        result = ingest_object(con, folder, "clients", answers={"file:clients.csv": "clients"})
        if not data.translate(None, NO_TEXT):
            (refused,) = result.refused
            assert "empty" in refused or "is never closed" in refused
            return
        try:
            (sheet,) = sheets(path)
            read = dict(sheet.rows())
        except UnreadableFile as error:
            assert error.reason and error.what_to_do
            assert result.refused == [str(error)]
            assert con.execute("SELECT count(*) FROM raw.clients").fetchone() == (0,)
            return
        assert result.refused == []
        assert list(read.values()) == _by_the_csv_module(sheet)
        _is_stored(con, read)


def _by_the_csv_module(sheet):
    """The rows of the csv module over the whole text, its habits put right here once more.

    What tools wrap around a cell is taken off by the product; test_wrapping.py holds that to
    values worked out by hand.
    """
    dialect = sheet.dialect
    with sheet.path.open(encoding=sheet.encoding.name, newline="") as file:
        text = file.read()
    for _ in range(dialect.skip_lines):
        text = text[re.match(r"[^\r\n]*(?:\r\n|\r|\n)?", text).end() :]
    if LONE_RETURN in dialect.habits:
        text = re.sub(r"\r(?!\n)", "\x0b", text)
    for note in sheet.notes:
        if told := re.match(r"line ([\d, ]+) ends in a quotation mark too many", note):
            text = _without_marks(text, {int(n) for n in told[1].split(", ")})
    if BACKSLASH in dialect.habits:
        text = re.sub(r'\\(["\\])', lambda m: '""' if m[1] == '"' else m[1], text)
    if SPACED in dialect.habits:
        start = rf"(?:(?<=^)|(?<=\n)|(?<={re.escape(dialect.separator)}))"
        text = re.sub(rf'{start} +(?=")', "", text)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect.separator))
    if WRAPPED in dialect.habits:
        rows = [unwrapped_row(row) for row in rows]
    if TWICE_ENCODED in dialect.habits:  # test_letters.py holds it to values worked out by hand
        rows = [[put_right(cell) for cell in row] for row in rows]
    return rows


def _without_marks(text, numbers):
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text)
    for number in numbers:
        lines[number - 1] = re.sub(r'"(?=[\r\n]*$)', "", lines[number - 1])
    return "".join(lines)


def _is_stored(con, read):
    """Every line but the header is a record with all its cells, or is left out by a rule."""
    (header,) = con.execute("SELECT header_row FROM raw.files").fetchone()
    names = ", ".join(f'"{c.name}"' for c in BY_KEY["clients"].columns)
    records = con.execute(f"SELECT _row, map_values(_extra), {names} FROM raw.clients").fetchall()
    aside = con.execute('SELECT "row", cells FROM raw.misfits').fetchall()
    moved = con.execute('SELECT "row", cells FROM raw.realigned').fetchall()
    as_read = {number: list(json.loads(cells).values()) for number, cells in (*aside, *moved)}
    for number, more, *values in records:
        cells = [cell for cell in (*values, *more) if cell and cell.strip()]
        as_read.setdefault(number, cells)
    for number, cells in as_read.items():
        assert sorted(cells) == sorted(cell for cell in read[number] if cell.strip())
    others = con.execute('SELECT "row", text FROM raw.excluded').fetchall()
    for number, text in others:
        assert text == " | ".join(cell for cell in read[number] if cell)[:500]
    told = [number for number, *_ in (*records, *aside, *others)] + ([header] if header else [])
    assert sorted(told) == (sorted(read) if header else [])
