"""What takes long runs in a process of its own; its outcome is told."""

import threading
import time

import pytest

from flitstack_pipeline.review import runs


def ended(project):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        run = runs.last_run(project)
        if run is not None and not run.running:
            return run
        time.sleep(0.1)
    raise AssertionError("it did not end")


def test_commands_run_one_after_the_other_until_one_does_not_end_well(homes):
    acme = homes.project("acme")
    runs.launch(acme, "Three commands", [["--help"], ["no-such-command"], ["status"]], "Ann")
    with pytest.raises(runs.RunUnderWay, match="Three commands is under way, started by Ann"):
        runs.launch(acme, "Another", [["--help"]], "Bob")
    run = ended(acme)
    assert (run.state, run.code) == ("failed", 2)
    assert "No such command" in run.log and "Usage" in run.log
    assert (acme.root / "review" / "run.log").stat().st_mode & 0o077 == 0


def test_of_people_who_press_at_once_one_starts_a_run(homes):
    acme, told = homes.project("acme"), []
    at_once = threading.Barrier(8)

    def press():
        at_once.wait()
        try:
            told.append(runs.launch(acme, "Help", [["--help"]], "Ann").title)
        except runs.RunUnderWay:
            told.append("under way")

    people = [threading.Thread(target=press) for _ in range(8)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(told) == ["Help", *["under way"] * 7]
    ended(acme)


def test_a_command_that_waits_for_a_person_is_told_as_that(homes):
    acme = homes.project("acme")
    runs.launch(acme, "Checking", [["map", "check"]], "Ann")
    run = ended(acme)
    assert run.state == "waits" and "clients.email → contact.email" in run.log


def test_a_worker_that_was_killed_is_stopped_and_another_may_begin(homes):
    acme = homes.project("acme")
    state = runs.RunState("Old", [["status"]], "Ann", pid=2**22 - 1, started=time.time())
    runs._write(runs._folder(acme), state)
    assert runs.last_run(acme).state == "stopped"
    runs.launch(acme, "New", [["--help"]], "Ann")
    assert ended(acme).state == "done"
