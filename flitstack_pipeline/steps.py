"""The customer's steps, one function each, shared by the command line and the Dagster assets.

Each opens what it needs (warehouse briefly, journal, account), calls the rooms, and returns a
StepReport. No business rule lives here; imports no dagster.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from flitstack_pipeline.cleaning.build import CleanContext, clean_schema
from flitstack_pipeline.cleaning.build import clean_object as clean_tables
from flitstack_pipeline.cleaning.relationships import relate as relate_tables
from flitstack_pipeline.cleaning.relationships import summary
from flitstack_pipeline.cleaning.validate import check_accounting, validate_clean
from flitstack_pipeline.contractor_plus.ingest import ingest_object, ingest_schema
from flitstack_pipeline.contractor_plus.manifest import export_files, sha256
from flitstack_pipeline.destination import Destination, open_destination
from flitstack_pipeline.mapping.build import TargetSchema, target_schema
from flitstack_pipeline.mapping.build import map_object as map_tables
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.migration import gate
from flitstack_pipeline.migration.catalog import Catalog, build_catalog
from flitstack_pipeline.migration.journal import Journal
from flitstack_pipeline.migration.kinds.base import LoadOptions
from flitstack_pipeline.migration.load import load
from flitstack_pipeline.migration.provision import provision as provision_schema
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.reconcile import Reconciliation
from flitstack_pipeline.migration.reconcile import reconcile as compare_all
from flitstack_pipeline.migration.report import Refused, StepReport
from flitstack_pipeline.migration.rollback import rollback as undo
from flitstack_pipeline.migration.rows import MappedRow, spool_rows
from flitstack_pipeline.migration.sample import choose_sample
from flitstack_pipeline.migration.users import match_users
from flitstack_pipeline.reports.document import Document, Section, write_csv, write_html, write_json
from flitstack_pipeline.settings import Project
from flitstack_pipeline.spec.objects import BY_KEY, KEYS, ancestors, waves
from flitstack_pipeline.warehouse import table_exists

Log = Callable[[str], None]
WINDOW_HOURS = 48


def _silent(message: str) -> None:
    """Nobody listens."""


@contextmanager
def _journal(project: Project) -> Iterator[Journal]:
    with Journal(project.journal_url) as journal:
        yield journal


@contextmanager
def _account(project: Project) -> Iterator[tuple[Journal, Destination]]:
    with _journal(project) as journal, open_destination(project, journal.engine) as destination:
        yield journal, destination


def _context(project: Project) -> CleanContext:
    s = project.settings
    return CleanContext(s.time_zone, s.country, s.currency, project.exports)


# --- source and clean ---------------------------------------------------------------------------


def read_object(project: Project, key: str) -> StepReport:
    """Read the exports of one object type into `raw`."""
    with project.warehouse.connect() as con:
        found = ingest_object(
            con, project.exports, key, default_workspace=project.settings.workspace
        )
    facts = {"files": ", ".join(found.files) or "no file", "lines excluded": found.excluded}
    warnings = [{"warning": w} for w in [*found.refused, *found.warnings]]
    return StepReport(f"read {key}", sum(found.rows.values()), facts, {"warnings": warnings})


def read_schema(project: Project) -> StepReport:
    """Read and clean custom field definitions and line item templates."""
    with project.warehouse.connect() as con:
        ingest_schema(con, project.exports, default_workspace=project.settings.workspace)
        cleaned = clean_schema(con, _context(project))
    return StepReport("schema sheets", sum(cleaned.rows.values()))


def clean_object(project: Project, key: str) -> StepReport:
    """Clean one object type."""
    with project.warehouse.connect() as con:
        found = clean_tables(con, key, _context(project))
        accounting = check_accounting(con, key).lines
        refused = con.execute(
            'SELECT file, line, "column", rule, what_to_do FROM quarantine.rows WHERE object = ? '
            "LIMIT 25",
            [key],
        ).fetchall()
        sample = con.execute(f'SELECT * FROM clean."{BY_KEY[key].dataset}" LIMIT 5').df()  # noqa: S608
    names = ("file", "line", "column", "rule", "what to do")
    return StepReport(
        f"clean {key}",
        sum(found.rows.values()),
        {"superseded": found.superseded, "quarantined": found.quarantined},
        {
            "accounting": accounting,
            "quarantine": [dict(zip(names, row, strict=True)) for row in refused],
            "unknown words": [{"word": w, "rows": n} for w, n in found.unknown_words.items()],
            "sample": _rows(sample.astype(str)),
        },
    )


def relate(project: Project) -> StepReport:
    """Relate all cleaned records."""
    with project.warehouse.connect() as con:
        found = relate_tables(con, project.decisions)
        orphans = summary(con)
    return StepReport(
        "relationships", found.counts["clean.links"], dict(found.counts), {"orphans": orphans}
    )


def schema_failures(project: Project, key: str) -> tuple[list[dict[str, Any]], int]:
    """Cells of one object type that break their Pandera schema (capped), and how many."""
    with project.warehouse.connect() as con:
        results = [validate_clean(con, dataset) for dataset in BY_KEY[key].datasets]
    return [f for r in results for f in r.failures], sum(r.failure_count for r in results)


def accounting(project: Project, key: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The accounting of one object type per file, and what does not add up."""
    with project.warehouse.connect() as con:
        found = check_accounting(con, key)
    return found.lines, found.problems


