"""Another migration's traces in a sub-account, and the two answers a person has: adopt or beside.

What belongs here: keeping the answer, carrying it out before the preflight, refusing without one.
What does not: the mark (migration/marker.py), rebuilding the id map (migration/adoption.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from flitstack_pipeline.accounts import Account
from flitstack_pipeline.catalog.objects import KEYS, waves
from flitstack_pipeline.catalog.target_schema import TargetSchema
from flitstack_pipeline.destination import Destination
from flitstack_pipeline.errors import BadInput, Exit
from flitstack_pipeline.highlevel.errors import HighLevelError
from flitstack_pipeline.migration.account_schema import Catalog, build_catalog
from flitstack_pipeline.migration.adopted_entries import Lost
from flitstack_pipeline.migration.adoption import Adoption, Exports, adopt, count_marked
from flitstack_pipeline.migration.journal.store import Journal, Run
from flitstack_pipeline.migration.marker import ADOPTED, BESIDE, Mark, others, read_marks
from flitstack_pipeline.migration.preflight.lines import Line, failed, passed, warned
from flitstack_pipeline.migration.provisioning.making import ADOPTED_THERE
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.report import Refused
from flitstack_pipeline.migration.rows import MappedRow, spool_rows
from flitstack_pipeline.migration.users import team_of
from flitstack_pipeline.services.project_context import load_options, map_document, open_journal
from flitstack_pipeline.settings import Project
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

    exit_code = Exit.PREFLIGHT_FAILED


def answer_others(project: Project, *, adopt: bool = False, beside: bool = False) -> None:
    """Keep a person's answer about another migration's traces. Raises BadInput for both."""
    if adopt and beside:
        raise BadInput("--adopt or --beside, not both: either the journal was lost, or it lives.")
    if adopt or beside:
        with open_journal(project) as journal:
            journal.set_setting(ANSWER, ADOPT if adopt else STAND_BESIDE)


def answer_others_by_name(project: Project, answer: str) -> None:
    """Keep an answer given as a word: adopt, beside, or nothing. Raises BadInput for others."""
    if answer not in ("", ADOPT, STAND_BESIDE):
        raise BadInput(f"other_journal is {answer!r}: say {ADOPT}, {STAND_BESIDE}, or nothing")
    answer_others(project, adopt=answer == ADOPT, beside=answer == STAND_BESIDE)


def workspaces(project: Project) -> list[str]:
    """The Contractor+ workspaces of the mapped records."""
    with project.warehouse.connect() as con:
        there = [key for key in KEYS if table_exists(con, f"mapped.{key}")]
        every = " UNION ".join(
            f"SELECT split_part(source_key, '/', 1) AS w FROM mapped.\"{key}\""  # noqa: S608
            for key in there
        )
        return sorted(w for (w,) in con.execute(every).fetchall()) if there else []


@dataclass(frozen=True)
class Place:
    """One sub-account and what is known of it: where the traces are looked for."""

    project: Project
    account: Account
    schema: TargetSchema
    journal: Journal
    destination: Destination

    def exports(self, elsewhere: Iterable[str] = ()) -> Exports:
        """This folder's exports, but for workspaces of migrations beside ours."""
        return Exports(
            lambda: _rows(self.project, self.account.alias),
            lambda keys: _known_keys(self.project, keys),
            frozenset(elsewhere),
        )

    def context(self, run: Run) -> Context:
        """What reading the account back takes: its names, the team, how loads behave."""
        hl = self.destination.hl
        catalog = build_catalog(hl, [o.key for o in self.schema.objects], products=True)
        existing = hl.users.list(str(catalog.location.get("companyId", "")))
        with self.project.warehouse.connect() as con:
            catalog.users = team_of(existing, con, map_document(self.project)).users
        options = load_options(self.project, self.destination)
        return Context(hl, catalog, self.journal, run, options)


def others_line(place: Place) -> Line:
    """Look for another migration's mark, and carry out the answer about it.

    Adopting changes this journal only. Raises HighLevelError.
    """
    journal, hl = place.journal, place.destination.hl
    marks = read_marks(hl)
    foreign = others(marks or [], journal)
    answer = str(journal.get_setting(ANSWER) or "")
    if answer == ADOPT:
        return _adopted(place, foreign)
    if answer == STAND_BESIDE and foreign:
        return _beside(place.project, journal, foreign)
    if foreign:
        found = "; ".join(mark.sentence for mark in foreign)
        counted = _counted(place, foreign)
        return failed(CHECK, f"this sub-account was migrated by {found}; {counted}", TWO_ANSWERS)
    if marks is None:
        return warned(
            CHECK, "cannot be seen: the token lacks locations/customValues.readonly",
            "Tick it, and locations/customValues.write: a small mark tells one migration from "
            "another.",
        )  # fmt: skip
    return passed(CHECK, "none has left a mark")


def adoption_failed(error: Exception) -> Line:
    """The line for an adoption that HighLevel did not let finish."""
    return failed(
        CHECK, f"--adopt stopped in the middle: {error}", "Run it again: it goes on where it was."
    )


