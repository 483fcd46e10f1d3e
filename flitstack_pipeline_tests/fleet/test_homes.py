"""Homes in an object store: one generation counts, whoever is late is refused, nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import fsspec
import pytest
import sqlalchemy as sa

from flitstack_pipeline import home_lease, migrations
from flitstack_pipeline.dagster.build import build_defs
from flitstack_pipeline.dagster.partitions import add_migrations
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.home_lease import working_on
from flitstack_pipeline.home_store import HomeStore, HomeTakenOver
from flitstack_pipeline.migration.lock import RunInProgress
from flitstack_pipeline.settings import Project
from flitstack_pipeline.warehouse import row_count
from flitstack_pipeline_tests.migration.postgres import server_folder, throw_away_postgres

TOP = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    server_folder() is None, reason="no Postgres server programs: apt-get install postgresql"
)


@pytest.fixture(scope="module")
def database():
    with throw_away_postgres(server_folder()) as url:
        yield url


@pytest.fixture(params=["memory", "file"])
def url(request, tmp_path, database, monkeypatch):
    """An empty store, as FLITSTACK_MIGRATIONS names it."""
    at = {"memory": f"memory://{tmp_path.name}", "file": f"file://{tmp_path / 'store'}"}
    monkeypatch.setenv("FLITSTACK_MIGRATIONS", at[request.param])
    monkeypatch.setenv("FLITSTACK_JOURNAL_URL", database)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "this machine"))
    monkeypatch.setattr(home_lease, "FRESH_S", 0.0)
    engine = sa.create_engine(database.replace("postgresql:", "postgresql+psycopg:"))
    yield at[request.param]
    with engine.begin() as con:  # the next test's homes have the same names
        con.execute(sa.text("DROP TABLE IF EXISTS homes"))
    engine.dispose()


@pytest.fixture
def other_machine(tmp_path, monkeypatch):
    """From here on what runs is another machine's: its own folder of copies."""

    def move(name="another machine"):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))

    return move


def lies_there(url, part):
    fs, root = fsspec.core.url_to_fs(url)
    return sorted(p.removeprefix(f"{root}/{part}/") for p in fs.find(f"{root}/{part}"))


def put_there(url, part, content):
    fs, root = fsspec.core.url_to_fs(url)
    fs.makedirs(f"{root}/{part}".rsplit("/", 1)[0], exist_ok=True)
    fs.pipe_file(f"{root}/{part}", content)


def some_work(home, rows):
    """A warehouse, a map, a report, a decision, as a run leaves them."""
    with Project.of_home(home).prepare().warehouse.connect() as con:
        con.execute(
            f"CREATE OR REPLACE TABLE clean.clients AS SELECT range AS n FROM range({rows})"
        )
    (home / "map.yaml").write_text(f"rows: {rows}\n")
    (home / "reports").mkdir(exist_ok=True)
    (home / "reports" / "audit.html").write_text("<p>" + "same " * 1000)


def rows_of(home):
    with Project.of_home(home).warehouse.connect() as con:
        return row_count(con, "clean.clients")


def test_what_one_machine_made_the_next_one_works_on(url, other_machine):
    put_there(url, "acme/exports/clients_1.csv", b"Client ID\n1\n")
    put_there(url, "acme/migration.toml", b'country = "CA"\n')
    with working_on("acme") as home:
        assert (home / "exports" / "clients_1.csv").read_bytes() == b"Client ID\n1\n"
        assert Project.of_home(home).settings.country == "CA"
        some_work(home, 7)
    other_machine()
    put_there(url, "acme/exports/clients_2.csv", b"Client ID\n2\n")
    with working_on("acme") as home:
        assert rows_of(home) == 7 and (home / "map.yaml").read_text() == "rows: 7\n"
        assert sorted(p.name for p in (home / "exports").iterdir()) == [
            "clients_1.csv", "clients_2.csv",
        ]  # fmt: skip
        some_work(home, 9)
        assert home.stat().st_mode & 0o077 == 0
        assert (home / "warehouse.duckdb").stat().st_mode & 0o077 == 0
    assert migrations.names() == ["acme"]
    other_machine("this machine")
    assert rows_of(migrations.home_of("acme")) == 9


def test_a_run_of_dagster_works_on_its_home_and_puts_it_back(url, other_machine):
    put_there(url, "acme/exports/clients.csv", b"Client ID,Client Name\n1,Ann Lee\n2,Bo Diaz\n")
    put_there(url, "beta/exports/clients.csv", b"Client ID,Client Name\n1,Cy Poe\n")
    raw = build_defs().resolve_assets_def(dg.AssetKey("raw"))
    with dg.DagsterInstance.ephemeral() as instance:
        add_migrations(instance)
        assert instance.get_dynamic_partitions("migration") == ["acme", "beta"]
        assert dg.materialize([raw], instance=instance, partition_key="acme|clients").success
    other_machine()
    with Project.named("acme").warehouse.connect() as con:
        assert row_count(con, "raw.clients") == 2
    assert not lies_there(url, "beta/objects"), "it was only looked at"


def test_an_unchanged_file_is_not_put_again_and_an_old_one_is_deleted(url):
    with working_on("acme") as home:
        some_work(home, 7)
    before = set(lies_there(url, "acme/objects"))
    with working_on("acme") as home:
        some_work(home, 9)
    after = set(lies_there(url, "acme/objects"))
    assert len(before) == len(after) == 3, "warehouse, map, report"
    assert len(before & after) == 1, "the report is as it was"
    assert len(lies_there(url, "acme/generations")) == 1
    with working_on("acme"):
        pass
    assert set(lies_there(url, "acme/objects")) == after


