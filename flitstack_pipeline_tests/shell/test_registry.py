"""Many migrations below one folder: each has a home, a name, and settings of its own."""

import datetime as dt
import stat
import threading
from contextlib import contextmanager

import pytest

from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.lock import exclusive
from flitstack_pipeline.services import registry
from flitstack_pipeline.services.steps_done import taken
from flitstack_pipeline.settings import Project
from flitstack_pipeline_tests.shell.homes import flitstack, halve

CLIENTS = "Client ID,Client Name,Email\nC-1,Ann Lee,ann@example.com\n"
WRONG_NAMES = ("Acme", "../x", "a|b", "-a", "a/b", "a_b", "closed", "é")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for migrations, and a user's state folder."""
    monkeypatch.setenv("FLITSTACK_MIGRATIONS", str(tmp_path / "all"))
    monkeypatch.setenv("FLITSTACK_MIGRATION", "")
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path / "alone"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("FLITSTACK_MEMORY", "off")
    monkeypatch.setenv("COLUMNS", "300")
    for name in ("HIGHLEVEL_TOKEN", "HIGHLEVEL_LOCATION_ID", "FLITSTACK_JOURNAL_URL",
                 "FLITSTACK_ARCHIVE"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "all"


@pytest.fixture
def acme(folder, tmp_path):
    """A migration of one client, made from a folder of exports."""
    exports = tmp_path / "from"
    exports.mkdir()
    (exports / "clients.csv").write_text(CLIENTS)
    code, said, _ = flitstack("new", "acme", "--from", str(exports), "--country", "CA")
    assert code == 0 and "migration acme made" in said
    return folder / "acme"


def rows():
    return {row["migration"]: row for row in registry.listed()}


def test_a_new_migration_has_a_home_its_exports_and_its_settings(acme, monkeypatch):
    assert (acme / "exports" / "clients.csv").read_text() == CLIENTS
    assert stat.S_IMODE(acme.stat().st_mode) == 0o700
    monkeypatch.setenv("FLITSTACK_COUNTRY", "DE")
    monkeypatch.setenv("FLITSTACK_CURRENCY", "EUR")
    monkeypatch.setenv("FLITSTACK_MIGRATION", "acme")
    project = Project.from_environment()
    assert project.root == acme.resolve()
    assert project.settings.country == "CA", "its own word before the environment's"
    assert project.settings.currency == "EUR", "what it does not say is the environment's"
    assert flitstack("new", "acme")[0] == 2, "there is one already"


def test_two_migrations_do_not_touch_each_other_nor_the_one_alone(acme, folder, tmp_path):
    assert flitstack("new", "beta-2")[0] == 0
    assert flitstack("--migration", "acme", "audit")[0] == 0
    assert (acme / "reports" / "audit.html").exists()
    assert not (folder / "beta-2" / "warehouse.duckdb").exists()
    assert not (tmp_path / "alone").exists()
    code, said, _ = flitstack("list")
    assert code == 0 and said.index("acme") < said.index("beta-2")
    found = rows()
    assert found["acme"]["step"] == "Field map" and found["beta-2"]["step"] == "Audit"


def test_the_data_folder_alone_keeps_working_as_the_migration_main(tmp_path, monkeypatch):
    monkeypatch.delenv("FLITSTACK_MIGRATIONS", raising=False)
    monkeypatch.setenv("FLITSTACK_DATA", str(tmp_path))
    for chosen in ("", "main"):
        monkeypatch.setenv("FLITSTACK_MIGRATION", chosen)
        assert Project.from_environment().root == tmp_path.resolve()
    monkeypatch.setenv("FLITSTACK_MIGRATION", "acme")
    code, _, refused = flitstack("audit")
    assert code == 2 and "FLITSTACK_MIGRATIONS names no folder" in refused
    assert flitstack("list")[0] == 2


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_what_is_no_name_is_refused_wherever_one_is_given(acme, folder, name, monkeypatch):
    before = sorted(folder.parent.rglob("*"))
    assert flitstack("new", "--", name)[0] == 2
    assert flitstack("close", "--", name)[0] == 2
    monkeypatch.setenv("FLITSTACK_MIGRATION", name)
    code, _, refused = flitstack("status")
    assert code == 2 and "cannot be a migration's name" in refused
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('token = "pit-secret"', "token: it may say country"),
        ('delta_hours = "two days"', "delta_hours: str is no value"),
        ("country = ", "cannot be read as TOML"),
        ("delta_hours = -1", "FLITSTACK_DELTA_HOURS"),
    ],
)
def test_a_file_that_says_what_it_may_not_is_named_without_its_value(acme, said, why, monkeypatch):
    (acme / "migration.toml").write_text(said)
    monkeypatch.setenv("FLITSTACK_MIGRATION", "acme")
    code, _, refused = flitstack("audit")
    assert code == 2 and why in refused and "pit-secret" not in refused
    assert why in rows()["acme"]["next"]


