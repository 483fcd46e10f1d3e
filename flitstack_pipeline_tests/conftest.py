"""What every test process needs."""

import gc
import os
import signal
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import settings

from flitstack_pipeline.warehouse import SCHEMAS

# A shared machine is slow now and then; what is too slow shows in the time of the whole run.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
# Thousands of tests hold few cycles, and looking for them often takes time.
gc.set_threshold(100_000, 20, 20)


@pytest.fixture
def con():
    """A warehouse in memory: its schemas without a table."""
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        yield con


def pytest_configure():
    """Tell no Dagster of this user; hear Ctrl-C, and so let the processes we start hear it.

    A shell starts what it puts into the background with the signal ignored, which is inherited;
    the command respects that, as under `nohup`.
    """
    os.environ["FLITSTACK_DAGSTER"] = "off"  # where a test is not about it
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


#: Seconds of each test file that takes one or more, longest first; `--write-seconds` writes it.
SECONDS = Path(__file__).with_name("seconds.txt")
#: `make test-fast` leaves longer files to `make test`.
FAST_S = 5.0


def pytest_addoption(parser):
    parser.addoption("--fast", action="store_true", help="no whole migration, no long file")
    parser.addoption("--write-seconds", action="store_true", help="note how long each file took")


def pytest_collection_modifyitems(config, items):
    """Begin with the files that take longest, so that both workers end together."""
    lines = SECONDS.read_text().splitlines()
    known = {place: float(seconds) for seconds, place in (line.split() for line in lines)}
    took = {item: known.get(_place(item.nodeid), 0.0) for item in items}
    items.sort(key=lambda item: -took[item])
    if config.getoption("--fast"):
        kept = [i for i in items if took[i] <= FAST_S and not _is_whole(i)]
        config.hook.pytest_deselected(items=list(set(items) - set(kept)))
        items[:] = kept


def _is_whole(item):
    """Whether a test plays a whole migration."""
    room = _place(item.nodeid).split("/")[0]
    return room in ("browser", "cases", "e2e") or any(item.iter_markers("e2e"))


def _place(nodeid):
    return nodeid.split("::")[0].removeprefix(f"{SECONDS.parent.name}/")


def pytest_terminal_summary(terminalreporter, config):
    """Write down how long each file took, after a run of everything."""
    if not config.getoption("--write-seconds"):
        return
    took = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "duration"):
                took[_place(report.nodeid)] += report.duration
    lines = [f"{seconds:6.1f}  {place}" for place, seconds in took.most_common() if seconds >= 1]
    SECONDS.write_text("\n".join(lines) + "\n")
