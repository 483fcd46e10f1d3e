"""What a record names — its client, its job, its owner — found among the clean records.

Belongs here: filling `clean.links` and `clean.orphans` from references as read. Does not: which
clients are the same (`duplicates`), and invoices or work orders that name no job (`invoice_links`).

Every kind of reference goes through the same ladder: a strict way of reading it first, looser
ways only for what is still open. Each rung is one hash join on a normal form, never a comparison
of all with all. A reference that fits several records is decided by the client they share, else
it is an orphan that says so: nothing is picked by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.catalog.declared import OBJECT_TYPES, PLAIN
from flitstack_pipeline.catalog.source import CLEANED, PARTS
from flitstack_pipeline.cleaning.contact_links import by_contact_point
from flitstack_pipeline.cleaning.match_keys import loose_name_key, name_key, number_key
from flitstack_pipeline.cleaning.shared_numbers import UNRESOLVED
from flitstack_pipeline.warehouse import filled_tables, table_exists

#: Records that share one form; with more than this no one is singled out by the client they share.
MOST_NAMESAKES = 20
_NUMBERED = tuple(o.key for o in OBJECT_TYPES if any(c.read == "number" for c in o.main.columns))
_PEOPLE = ("clients", "leads")
_OF_CLIENT = tuple(d for d in (*_NUMBERED, "properties") if BY_DATASET[d].has("client_name"))
#: What hangs on a record of the kind it names.
_HANGING = ("attachments", "activities")
#: Who has team members: child → (table, role); owners of a merged row are its record's.
_OWNED = {
    "clients": ("kept_clients", "owner"), "leads": ("kept_leads", "owner"),
    "jobs": ("clean.jobs", "owner"),
    "visits": ("clean.visits", "technician"),
    **{d: (f"clean.{d}", "technician") for d in PLAIN if BY_DATASET[d].has("assigned_to")},
}  # fmt: skip
#: (child, column, role, parent); list columns hold several references.
_BY_NUMBER = tuple(
    (
        d.key,
        c.cleaned if c.read == "numbers" else f"[{c.cleaned}]",
        c.parent.removesuffix("s"),
        c.parent,
    )
    for d in CLEANED
    for c in d.columns
    if c.parent and c.read != "key" and not d.lines_of
)


@dataclass(frozen=True)
class Rung:
    """One way of reading a reference: `forms` gives (workspace, form, key), `asked` the form
    wanted, as SQL over `written`, which is the column `column` of `wanted`."""

    parent: str
    method: str
    confidence: float
    forms: str
    asked: str
    column: str = "reference"


@dataclass(frozen=True)
class Column:
    """References of one column of a clean table: `select` gives child_key, workspace, reference,
    name and position."""

    child: str
    role: str
    parent: str
    select: str


def link_clients(con: duckdb.DuckDBPyConnection) -> None:
    """The client (else lead) of each document: by id, by a name that only one has, by contact.

    Needs the temporary table `people` of `merges`; parents are always kept records.
    """
    _start(con)
    rungs = _client_rungs()
    _keep_unique(con, rungs[0].forms)
    filled = filled_tables(con, "clean")
    for dataset in (dataset for dataset in _OF_CLIENT if dataset in filled):
        select = f"""
            SELECT source_key AS child_key, workspace, {_id_of_client(dataset)} AS reference,
                   client_name AS name, 1 AS position FROM clean."{dataset}"
            """
        _ask(con, Column(dataset, "client", "people", select), rungs[0])
    for rung in rungs:
        _climb(con, rung)
    by_contact_point(con)
    _finish(con)


def _id_of_client(dataset: str) -> str:
    return "client_ref" if BY_DATASET[dataset].has("client_ref") else "CAST(NULL AS VARCHAR)"


def link_numbers(con: duckdb.DuckDBPyConnection) -> None:
    """Documents, visits, files and notes to the records whose numbers they name."""
    _start(con)
    rungs = _number_rungs()
    filled = filled_tables(con, "clean")
    columns = [column for column in _number_columns() if column.child in filled]
    for parent in (*_NUMBERED, *_PEOPLE):
        strict = next(r for r in rungs if r.parent == parent)
        _keep_unique(con, strict.forms)
        for column in columns:
            if column.parent == parent:
                _ask(con, column, strict)
    _want_unknown_kinds(con)
    for rung in rungs:
        _climb(con, rung)
    _finish(con)


def link_people(con: duckdb.DuckDBPyConnection) -> None:
    """Owners and technicians by display name (or e-mail): own workspace first, then any.

    Needs the views `kept_clients` and `kept_leads` of `survivorship`.
    """
    _start(con)
    filled = filled_tables(con, "clean")
    columns = [
        Column(dataset, role, "users", _each("assigned_to", table))
        for dataset, (table, role) in _OWNED.items()
        if dataset in filled
    ]
    if not columns:
        return
    rungs = _user_rungs()
    _keep_unique(con, _users_as_written(columns))
    for column in columns:
        _ask(con, column, rungs[0])
    for rung in rungs:
        _climb(con, rung)
    _finish(con)


def lost_children(con: duckdb.DuckDBPyConnection) -> None:
    """Lines and payments of a document that no export holds, or several do: listed as orphans."""
    shared = "SELECT DISTINCT shown_key FROM clean.same_numbers"
    if not table_exists(con, "clean.same_numbers"):
        shared = "SELECT '' AS shown_key WHERE false"
    for child, (column, parent, _) in PARTS.items():
        con.execute(
            f"""
            INSERT INTO clean.orphans
            SELECT c.source_key, '{child}', 'document', c.{column},
                   CASE WHEN s.shown_key IS NULL THEN 'no such document'
                        ELSE 'several records fit this number; name the right one' END
            FROM clean."{child}" c ANTI JOIN clean."{parent}" p ON p.source_key = c.{column}
            LEFT JOIN ({shared}) s ON s.shown_key || '{UNRESOLVED}' = c.{column}
            """
        )


def _each(column: str, table: str, where: str = "true") -> str:
    """SELECT of every reference of a list column, in its order."""
    return f"""
        SELECT child_key, workspace, reference, NULL AS name, position
        FROM (SELECT source_key AS child_key, workspace, unnest({column}) AS reference,
                     generate_subscripts({column}, 1) AS position FROM {table} WHERE {where})
        WHERE reference IS NOT NULL
        """


def _number_columns() -> list[Column]:
    columns = [
        Column(child, role, parent, _each(column, f'clean."{child}"'))
        for child, column, role, parent in _BY_NUMBER
    ]
    for dataset in _HANGING:
        for parent in (*_NUMBERED, *_PEOPLE):
            of_parent = _each("[record_ref]", f'clean."{dataset}"', f"record_type = '{parent}'")
            columns.append(Column(dataset, "record", parent, of_parent))
    return columns


def _start(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        """
        CREATE OR REPLACE TEMP SEQUENCE wanted_id;
        CREATE OR REPLACE TEMP TABLE wanted (
            id BIGINT, child_key VARCHAR, child_object VARCHAR, role VARCHAR, workspace VARCHAR,
            reference VARCHAR, name VARCHAR, position INTEGER, parent_object VARCHAR);
        CREATE OR REPLACE TEMP TABLE settled (
            id BIGINT, key VARCHAR, method VARCHAR, confidence DOUBLE);
        """
    )


def _keep_unique(con: duckdb.DuckDBPyConnection, forms: str) -> None:
    """Temporary table `unique_forms`: the forms that lead to one record only."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE unique_forms AS
        SELECT workspace, form, min(key) AS key FROM ({forms}) f(workspace, form, key)
        WHERE form IS NOT NULL GROUP BY workspace, form HAVING min(key) = max(key)
        """
    )


def _ask(con: duckdb.DuckDBPyConnection, column: Column, strict: Rung) -> None:
    """Link what is written just like a unique form (most); the rest becomes `wanted`."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE tried AS
        SELECT c.*, f.key FROM ({column.select}) c
        LEFT JOIN unique_forms f ON f.workspace = c.workspace AND f.form = c.reference;
        INSERT INTO clean.links
        SELECT child_key, '{column.child}', '{column.role}', reference, key, '{strict.method}',
               {strict.confidence}, position
        FROM tried WHERE key IS NOT NULL;
        INSERT INTO wanted
        SELECT nextval('wanted_id'), child_key, '{column.child}', '{column.role}', workspace,
               reference, name, position, '{column.parent}'
        FROM tried WHERE key IS NULL;
        """
    )


def _want_unknown_kinds(con: duckdb.DuckDBPyConnection) -> None:
    """Files and notes that hang on a kind of record no table holds become `wanted`, too."""
    known = ", ".join(f"'{parent}'" for parent in (*_NUMBERED, *_PEOPLE))
    for dataset in _HANGING:
        con.execute(
            f"""
            INSERT INTO wanted
            SELECT nextval('wanted_id'), source_key, '{dataset}', 'record', workspace, record_ref,
                   NULL, 1, record_type
            FROM clean."{dataset}" WHERE record_type NOT IN ({known})
            """
        )


def _climb(con: duckdb.DuckDBPyConnection, rung: Rung) -> None:
    """Settle what one rung can; a form shared by several records settles with a NULL key.

    Normal forms are made of distinct references, and only forms that are asked for are counted.
    """
    if not _is_open(con, rung.parent):
        return
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE still_open AS
        SELECT w.id, w.child_key, w.workspace, w.{rung.column} AS written
        FROM wanted w ANTI JOIN settled s ON s.id = w.id
        WHERE w.parent_object = '{rung.parent}' AND w.{rung.column} IS NOT NULL;
        CREATE OR REPLACE TEMP TABLE asked AS
        SELECT workspace, written, {rung.asked} AS form
        FROM (SELECT DISTINCT workspace, written FROM still_open);
        CREATE OR REPLACE TEMP TABLE forms AS
        SELECT f.* FROM ({rung.forms}) f(workspace, form, key)
        SEMI JOIN asked a ON a.workspace = f.workspace AND a.form = f.form;
        CREATE OR REPLACE TEMP TABLE hits AS
        SELECT o.id, o.child_key, a.workspace, a.form, c.key, c.several, c.n
        FROM still_open o JOIN asked a ON a.workspace = o.workspace AND a.written = o.written
        JOIN (
            SELECT workspace, form, min(key) AS key, min(key) <> max(key) AS several,
                   count(*) AS n
            FROM forms GROUP BY workspace, form
        ) c ON c.workspace = a.workspace AND c.form = a.form;
        INSERT INTO settled
        SELECT id, key, '{rung.method}', {rung.confidence} FROM hits WHERE NOT several;
        INSERT INTO settled
        WITH unsure AS (
            SELECT * FROM hits WHERE several
        ), candidates AS (
            SELECT u.id, u.child_key, f.key
            FROM unsure u JOIN forms f ON f.workspace = u.workspace AND f.form = u.form
            WHERE u.n <= {MOST_NAMESAKES}
        ), of_client AS (
            SELECT child_key, parent_key FROM clean.links
            WHERE role = 'client' AND child_key IN (
                SELECT child_key FROM candidates UNION ALL SELECT key FROM candidates)
        ), same_client AS (
            SELECT c.id, min(c.key) AS key
            FROM candidates c JOIN of_client mine ON mine.child_key = c.child_key
            JOIN of_client theirs ON theirs.child_key = c.key
                                 AND theirs.parent_key = mine.parent_key
            GROUP BY c.id HAVING count(DISTINCT c.key) = 1
        )
        SELECT u.id, s.key, '{rung.method}, same client', 0.9 * {rung.confidence}
        FROM unsure u LEFT JOIN same_client s ON s.id = u.id;
        """
    )


