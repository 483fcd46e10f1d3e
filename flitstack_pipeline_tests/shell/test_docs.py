"""Documents and citations lead somewhere: every file and anchor they name exists."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    p.relative_to(ROOT).as_posix()
    for p in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        ROOT / "data/README.md",
        *ROOT.glob("flitstack_pipeline/*/README.md"),
    )
)
#: Rooms whose files may cite a document.
CITING = ("flitstack_pipeline", "flitstack_pipeline_tests", "benchmarks")
CITATION = re.compile(r"\b((?:docs/[\w/-]+|README|CONTRIBUTING)\.md)((?:#[\w-]+)?(?:,\s+#[\w-]+)*)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(
    r"`((?:flitstack_pipeline|flitstack_pipeline_tests|benchmarks|docs|data)/[^`*{}<#\s]*)(?:#[\w-]+)?`"
)
NAME_IN_FILE = re.compile(r"`(\w+)` in\s+`(flitstack_pipeline\w*/[\w/]+\.py)`")
#: Ways in which documents that are not in the repository used to be cited.
ELSEWHERE = re.compile(
    r"\breference:? (?:§|\d)|Facts: reference|\blive L\d|§\d"
    r"|(?:^|[^/\w])(?:dagster|contractor_plus)\.md|highlevel_(?:api|live)\.md|\b(?:DESIGN|STYLE)\.md"
)


@cache
def files() -> tuple[str, ...]:
    """Text files that may cite a document."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *CITING],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    own = Path(__file__).relative_to(ROOT).as_posix()
    return tuple(
        f for f in listed if f.endswith((".py", ".txt")) and f != own and (ROOT / f).is_file()
    )


@cache
def text_of(name: str) -> str:
    """A file's text."""
    return (ROOT / name).read_text(errors="replace")


def slug(heading: str) -> str:
    """The anchor GitHub makes of a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


@cache
def anchors(page: str) -> frozenset[str]:
    """Every anchor of a page: its headings, and those written out."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return frozenset({slug(h) for h in headings} | set(re.findall(r'<a id="([\w-]+)"', text)))


def missing(page: str, wanted: list[str]) -> str | None:
    """What a citation of `page` asks for that is not there."""
    if not (ROOT / page).is_file():
        return f"{page} does not exist"
    gone = [a for a in wanted if a not in anchors(page)]
    return f"{page} has no #{', #'.join(gone)}" if gone else None


def test_github_s_anchors_are_made_as_github_makes_them():
    assert slug("Rules between rooms") == "rules-between-rooms"
    assert slug("What `--adopt` does, and why") == "what---adopt-does-and-why"
    assert {"l1", "l22", "limits"} <= anchors("docs/highlevel.md")
    assert "quirk-25" in anchors("docs/contractor_plus.md")


def test_every_citation_in_the_code_leads_to_a_document_and_an_anchor():
    found, wrong = 0, []
    for name in files():
        for page, cited in CITATION.findall(text_of(name)):
            found += 1
            problem = missing(page, re.findall(r"#([\w-]+)", cited))
            if problem:
                wrong.append(f"{name}: {problem}")
    assert not wrong
    assert found > 80, "the citations were not found at all"


def test_every_live_finding_that_is_named_is_described():
    named = {
        (name, n)
        for name in files()
        for told in re.findall(r"live: (L\d+(?:,\s+L\d+)*)", text_of(name))
        for n in re.findall(r"L\d+", told)
    }
    assert len(named) > 30
    assert not {
        f"{name}: {n}" for name, n in named if n.lower() not in anchors("docs/highlevel.md")
    }


def test_no_citation_points_outside_the_repository():
    wrong = [
        f"{name}:{text.count(chr(10), 0, found.end()) + 1}: {found[0].strip()}"
        for name in files()
        for text in (text_of(name),)
        if any(sign in text for sign in (".md", "§", "eference", "live L"))
        for found in ELSEWHERE.finditer(text)
    ]
    assert not wrong


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_document_leads_to_a_file_and_an_anchor(page):
    wrong = []
    for target in LINK.findall((ROOT / page).read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        known = anchors(file.relative_to(ROOT).as_posix()) if anchor and file.exists() else ()
        if not file.exists() or (anchor and anchor not in known):
            wrong.append(target)
    assert not wrong


@pytest.mark.parametrize("page", PAGES)
def test_every_file_a_document_names_exists(page):
    text = (ROOT / page).read_text()
    assert not [p for p in PATH.findall(text) if not (ROOT / p).exists()]


@pytest.mark.parametrize("page", PAGES)
def test_every_name_a_document_looks_for_in_a_file_is_in_it(page):
    wrong = [
        f"{name} in {path}"
        for name, path in NAME_IN_FILE.findall((ROOT / page).read_text())
        if not re.search(rf"\b{name}\b", (ROOT / path).read_text())
    ]
    assert not wrong


def test_where_answers_each_change_with_one_file():
    rows = re.findall(
        r"^\| (?!change|-)(.+?) \| (.+?) \| (.+?) \|$", (ROOT / "docs/where.md").read_text(), re.M
    )
    assert len(rows) >= 10
    for change, answer, _ in rows:
        assert len(PATH.findall(answer)) == 1, change