def test_one_broken_migration_stops_no_other_from_being_listed(acme, folder):
    assert flitstack("new", "zeta")[0] == 0
    assert flitstack("--migration", "acme", "map", "propose")[0] in (0, 3)
    with Journal(f"sqlite:///{acme / 'journal.sqlite'}") as journal:
        journal.set_setting("objects", [f"custom_objects.{n:03}" for n in range(2000)])
    halve(acme / "journal.sqlite")
    found = rows()
    assert "damaged" in found["acme"]["next"] and found["zeta"]["step"] == "Audit"


def test_closing_keeps_reports_and_journal_and_deletes_the_rest(acme, folder, monkeypatch):
    monkeypatch.setenv("FLITSTACK_MIGRATION", "acme")
    assert flitstack("audit")[0] == 0
    project = Project.from_environment()
    with Journal(project.journal_url):
        pass
    code, said, _ = flitstack("close", "acme")
    assert code == 3 and acme.exists(), "not confirmed"
    assert "warehouse.duckdb" in said and "Nothing can be rolled back after this" in said
    assert flitstack("close", "acme", "--confirm", "acne")[0] == 3 and acme.exists()
    assert flitstack("close", "acme", "--confirm", "acme")[0] == 0
    assert not acme.exists()
    (kept,) = (folder / "closed").iterdir()
    assert kept.name.startswith("acme-") and (kept / "reports" / "audit.html").exists()
    with Journal(f"sqlite:///{kept / 'journal.sqlite'}") as journal:
        assert journal.runs() == []
    assert rows() == {}
    assert flitstack("new", "acme")[0] == 0, "the name is free again"


def test_a_migration_under_way_or_in_its_window_is_not_closed(acme, monkeypatch):
    monkeypatch.setenv("FLITSTACK_MIGRATION", "acme")
    project = Project.from_environment().prepare()
    with Journal(project.journal_url) as journal, held_elsewhere(journal):
        code, _, refused = flitstack("close", "acme", "--confirm", "acme")
        assert code == 6 and acme.exists(), refused
    with Journal(project.journal_url) as journal:
        journal.set_setting("delta_window", [dt.datetime.now(dt.UTC).isoformat()])
    code, _, refused = flitstack("close", "acme", "--confirm", "acme")
    assert code == 3 and "The delta window is open" in refused and acme.exists()


@contextmanager
def held_elsewhere(journal):
    """Something works on the sub-account meanwhile, as another process would."""
    begun, ended = threading.Event(), threading.Event()

    def work():
        with exclusive(journal.engine, "sandbox-location", "cutover"):
            begun.set()
            ended.wait(60)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(60)
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_closing_waits_for_whoever_still_tells_dagster_and_leaves_no_home(acme, monkeypatch):
    """What a command's end started outlives it; it must not make the folder anew."""
    monkeypatch.setenv("FLITSTACK_MIGRATION", "acme")
    project = Project.from_environment().prepare()
    told = threading.Event()

    def close():
        registry.close(registry.closing("acme"))
        told.set()

    closing = threading.Thread(target=close)
    with taken(project):
        closing.start()
        assert not told.wait(0.5) and acme.exists()
    closing.join()
    assert told.is_set() and not acme.exists()
    with pytest.raises(FileNotFoundError), taken(project):
        pass
    assert not acme.exists()