def _is_open(con: duckdb.DuckDBPyConnection, parent: str) -> bool:
    """Whether a reference to this kind of parent is still unsettled: else the rung has no work."""
    found = con.execute(
        """
        SELECT w.id FROM wanted w ANTI JOIN settled s ON s.id = w.id
        WHERE w.parent_object = ? LIMIT 1
        """,
        [parent],
    ).fetchall()
    return bool(found)


def _finish(con: duckdb.DuckDBPyConnection) -> None:
    """Settled references become links, the rest orphans with their reason."""
    con.execute(
        """
        INSERT INTO clean.links
        SELECT w.child_key, w.child_object, w.role,
               CASE WHEN s.method LIKE '%name' AND w.role = 'client' THEN w.name
                    ELSE w.reference END,
               s.key, s.method, s.confidence, w.position
        FROM wanted w JOIN settled s ON s.id = w.id WHERE s.key IS NOT NULL;
        INSERT INTO clean.orphans
        SELECT w.child_key, w.child_object, w.role,
               CASE WHEN w.role = 'record' THEN w.parent_object || ' ' || w.reference
                    ELSE coalesce(w.reference, w.name) END,
               CASE WHEN s.id IS NOT NULL THEN
                        'several records fit this ' || regexp_extract(s.method, '^[a-z-]+')
                        || '; name the right one'
                    WHEN coalesce(w.reference, w.name) IS NULL THEN 'no client named'
                    WHEN w.role IN ('owner', 'technician') THEN 'no such team member'
                    WHEN w.role = 'client' THEN 'no such client'
                    WHEN w.role = 'record' THEN 'no such record'
                    ELSE 'no such number' END
        FROM wanted w LEFT JOIN settled s ON s.id = w.id WHERE s.key IS NULL;
        """
    )


