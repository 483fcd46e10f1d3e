"""The checks show what is wrong with a partition, from buttons and in jobs alike."""

import dagster as dg
import pytest

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.dagster import jobs
from flitstack_pipeline.dagster.assets.step import Step
from flitstack_pipeline.dagster.checks import CHECKS
from flitstack_pipeline.dagster.checks.check import Check, Verdict, evaluation
from flitstack_pipeline.dagster.resources import MigrationProject
from flitstack_pipeline.migration.report import StepReport
from flitstack_pipeline_tests.shell.conftest import refusal
from flitstack_pipeline_tests.shell.test_jobs import partitions_of

CLIENTS = (
    "Client ID,Client Name,Email,Phone\n"
    "C-1,Ann Lee,ann@example.com,(214) 555-0101\n"
    "C-2,Bo Diaz,bo@example.com,(214) 555-0102\n"
)


@pytest.fixture
def cleaned(project, press):
    """Two clients, read and cleaned from the buttons."""
    (project.exports / "clients.csv").write_text(CLIENTS)
    read_and_clean(press)
    return project


def read_and_clean(press):
    """Clients are cleaned once every object type is read: how others are written may tell."""
    for key in KEYS:
        assert press("raw", key).success
    assert press("clean", "clients").success


def check(name):
    return next(c for c in CHECKS if c.name == name)


def shown(table):
    return [record.data for record in table.value.records]


def test_a_clean_partition_carries_its_row_count_columns_and_lineage(cleaned, press):
    result = press("clean", "clients")
    (event,) = result.get_asset_materialization_events()
    metadata = event.materialization.metadata
    assert event.partition == "main|clients"
    assert metadata["dagster/row_count"].value == 2
    columns = {c.name: c for c in metadata["dagster/column_schema"].schema.columns}
    assert columns["source_key"].constraints.unique
    assert not columns["name"].constraints.nullable
    lineage = metadata["dagster/column_lineage"].value.deps_by_column
    (origin,) = lineage["email"]
    assert (origin.asset_key.to_user_string(), origin.column_name) == ("raw", "email")


def test_tidy_rows_pass_every_check(cleaned, instance):
    for name in ("pandera_schema", "accounting", "nothing_quarantined", "known_picklist_values"):
        found = evaluation(check(name), cleaned, "clients", instance)
        assert found.passed and found.partition == "main|clients", (name, found.metadata)


def test_a_row_that_breaks_its_schema_is_listed_with_key_column_and_form_of_value(
    cleaned, instance
):
    with cleaned.warehouse.connect() as con:
        con.execute("UPDATE clean.clients SET email = 'no address' WHERE source_id = 'C-2'")
    found = evaluation(check("pandera_schema"), cleaned, "clients", instance)
    assert not found.passed and found.metadata["failures"].value == 1
    (row,) = shown(found.metadata["failing rows"])
    assert row["source_key"] == "main/clients/C-2"
    assert (row["column"], row["value"]) == ("email", "aa aaaaaaa")


def test_a_row_nobody_accounts_for_blocks_its_partition(cleaned, instance):
    with cleaned.warehouse.connect() as con:
        con.execute("UPDATE clean.accounting SET loaded = loaded - 1 WHERE object = 'clients'")
    found = evaluation(check("accounting"), cleaned, "clients", instance)
    assert not found.passed and check("accounting").blocking
    assert found.description == "clients.csv: 2 rows read, 1 accounted for"
    assert shown(found.metadata["files"])[0]["rows_read"] == "2"


def test_a_file_nobody_recognises_shows_on_the_audit(project, press, instance):
    (project.exports / "clients.csv").write_text(CLIENTS)
    (project.exports / "things.csv").write_text("Foo,Bar\n1,2\n")
    assert press("raw", "clients").success
    found = evaluation(check("files_recognised"), project, "", instance)
    assert not found.passed and found.description.startswith("things.csv: ")


def test_a_quarantined_row_is_something_to_look_at_and_does_not_block(project, press, instance):
    exports = project.exports / "clients.csv"
    exports.write_text(CLIENTS + "C-3,,,\n")
    read_and_clean(press)
    found = evaluation(check("nothing_quarantined"), project, "clients", instance)
    assert not found.passed and found.severity.value == "WARN"
    assert found.metadata["quarantined"].value == 1
    (row,) = shown(found.metadata["quarantine"])
    assert row["file"] == "clients.csv" and row["line"] == "4" and row["what_to_do"]


