"""Another migration's traces in a sub-account, and the two answers a person has: adopt or beside.

What belongs here: keeping the answer, carrying it out before the preflight, refusing without one.
What does not: the mark (migration/marker.py), rebuilding the id map (migration/adoption.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flitstack_pipeline.accounts import Account
from flitstack_pipeline.destination import Destination
from flitstack_pipeline.mapping.build import TargetSchema
from flitstack_pipeline.migration.adoption import Adoption, adopt
from flitstack_pipeline.migration.catalog import Catalog, build_catalog
from flitstack_pipeline.migration.journal import Journal
from flitstack_pipeline.migration.kinds.base import Context
from flitstack_pipeline.migration.marker import ADOPTED, BESIDE, Mark, others, read_marks
from flitstack_pipeline.migration.preflight.lines import Line, failed, passed, warned
from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.migration.rows import MappedRow, spool_rows
from flitstack_pipeline.migration.users import team_of
from flitstack_pipeline.settings import Project
from flitstack_pipeline.spec.objects import KEYS, waves
from flitstack_pipeline.steps.opening import map_document, open_journal
from flitstack_pipeline.warehouse import table_exists

CHECK = "other migrations"
ANSWER = "other_journal"
ADOPT, STAND_BESIDE = "adopt", "beside"
TWO_ANSWERS = (
    "If that journal was lost and these are its exports: `--adopt` reads the records back and "
    "takes them over (their before-images are gone: what was there before is not given back). "
    "If this is another workspace's migration into the same sub-account: `--beside`."
)


class OtherJournal(Refused):
    """A load into a sub-account that another journal migrated."""


def answer_others(project: Project, *, adopt: bool = False, beside: bool = False) -> None:
    """Keep a person's answer about another migration's traces. Raises ValueError for both."""
    if adopt and beside:
        raise ValueError("--adopt or --beside, not both: either the journal was lost, or it lives.")
    if adopt or beside:
        with open_journal(project) as journal:
            journal.set_setting(ANSWER, ADOPT if adopt else STAND_BESIDE)


def workspaces(project: Project) -> list[str]:
    """The Contractor+ workspaces of the mapped records."""
    with project.warehouse.connect() as con:
        there = [key for key in KEYS if table_exists(con, f"mapped.{key}")]
        every = " UNION ".join(
            f"SELECT split_part(source_key, '/', 1) AS w FROM mapped.\"{key}\""  # noqa: S608
            for key in there
        )
        return sorted(w for (w,) in con.execute(every).fetchall()) if there else []


def others_line(
    project: Project,
    account: Account,
    schema: TargetSchema,
    journal: Journal,
    destination: Destination,
) -> Line:
    """Look for another migration's mark or records, and carry out the answer about them.

    Adopting changes this journal only. Raises HighLevelError.
    """
    marks = read_marks(destination.hl)
    foreign = others(marks or [], journal)
    answer = str(journal.get_setting(ANSWER) or "")
    if answer == ADOPT:
        return _adopted(project, account, schema, journal, destination, foreign)
    if answer == STAND_BESIDE and foreign:
        return _beside(project, journal, foreign)
    if foreign:
        found = "; ".join(mark.sentence for mark in foreign)
        return failed(CHECK, f"this sub-account was migrated by {found}", TWO_ANSWERS)
    if marks is None:
        return warned(
            CHECK, "cannot be seen: the token lacks locations/customValues.readonly",
            "Tick it, and locations/customValues.write: a small mark tells one migration from "
            "another.",
        )  # fmt: skip
    return passed(CHECK, "none has left a mark")


def _beside(project: Project, journal: Journal, foreign: list[Mark]) -> Line:
    ours = set(workspaces(project))
    shared = [mark for mark in foreign if not mark.workspaces or ours & set(mark.workspaces)]
    if shared:
        return failed(
            CHECK, f"--beside is refused: {shared[0].sentence} is of the same workspace",
            "Two migrations of one workspace would double its records. Use that data folder, or "
            "`--adopt` if its journal was lost.",
        )  # fmt: skip
    known = [*journal.get_setting(BESIDE, []), *(mark.journal for mark in foreign)]
    journal.set_setting(BESIDE, list(dict.fromkeys(known)))
    return passed(CHECK, f"beside {'; '.join(mark.sentence for mark in foreign)}")


def _adopted(
    project: Project,
    account: Account,
    schema: TargetSchema,
    journal: Journal,
    destination: Destination,
    foreign: list[Mark],
) -> Line:
    """Take over what a lost journal wrote, when all of it is in this folder's exports."""
    hl = destination.hl
    catalog = build_catalog(hl, [o.key for o in schema.objects], products=True)
    existing = hl.users.list(str(catalog.location.get("companyId", "")))
    with project.warehouse.connect() as con:
        catalog.users = team_of(existing, con, map_document(project)).users
    since = min((mark.since for mark in foreign if mark.since), default="")
    with journal.running(destination.location_id, "adopt") as run:
        ctx = Context(hl, catalog, journal, run)
        result = adopt(ctx, lambda: _rows(project, account.alias), since)
        run.summary.update(vars(result))
    if result.refusal:
        return failed(CHECK, "--adopt is refused", result.refusal)
    known = [*journal.get_setting(ADOPTED, []), *(mark.journal for mark in foreign)]
    journal.set_setting(ADOPTED, list(dict.fromkeys(known)))
    return _in_words(result)


def _in_words(result: Adoption) -> Line:
    found = (
        f"{result.marked} records carry a source key of these exports; {result.adopted} records "
        f"adopted, notes, links and files included; {result.differing} hold other values than the "
        "exports (listed as conflicts)"
    )
    if not result.before_lost:
        return passed(CHECK, found)
    return warned(
        CHECK, found,
        f"{result.before_lost} contacts and companies were, or may have been, there before: what "
        "they held then is lost with the journal, and rollback leaves them as they are.",
    )  # fmt: skip


def _rows(project: Project, alias: str) -> Iterator[MappedRow]:
    """The planned rows of one sub-account in the order of a load."""
    for key in (key for wave in waves() for key in wave.objects):
        with project.warehouse.connect() as con:
            rows = spool_rows(con, key, None, alias)
        try:
            yield from rows
        finally:
            rows.close()


def refuse_other_journal(
    what: str, stage: str, journal: Journal, destination: Destination, catalog: Catalog
) -> None:
    """Refuse a load into a sub-account another journal has marked since the preflight.

    Looks once a stage, as the catalogue remembers. Raises OtherJournal with the two answers,
    HighLevelError.
    """
    if stage in catalog.marks_looked_at:
        return
    foreign = others(read_marks(destination.hl) or [], journal)
    catalog.marks_looked_at.add(stage)
    if foreign:
        found: Any = "; ".join(mark.sentence for mark in foreign)
        raise OtherJournal(what, [f"This sub-account was migrated by {found}. {TWO_ANSWERS}"])
