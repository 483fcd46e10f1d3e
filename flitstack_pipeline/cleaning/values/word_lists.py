"""Lists of words that lie beside the parsers as text, in groups: `[group]`, then its words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"


@cache
def word_groups(name: str) -> dict[str, frozenset[str]]:
    """The words of `data/<name>.txt` by group; lines that begin with # are remarks.

    Words before the first group stand under "".
    """
    found: dict[str, set[str]] = {"": set()}
    group = found[""]
    for line in (_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            group = found.setdefault(line.strip("[]"), set())
        elif not line.startswith("#"):
            group.update(line.split())
    return {key: frozenset(words) for key, words in found.items()}
