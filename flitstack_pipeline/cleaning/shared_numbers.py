"""Lines and payments of documents that share their number, given to the document they belong to.

Lines and payments name their document by its number alone. Where several documents have it, the
child's own cells decide: who it names, its dates, its amounts, and which export it came with.
What they leave open becomes an orphan that says so: nothing is picked by chance.

Belongs here: the evidence (pure) and applying it to the clean tables of one object type. Does not:
which documents share a number (`same_number`); other references, which the client they share
decides (`references`). Only children of shared numbers cost anything.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.model import DATE, MONEY
from flitstack_pipeline.catalog.source import LINES_OF, PARTS
from flitstack_pipeline.cleaning.identity_rules import name_words
from flitstack_pipeline.warehouse import row_count

#: Ends the key of a document that one of several is, nobody can tell which.
UNRESOLVED = "~?"
_CENT = Decimal("0.01")
_SESSIONS = """
    SELECT f.session AS label, row_number() OVER (ORDER BY min(f.exported_at), f.session) AS number
    FROM raw.files f GROUP BY f.session"""


@dataclass(frozen=True)
class Document:
    """One of several documents of a number; `session` counts from the oldest it stands in."""

    key: str
    session: int
    client: frozenset[str]
    issued: dt.date | None
    amounts: frozenset[Decimal]
    paid: Decimal | None


@dataclass(frozen=True)
class Child:
    """A line or payment: `session` is the first it stands in, `place` its (file, line) there."""

    key: str
    session: int
    names: tuple[frozenset[str], ...]
    date: dt.date | None
    amount: Decimal | None
    place: tuple[str, int]
    number: int | None = None


def owner_of_payment(payment: Child, documents: Sequence[Document]) -> str | None:
    """The key of the document a payment settles; None when its cells do not tell."""
    found = _by_session_and_name(payment, documents)
    found = [d for d in found if _may_settle(d, payment)]
    if len(found) > 1 and payment.amount is not None:
        exact = [d for d in found if payment.amount in d.amounts or payment.amount == d.paid]
        found = exact or found
    return found[0].key if len(found) == 1 else None


def owners_of_lines(lines: Sequence[Child], documents: Sequence[Document]) -> dict[str, str]:
    """Line key → key of its document, for the lines whose document is sure.

    Lines that follow one another are one block until their numbers start again; a block belongs to
    the one document whose total or subtotal it adds up to.
    """
    sure = {
        line.key: found[0].key
        for line in lines
        if len(found := _by_session_and_name(line, documents)) == 1
    }
    rest = [line for line in lines if line.key not in sure]
    for blocks in ([rest], _blocks(rest)):
        known = [o for block in blocks if (o := _by_sum(block, documents))]
        if rest and len(known) == len(blocks) and len(set(known)) == len(known):
            pairs = zip(blocks, known, strict=True)
            return sure | {line.key: owner for block, owner in pairs for line in block}
    return sure


def _by_session_and_name(child: Child, documents: Sequence[Document]) -> list[Document]:
    """The documents that were there when the child was first exported, and whom it names."""
    there = [d for d in documents if d.session <= child.session] or list(documents)
    named = [d for d in there if d.client and any(_same(d.client, n) for n in child.names)]
    return named or there


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(other) and (one <= other or other <= one)


def _may_settle(document: Document, payment: Child) -> bool:
    """Whether nothing speaks against it: not paid before it was issued, nor more than was paid."""
    if document.issued and payment.date and payment.date < document.issued:
        return False
    if document.paid is None or payment.amount is None:
        return True
    return payment.amount <= document.paid + _CENT


def _blocks(lines: Sequence[Child]) -> list[list[Child]]:
    """Lines in the order of their file, cut where the file, or the row of numbers, begins anew."""
    blocks: list[list[Child]] = []
    last: Child | None = None
    for line in sorted(lines, key=lambda c: c.place):
        goes_on = last is not None and line.place == (last.place[0], last.place[1] + 1)
        rises = last is None or line.number is None or line.number > (last.number or 0)
        if goes_on and rises:
            blocks[-1].append(line)
        else:
            blocks.append([line])
        last = line
    return blocks


def _by_sum(lines: Sequence[Child], documents: Sequence[Document]) -> str | None:
    amounts = [line.amount for line in lines if line.amount is not None]
    if not amounts:
        return None
    total = sum(amounts, Decimal(0))
    found = [d.key for d in documents if any(abs(a - total) < _CENT for a in d.amounts)]
    return found[0] if len(found) == 1 else None


def resolve_children(con: duckdb.DuckDBPyConnection, object_key: str) -> None:
    """Point lines and payments of shared numbers at the document they belong to.

    Args:
        con: The warehouse; the clean tables of the object type and `clean.same_numbers` are made.
        object_key: The object type that was cleaned.
    """
    shared = "SELECT object FROM clean.same_numbers WHERE object = ? LIMIT 1"
    if not con.execute(shared, [object_key]).fetchall():
        return
    parts = [(d, key) for d, (key, document, _) in PARTS.items() if document == object_key]
    for table, column in parts:
        children = _children(con, table, column) if row_count(con, f"clean.{table}") else {}
        if not children:
            continue
        documents = _documents(con, object_key)
        owners: dict[str, str] = {}
        for number, of_one in children.items():
            known = documents[number]
            if table not in LINES_OF:
                found = {c.key: owner_of_payment(c, known) for c in of_one}
                told = {key: owner for key, owner in found.items() if owner}
            else:
                told = owners_of_lines(of_one, known)
            owners |= {c.key: told.get(c.key, number + UNRESOLVED) for c in of_one}
        for key, owner in owners.items():
            con.execute(
                f'UPDATE clean."{table}" SET "{column}" = ? WHERE source_key = ?', [owner, key]
            )
        if table in LINES_OF:
            _number_again(con, table, object_key, list(owners.values()))


def _documents(con: duckdb.DuckDBPyConnection, object_key: str) -> dict[str, list[Document]]:
    """The documents of each shared number, by the key the plain number would give."""
    table = BY_DATASET[object_key]
    issued = next((f"d.{f.name}" for f in table.fields if f.type == DATE), "CAST(NULL AS DATE)")
    client = "d.client_name" if table.has("client_name") else "NULL"
    stated = [name for name in ("total", "subtotal") if table.has(name)]
    stated = stated or [f.name for f in table.fields if f.type == MONEY]
    amounts = ", ".join(f"d.{name}" for name in stated)
    paid = "d.amount_paid" if table.has("amount_paid") else "NULL"
    found: dict[str, list[Document]] = defaultdict(list)
    rows = con.execute(
        f"""
        SELECT DISTINCT n.shown_key, d.source_key, r.session, {client}, {issued},
               [{amounts}], {paid}
        FROM clean.same_numbers n JOIN clean."{object_key}" d ON d.source_key = n.source_key
        JOIN ({_first_sessions(object_key)}) r ON r.key = d.source_key
        WHERE n.object = ? ORDER BY ALL
        """,
        [object_key],
    ).fetchall()
    for shown, key, session, client, date, amounts, settled in rows:
        known = frozenset(a for a in amounts if a is not None)
        words = name_words(client or "")
        found[shown].append(Document(key, session, words, date, known, settled))
    return found


def _children(con: duckdb.DuckDBPyConnection, table: str, column: str) -> dict[str, list[Child]]:
    """The lines or payments of each shared number."""
    fields = BY_DATASET[table].fields
    day = next((f"c.{f.name}" for f in fields if f.type == DATE), "CAST(NULL AS DATE)")
    paid = next((f"c.{f.name}" for f in fields if f.type == MONEY), "NULL")
    values = f"{day}, {paid}, NULL"
    if table in LINES_OF:
        amount = "coalesce(c.amount, CAST(c.quantity * c.unit_price AS DECIMAL(18, 4)))"
        values = f"NULL, {amount}, {_LINE}"
    found: dict[str, list[Child]] = defaultdict(list)
    rows: list[tuple[Any, ...]] = con.execute(
        f"""
        SELECT c.{column}, c.source_key, r.session, map_values(s._extra), s._file, s._row, {values}
        FROM clean."{table}" c JOIN raw."{table}" s ON s._row_id = c.raw_id
        JOIN ({_first_sessions(table)}) r ON r.key = c.source_key
        WHERE c.{column} IN (SELECT shown_key FROM clean.same_numbers) ORDER BY ALL
        """
    ).fetchall()
    for document, key, session, custom, file, line, day, value, number in rows:
        names = tuple(name_words(text) for text in custom or () if text)
        found[document].append(Child(key, session, names, day, value, (file, line), number))
    return found


#: The number of a line as exported: those of two documents start again.
_LINE = "coalesce(TRY_CAST(s.line_number AS BIGINT), c.line_number)"


def _first_sessions(table: str) -> str:
    """SQL of (key, number of the first session that has a row of it)."""
    return f"""
        SELECT k.key, min(n.number) AS session
        FROM (SELECT source_key AS key, raw_id AS row_id FROM clean."{table}"
              UNION ALL SELECT source_key, row_id FROM clean.row_states
              WHERE dataset = '{table}') k
        JOIN raw."{table}" s ON s._row_id = k.row_id
        JOIN ({_SESSIONS}) n ON n.label = s._session
        GROUP BY k.key"""


def _number_again(
    con: duckdb.DuckDBPyConnection, table: str, object_key: str, documents: list[str]
) -> None:
    """Key and number the lines of these documents by the document they belong to."""
    con.execute(
        f"""
        UPDATE clean."{table}" c SET line_number = n.line, source_id = n.id,
               source_key = c.workspace || '/{table}/' || n.id
        FROM (
            SELECT i.source_key AS key, d.source_id || '#' || row_number() OVER w AS id,
                   row_number() OVER w AS line
            FROM clean."{table}" i JOIN clean."{object_key}" d ON d.source_key = i.document_key
            WHERE list_contains(?::VARCHAR[], i.document_key)
            WINDOW w AS (PARTITION BY i.document_key ORDER BY i.line_number)
        ) n WHERE c.source_key = n.key
        """,
        [documents],
    )