def audit(project: Project) -> StepReport:
    """Write the source audit: what the exports hold, what needs a person, what cannot move."""
    with project.warehouse.connect() as con:
        files = con.execute(
            "SELECT file, sheet, dataset, rows_read, encoding, dialect, warnings, refused "
            "FROM raw.files ORDER BY dataset, file"
        ).df()
        quarantine = con.execute(
            'SELECT object, file, line, "column", value, rule, what_to_do FROM quarantine.rows'
        ).df()
        orphans = summary(con)
        counts = [
            {
                "object": k,
                "rows": con.execute(f'SELECT count(*) FROM clean."{BY_KEY[k].dataset}"').fetchall()[
                    0
                ][0],
            }
            for k in KEYS
        ]
        pairs = con.execute("SELECT * FROM clean.duplicate_pairs WHERE decision = 'review'").df()
    sections = [
        Section("Records by object", counts),
        Section("Files", _rows(files), "Every file as it was understood."),
        Section("Quarantine", _rows(quarantine), "Rows we could not use, and what to do."),
        Section("Orphans", orphans, "References that lead nowhere."),
        Section("Duplicates to decide", _rows(pairs), "Decide in decisions/duplicates.csv."),
        Section("What cannot move", _CANNOT_MOVE),
    ]
    path = write_html(
        Document("Source audit", f"{len(files)} files read, {len(quarantine)} rows in quarantine.",
                 quarantine.empty, {}, sections),
        project.reports / "audit.html",
    )  # fmt: skip
    write_json({"counts": counts, "orphans": orphans}, project.reports / "audit.json")
    return StepReport("audit", len(files), {"report": path}, {"records": counts})


_CANNOT_MOVE = [
    {"what": "Automations and scheduling rules", "instead": "rebuilt by hand as workflows"},
    {"what": "Roles and permissions", "instead": "set per user in HighLevel"},
    {"what": "Client portal settings, branding", "instead": "not in HighLevel's API"},
    {"what": "Group and client chats", "instead": "no export exists"},
]


def _rows(frame: Any) -> list[dict[str, Any]]:
    return [
        {k: str(v) if v is not None else "" for k, v in r.items()} for r in frame.to_dict("records")
    ]


# --- map ------------------------------------------------------------------------------------------


def _document(project: Project) -> MapDocument | None:
    return MapDocument.load(project.map_path) if project.map_path.exists() else None


def propose_map(project: Project) -> StepReport:
    """Propose `map.yaml`, keeping every decision a person took."""
    from flitstack_pipeline.mapping.propose import propose

    with project.warehouse.connect() as con:
        document = propose(con, _document(project), None)
    document.save(project.map_path)
    facts = {"map": project.map_path, "fingerprint": document.fingerprint[:12]}
    return StepReport(
        "map proposed", len(document.fields), {**facts, "open": len(document.unconfirmed())}
    )


