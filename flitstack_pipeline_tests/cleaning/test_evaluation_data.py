"""Evaluation data stays out of what the product reads: no path in the code, no file opened."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import flitstack_pipeline

CODE = Path(flitstack_pipeline.__file__).parent
HOMES = ("benchmarks", "name_sets", "map_sets")
#: Reads names, people of other cultures and headers, and prints every file it opened.
READ = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from flitstack_pipeline.cleaning.values.names import split_name
from flitstack_pipeline.mapping.matcher import Header, match_headers
for name in ("Hungry Brain", "Miller & Sons", "Ann Lee", "Gabriel García Márquez", "Lee, Ann"):
    split_name(name)
match_headers([Header("E-mail 2 Address"), Header("Zone Id")], [Header("Email"), Header("Area")])
print("\\n".join(opened))
"""


def strings_of_code(path: Path) -> list[str]:
    """The texts in a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in alone)
    return [n.value for n in texts if isinstance(n.value, str)]


@pytest.mark.parametrize("path", sorted(CODE.rglob("*.py")), ids=lambda p: p.name)
def test_no_module_names_a_folder_of_evaluation_data(path):
    found = [t for t in strings_of_code(path) if any(home in t for home in HOMES)]
    assert not found


def test_reading_names_and_headers_opens_no_evaluation_data():
    run = subprocess.run(
        [sys.executable, "-c", READ], capture_output=True, text=True, check=True, timeout=120,
        cwd=CODE.parent,
    )  # fmt: skip
    opened = run.stdout.splitlines()
    assert any(path.endswith("business_words.txt") for path in opened)
    assert not [path for path in opened if any(home in path for home in HOMES)]
