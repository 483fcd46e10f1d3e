"""Steps of the stage `map`: propose, confirm, show, read answers back, apply."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flitstack_pipeline.accounts import NotConfigured, unconfigured
from flitstack_pipeline.catalog.clean import TABLES
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.mapping.answer_sheets import DECISION, sheets
from flitstack_pipeline.mapping.answers import apply_answers
from flitstack_pipeline.mapping.build import map_object as map_tables
from flitstack_pipeline.mapping.column_names import misspelt_columns
from flitstack_pipeline.mapping.differences import differences
from flitstack_pipeline.mapping.document import (
    ACTIVITY_FORMS,
    CONFIRMED,
    MESSAGE,
    PROPOSED,
    SURE,
    MapDocument,
    MapError,
)
from flitstack_pipeline.mapping.memory import Memory
from flitstack_pipeline.mapping.propose import Surroundings, propose
from flitstack_pipeline.mapping.yaml_form import counts_stand
from flitstack_pipeline.migration.report import Reason, Refused, StepReport
from flitstack_pipeline.private_files import replacing
from flitstack_pipeline.reading.folder import export_files
from flitstack_pipeline.reports.field_map import write_field_map
from flitstack_pipeline.services.account_fields import account_fields
from flitstack_pipeline.services.click_folding import Clicks, fold_clicks
from flitstack_pipeline.services.early_cutoff import (
    Prints,
    Step,
    is_outdated,
    map_prints,
    perform,
    prints_of_files,
    surroundings,
)
from flitstack_pipeline.services.llm_client import second_opinion
from flitstack_pipeline.services.page_store import pages_path, section
from flitstack_pipeline.services.project_context import accounts, map_document, map_to_change
from flitstack_pipeline.services.publishing import (
    EARLIER,
    MAP,
    column_samples,
    publish_map,
    publish_samples,
)
from flitstack_pipeline.services.questions import answers
from flitstack_pipeline.services.source import records_left, related_before_changes
from flitstack_pipeline.services.steps_done import note, noted
from flitstack_pipeline.services.table_prints import (
    print_of,
    print_of_partition,
    print_of_tables,
)
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import table_exists

#: Of the map's fingerprint: how much is shown, and how much of it names a map.
SHOWN_OF_PRINT, SHORTEST = 12, 8
#: The table of what records became where there was a choice.
BECOME = "what they become"


def map_once(project: Project, name: str = "") -> list[StepReport]:
    """Propose the map, and confirm it in a person's name when one is given, where that is needed.

    It is not while exports, map, answers and the memory of maps are as the last proposal left them.
    An account of one's own and a language model are asked each time.
    """

    def propose_it() -> list[StepReport]:
        return propose_and_confirm(project, name) if name else [propose_map(project)]

    if not project.settings.uses_embedded_sandbox or second_opinion() is not None:
        return propose_it()

    def inputs() -> Prints:
        return {
            **surroundings(project),
            "records": records_left(project),
            "rows": print_of_tables(project, "raw"),
            "answers": print_of(sorted(answers(project).items())),
            "confirmed by": name,
            "forms of activities": print_of(_possible_forms(project)),
        }

    def rewrites() -> Prints:
        memory = project.memory_path
        kept = prints_of_files(memory.parent, [memory]) if memory else {}
        return {**map_prints(map_document(project)), **kept}

    def left() -> str:
        return print_of(
            prints_of_files(project.reports, [_page_path(project), _workbook_path(project)]),
            pages_path(project).exists(),
        )

    step = Step("field map", inputs, propose_it, left, frozenset(), rewrites)
    return perform(project, step)


@noted()
def propose_map(project: Project) -> StepReport:
    """Propose `map.yaml` and its documents, keeping every decision a person took.

    Looks at the sub-account's own fields when one is configured and answers, at the memory of
    earlier maps, and asks a language model when one is configured; goes on without any of them,
    and says so. Raises Refused when there are exports that nobody has read yet: their custom
    columns would be missing.
    """
    document, report = _proposal(project)
    _save(project, document)
    _write_documents(project, document)
    _note_records(project)
    return report


def propose_and_confirm(project: Project, name: str) -> list[StepReport]:
    """Propose a map and confirm all of it in a person's name; it is written once.

    Raises Refused as `propose_map`, MapError as `confirm_map`.
    """
    document, report = _proposal(project)
    note(project, propose_map.__name__, report)
    confirmed = _confirmed(project, document, document.confirm_all(name), name)
    note(project, confirm_map.__name__, confirmed)
    return [report, confirmed]


def _proposal(project: Project) -> tuple[MapDocument, StepReport]:
    _refuse_unread(project)
    fields, asked = account_fields(project)
    memory = Memory.load(project.memory_path)
    model = second_opinion()
    previous = copy.deepcopy(map_document(project))
    around = Surroundings(fields, memory, model, _possible_forms(project), answers(project))
    refuse_misspelt_columns(project)
    with project.warehouse.connect() as con:
        document = propose(con, previous, None, around)
        publish_samples(project, con, document)
    return document, StepReport(
        "map proposed",
        len(document.fields),
        {
            "map": project.map_path,
            "field mapping document": _page_path(project),
            "workbook": _workbook_path(project),
            "fingerprint": document.fingerprint[:SHOWN_OF_PRINT],
            "open": len(document.unconfirmed()),
            "account": asked,
            "memory": memory.problem or f"{len(memory.choices)} choices of earlier maps",
            "language model": model.summary if model else "off",
            "activities": ", ".join(f"{k} → {form}" for k, form in document.activities.items()),
        },
        {
            "changed in the source": _changed(document),
            "least sure": _least_sure(document),
            "language model, answer by answer": model.log if model else [],
        },
    )


def refuse_misspelt_columns(project: Project) -> None:
    """Raise MapError where map.yaml names custom columns nearly as the exports do."""
    document = map_document(project)
    if document is None:
        return
    with project.warehouse.connect() as con:
        problems = misspelt_columns(con, document)
    if problems:
        told = "\n".join(f"- {problem}" for problem in problems)
        raise MapError(f"{project.map_path} cannot be followed:\n{told}")


def _refuse_unread(project: Project) -> None:
    with project.warehouse.connect() as con:
        read = any(table_exists(con, table.name) for table in TABLES)
    if not read and any(export_files(project.exports)):
        raise Refused("the map", ["The exports were not read yet: run `flitstack audit` first."])


def _possible_forms(project: Project) -> dict[str, str]:
    """Kinds of activity that can keep their own time in every sub-account, and as what."""
    try:
        known = accounts(project)
    except NotConfigured:
        return {}
    return {
        kind: forms[-1]
        for kind, forms in ACTIVITY_FORMS.items()
        if not any(unconfigured(account, forms) for account in known)
    }


def _save(project: Project, document: MapDocument) -> None:
    """Write `map.yaml`, unless it stands there as it would be written: that takes a second."""
    if map_document(project) != document or not counts_stand(document, project.map_path):
        document.save(project.map_path)


def _write_documents(project: Project, document: MapDocument, earlier: Sequence[str] = ()) -> None:
    """The field mapping document, the workbook and the review room's pages, written anew.

    `earlier` are the fingerprints by which the map may still be confirmed as a whole.
    """
    publish_map(project, document, earlier)
    write_field_map(document, _page_path(project), column_samples(project, document))
    write_map_workbook(project, document)


def _page_path(project: Project) -> Path:
    return project.reports / "field-map.html"


def _workbook_path(project: Project) -> Path:
    return project.reports / "field-map.xlsx"


def _changed(document: MapDocument) -> list[dict[str, Any]]:
    return [{"entry": n, "changed": e.changed} for n, e in document.decisions() if e.changed]


def _least_sure(document: MapDocument) -> list[dict[str, Any]]:
    opened = [(n, e) for n, e in document.decisions() if e.status == "proposed"]
    opened.sort(key=lambda pair: pair[1].confidence)
    return [
        {"entry": name, "confidence": entry.confidence, "evidence": entry.evidence}
        for name, entry in opened[:25]
        if entry.confidence < 0.95
    ]


def write_map_workbook(project: Project, document: MapDocument | None = None) -> Path:
    """Write `reports/field-map.xlsx` from the map; the path."""
    from flitstack_pipeline.reports.field_map_workbook import write_workbook

    document = document or map_to_change(project)
    opened = len(document.unconfirmed())
    return write_workbook(sheets(document), _workbook_path(project), document.fingerprint, opened)


@noted()
def confirm_map(
    project: Project,
    name: str,
    above: float = 0.0,
    words: Sequence[str] = (),
    proposal: str | None = None,
) -> StepReport:
    """Confirm open entries of the map in a person's name.

    Args:
        project: The migration.
        name: Who confirms.
        above: Only entries at or above this confidence.
        words: Status words that nobody declared, each `DATASET: WORD`, or `DATASET: WORD = GOAL`
            where the proposal is wrong. The others stay open.
        proposal: The fingerprint of the map this person read, or its beginning; None for the map
            as it is now.

    Raises:
        MapError: No name, or a word or goal the map does not know.
        Refused: There is anything newer than what this person read.
    """
    document = map_to_change(project)
    if proposal is not None and (reasons := _newer(project, document, proposal.strip())):
        raise Refused("the confirmation", reasons)
    refuse_misspelt_columns(project)
    for said in words:
        place, _, goal = said.partition("=")
        dataset, _, word = place.partition(":")
        document.name_word(dataset.strip(), word.strip(), name, goal.strip())
    return _confirmed(project, document, document.confirm_all(name, above) + len(words), name)


def _newer(project: Project, document: MapDocument, proposal: str) -> list[str]:
    """What is newer than the map a person read, by its fingerprint."""
    now = document.fingerprint
    if len(proposal) < SHORTEST or not now.startswith(proposal):
        said = f"The map is {now[:SHOWN_OF_PRINT]} now, not {proposal or 'any that was named'}."
        return [f"{said} Read it again, and confirm it by that fingerprint."]
    with project.warehouse.connect() as con:
        if not table_exists(con, "cache.proposed"):  # the warehouse was made again
            return []
        ((records,),) = con.execute("SELECT records FROM cache.proposed").fetchall()
    if records == records_left(project):
        return []
    why = "Exports or decisions were read since the map was proposed: it may lack what is new."
    press = f"{why} Launch the job {JOB['propose_map']}, and read the map again."
    return [Reason(why, run="map propose", press=press)]


def _note_records(project: Project) -> None:
    """Remember from which records the map was proposed."""
    with project.warehouse.connect() as con:
        con.execute("CREATE OR REPLACE TABLE cache.proposed (records VARCHAR)")
        con.execute("INSERT INTO cache.proposed VALUES (?)", [records_left(project)])


def _confirmed(project: Project, document: MapDocument, count: int, name: str) -> StepReport:
    kept = _decided(project, document)
    facts = {
        "by": name,
        "fingerprint": document.fingerprint[:SHOWN_OF_PRINT],
        "open": len(document.unconfirmed()),
        "memory": kept,
    }
    return StepReport("map confirmed", count, facts | _cautions(document))


def _cautions(document: MapDocument) -> dict[str, str]:
    """What a person who confirms the map must know, because it cannot be undone."""
    kinds = [kind for kind, form in document.activities.items() if form == MESSAGE]
    if not kinds:
        return {}
    return {
        "caution": f"{', '.join(kinds)} become messages. HighLevel's API can neither change nor "
        "delete a message: a rollback takes them away only with the conversation or contact that "
        "this migration made; the others stay, and are reported by name."
    }


@noted()
def import_answers(project: Project, path: Path, by: str = "") -> StepReport:
    """Read a person's answers back from the workbook: exactly the cells they changed.

    `by` is who decides, else the name written in the workbook. Raises MapError with every mistake
    by sheet and cell, NotOurWorkbook, BadInput when it is not there; then nothing is changed.
    """
    from flitstack_pipeline.reports.field_map_workbook import read_answers

    name, answers, accepts_sure = read_answers(path)
    who = by.strip() or name or f"workbook {path.name}"
    document, changes = apply_answers(map_to_change(project), answers, who)
    document.note_confirmation(who, sum(c.after == CONFIRMED for c in changes))
    accepted = document.confirm_all(who, SURE) if accepts_sure else 0
    if changes or accepted:
        _decided(project, document)
    facts = {"by": who, "open": len(document.unconfirmed()), **_cautions(document)}
    facts |= {"sure ones accepted": accepted} if accepts_sure else {}
    return StepReport(
        "answers read", len(changes) + accepted, facts, {"changed": [vars(c) for c in changes]}
    )


def take_clicks(project: Project) -> int:
    """Fold what was decided in the review room into the map, with all that follows; how many."""
    return fold_clicks(project, partial(_follow_clicks, project))


def _follow_clicks(project: Project, document: MapDocument, folded: Clicks) -> None:
    """Follow a map that clicks were folded into."""
    reopened = any((c.get("column"), c.get("value")) == (DECISION, PROPOSED) for c in folded)
    shown = section(project, MAP)
    earlier: list[str] = []
    if shown and not reopened:  # who saw the map before saw all that is open in it now
        earlier = [shown.fingerprint, *shown.facts.get(EARLIER, ())][:50]
    _follow_decisions(project, document, earlier)


def _decided(project: Project, document: MapDocument) -> str:
    """Save a map a person decided in, with all that follows; what became of the memory."""
    _save(project, document)
    return _follow_decisions(project, document)


def _follow_decisions(project: Project, document: MapDocument, earlier: Sequence[str] = ()) -> str:
    """Follow a saved map: its documents, its copy for `diff`, what it teaches."""
    _write_documents(project, document, earlier)
    with replacing(project.reports / "map-as-confirmed.yaml") as copy_of:
        copy_of.write(project.map_path.read_text(encoding="utf-8"))
    if project.memory_path is None:
        return "off"
    memory = Memory.load(project.memory_path)
    if memory.problem:
        return memory.problem
    known = memory.remember(document, hashlib.sha256(str(project.root).encode()).hexdigest()[:12])
    try:
        memory.save(project.memory_path)
    except OSError as error:
        return f"not kept: {error}"
    return f"{known} choices kept in {project.memory_path}"


def map_differences(project: Project, other: Path | None = None) -> StepReport:
    """What the map says differently from another map, or from itself as last confirmed.

    Raises FileNotFoundError when there is nothing to compare with.
    """
    against = other or project.reports / "map-as-confirmed.yaml"
    if not against.exists():
        raise BadInput(
            f"{against} does not exist. Nothing was confirmed yet; name a map to compare with."
        )
    found = differences(MapDocument.load(against), map_to_change(project))
    rows = [vars(d) for d in found]
    return StepReport("map differences", len(found), {"against": against}, {"differences": rows})


def unconfirmed_entries(project: Project) -> list[str]:
    """Required entries of the map nobody confirmed."""
    document = map_document(project)
    return ["there is no map yet: propose it"] if document is None else document.unconfirmed()


@noted("key")
def map_object(project: Project, key: str) -> StepReport:
    """Map one object type, where records or the map have changed."""
    if map_document(project) is None:
        map_to_change(project)  # says what is missing
    return perform(project, mapping(project, key))[0]


def mapping(project: Project, key: str) -> Step:
    """The step that maps one object type: all cleaned records, and the map."""

    def inputs() -> Prints:
        said = map_prints(map_document(project))
        return {**surroundings(project), "records": records_left(project), **said}

    def left() -> str:
        return print_of_partition(project, "mapped", [key], "object", [key], ["skipped"])

    return Step(f"map[{key}]", inputs, lambda: [_map(project, key)], left, frozenset({"mapped"}))


def mapped_before_changes(project: Project) -> bool:
    """Whether rows, decisions or the map changed since records were mapped."""
    outdated = (is_outdated(project, mapping(project, key)) for key in KEYS)
    return related_before_changes(project) or any(outdated)


def _map(project: Project, key: str) -> StepReport:
    document = map_document(project) or map_to_change(project)
    with project.warehouse.connect() as con:
        found = map_tables(
            con, key, document, print_of(records_left(project), document.fingerprint)
        )
    skipped = [
        {k: str(v) for k, v in vars(s).items()} if hasattr(s, "__dict__") else {"skipped": str(s)}
        for s in found.skipped
    ]
    tables = {"not mapped": skipped, BECOME: remarks(project, key)}
    return StepReport(f"map {key}", found.rows, dict(found.by_kind), tables)


def remarks(project: Project, key: str) -> list[dict[str, Any]]:
    """What the rows of an object type became where there was a choice, why, and how many."""
    with project.warehouse.connect() as con:
        if not table_exists(con, f"mapped.{key}"):
            return []
        columns = con.execute(f'SELECT * FROM mapped."{key}" LIMIT 0').description or ()  # noqa: S608
        if "remark" not in [column[0] for column in columns]:
            return []  # mapped by an earlier version
        counted = con.execute(
            f"""SELECT remark, count(*) FROM mapped."{key}" WHERE remark <> ''
            GROUP BY remark ORDER BY remark"""  # noqa: S608
        ).fetchall()
    return [{"what": remark, "records": count} for remark, count in counted]
