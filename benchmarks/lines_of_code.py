"""How much there is to read: lines of code and files of the product.

    make loc        or: .venv/bin/python -m benchmarks.lines_of_code [--rooms]

A line of code is one that is neither blank nor comment nor docstring, after `ruff format` with no
`# fmt: skip`. The sandbox, the examples and the review room are apart from the product and not
counted.
"""

from __future__ import annotations

import argparse
import ast
import io
import shutil
import subprocess
import sys
import tempfile
import tokenize
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "flitstack_pipeline"
APART = {"sandbox", "examples", "review"}
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def lines_of_code(source: str) -> int:
    """The lines of a module that are neither blank nor comment nor docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                lines.difference_update(range(first.lineno, (first.end_lineno or 0) + 1))
    return len(lines)


def counted() -> dict[str, int]:
    """Lines of code by module, relative to the package."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        shutil.copy(ROOT / "pyproject.toml", copy)
        for path in PACKAGE.rglob("*.py"):
            inside = path.relative_to(PACKAGE)
            if inside.parts[0] in APART:
                continue
            target = copy / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text().replace("# fmt: skip", "").replace("# fmt: off", ""))
        subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--quiet", "."], cwd=copy, check=True
        )
        return {
            path.relative_to(copy).as_posix(): lines_of_code(path.read_text())
            for path in copy.rglob("*.py")
        }


def main() -> None:
    """Print the sum, and by room with `--rooms`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rooms", action="store_true", help="also by room")
    lines = counted()
    if parser.parse_args().rooms:
        rooms: Counter[str] = Counter()
        for name, count in lines.items():
            rooms[name.split("/")[0]] += count
        for room, count in sorted(rooms.items()):
            print(f"{count:7,}  {room}")
    print(f"{sum(lines.values()):,} lines of code in {len(lines)} files")


if __name__ == "__main__":
    main()
