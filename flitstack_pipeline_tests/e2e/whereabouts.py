"""Looks for every cell of the exports in what HighLevel holds: the promise that nothing is lost.

A cell is found when what HighLevel holds of its record (and of the record it hangs on) has the same
text, number, day, phone, or at least every word of it. This is no second mapping: it knows nothing
of fields, only of values.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from functools import cached_property

from flitstack_pipeline.catalog.clean import TABLES
from flitstack_pipeline.reading.lines import blocks
from flitstack_pipeline.reading.survey import survey

#: Kinds of export that become users, fields and products, and are compared elsewhere.
NO_RECORDS = {"users", "custom_fields", "items"}
#: Where a file lay, and what kind of record it or a note hung on: links, which are compared (with
#: the bytes) by reconciliation.
LINKS = {"Path or URL", "SHA-256", "Record Type"}
#: Words that stand for others: closed vocabularies, countries and states by their codes.
MEANS = {"united states": "US", "usa": "US", "connecticut": "CT", "partially paid": "partial",
         "aprobado": "approved"}  # fmt: skip

PHONE = re.compile(r"\+?[\d ().-]{7,}(?: ?(?:x|ext\.?) ?\d+)?")
YES = {"yes", "y", "true", "x", "1", "on"}
NO = {"no", "n", "false", "0", "off"}


class Held:
    """What HighLevel holds of one record, as one text."""

    def __init__(self, texts):
        self.text = "\n".join(texts)

    @cached_property
    def plain(self):
        return f" {plain(self.text)} "

    @cached_property
    def words(self):
        return set(self.plain.split())

    @cached_property
    def numbers(self):
        return {value for token in re.findall(r"-?\d[\d,]*\.?\d*", self.text)
                if (value := number(token)) is not None}  # fmt: skip

    @cached_property
    def digits(self):
        return re.sub(r"\D", " ", re.sub(r"(?<=\d)[ ().+-]+(?=\d)", "", self.text))

    @cached_property
    def days(self):
        found = set(re.findall(r"\d{4}-\d{2}-\d{2}", self.text))
        for stamp in re.findall(r"\b\d{12,13}\b", self.text):
            found.add(dt.datetime.fromtimestamp(int(stamp) / 1000, dt.UTC).date().isoformat())
        return found

    def has(self, cell):
        """Whether the cell's value is among what is held."""
        wanted = plain(cell)
        if not wanted or f" {wanted} " in self.plain:
            return True
        value = number(cell)
        if value is not None and (value in self.numbers or abs(value) in self.numbers):
            return True
        if any(day in self.days for day in days(cell)):
            return True
        if clock(cell) and clock(cell) in self.text:
            return True
        if PHONE.fullmatch(cell.strip()):
            parts = [re.sub(r"\D", "", part) for part in re.split(r"x|ext", cell)]
            return all(part[-10:] in self.digits.replace(" ", "") for part in parts)
        if wanted in YES | NO:
            return bool(self.words & (YES if wanted in YES else NO))
        if wanted in MEANS and self.has(MEANS[wanted]):
            return True
        return all(word in self.words or len(word) < 2 for word in wanted.split())


def plain(text):
    """Words in lower case, without tags, punctuation and escapes."""
    text = re.sub(r"<[^>]+>", " ", text)
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def number(text):
    """An amount as a number; None for anything else. Brackets are a minus."""
    bare = re.sub(r"[\s$€£,%]", "", text.strip())
    bare = f"-{bare[1:-1]}" if bare.startswith("(") and bare.endswith(")") else bare
    try:
        return Decimal(bare).normalize() if re.fullmatch(r"-?\d+(\.\d+)?", bare) else None
    except InvalidOperation:
        return None


def days(cell):
    """The days a cell can mean, ISO: month first, day first, year first, a word for the month."""
    found = []
    for form in ("%m/%d/%Y", "%d/%m/%Y", "%Y-%m-%d", "%m/%d/%y", "%b %d, %Y", "%d.%m.%Y",
                 "%d %b %Y", "%B %d, %Y", "%m-%d-%Y"):  # fmt: skip
        for text in (cell.strip(), cell.strip().split(" ")[0], cell.strip()[:10]):
            try:
                found.append(dt.datetime.strptime(text, form).date().isoformat())
            except ValueError:
                continue
    if re.fullmatch(r"\d{5}(\.\d+)?", cell.strip()):
        serial = dt.date(1899, 12, 30) + dt.timedelta(days=int(float(cell)))
        found.append(serial.isoformat())
    return found


