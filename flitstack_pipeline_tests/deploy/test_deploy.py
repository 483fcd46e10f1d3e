"""The files of deploy/: loaded by the installed Dagster, or held against schemas."""

import json
import re
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import jsonschema
import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.instance.ref import InstanceRef

from flitstack_pipeline.dagster.celery_launcher import MISSES
from flitstack_pipeline.migration.lock import STALE_AFTER_S

TOP = Path(__file__).parents[2]
DEPLOY, SCHEMAS = TOP / "deploy", Path(__file__).parent / "schemas"
INSTANCES = sorted(DEPLOY.glob("*/dagster.yaml"))
NAMES = [path.parent.name for path in INSTANCES]


def said(name):
    return yaml.safe_load((DEPLOY / name).read_text())


def chart_instance():
    """The part of dagster.yaml that the values of the chart write as it is."""
    values = said("values.yaml")
    coordinator = values["dagsterDaemon"]["runCoordinator"]["config"]["customRunCoordinator"]
    return {**values["additionalInstanceConfig"], "run_coordinator": coordinator}


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    for name, value in {
        "DAGSTER_PG_URL": "postgresql+psycopg2://dagster:x@127.0.0.1:1/dagster",
        "FLEET_BROKER": "redis://127.0.0.1:1/0", "FLEET_BACKEND": "redis://127.0.0.1:1/1",
        "XDG_STATE_HOME": str(tmp_path),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


def loaded(folder):
    """(the instance of a folder's dagster.yaml as Dagster makes it, without asking its storage)."""
    config, custom = dagster_instance_config(str(folder))
    assert custom is None
    return InstanceRef.from_dir(str(folder)), config


@pytest.mark.parametrize("path", INSTANCES, ids=NAMES)
def test_the_installed_dagster_loads_launcher_queue_and_settings(path):
    ref, config = loaded(path.parent)
    assert type(ref.run_launcher).__name__ == {
        "celery": "MigrationCeleryLauncher", "docker": "DockerRunLauncher"
    }[path.parent.name]  # fmt: skip
    assert type(ref.run_coordinator).__name__ == "MigrationRunCoordinator"
    assert type(ref.compute_log_manager).__name__ == "NoOpComputeLogManager"
    assert config["telemetry"] == {"enabled": False}


def test_what_the_chart_writes_is_loaded_too(tmp_path):
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(chart_instance()))
    ref, _ = loaded(tmp_path)
    assert type(ref.run_coordinator).__name__ == "MigrationRunCoordinator"


def all_instances():
    return [*(yaml.safe_load(path.read_text()) for path in INSTANCES), chart_instance()]


def test_one_run_of_a_migration_only_dead_runs_again_wherever_they_run():
    for instance in all_instances():
        (limit,) = instance["concurrency"]["runs"]["tag_concurrency_limits"]
        assert limit == {"key": "flitstack/migration", "limit": 1,
                         "value": {"applyLimitPerUniqueValue": True}}  # fmt: skip
        assert instance["run_retries"] == {
            "enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False
        }  # fmt: skip
        assert instance["run_monitoring"]["enabled"]
        assert instance["run_monitoring"]["max_resume_run_attempts"] == 0


def test_a_run_counts_as_dead_only_after_its_lock_has_healed():
    wait = said("celery/dagster.yaml")["run_monitoring"]["poll_interval_seconds"]
    assert (MISSES - 1) * wait > STALE_AFTER_S


def test_celery_runs_no_task_twice_and_starts_what_there_are_slots_for():
    instance = said("celery/dagster.yaml")
    settings = instance["run_launcher"]["config"]["config_source"]
    assert settings["result_expires"] == 0 and not settings.get("task_acks_late")
    command = said("compose.yaml")["services"]["worker"]["command"]
    assert command[command.index("--max-tasks-per-child") + 1] == "1"
    slots = int(command[command.index("--concurrency") + 1])
    assert instance["concurrency"]["runs"]["max_concurrent_runs"] % slots == 0


def test_compose_follows_its_specification():
    schema = json.loads((SCHEMAS / "compose-spec.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(said("compose.yaml"))


def test_the_values_follow_the_chart_of_the_installed_dagster():
    schema = json.loads((SCHEMAS / "values.json").read_text())
    assert version("dagster") in schema["title"]
    assert f"--version {version('dagster')}" in (DEPLOY / "values.yaml").read_text()
    jsonschema.Draft202012Validator(schema).validate(said("values.yaml"))


@pytest.mark.parametrize(
    ("name", "schema", "place"),
    [
        ("compose.yaml", "compose-spec.json", ("services", "web", "comand")),
        ("values.yaml", "values.json", ("dagsterDaemon", "runRetry")),
    ],
)
def test_a_key_nobody_knows_is_told(name, schema, place):
    document = said(name)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = {}
    validator = jsonschema.Draft202012Validator(json.loads((SCHEMAS / schema).read_text()))
    assert [place[-1] in error.message for error in validator.iter_errors(document)] == [True]


def test_every_variable_compose_asks_for_stands_in_the_example():
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    example = set(re.findall(r"^#?(\w+)=", (DEPLOY / "example.env").read_text(), re.M))
    assert asked == example
    for name in re.findall(r"\./([\w./]+):", (DEPLOY / "compose.yaml").read_text()):
        is_secret = "secrets" in name
        assert (DEPLOY / name).exists() or is_secret, name
    given = said("compose.yaml")["x-flitstack"]["environment"]
    for instance in INSTANCES:
        needed = set(re.findall(r"env: (\w+)", instance.read_text())) - {"XDG_STATE_HOME"}
        assert needed <= set(given)


def test_dagsters_web_servers_are_reached_through_the_proxy_only():
    services = said("compose.yaml")["services"]
    published = {name for name, service in services.items() if service.get("ports")}
    assert published == {"proxy"}
    for name in ("web", "onlookers"):
        command = services[name]["command"]
        assert command[command.index("--host") + 1] == "127.0.0.1"
        assert services[name]["network_mode"] == "service:proxy"
    assert "--read-only" in services["onlookers"]["command"]


def test_the_image_is_slim_not_roots_and_pinned():
    text = (DEPLOY / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.M)
    assert len(bases) == 2 and all(re.fullmatch(r"python:3\.\d+-slim-\w+", b) for b in bases)
    assert re.findall(r"^USER (\S+)", text, re.M) == ["10001"]
    assert "--require-hashes -r /src/requirements.lock" in text
    kept = {
        line[1:] for line in (TOP / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M):
        for source in line.split()[:-1]:
            assert (TOP / source).exists() and source in kept, source


def pins(path):
    found = re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)(.*?) \\$", path.read_text(), re.M)
    return {(name, number, marker.strip()) for name, number, marker in found}


def test_the_images_lock_is_a_part_of_the_development_lock():
    image, whole = pins(DEPLOY / "requirements.lock"), pins(TOP / "requirements.lock")
    assert image <= whole and len(image) > 100
    names = {name for name, _, _ in image}
    assert {"dagster-postgres", "dagster-celery", "dagster-k8s", "dagster-docker", "s3fs"} <= names
    assert not names & {"pytest", "mypy", "playwright", "hypothesis"}


def test_the_default_install_needs_none_of_the_fleets_packages():
    import tomllib

    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert {"fleet", "k8s", "docker"} <= set(extras)
    named = " ".join(project["dependencies"])
    assert not re.search(r"celery|dagster-postgres|k8s|docker|s3fs", named)
    assert "flitstack_pipeline[fleet,k8s,docker]" in extras["dev"]
    assert dg.__version__ in (TOP / "requirements.lock").read_text()