def confirm_map(project: Project, name: str, above: float = 0.0) -> StepReport:
    """Confirm open entries of the map in a person's name."""
    document = MapDocument.load(project.map_path)
    confirmed = document.confirm_all(name, above)
    document.save(project.map_path)
    return StepReport("map confirmed", confirmed, {"by": name, "open": len(document.unconfirmed())})


def unconfirmed_entries(project: Project) -> list[str]:
    """Required entries of the map nobody confirmed."""
    document = _document(project)
    return ["there is no map yet: propose it"] if document is None else document.unconfirmed()


def map_object(project: Project, key: str) -> StepReport:
    """Map one object type."""
    document = MapDocument.load(project.map_path)
    with project.warehouse.connect() as con:
        found = map_tables(con, key, document)
    skipped = [{k: str(v) for k, v in vars(s).items()} if hasattr(s, "__dict__") else {"skipped": str(s)}
               for s in found.skipped]  # fmt: skip
    return StepReport(f"map {key}", found.rows, dict(found.by_kind), {"not mapped": skipped})


def _fingerprint(project: Project) -> str:
    document = _document(project)
    return document.fingerprint if document else ""


# --- destination ----------------------------------------------------------------------------------


def preflight(project: Project) -> StepReport:
    """Examine the sub-account, before any write; the lines are stored for the gate."""
    with _account(project) as (journal, destination):
        location = destination.hl.locations.get()
        settings = location.get("settings") or {}
        with project.warehouse.connect() as con:
            team = match_users(destination.hl, con, str(location.get("companyId", "")))
        lines = [
            _line("sub-account", "pass", f"{location.get('name')} ({destination.location_id})"),
            _line("time zone", "pass", str(location.get("timezone") or "")),
            _line("duplicate opportunities allowed", "pass")
            if settings.get("allowDuplicateOpportunity")
            else _line("duplicate opportunities allowed", "fail", "", "Switch on “Allow duplicate opportunity” "
                       "in the sub-account's settings: a client has many jobs."),
            _line("users", "warn" if team.unmatched else "pass", ", ".join(team.unmatched) or "all matched",
                  "Invite them in HighLevel, or their records stay without an owner." if team.unmatched else ""),
        ]  # fmt: skip
        journal.set_setting("preflight", lines)
        journal.set_setting("roster", team.roster)
    failed = [x["what_to_do"] for x in lines if x["verdict"] == "fail"]
    return StepReport("preflight", len(lines), {"account": destination.name},
                      {"lines": lines, "users": team.roster}, failed)  # fmt: skip


def _line(name: str, verdict: str, found: str = "", what_to_do: str = "") -> dict[str, Any]:
    return {"check": name, "verdict": verdict, "found": found, "what_to_do": what_to_do}


def preflight_lines(project: Project) -> list[dict[str, Any]]:
    """The lines of the last preflight; empty when there was none."""
    with _journal(project) as journal:
        return list(journal.get_setting("preflight", []))


def _wanted_schema(project: Project) -> TargetSchema:
    """The schema the confirmed map needs in the sub-account."""
    document = MapDocument.load(project.map_path)
    with project.warehouse.connect() as con:
        return target_schema(document, con)


def provision(project: Project) -> StepReport:
    """Make the sub-account's schema ready; what the token may not do is a checklist."""
    schema = _wanted_schema(project)
    with _account(project) as (journal, destination):
        run = journal.start_run(destination.location_id, "prepare")
        catalog = provision_schema(destination.hl, schema, journal, run)
        journal.end_run(run, "done")
        journal.set_setting("objects", [o.key for o in schema.objects])
    checklist = [{"to do in HighLevel": line} for line in catalog.checklist]
    if checklist:
        write_html(
            Document("Schema setup checklist", f"{len(checklist)} steps by hand.", False, {},
                     [Section("Steps", checklist)]),
            project.reports / "schema-checklist.html",
        )  # fmt: skip
    facts = {"fields": len(catalog.fields), "objects": len(catalog.objects), "pipelines": len(catalog.pipelines),
             "products": len(catalog.products)}  # fmt: skip
    return StepReport("destination ready", len(catalog.fields), facts, {"checklist": checklist},
                      [x["to do in HighLevel"] for x in checklist])  # fmt: skip