def clock(cell):
    """The time a cell shows, as 08:00; "" for anything else."""
    try:
        return dt.datetime.strptime(cell.strip().upper(), "%I:%M %p").strftime("%H:%M")
    except ValueError:
        return ""


def cells(exports):
    """(raw row number within its file, file, kind of export, header, cell) of every record."""
    for read in survey(exports):
        for block in blocks(read.sheet.batches(), read.layout):
            names = dict(enumerate(block.layout.header))
            for line, row in zip(block.records.numbers, block.records.rows, strict=True):
                for index, cell in enumerate(row):
                    if cell.strip():
                        yield read.entry.file, line, read.dataset, names.get(index, ""), cell


def missing_cells(con, exports, dump):
    """(cells looked for, those that are nowhere: file, line, header, cell) of all clean records."""
    kept = dict(con.execute("SELECT merged_key, kept_key FROM clean.merges").fetchall())
    parents = defaultdict(list)
    for child, parent in con.execute("SELECT child_key, parent_key FROM clean.links").fetchall():
        if parent:
            parents[child].append(parent)
    near = {place: _with_parents(keys, kept, parents) for place, keys in _own_keys(con).items()}
    held = held_by_key(dump, {key for keys in near.values() for key in keys})
    looked, missing = 0, []
    for file, line, dataset, header, cell in cells(exports):
        keys = near.get((file, line))  # none: superseded, quarantined or excluded by a rule
        if keys is None or dataset in NO_RECORDS:
            continue
        if dataset in ("attachments", "activities") and header in LINKS:
            continue
        looked += 1
        if not any(held[key].has(cell) for key in keys):
            missing.append((file, line, header, cell))
    return looked, missing


def _own_keys(con):
    """(file, line) of a raw row → keys of its record, and of the document it is a line of."""
    found = {}
    for table in TABLES:
        names = {f.name for f in table.fields} & {"document_key", "invoice_key"}
        of = "".join(f", c.{name}" for name in sorted(names))
        rows = con.execute(
            f"SELECT r._file, r._row, c.source_key{of} FROM {table.name} c "
            f"JOIN raw.{table.dataset} r ON r._row_id = c.raw_id"
        ).fetchall()
        found |= {(file, line): [k for k in keys if k] for file, line, *keys in rows}
    return found


def _with_parents(keys, kept, parents):
    """The keys they are kept as, and those of the records they hang on, twice removed."""
    found = [kept.get(key, key) for key in keys]
    for _ in range(2):
        found += [kept.get(p, p) for key in found for p in parents[key]]
    return set(found)


def held_by_key(dump, keys):
    """Source key → what HighLevel holds of it: documents that carry the key, what hangs on them."""
    documents = [
        document
        for kind in ("contacts", "businesses", "opportunities", "notes", "tasks", "messages",
                     "appointments", "files", "products", "users")
        for document in dump[kind]
    ]  # fmt: skip
    for held in dump["objects"].values():
        documents += held["records"]
    texts = {id(d): "\n".join(_values(d)) for d in documents}
    hanging = defaultdict(list)
    for document in documents:
        for name in ("contactId", "businessId", "opportunityId"):
            if document.get(name):
                hanging[document[name]].append(document)
        for relation in document.get("relations") or []:
            hanging[relation.get("recordId")].append(document)
    by_id = {d.get("id"): d for d in documents}
    for relation in dump["relations"]:
        one, other = relation.get("firstRecordId"), relation.get("secondRecordId")
        for near, far in ((one, other), (other, one)):
            if far in by_id:
                hanging[near].append(by_id[far])
    carrying = defaultdict(list)
    for document in documents:
        for key in set(re.findall(r"^\w[^/\n]*/[a-z_]+/[^\n]+$", texts[id(document)], re.M)):
            carrying[key].append(document)
    found = {}
    for key in keys:
        near = carrying.get(key, [])
        around = [far for d in near for far in hanging.get(d.get("id"), [])]
        found[key] = Held({texts[id(d)] for d in (*near, *around)})
    return found


def _values(value):
    """Every text and number in a document."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for each in value for text in _values(each)]
    return [] if value is None else [str(value)]
