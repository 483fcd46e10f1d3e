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

from flitstack_pipeline.cleaning.forms import loose_name_key, name_key, number_key

#: Records that share one form; with more than this no one is singled out by the client they share.
MOST_NAMESAKES = 20
_NUMBERED = ("jobs", "estimates", "invoices", "work_orders")
_OF_CLIENT = (*_NUMBERED, "properties")
_OWNED = {
    "clients": "owner", "leads": "owner", "jobs": "owner",
    "work_orders": "technician", "visits": "technician",
}  # fmt: skip
#: (child, column, role, parent); list columns hold several references.
_BY_NUMBER = (
    ("estimates", "job_refs", "job", "jobs"),
    ("estimates", "invoice_refs", "invoice", "invoices"),
    ("jobs", "estimate_refs", "estimate", "estimates"),
    ("jobs", "invoice_refs", "invoice", "invoices"),
    ("invoices", "estimate_refs", "estimate", "estimates"),
    ("invoices", "job_refs", "job", "jobs"),
    ("work_orders", "job_refs", "job", "jobs"),
    ("visits", "[job_ref]", "job", "jobs"),
    ("change_orders", "[invoice_ref]", "invoice", "invoices"),
)


@dataclass(frozen=True)
class Rung:
    """One way of reading a reference: `forms` gives (workspace, form, key), `asked` the form
    wanted, as SQL over `wanted w`."""

    parent: str
    method: str
    confidence: float
    forms: str
    asked: str


def link_clients(con: duckdb.DuckDBPyConnection) -> None:
    """The client (else lead) of each document: by id, else by a name that only one has.

    Needs the temporary table `people` of `survivorship`; parents are always kept records.
    """
    _start(con)
    for dataset in _OF_CLIENT:
        con.execute(
            f"""
            INSERT INTO wanted
            SELECT nextval('wanted_id'), source_key, '{dataset}', 'client', workspace, client_ref,
                   client_name, 1, 'people'
            FROM clean."{dataset}"
            """  # noqa: S608
        )
    for rung in _client_rungs():
        _climb(con, rung)
    _finish(con)


def link_numbers(con: duckdb.DuckDBPyConnection) -> None:
    """Documents, visits, files and notes to the records whose numbers they name."""
    _start(con)
    for child, column, role, parent in _BY_NUMBER:
        con.execute(
            f"""
            INSERT INTO wanted
            SELECT nextval('wanted_id'), source_key, '{child}', '{role}', workspace, ref, NULL,
                   position, '{parent}'
            FROM (SELECT source_key, workspace, unnest({column}) AS ref,
                         generate_subscripts({column}, 1) AS position FROM clean."{child}")
            WHERE ref IS NOT NULL
            """  # noqa: S608
        )
    for dataset in ("attachments", "activities"):
        con.execute(
            f"""
            INSERT INTO wanted
            SELECT nextval('wanted_id'), source_key, '{dataset}', 'record', workspace, record_ref,
                   NULL, 1, record_type
            FROM clean."{dataset}"
            """  # noqa: S608
        )
    for rung in _number_rungs():
        _climb(con, rung)
    _finish(con)
    _link_back(con)


def link_people(con: duckdb.DuckDBPyConnection) -> None:
    """Owners and technicians by display name (or e-mail): own workspace first, then any.

    Needs the view `kept_clients` of `survivorship`: owners of a merged row are its client's.
    """
    _start(con)
    for dataset, role in _OWNED.items():
        table = "kept_clients" if dataset == "clients" else f'clean."{dataset}"'
        con.execute(
            f"""
            INSERT INTO wanted
            SELECT nextval('wanted_id'), source_key, '{dataset}', '{role}', workspace, ref, NULL,
                   position, 'users'
            FROM (SELECT source_key, workspace, unnest(assigned_to) AS ref,
                         generate_subscripts(assigned_to, 1) AS position FROM {table})
            WHERE ref IS NOT NULL
            """  # noqa: S608
        )
    for rung in _user_rungs():
        _climb(con, rung)
    _finish(con)


def lost_children(con: duckdb.DuckDBPyConnection) -> None:
    """Lines and payments of a document that no export holds, listed as orphans."""
    for child, column, parent in (
        ("estimate_items", "document_key", "estimates"),
        ("invoice_items", "document_key", "invoices"),
        ("payments", "invoice_key", "invoices"),
    ):
        con.execute(
            f"""
            INSERT INTO clean.orphans
            SELECT c.source_key, '{child}', 'document', c.{column}, 'no such document'
            FROM clean."{child}" c ANTI JOIN clean."{parent}" p ON p.source_key = c.{column}
            """  # noqa: S608
        )


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


