"""A step runs only where something it depends on has changed, and then says what."""

import os
import random
import re
from contextlib import contextmanager

import pytest

from flitstack_pipeline import services
from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.examples import generate
from flitstack_pipeline.services import early_cutoff, source
from flitstack_pipeline.services.caches import hold_caches_down
from flitstack_pipeline.services.early_cutoff import ran_or_not
from flitstack_pipeline.services.ledger import MAP_AGAIN
from flitstack_pipeline.services.table_prints import VIEWS, moving, print_of_tables
from flitstack_pipeline.settings import Project, Settings

SCHEMAS = ("raw", "clean", "quarantine", "questions", "mapped", "ledger")
NOT_YET = "it has not run yet, or not to its end"


def project_in(root):
    """A migration without an account."""
    settings = Settings(FLITSTACK_DATA=root, FLITSTACK_MEMORY="off", HIGHLEVEL_TOKEN=None)
    return Project(root, settings).prepare()


def run(project):
    """Everything up to the sample; why each step ran, or since when it stands."""
    told = {}
    audited = services.run_audit(project, lambda line: told.update([line.split(":", 1)]))
    proposed = services.run_map(project, confirm_as="Ann")
    mapped = {f"map {key}": services.map_object(project, key) for key in KEYS}
    others = {"audit": audited[0], "map": proposed[0], **mapped}
    others |= {"ledger": services.account_cells(project), "choice": services.choose(project)}
    return told | {name: ran_or_not(report) for name, report in others.items()}


def left(project):
    """Fingerprints of all that the steps leave in the warehouse."""
    return {schema: print_of_tables(project, schema) for schema in SCHEMAS}


@pytest.fixture(scope="module", autouse=True)
def steps_write_where_they_say():
    """A step that writes in another schema than it says fails: what is known of that holds on."""

    @contextmanager
    def watched(project, schemas):
        others = set(SCHEMAS) - {VIEWS, *schemas}
        with moving(project, SCHEMAS):
            before = {schema: print_of_tables(project, schema) for schema in others}
            yield
            assert {schema: print_of_tables(project, schema) for schema in others} == before

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(early_cutoff, "moving", watched)
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A data folder in which every step has run."""
    root = tmp_path_factory.mktemp("built")
    generate(root / "exports", clients=6, seed=5)
    told = run(project_in(root))
    assert NOT_YET in told["jobs"] and told["ledger"] == told["map jobs"] == NOT_YET
    return root


@pytest.fixture
def project(built):
    """The same folder with every step as it should be; what a test changes is put back."""
    project = project_in(built)
    run(project)
    files = [*project.exports.iterdir(), project.map_path]
    kept = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files if path.is_file()}
    yield project
    for path, (text, changed) in kept.items():
        if path.read_bytes() != text:
            path.write_bytes(text)
            os.utime(path, ns=(changed, changed))
    (project.decisions / "duplicates.csv").unlink(missing_ok=True)


def change(path, old, new):
    """Put other text of the same length into a file, with its time set back."""
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    text = path.read_bytes()
    assert old in text and len(old) == len(new)
    path.write_bytes(text.replace(old, new, 1))
    os.utime(path, ns=times)


def from_nothing(project, document):
    """What the steps leave when nothing is remembered, with the map as it was before."""
    project.map_path.write_bytes(document)
    with project.warehouse.connect() as con:
        for schema in (*SCHEMAS, "cache"):
            con.execute(f"DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}")
    run(project)
    return left(project)


def test_a_second_run_does_nothing_and_says_since_when_its_results_stand(project, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("it ran")

    for name in ("ingest_object", "ingest_schema", "clean_tables", "clean_schema", "relate_tables"):
        monkeypatch.setattr(source, name, fail)
    told = run(project)
    assert set(told) == {*KEYS, "audit", "map", *(f"map {key}" for key in KEYS), "ledger", "choice"}
    assert all("unchanged since 20" in why for why in told.values()), told


def test_one_changed_cell_reads_and_cleans_its_own_object_type_and_names_the_file(project):
    place = next(project.exports.glob("jobs*"))
    word = next(
        w for w in (b"Repair", b"repair", b"Install", b"install") if w in place.read_bytes()
    )
    change(place, word, word[:-1] + b"X")
    reports = {key: services.read_object(project, key) for key in KEYS}
    ran = {key: ran_or_not(report) for key, report in reports.items()}
    assert f"changed: exports/{place.name}" in ran.pop("jobs")
    assert all("unchanged since" in why for why in ran.values()), ran
    assert services.ledger_reasons(project) == [MAP_AGAIN]
    cleaned = {key: ran_or_not(services.clean_object(project, key)) for key in KEYS}
    assert "rows of jobs" in cleaned.pop("jobs")
    assert all("unchanged since" in why for why in cleaned.values()), cleaned
    source.relate(project)
    assert services.ledger_reasons(project) == [MAP_AGAIN]
    for key in KEYS:
        services.map_object(project, key)
    assert services.ledger_reasons(project) == []


def test_a_wave_stops_where_a_step_leaves_what_it_left_before(project):
    document = project.map_path.read_text()
    other = re.sub(r"confidence: [0-9.]+", "confidence: 0.51", document, count=1)
    project.map_path.write_text(other)
    assert other != document
    mapped = {key: ran_or_not(services.map_object(project, key)) for key in KEYS}
    assert all(why.startswith("changed: map.yaml: ") for why in mapped.values()), mapped
    assert "unchanged since" in ran_or_not(services.choose(project))


def test_a_step_that_was_killed_runs_again(project, monkeypatch):
    before = left(project)

    def die(con, decisions):
        con.execute("DELETE FROM clean.links")
        raise KeyboardInterrupt

    (project.decisions / "duplicates.csv").write_text("left_key,right_key,decision\n")
    with monkeypatch.context() as patch:
        patch.setattr(source, "relate_tables", die)
        with pytest.raises(KeyboardInterrupt):
            services.relate(project)
    assert ran_or_not(services.relate(project)) == NOT_YET
    run(project)
    assert left(project) == before


def test_everything_runs_again_when_it_is_asked_for_or_the_caches_are_emptied(project):
    services.forget(project)
    assert ran_or_not(services.read_object(project, "jobs")) == NOT_YET
    assert services.list_caches(project).rows > 0
    hold_caches_down(project, most=0)
    listed = services.list_caches(project).tables["caches"]
    kept = {row["cache"] for row in listed if row["entries"]}
    assert "steps" in kept and not any(name.startswith("parsed_") for name in kept)
    services.empty_caches(project)
    assert services.list_caches(project).rows == 0
    assert ran_or_not(services.read_object(project, "jobs")) == NOT_YET


@pytest.mark.parametrize("seed", range(int(os.environ.get("FUZZ_SEEDS", "1"))))
def test_after_any_byte_of_an_export_has_changed_all_is_as_from_nothing(project, seed):
    dice = random.Random(seed)
    files = sorted(p for p in project.exports.iterdir() if p.suffix in (".csv", ".txt"))
    place = dice.choice(files)
    text = bytearray(place.read_bytes())
    at = dice.randrange(len(text))
    text[at] = dice.choice(b'ax7, .\n"-')
    document = project.map_path.read_bytes()
    times = place.stat().st_atime_ns, place.stat().st_mtime_ns
    place.write_bytes(text)
    os.utime(place, ns=times)
    run(project)
    found = left(project)
    assert found == from_nothing(project, document), f"byte {at} of {place.name}"