def _catalog(project: Project, journal: Journal, destination: Destination) -> Catalog:
    """Names and ids of the sub-account, with the users matched."""
    catalog = build_catalog(destination.hl, journal.get_setting("objects", []), products=True)
    company = str(destination.hl.locations.get().get("companyId", ""))
    with project.warehouse.connect() as con:
        catalog.users = match_users(destination.hl, con, company).users
    return catalog


# --- loads ----------------------------------------------------------------------------------------


def gate_conditions(project: Project) -> list[dict[str, Any]]:
    """Every condition of the gate with its state."""
    problems, questions = _source_problems(project)
    fingerprint = _fingerprint(project)
    with _journal(project) as journal:
        location = _location(project)
        approvals = journal.approvals(location)
        found = gate.conditions(
            unconfirmed=unconfirmed_entries(project),
            preflight=journal.get_setting("preflight"),
            accounting=problems,
            questions=questions,
            sample=journal.get_setting("sample"),
            approval=approvals[0] if approvals else None,
            fingerprint=fingerprint,
        )
    return [c.as_dict() for c in found]


def _source_problems(project: Project) -> tuple[list[str], list[str]]:
    with project.warehouse.connect() as con:
        problems = [p for key in KEYS for p in check_accounting(con, key).problems]
        questions = (
            [q for (q,) in con.execute("SELECT question FROM clean.questions").fetchall()]
            if table_exists(con, "clean.questions")
            else []
        )
        if table_exists(con, "raw.files"):
            differing = con.execute(
                "SELECT file, rows_read, expected_count FROM raw.files "
                "WHERE expected_count IS NOT NULL AND expected_count <> rows_read"
            ).fetchall()
            problems += [f"{f}: {n} rows read, {e} on screen; explain it" for f, n, e in differing]
    return list(dict.fromkeys(problems)), questions


def _location(project: Project) -> str:
    from flitstack_pipeline.destination import SANDBOX_LOCATION

    return project.settings.location_id or SANDBOX_LOCATION


def load_refusals(project: Project, stage: str, key: str) -> list[str]:
    """Why this load must not run now; empty when it may."""
    reasons = []
    with project.warehouse.connect() as con:
        if not table_exists(con, f"mapped.{key}"):
            reasons.append(f"Materialize mapped[{key}] first.")
        if stage == "sample" and not table_exists(con, "clean.links"):
            reasons.append("Materialize relationships first.")
    if stage != "sample":
        reasons += [c["what_to_do"] for c in gate_conditions(project) if not c["ok"]]
    with _journal(project) as journal:
        if journal.get_setting("objects") is None:
            reasons.append("Materialize destination_schema first: the sub-account is not ready.")
        done = set(journal.get_setting(f"done:{stage}", []))
        missing = [p for p in ancestors(key) if p not in done]
        if missing:
            reasons.append(
                f"{key} need their parents first: load {', '.join(missing)} ({stage} waves, left to right)."
            )
        if stage == "delta" and not journal.get_setting("delta_window"):
            reasons.append("The delta opens with the cutover; run the cutover first.")
    return reasons


def load_object(project: Project, stage: str, key: str, log: Log = _silent) -> StepReport:
    """Load one object type of one stage. Raises Refused when the guard says no."""
    reasons = load_refusals(project, stage, key)
    if reasons:
        raise Refused(f"{stage} of {key}", reasons)
    with project.warehouse.connect() as con:
        if stage == "sample" and key == waves()[0].objects[0]:
            choose_sample(con)
        chosen = None
        if stage == "sample":
            chosen = {k for (k,) in con.execute(
                "SELECT record_key FROM mapped.sample WHERE object = ?", [key]).fetchall()}  # fmt: skip
        rows = spool_rows(con, key, chosen)
    try:
        with _account(project) as (journal, destination):
            run = journal.start_run(destination.location_id, stage, key)
            result = load(
                destination.hl, journal, _catalog(project, journal, destination), rows, run,
                options=_options(project, destination),
                on_progress=lambda done, r: log(f"{key}: {done} of {len(rows)}, {r.created} created"),
            )  # fmt: skip
            journal.end_run(
                run, "done", {k: v for k, v in asdict(result).items() if k != "problems"}
            )
            _mark_done(journal, stage, key)
    finally:
        rows.close()
    facts = {k: v for k, v in asdict(result).items() if k not in ("problems", "seconds")}
    return StepReport(f"{stage} {key}", len(rows), facts, {}, list(result.problems))


