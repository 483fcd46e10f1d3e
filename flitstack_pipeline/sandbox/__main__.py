"""`python -m flitstack_pipeline.sandbox`: the sandbox from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from flitstack_pipeline.sandbox import faults
from flitstack_pipeline.sandbox.lifetime import StateInUse
from flitstack_pipeline.sandbox.options import PROFILES, SandboxOptions, serve


def _parser() -> argparse.ArgumentParser:
    usual = SandboxOptions()
    parser = argparse.ArgumentParser(
        prog="flitstack sandbox",
        description="A stateful HighLevel stand-in on 127.0.0.1.",
        epilog=faults.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--profile", choices=PROFILES, default=usual.profile,
        help="live: the harshest recorded shapes; documented: the official pages'")  # fmt: skip
    add("--port", type=int, default=usual.port, help="0 picks a free port")
    add("--state", type=Path, default=usual.state, help="SQLite file of the state")
    add("--rate", default=usual.rate, help="N/SECONDS per sub-account; 0 or none: no limit")
    add("--daily", type=int, default=usual.daily, help="requests per day; 0: no limit")
    add("--latency-ms", type=int, default=usual.latency_ms, help="median added latency")
    add("--search-lag-ms", type=int, default=usual.search_lag_ms, help="searches trail writes")
    for name in ("contact", "opportunity"):
        usually = getattr(usual, f"allow_duplicate_{name}")
        add(f"--allow-duplicate-{name}", action=argparse.BooleanOptionalAction, default=usually)
    add("--seed-location", type=Path, help="JSON: what exists before the migration")
    add("--faults", help="fault spec, see below; the profile live has a few by default")
    add("--token", default=usual.token)
    add("--agency-token", default=usual.agency_token)
    add("--location", action="append", metavar="ID[=TOKEN]", help="repeatable")
    add("--parent", type=int, metavar="PID", help="end with this process, which started it")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments and serve; return the exit code: 2 bad options, 3 the state is in use."""
    given = vars(_parser().parse_args(arguments))
    locations = tuple(given.pop("location") or SandboxOptions.locations)
    try:
        serve(SandboxOptions(locations=locations, **given))
    except StateInUse as problem:
        print(f"sandbox: {problem}", file=sys.stderr)
        return 3
    except (ValueError, OSError) as problem:
        print(f"sandbox: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