def _client_rungs() -> list[Rung]:
    def of(who: str, form: str) -> str:
        return f"SELECT workspace, {form}, kept_key FROM people WHERE object = '{who}'"

    rungs = []
    for who, weight, where in (("clients", 1.0, ""), ("leads", 0.95, "lead ")):
        number = of(who, number_key("source_id"))
        rungs += [
            Rung("people", f"{where}id", weight, of(who, "source_id"), "written"),
            Rung("people", f"{where}id, normal form", weight - 0.02, number, number_key("written")),
        ]
    for who, weight, where in (("clients", 0.9, ""), ("leads", 0.85, "lead ")):
        for forms, asked, less in (
            (("name_key", "firm_key"), name_key("written"), 0.0),
            (("loose_key", "firm_loose_key"), loose_name_key("written"), 0.05),
            (("person_key",), name_key("written"), 0.07),  # the contact person of a firm
        ):
            both = " UNION ALL ".join(of(who, form) for form in forms)
            rungs.append(Rung("people", f"{where}name", weight - less, both, asked, "name"))
    return rungs


def _number_rungs() -> list[Rung]:
    rungs = []
    for parent in _NUMBERED:
        table = f'FROM clean."{parent}"'
        normal = f"SELECT workspace, {number_key('number')}, source_key {table}"
        rungs += [
            Rung(parent, "number", 1.0, f"SELECT workspace, number, source_key {table}", "written"),
            Rung(parent, "number, normal form", 0.97, normal, number_key("written")),
            Rung(parent, "id", 0.95, f"SELECT workspace, source_id, source_key {table}", "written"),
        ]
    for who in _PEOPLE:
        table = f"FROM people WHERE object = '{who}'"
        for method, weight, form, asked in (
            ("id", 1.0, "source_id", "written"),
            ("id, normal form", 0.97, number_key("source_id"), number_key("written")),
            ("name", 0.9, "name_key", name_key("written")),
        ):
            forms = f"SELECT workspace, {form}, kept_key {table}"
            rungs.append(Rung(who, method, weight, forms, asked))
    return rungs