def _options(project: Project, destination: Destination) -> LoadOptions:
    document = _document(project)
    lag = 2.0 if destination.embedded else 65.0
    return LoadOptions(
        search_lag_s=lag,
        duplicate_policy=document.duplicates if document else "match",
        files_root=project.exports,
    )


def _mark_done(journal: Journal, stage: str, key: str) -> None:
    done = list(dict.fromkeys([*journal.get_setting(f"done:{stage}", []), key]))
    journal.set_setting(f"done:{stage}", done)
    if stage == "cutover" and not journal.get_setting("delta_window"):
        opened = dt.datetime.now(dt.UTC)
        closes = opened + dt.timedelta(hours=WINDOW_HOURS)
        journal.set_setting("delta_window", [opened.isoformat(), closes.isoformat()])


def _load_all(project: Project, stage: str, log: Log) -> list[StepReport]:
    return [load_object(project, stage, key, log) for wave in waves() for key in wave.objects]


# --- truth ----------------------------------------------------------------------------------------


def _all_rows(project: Project, sample_only: bool) -> list[MappedRow]:
    rows: list[MappedRow] = []
    for key in KEYS:
        with project.warehouse.connect() as con:
            chosen = None
            if sample_only:
                chosen = {k for (k,) in con.execute(
                    "SELECT record_key FROM mapped.sample WHERE object = ?", [key]).fetchall()}  # fmt: skip
            spooled = spool_rows(con, key, chosen)
        rows += list(spooled)
        spooled.close()
    return rows


def _compared(project: Project, sample_only: bool) -> tuple[Reconciliation, int, str]:
    rows = _all_rows(project, sample_only)
    with _account(project) as (journal, destination):
        catalog = _catalog(project, journal, destination)
        found = read_back(destination.hl, catalog, journal, {(r.kind, r.target) for r in rows})
        result = compare_all(journal, destination.location_id, rows, found, catalog.users)
    if sample_only:
        result.extra = []
    return result, len(rows), destination.name


def verify_sample(project: Project) -> StepReport:
    """Read the sample back, compare field by field, write the document for the approver."""
    result, count, name = _compared(project, sample_only=True)
    with _journal(project) as journal:
        journal.set_setting(
            "sample",
            {
                "fingerprint": _fingerprint(project),
                "problems": result.problems[:200],
                "records": count,
            },
        )
    path = _write_report(project, "sample", "Sample: source, expected, found", result, name)
    return StepReport("sample compared", count, {"report": path, **result.verdicts},
                      {"by object": _by_object(result)}, result.problems)  # fmt: skip


def _by_object(result: Reconciliation) -> list[dict[str, Any]]:
    return [{"object": k, **v} for k, v in result.by_object.items()]


def _write_report(
    project: Project, stem: str, title: str, result: Reconciliation, account: str
) -> Any:
    rows = [{k: str(v) for k, v in asdict(d).items()} for d in result.diffs]
    problems = result.problems
    verdict = "Everything arrived as meant." if not problems else f"{len(problems)} differences."
    path = write_html(
        Document(title, verdict, not problems, {"account": account, **result.verdicts}, [
            Section("Missing", result.missing),
            Section("Nobody planned these", result.extra),
            Section("Fields that differ or were changed by a rule", rows, status_column="verdict"),
            Section("By object", _by_object(result)),
        ]),
        project.reports / f"{stem}.html",
    )  # fmt: skip
    write_csv(rows, project.reports / f"{stem}.csv")
    write_json(asdict(result), project.reports / f"{stem}.json")
    return path