def test_a_job_reports_each_partition_and_names_what_waits(project, defs, instance):
    """The audit job: partitions are marked as they complete; a damaged file is named, not fatal."""
    (project.exports / "clients.csv").write_text(CLIENTS)
    (project.exports / "invoices.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    result = defs.resolve_job_def("01_audit").execute_in_process(
        instance=instance, partition_key="main"
    )
    marked = {
        (e.asset_key.to_user_string(), e.partition)
        for e in result.all_events
        if e.event_type_value == "ASSET_MATERIALIZATION"
    }
    assert {("raw", "main|clients"), ("clean", "main|users"), ("source_audit", "main")} <= marked
    judged = {
        (e.asset_check_evaluation_data.check_name, e.asset_check_evaluation_data.partition): (
            e.asset_check_evaluation_data
        )
        for e in result.all_events
        if e.event_type_value == "ASSET_CHECK_EVALUATION"
    }
    assert judged["pandera_schema", "main|clients"].passed
    assert judged["accounting", "main|invoices"].passed
    behind = judged["left_behind_acknowledged", "main"]
    assert not behind.passed and "invoices.xlsx" in behind.description
    refused = defs.resolve_job_def("04_prepare").execute_in_process(
        instance=instance, partition_key="main", raise_on_error=False
    )
    assert "flitstack acknowledge refused_file" in refusal(refused)


def test_a_red_blocking_check_holds_up_what_follows(project, instance, monkeypatch):
    first, second = (
        Step(
            dg.AssetKey(name), "source", "A step.", frozenset(),
            run=lambda *_: StepReport("done"), source=StepReport,
        )
        for name in ("first", "second")
    )  # fmt: skip
    red = Check(first, "never", "Never.", lambda *_: Verdict(False, "It is red."), blocking=True)
    monkeypatch.setattr(jobs, "CHECKS", (red,))
    story = jobs.Story("two_steps", "Two steps.", (first, second))
    parents = {first.key: set(), second.key: {first.key}}
    job = jobs.build_job(story, parents)
    result = job.execute_in_process(
        instance=instance, partition_key="main", resources={"project": MigrationProject()},
        raise_on_error=False,
    )  # fmt: skip
    assert "Check never: It is red." in refusal(result)
    started = {e.step_key for e in result.all_events if e.event_type_value == "STEP_START"}
    assert started == {"first__whole"}


def test_several_partitions_are_one_run_and_each_has_its_own_count_and_checks(
    project, defs, instance
):
    """As the UI launches them for a group's "Materialize all": a range, and no partition."""
    (project.exports / "clients.csv").write_text(CLIENTS + "C-3,,,\n")
    read = range_run(defs, instance, ["raw"], [])
    assert read.success
    names = [c.name for c in CHECKS if c.step.name == "clean"]
    result = range_run(defs, instance, ["clean"], names)
    assert result.success, "nothing_quarantined is something to look at"
    made = {
        e.partition: e.materialization.metadata["dagster/row_count"].value
        for e in result.get_asset_materialization_events()
    }
    assert made == {f"main|{key}": 2 if key == "clients" else 0 for key in KEYS}
    for name in names:
        states = partitions_of(instance, check(name))
        assert set(states) == set(KEYS) and all(current for _, current in states.values())
    assert {k for k, (passed, _) in partitions_of(instance, check("nothing_quarantined")).items()
            if not passed} == {"clients"}  # fmt: skip


def test_a_red_blocking_check_of_one_partition_fails_the_run_of_several(cleaned, defs, instance):
    with cleaned.warehouse.connect() as con:
        con.execute("UPDATE clean.accounting SET loaded = loaded - 1 WHERE object = 'clients'")
    result = range_run(defs, instance, [], ["accounting"])
    assert not result.success
    states = partitions_of(instance, check("accounting"))
    assert states["clients"] == (False, True) and states["users"][0]


def range_run(defs, instance, assets, checks):
    """One run over all object types, as the UI launches it."""
    job = defs.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection={dg.AssetKey(name) for name in assets},
        asset_check_selection={dg.AssetCheckKey(dg.AssetKey("clean"), name) for name in checks},
    )
    return job.execute_in_process(
        instance=instance,
        raise_on_error=False,
        tags={
            "dagster/asset_partition_range_start": f"main|{KEYS[0]}",
            "dagster/asset_partition_range_end": f"main|{KEYS[-1]}",
        },
    )
