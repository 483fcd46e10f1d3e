"""A sandbox ends with the process that started it, and one at a time serves a state file."""

import os
import signal
import subprocess
import sys
import time

import pytest
import requests

from flitstack_pipeline.sandbox_process import SandboxInUse, module_command, start_sandbox

PARENT = """
import sys, time
from pathlib import Path
from flitstack_pipeline.sandbox_process import start_sandbox

with start_sandbox(Path(sys.argv[1])) as running:
    print(running.url, running.process.pid, flush=True)
    time.sleep(60)
"""
#: A child that looks whose child it is, as on systems without a parent-death signal.
WATCHED = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c",
    "import os, threading, time; from flitstack_pipeline.sandbox.lifetime import watch;"
    f"threading.Thread(target=watch, args=({os.getpid()},)).start(); print('up', flush=True);"
    "time.sleep(60)"], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


def alive(pid):
    """Whether a process runs; one that ended and is not yet waited for does not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ended(pid, within_s=5.0):
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_a_sandbox_dies_with_its_killed_parent_and_its_state_can_be_served_again(tmp_path):
    state = tmp_path / "s.sqlite"
    parent = start(PARENT, str(state))
    url, pid = parent.stdout.readline().split()
    assert requests.get(f"{url}/_sandbox/stats", timeout=5).ok and alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert ended(pid)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/_sandbox/stats", timeout=5)
    with start_sandbox(state) as again:
        assert requests.get(f"{again.url}/_sandbox/stats", timeout=5).ok


def test_without_a_parent_death_signal_it_sees_that_its_parent_has_gone():
    parent = start(WATCHED)
    pid = parent.stdout.readline().strip()
    assert alive(pid)
    parent.kill()
    parent.wait()
    assert ended(pid)


def test_a_sandbox_whose_parent_is_gone_before_it_begins_does_not_serve(tmp_path):
    stranger = os.getppid()  # not the process that starts it
    command = module_command("sandbox", "--state", str(tmp_path / "s"), "--parent", str(stranger))
    found = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert found.returncode == 1 and "listening" not in found.stdout


def test_a_second_sandbox_on_the_same_state_is_refused_in_a_sentence(tmp_path):
    state = tmp_path / "s.sqlite"
    with start_sandbox(state) as first:
        command = module_command("sandbox", "--state", str(state))
        second = subprocess.run(command, capture_output=True, text=True, timeout=20)
        assert second.returncode == 3
        assert second.stderr == (
            f"sandbox: {state} is served by another sandbox (process {first.process.pid}): use "
            "that one, stop it, or name another file with --state\n"
        )
        with pytest.raises(SandboxInUse), start_sandbox(state):
            pass
        assert requests.get(f"{first.url}/_sandbox/stats", timeout=5).ok
    with start_sandbox(state):
        pass