def sample_problems(project: Project) -> list[str]:
    """Differences of the last sample."""
    with _journal(project) as journal:
        sample = journal.get_setting("sample")
    return ["there is no sample yet"] if sample is None else list(sample["problems"])


def approve(project: Project, name: str, note: str = "") -> StepReport:
    """Record a person's approval. Raises Refused when the sample does not allow it."""
    reasons = [c["what_to_do"] for c in gate_conditions(project) if not c["ok"]
               and c["condition"] != "sample approved"]  # fmt: skip
    if not name.strip():
        reasons.insert(0, "An approval needs the name of the person who approves.")
    if reasons:
        raise Refused("the approval", reasons)
    with _journal(project) as journal:
        journal.approve(_location(project), _fingerprint(project), name.strip(), note,
                        journal.get_setting("sample"))  # fmt: skip
    return StepReport("sample approved", None, {"by": name, "map": _fingerprint(project)[:12]})


def reconcile(project: Project) -> StepReport:
    """Read everything back and compare."""
    result, count, name = _compared(project, sample_only=False)
    with _journal(project) as journal:
        journal.set_setting(
            "reconciliation", {"problems": result.problems[:500], "by_object": result.by_object}
        )
    path = _write_report(project, "reconciliation", "Reconciliation", result, name)
    return StepReport("reconciled", count, {"report": path, **result.verdicts},
                      {"by object": _by_object(result)}, result.problems)  # fmt: skip


def reconciliation_problems(project: Project) -> list[str]:
    """What the last reconciliation found."""
    with _journal(project) as journal:
        found = journal.get_setting("reconciliation")
    return ["nothing was reconciled yet"] if found is None else list(found["problems"])


def rollback(
    project: Project,
    *,
    run_id: str | None = None,
    object_type: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    log: Log = _silent,
) -> StepReport:
    """Undo what we wrote, in reverse order."""
    with _account(project) as (journal, destination):
        run = journal.start_run(destination.location_id, "rollback", object_type or "")
        result = undo(
            destination.hl, journal, _catalog(project, journal, destination), run, run_id=run_id,
            object_key=object_type, dry_run=dry_run, force=force, options=_options(project, destination),
            log=log,
        )  # fmt: skip
        journal.end_run(run, "done")
        if not (dry_run or run_id or object_type):
            for name in ("done:sample", "done:cutover", "done:delta"):
                journal.set_setting(name, [])
            for name in ("sample", "reconciliation", "delta_window", "objects"):
                journal.set_setting(name, None)
    facts = {k: v for k, v in asdict(result).items() if isinstance(v, int | str | dict)}
    problems = [] if result.clean else ["some records were left; see the facts"]
    return StepReport("rollback (dry run)" if dry_run else "rollback", None, facts, {}, problems)


# --- whole stories --------------------------------------------------------------------------------


def run_audit(project: Project, log: Log = _silent) -> list[StepReport]:
    """Read, clean, relate, audit."""
    read_schema(project)
    for key in KEYS:
        read_object(project, key)
        report = clean_object(project, key)
        log(f"{key}: {report.rows} rows, {report.facts['quarantined']} in quarantine")
    relate(project)
    return [audit(project)]


def run_map(project: Project, log: Log = _silent, confirm_as: str = "") -> list[StepReport]:
    """Propose the map, and confirm it when a name is given."""
    reports = [propose_map(project)]
    if confirm_as:
        reports.append(confirm_map(project, confirm_as))
    return reports


def run_prepare(project: Project, log: Log = _silent) -> list[StepReport]:
    """Map every object type, examine the account, provision its schema."""
    reports = [map_object(project, key) for key in KEYS]
    for report in reports:
        log(f"{report.step}: {report.rows} records")
    checked = preflight(project)
    return [checked] if checked.problems else [checked, provision(project)]


def run_sample(project: Project, log: Log = _silent) -> list[StepReport]:
    """Load the sample and compare it."""
    _load_all(project, "sample", log)
    return [verify_sample(project)]


def run_cutover(project: Project, log: Log = _silent) -> list[StepReport]:
    """Load everything, behind the gate."""
    return _load_all(project, "cutover", log)


