"""Whole migrations through answers in shapes and with troubles that nobody recorded (wild.py)."""

from dataclasses import replace

import pytest

from flitstack_pipeline.highlevel.api.contacts import ContactCreate
from flitstack_pipeline.migration import inflight_recovery
from flitstack_pipeline.migration.provisioning import making
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline_tests.e2e.content import different
from flitstack_pipeline_tests.migration.conftest import contact
from flitstack_pipeline_tests.migration.test_adoption import Folder
from flitstack_pipeline_tests.migration.test_lost_answers import story, through
from flitstack_pipeline_tests.migration.test_rollback import state
from flitstack_pipeline_tests.migration.wild import SHAPES, TROUBLES, Wild, serving


@pytest.fixture(scope="module")
def undisturbed(_sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calm")
    held, before = story(_sandbox, folder / "journal.sqlite", folder, {})
    assert state(_sandbox) == before
    return held


def played(account, folder, wild):
    """A story whose every request passes the proxy; the troubles begin after what was there."""
    with serving(wild) as url:
        return story(replace(account, url=url), folder / "j.sqlite", folder, {})


def same(account, folder, undisturbed, wild):
    """What is wrong after a story through the proxy, in words."""
    held, before = played(account, folder, wild)
    wrong = [line for found, meant in zip(held, undisturbed, strict=True)
             for line in different(found, meant)]  # fmt: skip
    return wrong + ([] if state(account) == before else ["the account is not as it was"])


@pytest.mark.parametrize("shape", SHAPES)
def test_an_answer_in_another_shape_means_the_same(account, tmp_path, undisturbed, shape):
    wild = Wild(account.url, 1, (shape,))
    assert same(account, tmp_path, undisturbed, wild) == []
    assert wild.played[shape] > 3


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(making, "LOOK_PAUSES", (0.0, 0.1))  # the sandbox lists at once
    monkeypatch.setattr(inflight_recovery, "LIST_LAG_S", 0.5)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_an_answer_that_is_none_loses_and_doubles_nothing(
    account, tmp_path, undisturbed, trouble, impatient
):
    wild = Wild(account.url, 3, (), {trouble: 0.15})
    assert same(account, tmp_path, undisturbed, wild) == []
    assert wild.played[trouble] > 3


@pytest.mark.parametrize("seed", [1, 2])
def test_every_shape_and_every_trouble_together(account, tmp_path, undisturbed, seed, impatient):
    wild = Wild(account.url, seed, SHAPES, dict.fromkeys(TROUBLES, 0.03))
    assert same(account, tmp_path, undisturbed, wild) == []
    assert all(wild.played[shape] for shape in SHAPES)
    assert sum(wild.played[trouble] for trouble in TROUBLES) > 10


def test_a_record_that_is_there_and_refuses_our_values_is_put_aside_and_the_run_goes_on(
    account, tmp_path
):
    """Somebody gave the contact its e-mail after we looked; what we may fill is then refused."""
    folder = Folder(account, tmp_path / "j.sqlite", tmp_path).provision()
    hl = account.connect()
    existing = hl.contacts.create(ContactCreate(email="c0@example.com"))

    handler = HANDLERS["contact"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(handler), "scan_rows", lambda self, ctx, target: iter(()))
        account.faults(only="PUT:/contacts", http_422_before="1")
        run = folder.journal.start_run(folder.location, "cutover")
        done = folder.attempt([contact(0), contact(1)], run)
    account.faults()
    assert (done.created, done.rejected) == (1, 1)
    (letter,) = folder.journal.dead_letters(folder.location)
    assert letter["record_key"] == "contact:main/clients/0"
    through(folder, [contact(0), contact(1)], "cutover")
    assert hl.contacts.get(existing["id"])["firstName"] == "Zoë 0"
    assert len(account.dump()["contacts"]) == 2
