"""Rules between rooms (docs/architecture.md#rules-between-rooms), kept by reading imports."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "flitstack_pipeline"
SHELL = {"definitions", "dagster", "cli"}
#: Rooms apart from the product: each imports nothing but itself, and only tests import them.
APART = {"sandbox", "examples"}
STARTS_THE_SANDBOX = {"cli", "destination"}
FORBIDDEN = {
    "cleaning": {"highlevel", "migration", "mapping", "reports", "services"},
    "mapping": {"highlevel", "migration", "reports", "services"},
    "highlevel": {
        "reading",
        "sources",
        "cleaning",
        "mapping",
        "migration",
        "reports",
        "catalog",
    },
    "sources": {"reading", "cleaning", "mapping", "highlevel", "migration", "reports", "services"},
    "reading": {
        "sources",
        "highlevel",
        "cleaning",
        "mapping",
        "migration",
        "reports",
        "services",
    },
    "migration": {"services", "destination"},
    "catalog": {"reading", "cleaning", "mapping", "highlevel", "migration", "reports"},
    "ledger": {"highlevel", "migration", "reports", "services"},
}
#: Pure functions of text, which the room that reads files may use beside what it is else forbidden.
VALUES = "flitstack_pipeline.cleaning.values."
#: The second reading of the ledger: nothing of the rooms that read, clean and map.
WITNESS = (
    "witness",
    "readings",
    "sure",
    "numbers",
    "moments",
    "contact_points",
    "places",
    "texts",
    "file_names",
    "meanings",
    "realignment",
)


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_rooms(path: Path) -> set[str]:
    free = VALUES if "reading" in path.parts else "nothing"
    return {
        name.split(".")[1]
        for name in imports(path)
        if name.startswith("flitstack_pipeline.")
        and len(name.split(".")) > 1
        and not name.startswith(free)
    }


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_keeps_to_the_rooms_it_may_know(path):
    here, known = room(path), imported_rooms(path)
    if here not in SHELL:
        assert not any(n == "dagster" or n.startswith("dagster.") for n in imports(path))
    if here in APART:
        assert known <= {here}
    else:
        assert not known & APART
    if here not in STARTS_THE_SANDBOX:
        assert "sandbox_process" not in known
    assert not known & FORBIDDEN.get(here, set())


@pytest.mark.parametrize("path", sorted((PACKAGE / "reading").glob("*.py")), ids=lambda p: p.stem)
def test_the_room_that_reads_files_names_no_vendor(path):
    assert "contractor+" not in path.read_text().casefold()


def test_the_rules_are_those_that_the_document_tells():
    text = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    table = text[text.index("| room | not |") :].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.M)
    told = {name: set(re.sub(r" \(.*?\)", "", rooms).split(", ")) for name, rooms in rows}
    assert told == FORBIDDEN


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_opens_by_saying_what_belongs_in_it(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", sorted((PACKAGE.parent / "benchmarks").glob("*.py")), ids=str)
def test_a_benchmark_starts_the_rooms_apart_as_processes(path):
    assert not imported_rooms(path) & APART


@pytest.mark.parametrize("name", WITNESS)
def test_the_witness_of_the_ledger_imports_nothing_but_its_own_readings(name):
    known = {n for n in imports(PACKAGE / "ledger" / f"{name}.py") if n.startswith("flitstack")}
    own = {f"flitstack_pipeline.ledger.{other}" for other in WITNESS}
    assert all(any(n == o or n.startswith(f"{o}.") for o in own) for n in known)