def test_the_warehouse_lies_there_packed(url):
    with working_on("acme") as home:
        some_work(home, 200_000)
        size = (home / "warehouse.duckdb").stat().st_size
    fs, root = fsspec.core.url_to_fs(url)
    sizes = [fs.size(path) for path in fs.find(f"{root}/acme/objects")]
    assert 0 < max(sizes) < size / 2


def test_a_put_of_an_older_generation_is_refused_and_changes_nothing(url, database, other_machine):
    with working_on("acme") as home:
        some_work(home, 7)
    engine = sa.create_engine(database.replace("postgresql:", "postgresql+psycopg:"))
    late = HomeStore(url, engine)
    copy = late.pull("acme", home)
    some_work(home, 8)
    place = home
    other_machine()
    with working_on("acme") as home:
        some_work(home, 9)
    there = lies_there(url, "acme")
    with pytest.raises(HomeTakenOver, match="start it again"):
        late.put("acme", place, copy)
    assert lies_there(url, "acme") == there
    assert late.pull("acme", place).generation == 2 and rows_of(place) == 9
    with pytest.raises(HomeTakenOver):  # nor one that never saw the store's
        late.put("acme", place, type(copy)())
    engine.dispose()


DIE = """
import os, signal, sys
from flitstack_pipeline.home_lease import working_on
from flitstack_pipeline_tests.fleet.test_homes import some_work
with working_on("acme") as home:
    some_work(home, 8)
    (home / "decisions").mkdir(exist_ok=True)
    (home / "decisions" / "half.csv").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("url", ["file"], indirect=True)
def test_a_killed_run_leaves_the_generation_before_and_its_lease_heals(url):
    with working_on("acme") as home:
        some_work(home, 7)
    died = subprocess.run([sys.executable, "-c", DIE], cwd=TOP, check=False)
    assert died.returncode == -9
    with working_on("acme") as home:
        assert rows_of(home) == 7 and not (home / "decisions" / "half.csv").exists()
    assert not list(home.rglob("*.partial"))


HOLD = """
import sys
from flitstack_pipeline.home_lease import working_on
with working_on("acme") as home:
    print("working", flush=True)
    sys.stdin.readline()
    (home / "map.yaml").write_text("theirs")
"""


@pytest.mark.parametrize("url", ["file"], indirect=True)
def test_two_machines_never_work_on_one_home_and_who_looks_sees_what_was_put(
    url, tmp_path, monkeypatch
):
    with working_on("acme") as home:
        some_work(home, 7)
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=TOP, text=True,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "another machine")},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert child.stdout.readline() == "working\n"
    with (
        pytest.raises(RunInProgress, match="working on the home of acme since"),
        working_on("acme"),
    ):
        pass
    assert (migrations.home_of("acme") / "map.yaml").read_text() == "rows: 7\n"
    child.communicate("go on\n", timeout=60)
    assert (migrations.home_of("acme") / "map.yaml").read_text() == "theirs"


def test_work_that_fails_is_put_back_all_the_same(url):
    with pytest.raises(ZeroDivisionError), working_on("acme") as home:
        some_work(home, 7)
        raise ZeroDivisionError
    with working_on("acme") as home:
        assert rows_of(home) == 7


def test_new_and_other_commands_work_on_the_store(url, tmp_path):
    exports = tmp_path / "from"
    exports.mkdir()
    (exports / "clients_1.csv").write_text("Client ID,Name\n1,Ann Lee\n")
    environment = {**os.environ, "FLITSTACK_DAGSTER": "off"}
    if url.startswith("memory"):  # a store of one process
        from flitstack_pipeline.services.registry import new

        new("acme", exports, {"country": "CA"})
        with pytest.raises(BadInput, match="already"):
            new("acme", None, {})
    else:
        done = subprocess.run(
            [sys.executable, "-m", "flitstack_pipeline.cli", "new", "acme", "--from", exports,
             "--country", "CA"], env=environment, cwd=tmp_path, text=True, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        command = [sys.executable, "-m", "flitstack_pipeline.cli", "--migration", "acme", "audit"]
        elsewhere = {**environment, "XDG_STATE_HOME": str(tmp_path / "another machine")}
        subprocess.run(command, env=elsewhere, cwd=tmp_path, capture_output=True, check=True)
        home = migrations.home_of("acme")
        with Project.of_home(home).warehouse.connect() as con:
            assert row_count(con, "clean.clients") == 1
        assert (home / "reports" / "audit.html").exists()
    assert lies_there(url, "acme/exports") == ["clients_1.csv"]
    assert 'country = "CA"' in (migrations.home_of("acme") / "migration.toml").read_text()


def test_without_postgres_a_store_is_refused_and_a_folder_needs_none(url, tmp_path, monkeypatch):
    monkeypatch.delenv("FLITSTACK_JOURNAL_URL")
    with pytest.raises(BadInput, match="set FLITSTACK_JOURNAL_URL to a Postgres database"):
        migrations.names()
    monkeypatch.setenv("FLITSTACK_MIGRATIONS", str(tmp_path / "folder"))
    (tmp_path / "folder" / "acme").mkdir(parents=True)
    with working_on("acme") as home:
        assert home == tmp_path / "folder" / "acme"
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["acme"]
    assert not (tmp_path / "this machine").exists()
