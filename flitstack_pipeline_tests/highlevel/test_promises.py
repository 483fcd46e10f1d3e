"""Every promise of docs/highlevel_promises.md names tests, and each of them is there."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "highlevel_promises.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines()
        if line.startswith("| ") and "| promise" not in line]  # fmt: skip


@pytest.mark.parametrize(("promise", "tests"), ROWS, ids=[row[0][:60] for row in ROWS])
def test_a_promise_has_tests_that_are_there(promise, tests):
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", tests)
    assert named, promise
    for path, name in named:
        assert f"\ndef {name}(" in (TESTS / path).read_text(encoding="utf-8"), f"{path}::{name}"


def test_every_room_of_the_issue_is_on_the_page():
    assert len(ROWS) > 50 and PAGE.count("\n## ") == 4
