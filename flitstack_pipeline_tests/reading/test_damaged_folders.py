"""Damaged export folders: nothing crashes, every row and every file is accounted for."""

from flitstack_pipeline_tests.reading.fuzz_exports import run, run_rewritten


def test_damaged_folders_keep_every_promise():
    figures, broken = run(folders=7, seed=3)
    assert broken == []
    parts = ("loaded", "merged", "superseded", "quarantined", "excluded")
    assert figures["rows read"] == sum(figures[p] for p in parts) > 0
    assert figures["files refused"] > 0


def test_exports_written_otherwise_give_the_same_records():
    written, otherwise = run_rewritten(folders=4, seed=5)
    assert otherwise == []
    assert written == 8
