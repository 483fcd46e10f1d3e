"""Every third write goes wrong in one way or another: nothing is lost, doubled or erased.

The loader without the command; whole stories on both profiles: `make test-all` (proofs.py).
"""

import pytest

from flitstack_pipeline.migration import inflight_recovery
from flitstack_pipeline.migration.expected_records import PlannedRecords
from flitstack_pipeline.migration.provisioning import making
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.reconcile import reconcile
from flitstack_pipeline_tests.e2e.content import content, different
from flitstack_pipeline_tests.e2e.lost_answers import KINDS, storm
from flitstack_pipeline_tests.migration.conftest import contact
from flitstack_pipeline_tests.migration.test_adoption import Folder, everything
from flitstack_pipeline_tests.migration.test_rollback import state, there_before


def through(folder, rows, stage):
    """Load until nothing is put aside: what was refused, or lost four times, is tried again."""
    for _ in range(12):
        run = folder.journal.start_run(folder.location, stage)
        done = folder.attempt(rows, run)
        folder.journal.end_run(run, "done")
        if not done.rejected and not done.missing_parents:
            return
    raise AssertionError(folder.journal.dead_letters(folder.location))


def changed(rows):
    """A later export: two clients moved, one is new."""
    moved = {f"contact:main/clients/{n}": contact(n, city="Sparks") for n in (0, 1)}
    return sorted([moved.get(r.record_key, r) for r in rows] + [contact(8)], key=lambda r: r.phase)


def story(account, path, files, faults):
    """A cutover and a delta into an account with contacts of its own; what it held after each."""
    account.reset()
    there_before(account.connect())
    before, folder = state(account), Folder(account, path, files)
    held = []
    rows = everything(files)
    for stage, planned in (("cutover", rows), ("delta", changed(rows))):
        account.faults(**faults)
        if stage == "cutover":
            while not folder.provisioned():
                pass
        through(folder, planned, stage)
        account.faults()
        held.append(content(account.dump()))
    with PlannedRecords() as wanted:
        wanted.add(folder.journal, folder.location, planned)
        found = read_back(folder.hl, folder.catalog, folder.journal, wanted.pairs())
        compared = reconcile(wanted, found, {"main": {}})
    assert compared.missing == [], compared.missing
    account.faults(**faults)
    for _ in range(12):
        undone = folder.rollback()
        if undone.clean:
            break
    account.faults()
    assert undone.clean, (undone.left, undone.failed, undone.not_proven)
    folder.journal.close()
    return held, before


@pytest.fixture(scope="module")
def undisturbed(_sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calm")
    held, before = story(_sandbox, folder / "journal.sqlite", folder, {})
    assert state(_sandbox) == before
    return held


@pytest.mark.parametrize("seed", [1, 2])
def test_every_third_answer_lost_in_every_way_changes_nothing(
    account, tmp_path, undisturbed, seed, monkeypatch
):
    monkeypatch.setattr(making, "LOOK_PAUSES", (0.0, 0.1))  # the sandbox lists at once
    monkeypatch.setattr(inflight_recovery, "LIST_LAG_S", 0.5)  # and ends a request within 150 ms
    held, before = story(account, tmp_path / "j.sqlite", tmp_path, storm(KINDS, seed))
    for found, meant in zip(held, undisturbed, strict=True):
        assert not (wrong := different(found, meant)), "\n".join(wrong)
    assert state(account) == before
