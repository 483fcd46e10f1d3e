"""A fleet on this machine: Postgres, Redis, code server, daemon, workers, a process each.

A worker machine has a network of its own where this machine allows it. Cut off, it reaches neither
Postgres nor Redis, but still HighLevel (the sandbox), which is the harsher case.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests
import sqlalchemy as sa
import yaml

from flitstack_pipeline.migrations import FOLDER
from flitstack_pipeline.sandbox_process import start_sandbox
from flitstack_pipeline_tests.fleet.network import network_or_none
from flitstack_pipeline_tests.fleet.wire import Wire
from flitstack_pipeline_tests.migration.postgres import server_folder, throw_away_postgres

DEPLOYED = Path(__file__).parents[2] / "deploy" / "celery" / "dagster.yaml"
LOCATION = "flitstack_pipeline_tests.fleet.location"
SLOTS = 2  # of each worker machine
#: As deployed but for how long a person waits.
QUICKER = {"poll_interval_seconds": 1, "start_timeout_seconds": 20, "cancel_timeout_seconds": 10,
           "free_slots_after_run_end_seconds": 1}  # fmt: skip


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Machine:
    """A worker machine: a Celery worker with its children, and its ways to the services here."""

    def __init__(self, name, fleet):
        self.name, self.fleet = name, fleet
        self.network = network_or_none(name)
        host = self.network.host if self.network else {}
        targets = {"data": fleet.postgres_socket, "redis": ("127.0.0.1", fleet.redis_port)}
        self.wires = [Wire(t, host.get("data", "127.0.0.1")) for t in targets.values()]
        sandbox = urlsplit(fleet.sandbox.url)
        self.highlevel = Wire((sandbox.hostname, sandbox.port), host.get("highlevel", "127.0.0.1"))
        self.start()

    def start(self):
        postgres, redis = (wire.address for wire in self.wires)
        self.process = self.fleet.spawn(
            self.name, "celery", "-A", "flitstack_pipeline.dagster.celery_worker", "worker",
            "-Q", "dagster", "-c", str(SLOTS), "-n", f"{self.name}@%h", "-Ofair", "-l", "INFO",
            "--max-tasks-per-child=1", network=self.network,
            said=self.fleet.environment(postgres, redis, self.name, self.highlevel.address),
        )  # fmt: skip

    def kill(self):
        """The whole machine, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def cut(self):
        """Cut it off from Postgres and Redis; HighLevel it still reaches."""
        for one in [self.network] if self.network else self.wires:
            one.cut()

    def mend(self):
        for one in [self.network] if self.network else self.wires:
            one.mend()

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            self.kill()
        for wire in [*self.wires, self.highlevel]:
            wire.close()
        if self.network:
            self.network.close()