def _climb(con: duckdb.DuckDBPyConnection, rung: Rung) -> None:
    """Settle what one rung can; a form shared by several records settles with a NULL key."""
    if not _is_open(con, rung.parent):
        return
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE forms AS
        SELECT * FROM ({rung.forms}) f(workspace, form, key) WHERE form IS NOT NULL;
        CREATE OR REPLACE TEMP TABLE hits AS
        WITH counted AS (
            SELECT workspace, form, min(key) AS key, min(key) <> max(key) AS several,
                   count(*) AS n
            FROM forms GROUP BY workspace, form
        ), still_open AS (
            SELECT w.id, w.child_key, w.workspace, {rung.asked} AS form
            FROM wanted w ANTI JOIN settled s ON s.id = w.id
            WHERE w.parent_object = '{rung.parent}'
        )
        SELECT o.id, o.child_key, o.workspace, o.form, c.key, c.several, c.n
        FROM still_open o JOIN counted c ON c.workspace = o.workspace AND c.form = o.form;
        INSERT INTO settled
        WITH of_client AS (
            SELECT child_key, parent_key FROM clean.links WHERE role = 'client'
        ), same_client AS (
            SELECT h.id, min(f.key) AS key
            FROM hits h
            JOIN forms f ON f.workspace = h.workspace AND f.form = h.form
            JOIN of_client mine ON mine.child_key = h.child_key
            JOIN of_client theirs ON theirs.child_key = f.key
                                 AND theirs.parent_key = mine.parent_key
            WHERE h.several AND h.n <= {MOST_NAMESAKES}
            GROUP BY h.id HAVING count(DISTINCT f.key) = 1
        )
        SELECT h.id, CASE WHEN NOT h.several THEN h.key ELSE s.key END,
               CASE WHEN h.several THEN '{rung.method}, same client' ELSE '{rung.method}' END,
               CASE WHEN h.several THEN 0.9 * {rung.confidence} ELSE {rung.confidence} END
        FROM hits h LEFT JOIN same_client s ON s.id = h.id;
        """  # noqa: S608
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
        where = f"FROM people WHERE object = '{who}'"
        return f"SELECT workspace, {form}, kept_key {where}"

    number, name, loose = number_key("w.reference"), name_key("w.name"), loose_name_key("w.name")
    rungs = []
    for who, weight in (("clients", 1.0), ("leads", 0.95)):
        where = "" if who == "clients" else "lead "
        rungs += [
            Rung("people", f"{where}id", weight, of(who, "source_id"), "w.reference"),
            Rung("people", f"{where}id, normal form", weight - 0.02,
                 of(who, number_key("source_id")), number),
        ]  # fmt: skip
    for who, weight in (("clients", 0.9), ("leads", 0.85)):
        where = "" if who == "clients" else "lead "
        for form, asked, less in (("name_key", name, 0.0), ("loose_key", loose, 0.05)):
            firm = form.replace("name", "firm") if form == "name_key" else "firm_loose_key"
            both = f"{of(who, form)} UNION ALL {of(who, firm)}"
            rungs.append(Rung("people", f"{where}name", weight - less, both, asked))
    return rungs


def _number_rungs() -> list[Rung]:
    rungs = []
    for parent in _NUMBERED:
        table = f'FROM clean."{parent}"'
        normal = number_key("number")
        rungs += [
            Rung(parent, "number", 1.0,
                 f"SELECT workspace, number, source_key {table}", "w.reference"),
            Rung(parent, "number, normal form", 0.97,
                 f"SELECT workspace, {normal}, source_key {table}",
                 number_key("w.reference")),
            Rung(parent, "id", 0.95,
                 f"SELECT workspace, source_id, source_key {table}", "w.reference"),
        ]  # fmt: skip
    for who in ("clients", "leads"):
        table = f"FROM people WHERE object = '{who}'"
        for method, weight, form, asked in (
            ("id", 1.0, "source_id", "w.reference"),
            ("id, normal form", 0.97, number_key("source_id"), number_key("w.reference")),
            ("name", 0.9, "name_key", name_key("w.reference")),
        ):
            forms = f"SELECT workspace, {form}, kept_key {table}"
            rungs.append(Rung(who, method, weight, forms, asked))
    return rungs


def _user_rungs() -> list[Rung]:
    """A team member of two workspaces with one e-mail counts once."""
    key, asked = name_key("name"), name_key("w.reference")
    here = f"SELECT workspace, {key}, source_key FROM clean.users"  # noqa: S608
    anywhere = f"""
        SELECT w.workspace, u.form, u.key
        FROM (SELECT {key} AS form, min(source_key) AS key FROM clean.users
              GROUP BY {key}, coalesce(email, source_key)) u,
             (SELECT DISTINCT workspace FROM wanted) w"""  # noqa: S608
    by_email = "SELECT workspace, email, source_key FROM clean.users"
    return [
        Rung("users", "name", 1.0, here, asked),
        Rung("users", "e-mail", 1.0, by_email, "lower(trim(w.reference))"),
        Rung("users", "name, another workspace", 0.95, anywhere, asked),
    ]


def _link_back(con: duckdb.DuckDBPyConnection) -> None:
    """An estimate that a job names, and that names no job itself, belongs to that job."""
    con.execute(
        """
        INSERT INTO clean.links
        WITH has_job AS (
            SELECT child_key FROM clean.links WHERE child_object = 'estimates' AND role = 'job'
        )
        SELECT l.parent_key, 'estimates', 'job', l.reference, l.child_key, 'job names estimate',
               l.confidence,
               row_number() OVER (PARTITION BY l.parent_key ORDER BY l.child_key)
        FROM clean.links l ANTI JOIN has_job h ON h.child_key = l.parent_key
        WHERE l.child_object = 'jobs' AND l.role = 'estimate'
        """
    )