def _beside(project: Project, journal: Journal, foreign: list[Mark]) -> Line:
    shared = _of_our_workspaces(project, foreign)
    if shared:
        return failed(
            CHECK, f"--beside is refused: {shared[0].sentence} is of the same workspace",
            "Two migrations of one workspace would double its records. Use that data folder, or "
            "`--adopt` if its journal was lost.",
        )  # fmt: skip
    known = [*journal.get_setting(BESIDE, []), *(mark.journal for mark in foreign)]
    journal.set_setting(BESIDE, list(dict.fromkeys(known)))
    return passed(CHECK, f"beside {'; '.join(mark.sentence for mark in foreign)}")


def _of_our_workspaces(project: Project, marks: list[Mark]) -> list[Mark]:
    ours = set(workspaces(project))
    return [mark for mark in marks if not mark.workspaces or ours & set(mark.workspaces)]


def _elsewhere(foreign: list[Mark], lost: list[Mark]) -> set[str]:
    """Workspaces of the marks that are none of those that were lost."""
    return {w for mark in foreign if mark not in lost for w in mark.workspaces}


def _counted(place: Place, foreign: list[Mark]) -> str:
    """How many records an adoption would find, and how many of them are of these exports."""
    lost = _of_our_workspaces(place.project, foreign)
    run = Run("", place.destination.location_id, "look")
    try:
        return count_marked(place.context(run), place.exports(_elsewhere(foreign, lost))).count
    except HighLevelError as error:
        return f"its records could not be counted ({error})"


def _adopted(place: Place, foreign: list[Mark]) -> Line:
    """Take over what a lost journal wrote, when all of it is in this folder's exports."""
    journal, location = place.journal, place.destination.location_id
    lost = _of_our_workspaces(place.project, foreign)
    told = Lost(
        min((mark.since for mark in lost if mark.since), default=""),
        {hl_id for mark in lost for hl_id in mark.taken},
    )
    with journal.running(location, "adopt") as run:
        exports = place.exports(_elsewhere(foreign, lost))
        result = adopt(place.context(run), exports, told)
        run.summary.update(vars(result))
    if result.refusal:
        return failed(CHECK, f"--adopt is refused: {result.count}", result.refusal)
    if lost and all(mark.there is not None for mark in lost):
        there = sorted({item for mark in lost for item in mark.there or ()})
        journal.set_setting(f"{ADOPTED_THERE}:{location}", there)
    known = [*journal.get_setting(ADOPTED, []), *(mark.journal for mark in lost)]
    journal.set_setting(ADOPTED, list(dict.fromkeys(known)))
    living = [mark for mark in foreign if mark not in lost]
    if living:
        journal.set_setting(ANSWER, "")
        also = "; ".join(mark.sentence for mark in living)
        return failed(CHECK, f"{result.count}, and were adopted; {also} is here too", "`--beside`")
    return _in_words(result)


def _in_words(result: Adoption) -> Line:
    found = (
        f"{result.count}; {result.adopted} records adopted, notes, links and files included; "
        f"{result.differing} hold other values than the exports (listed as conflicts)"
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


def _known_keys(project: Project, keys: Collection[str]) -> set[str]:
    """Those of some source keys that a row of the exports has, planned or not.

    A row that became part of another one, that was put aside, or that a later export lacks is
    still in the exports.
    """
    with project.warehouse.connect() as con:
        con.execute("CREATE OR REPLACE TEMP TABLE asked (key VARCHAR)")
        con.executemany("INSERT INTO asked VALUES (?)", [[key] for key in keys])
        found = con.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'clean' AND column_name IN ('source_key', 'merged_key')"
        ).fetchall()
        every = " UNION ".join(f'SELECT "{c}" AS key FROM "{s}"."{t}"' for s, t, c in found)  # noqa: S608
        if not every:
            return set()
        named = f"SELECT key FROM asked SEMI JOIN ({every}) USING (key)"  # noqa: S608
        return {key for (key,) in con.execute(named).fetchall()}


def refuse_other_journal(
    what: str, stage: str, journal: Journal, destination: Destination, catalog: Catalog
) -> None:
    """Refuse a load into a sub-account another journal has marked since the preflight.

    Looks once a stage, as the catalogue remembers. Raises OtherJournal with the two answers,
    HighLevelError.
    """
    if stage in catalog.marks_looked_at:
        return
    refuse_marked(what, journal, destination)
    catalog.marks_looked_at.add(stage)


def refuse_marked(what: str, journal: Journal, destination: Destination) -> None:
    """Refuse to write into a sub-account that another journal has marked.

    Raises OtherJournal with the two answers, HighLevelError.
    """
    foreign = others(read_marks(destination.hl) or [], journal)
    if foreign:
        found = "; ".join(mark.sentence for mark in foreign)
        raise OtherJournal(what, [f"This sub-account was migrated by {found}. {TWO_ANSWERS}"])