class Fleet:
    """Everything but the worker machines, and these by name in `machines`."""

    def __init__(self, folder, migrations):
        self.folder, self.migrations = folder, migrations
        self.homes, self.logs = folder / "homes", folder / "logs"
        for place in (self.homes, self.logs):
            place.mkdir()
        for name in migrations:
            (self.homes / name).mkdir()
            (self.homes / name / "migration.toml").write_text(f'location_id = "{name}"\n')
            (folder / "secrets" / name).mkdir(parents=True)
            (folder / "secrets" / name / "HIGHLEVEL_TOKEN").write_text(f"pit-sandbox-{name}")
        self.machines = {}
        self._open = contextlib.ExitStack()

    def __enter__(self):
        with self._open:
            self._services()
            self._dagster()
            self._open = self._open.pop_all()
        return self

    def __exit__(self, *ended):
        self._open.close()

    def _services(self):
        enter = self._open.enter_context
        url = enter(throw_away_postgres(server_folder()))
        place = sa.make_url(url).query["host"]
        self.postgres_socket = f"{place}/.s.PGSQL.5432"
        self.postgres = Wire(self.postgres_socket)
        self._open.callback(self.postgres.close)
        self.redis_port = free_port()
        self.start_redis()
        self._open.callback(lambda: self.redis.kill())
        self.sandbox = enter(
            start_sandbox(
                state=self.folder / "sandbox.sqlite", rate="none", search_lag_ms=0,
                allow_duplicate_opportunity=True,
                location=["sandbox-location", *self.migrations, *map(twin_of, self.migrations)],
            )
        )  # fmt: skip

    def start_redis(self):
        """As deployed, but for what it writes: an emptied one is started again empty."""
        self.redis = subprocess.Popen(
            ["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "",
             "--maxmemory-policy", "noeviction", "--dir", self.folder],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(lambda: socket.create_connection(("127.0.0.1", self.redis_port)).close() is None)

    def restart_redis_empty(self):
        self.redis.kill()
        self.redis.wait()
        self.start_redis()

    def _dagster(self):
        self.home = self.folder / "dagster"
        self.home.mkdir()
        said = yaml.safe_load(DEPLOYED.read_text())
        said["run_monitoring"] |= QUICKER
        said["concurrency"]["runs"]["max_concurrent_runs"] = 2 * SLOTS
        said["run_coordinator"]["config"]["dequeue_interval_seconds"] = 1
        said["run_launcher"]["config"] |= {"include": [LOCATION], "answer_seconds": 2.0}
        (self.home / "dagster.yaml").write_text(yaml.safe_dump(said))
        self.code_port = free_port()
        self.workspace = self.home / "workspace.yaml"
        server = {"host": "127.0.0.1", "port": self.code_port, "location_name": "fleet"}
        self.workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
        os.environ |= self.here()
        from dagster import DagsterInstance

        with DagsterInstance.get() as instance:  # makes the tables
            instance.add_dynamic_partitions("migration", self.migrations)
        self.spawn("code", "dagster", "api", "grpc", "-h", "127.0.0.1", "-p", str(self.code_port),
                   "-m", LOCATION, "--location-name", "fleet")  # fmt: skip
        for name in ("one", "two"):
            self.machines[name] = Machine(name, self)
            self._open.callback(self.machines[name].close)
        wait_until(lambda: socket.create_connection(("127.0.0.1", self.code_port)).close() is None)
        self.daemon = self.spawn("daemon", "dagster-daemon", "run", "-w", str(self.workspace))

    def here(self, name="office"):
        """What a process of the main machine is told."""
        redis, sandbox = f"127.0.0.1:{self.redis_port}", urlsplit(self.sandbox.url).netloc
        return self.environment(self.postgres.address, redis, name, sandbox)

    def environment(self, postgres, redis, machine, sandbox):
        """What a process is told: where it reaches the services, and where its machine's state is.

        A silent session ends sooner than deployed, as a run counts as dead sooner.
        """
        idle = "options=-c%20idle_in_transaction_session_timeout%3D3000&tcp_user_timeout=5000"
        database = f"flitstack@{postgres}/postgres?{idle}"
        return {
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_PG_URL": f"postgresql+psycopg2://{database}",
            "FLEET_BROKER": f"redis://{redis}/0", "FLEET_BACKEND": f"redis://{redis}/1",
            "FLITSTACK_JOURNAL_URL": f"postgresql://{database}",
            FOLDER: str(self.homes), "FLITSTACK_SECRETS": str(self.folder / "secrets"),
            "HIGHLEVEL_BASE_URL": f"http://{sandbox}",
            "XDG_STATE_HOME": str(self.folder / f"state of {machine}"), "FLITSTACK_DAGSTER": "off",
        }  # fmt: skip

    def spawn(self, name, *command, network=None, said=None):
        """A process of the fleet with a session of its own, whose output goes to a file."""
        line = [Path(sys.executable).with_name(command[0]), *command[1:]]
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                network.command(*line) if network else line,
                env=os.environ | (said or self.here(name)), stdout=log, stderr=log,
                cwd=Path(__file__).parents[2], start_new_session=True,
            )  # fmt: skip
        self._open.callback(end_group, process)
        return process

    def dump(self, location):
        return requests.get(
            f"{self.sandbox.url}/_sandbox/dump", params={"locationId": location}, timeout=20
        ).json()

    def tail(self):
        """The end of every log, for whoever reads a failed test."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text().splitlines()[-25:])
            for path in sorted(self.logs.iterdir())
        )


def twin_of(name):
    """The sub-account that nobody disturbs."""
    return f"twin-{name}"


def end_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(holds, seconds=300, every=0.05):
    """Wait for something to be true; exceptions mean not yet."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with contextlib.suppress(OSError, requests.RequestException):
            if found := holds():
                return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s")
