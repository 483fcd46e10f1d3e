"""`python -m flitstack_pipeline.examples FOLDER`: example exports from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from flitstack_pipeline.examples.generate import MOST_FILES, generate, generate_delta


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="flitstack examples",
        description="Make believable, messy example exports, or a later session for the delta.",
    )
    add = parser.add_argument
    add("folder", type=Path, help="where the exports are written")
    add("--clients", type=int, default=250, help="how many; the rest scales with them")
    add("--seed", type=int, default=7, help="the same seed makes the same files")
    add("--leads", type=int, help="how many leads, when not as the clients have it")
    add("--files", type=int, default=MOST_FILES,
        help="at most so many attachment files; further rows name them again")  # fmt: skip
    add("--delta", action="store_true",
        help="write a later session into a folder made with the same size and seed")  # fmt: skip
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Write the files and print their lines; return the exit code: 2 for what cannot be made."""
    chosen = _parser().parse_args(arguments)
    size = {"clients": chosen.clients, "seed": chosen.seed}
    try:
        if chosen.delta:
            written = generate_delta(chosen.folder, **size)
        else:
            written = generate(chosen.folder, leads=chosen.leads, files=chosen.files, **size)
    except (ValueError, OSError) as problem:
        print(f"examples: {problem}", file=sys.stderr)
        return 2
    for name, count in written.items():
        print(f"{name}: {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
