"""The customer's steps, one function each, shared by the command line and the Dagster assets.

Each opens what it needs (warehouse briefly, journal, account), calls the rooms, and returns a
StepReport. No business rule lives here; imports no dagster.
"""

from flitstack_pipeline.services.acknowledging import (
    LISTED,
    ROWS,
    acknowledge,
    dead_files,
    left_behind,
    unacknowledged,
)
from flitstack_pipeline.services.auditing import audit
from flitstack_pipeline.services.caches import empty_caches, list_caches
from flitstack_pipeline.services.conflicts import (
    apply_decided,
    open_conflicts,
    resolve,
    write_conflicts,
)
from flitstack_pipeline.services.delta import (
    DeltaDecision,
    Window,
    delta_refusals,
    delta_wanted,
    delta_window,
)
from flitstack_pipeline.services.delta_plan import delta_loads, delta_summary, plan_delta
from flitstack_pipeline.services.early_cutoff import forget
from flitstack_pipeline.services.field_map import (
    confirm_map,
    import_answers,
    map_differences,
    map_object,
    propose_map,
    refuse_misspelt_columns,
    unconfirmed_entries,
    write_map_workbook,
)
from flitstack_pipeline.services.foreign_migrations import answer_others
from flitstack_pipeline.services.gate import approve, gate_conditions, gate_reasons, sample_problems
from flitstack_pipeline.services.ledger import (
    account_cells,
    cells_by_fate,
    ledger_reasons,
    trace_row,
)
from flitstack_pipeline.services.load_records import (
    export_journal,
    publish_journal,
    requests_report,
)
from flitstack_pipeline.services.loading import load_object, load_refusals, load_stage
from flitstack_pipeline.services.locking import exclusive_run
from flitstack_pipeline.services.open_matters import open_matters
from flitstack_pipeline.services.planning import plan_stage
from flitstack_pipeline.services.prepare import preflight, preflight_lines, provision
from flitstack_pipeline.services.project_context import accounts_kept_open, check_home
from flitstack_pipeline.services.questions import (
    answer,
    counts,
    explain_count,
    question_rows,
    questions,
    questions_with_effects,
)
from flitstack_pipeline.services.repairing import repair
from flitstack_pipeline.services.retrying import retry
from flitstack_pipeline.services.rollback import rollback, what_goes
from flitstack_pipeline.services.sampling import choose
from flitstack_pipeline.services.source import (
    accounting,
    clean_context,
    clean_object,
    read_object,
    read_schema,
    relate,
    schema_failures,
)
from flitstack_pipeline.services.stage_order import (
    rebuild_warehouse,
    run_audit,
    run_cutover,
    run_delta,
    run_map,
    run_prepare,
    run_reconcile,
    run_sample,
)
from flitstack_pipeline.services.status import (
    keep_status,
    per_object,
    rolled_back_on,
    status,
    unfinished,
    where_to_look,
)
from flitstack_pipeline.services.verify import reconcile, reconciliation_problems, verify_sample
from flitstack_pipeline.services.workflows import release_workflows

__all__ = [
    "LISTED",
    "ROWS",
    "DeltaDecision",
    "Window",
    "account_cells",
    "accounting",
    "accounts_kept_open",
    "acknowledge",
    "answer",
    "answer_others",
    "apply_decided",
    "approve",
    "audit",
    "cells_by_fate",
    "check_home",
    "choose",
    "clean_context",
    "clean_object",
    "confirm_map",
    "counts",
    "dead_files",
    "delta_loads",
    "delta_refusals",
    "delta_summary",
    "delta_wanted",
    "delta_window",
    "empty_caches",
    "exclusive_run",
    "explain_count",
    "export_journal",
    "forget",
    "gate_conditions",
    "gate_reasons",
    "import_answers",
    "keep_status",
    "ledger_reasons",
    "left_behind",
    "list_caches",
    "load_object",
    "load_refusals",
    "load_stage",
    "map_differences",
    "map_object",
    "open_conflicts",
    "open_matters",
    "per_object",
    "plan_delta",
    "plan_stage",
    "preflight",
    "preflight_lines",
    "propose_map",
    "provision",
    "publish_journal",
    "question_rows",
    "questions",
    "questions_with_effects",
    "read_object",
    "read_schema",
    "rebuild_warehouse",
    "reconcile",
    "reconciliation_problems",
    "refuse_misspelt_columns",
    "relate",
    "release_workflows",
    "repair",
    "requests_report",
    "resolve",
    "retry",
    "rollback",
    "rolled_back_on",
    "run_audit",
    "run_cutover",
    "run_delta",
    "run_map",
    "run_prepare",
    "run_reconcile",
    "run_sample",
    "sample_problems",
    "schema_failures",
    "status",
    "trace_row",
    "unacknowledged",
    "unconfirmed_entries",
    "unfinished",
    "verify_sample",
    "what_goes",
    "where_to_look",
    "write_conflicts",
    "write_map_workbook",
]
