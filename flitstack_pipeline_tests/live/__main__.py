"""`python -m flitstack_pipeline_tests.live`: settle L1-L22 against a real sub-account, by hand.

Reads `HIGHLEVEL_TOKEN` and `HIGHLEVEL_LOCATION_ID` (and `HIGHLEVEL_BASE_URL` for another address).
First it only reads; then it makes ten throw-away records, looks, and takes them away. It refuses
(exit 4) while a workflow is published or cannot be read, because creating contacts and
opportunities fires workflows, and under `CI`. Exit codes: 0 done, 2 not configured, 4 refused,
6 something of the probe's own is left (named in the output).
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from flitstack_pipeline_tests.live.account import Account, Lost
from flitstack_pipeline_tests.live.findings import Findings
from flitstack_pipeline_tests.live.reading import Probe
from flitstack_pipeline_tests.live.recording import Recorder
from flitstack_pipeline_tests.live.throwaway import Throwaway
from flitstack_pipeline_tests.live.writing import Writer

URL = "https://services.leadconnectorhq.com"
DONE, USAGE, REFUSED, LEFT = 0, 2, 4, 6
Tell = Callable[[str], None]


def main(
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    tell: Tell = print,
) -> int:
    """Probe; returns the exit code.

    Args:
        arguments: of the command line.
        environment: the account is named in it.
        tell: hears every line.
    """
    chosen = _parser().parse_args(arguments)
    token, location = environment.get("HIGHLEVEL_TOKEN"), environment.get("HIGHLEVEL_LOCATION_ID")
    if environment.get("CI"):
        tell("Refused: a real account is never probed by a CI run (CI is set).")
        return REFUSED
    if not (token and location):
        tell("Set HIGHLEVEL_TOKEN and HIGHLEVEL_LOCATION_ID (see README, “The live probe”).")
        return USAGE
    url = (environment.get("HIGHLEVEL_BASE_URL") or URL).rstrip("/")
    account = Account(url, token, location, chosen.pause)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    recorder = Recorder(f"flitstack_pipeline_tests.live, {today}")
    probe = Probe(account, Findings(), recorder)
    try:
        code = _run(probe, chosen, tell)
    except Lost as lost:
        tell(f"Stopped: no usable answer ({lost}).")
        return REFUSED
    if chosen.record and code != REFUSED:
        recorder.write(chosen.record)
        tell(f"{len(recorder.entries)} answers, customers' values replaced: {chosen.record}")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m flitstack_pipeline_tests.live", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--read-only", action="store_true", help="write nothing at all")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep the answers' shapes")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds a search may trail")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between two requests")
    return parser


def _run(probe: Probe, chosen: argparse.Namespace, tell: Tell) -> int:
    refusal = _refusal(probe)
    if refusal and not chosen.read_only:
        tell(refusal)
        return REFUSED
    probe.read_only()
    left: list[str] = []
    if chosen.read_only:
        probe.findings.skip_the_rest("takes writing, and --read-only was given")
    else:
        left = _write_and_undo(probe, chosen.wait, tell)
    probe.conclude()
    for line in probe.findings.lines():
        tell(line)
    for name in left:
        tell(f"Not taken away: {name}. Delete it in HighLevel.")
    return LEFT if left else DONE


def _refusal(probe: Probe) -> str:
    """Why nothing may be written; empty when it may."""
    answer, published = probe.workflows()
    if answer.status in (401, 403):
        return (
            f"Refused: the token may not read workflows ({answer.status}: {answer.message[:80]}). "
            "Tick workflows.readonly: a published workflow would fire for the probe's records."
        )
    if not answer.ok or not isinstance(answer.body, dict) or "workflows" not in answer.body:
        return f"Refused: the workflows cannot be read (status {answer.status})."
    if published:
        return (
            f"Refused: {len(published)} published workflows: {', '.join(published)}. Creating "
            "contacts and opportunities fires workflows. Pause each (Automation → Workflows → its "
            "name → Draft) or use a sub-account of no importance; --read-only writes nothing."
        )
    return ""


def _write_and_undo(probe: Probe, wait_s: float, tell: Tell) -> list[str]:
    """Write, look, take away whatever happens; returns what could not be taken away."""
    own = Throwaway(probe.account, f"Zz-Flitstack-{secrets.token_hex(4)}", tell)
    tell(f"Throw-away records are named {own.mark}.")
    try:
        Writer(probe, own, wait_s).run()
    finally:
        left = own.undo(wait_s)
    return left


if __name__ == "__main__":
    sys.exit(main())