def _user_rungs() -> list[Rung]:
    """A team member of two workspaces with one e-mail counts once."""
    key, asked = name_key("name"), name_key("written")
    here = f"SELECT workspace, {key}, source_key FROM clean.users"
    anywhere = f"""
        SELECT w.workspace, u.form, u.key
        FROM (SELECT {key} AS form, min(source_key) AS key FROM clean.users
              GROUP BY {key}, coalesce(email, source_key)) u,
             (SELECT DISTINCT workspace FROM wanted) w"""
    by_email = "SELECT workspace, email, source_key FROM clean.users"
    return [
        Rung("users", "name", 1.0, here, asked),
        Rung("users", "e-mail", 1.0, by_email, "lower(trim(written))"),
        Rung("users", "name, another workspace", 0.95, anywhere, asked),
    ]


def _users_as_written(columns: list[Column]) -> str:
    """Team members by their names as the records write them: few, however many records."""
    written = " UNION ".join(f"SELECT workspace, reference FROM ({c.select})" for c in columns)
    return f"""
        SELECT w.workspace, w.reference, u.source_key
        FROM (
            SELECT workspace, reference, {name_key("reference")} AS form FROM ({written})
        ) w JOIN (
            SELECT workspace, source_key, {name_key("name")} AS form FROM clean.users
        ) u ON u.workspace = w.workspace AND u.form = w.form
        """