def run_delta(project: Project, log: Log = _silent) -> list[StepReport]:
    """Read, clean and map again, and load what changed."""
    run_audit(project, log)
    run_map(project, log)
    for key in KEYS:
        map_object(project, key)
    return _load_all(project, "delta", log)


def run_reconcile(project: Project, log: Log = _silent) -> list[StepReport]:
    """Reconcile."""
    return [reconcile(project)]


@dataclass(frozen=True)
class DeltaDecision:
    """Whether the sensor should launch, with the run key, or the reason why not."""

    run_key: str | None
    reason: str


def delta_wanted(project: Project, cursor: str | None) -> DeltaDecision:
    """Launch once for each new content of the exports folder inside the window."""
    with _journal(project) as journal:
        window = journal.get_setting("delta_window")
    if not window:
        return DeltaDecision(None, "The cutover has not started; the delta window opens with it.")
    if dt.datetime.now(dt.UTC) > dt.datetime.fromisoformat(window[1]):
        return DeltaDecision(None, f"The delta window closed at {window[1]}.")
    digest = hashlib.sha256()
    for path in export_files(project.exports):
        digest.update(f"{path.name}:{sha256(path)}".encode())
    key = digest.hexdigest()
    if cursor is None:
        with _journal(project) as journal:
            base = journal.get_setting("delta_base")
            if base is None:
                journal.set_setting("delta_base", key)
                base = key
        cursor = base
    if key == cursor:
        return DeltaDecision(None, f"Nothing new in {project.exports}; window until {window[1]}.")
    return DeltaDecision(key, "new exports")


# --- what a person asks ---------------------------------------------------------------------------


def per_object(project: Project) -> list[dict[str, Any]]:
    """Read, merged, quarantined, loaded, verified per object type."""
    with _journal(project) as journal:
        found = (journal.get_setting("reconciliation") or {}).get("by_object", {})
        loaded: dict[str, int] = {}
        for row in journal.counts(_location(project)):
            key = str(row.get("object_key"))
            loaded[key] = loaded.get(key, 0) + int(row.get("records", row.get("count", 0)) or 0)
    lines = []
    for key in KEYS:
        parts, _ = accounting(project, key)
        total = {
            n: sum(int(p[n]) for p in parts)
            for n in ("rows_read", "merged", "superseded", "quarantined", "excluded")
        }
        checked = found.get(key, {})
        lines.append({
            "object": key, "read": total["rows_read"], "merged": total["merged"],
            "superseded": total["superseded"], "quarantined": total["quarantined"],
            "excluded": total["excluded"], "records": checked.get("planned", 0),
            "loaded": loaded.get(key, 0), "verified": checked.get("verified", 0),
            "mismatch": checked.get("wrong", 0),
        })  # fmt: skip
    return lines


def unfinished(project: Project) -> list[str]:
    """Dead letters, conflicts and missing parents that wait for a person."""
    location = _location(project)
    with _journal(project) as journal:
        return [
            *(f"dead letter {x['record_key']}" for x in journal.dead_letters(location)),
            *(f"conflict {x['record_key']}" for x in journal.conflicts(location)),
        ]


def status(project: Project) -> dict[str, Any]:
    """Gate, counts per object, and facts, for people and programs."""
    with _journal(project) as journal:
        facts = {
            "data folder": str(project.root),
            "loaded": {
                s: journal.get_setting(f"done:{s}", []) for s in ("sample", "cutover", "delta")
            },
            "delta window": journal.get_setting("delta_window"),
        }
    return {"gate": gate_conditions(project), "objects": per_object(project), "facts": facts,
            "unfinished": unfinished(project)}  # fmt: skip


def where_to_look(project: Project) -> list[str]:
    """Where the reports, the sandbox page and the UI are."""
    lines = [f"Report:       {project.reports / 'reconciliation.html'}",
             f"Sample:       {project.reports / 'sample.html'}"]  # fmt: skip
    if project.settings.uses_embedded_sandbox:
        lines.append(
            f"Sandbox page: flitstack sandbox --port 8787 --state {project.sandbox_state}  → http://127.0.0.1:8787/"
        )
    return [*lines, "Dagster UI:   make ui  → http://127.0.0.1:3000/"]
