"""Texts a few typing errors apart, as SQL over two expressions.

Belongs here: comparisons by edits that look cheaply before they count. Counting edits (Damerau and
Levenshtein) costs DuckDB ten to twenty-five times what Jaro and Winkler's similarity does (of
surnames and of whole names, `benchmarks/duplicate_people.py`'s clients), and most pairs
that share a block are nothing alike: texts of which at most a third was edited score `UNLIKE` or
more, so below it nobody needs to count. DuckDB counts bytes: accents are stripped before. Does
not: what a likeness weighs (`matching_weights`).
"""

from __future__ import annotations

#: Texts of four letters and more, at most a third of them edited, are more alike than this.
UNLIKE = 0.6


def edits_at_most(one: str, other: str, most: str | int) -> str:
    """SQL: at most so many letters added, dropped, changed or turned around.

    Args:
        one: SQL of a text of at least four letters.
        other: SQL of the other.
        most: SQL of a number, not over a third of the letters of the shorter.
    """
    return (
        f"(CASE WHEN jaro_winkler_similarity({one}, {other}) >= {UNLIKE} "
        f"THEN damerau_levenshtein({one}, {other}) <= {most} ELSE false END)"
    )


def one_edit(one: str, other: str) -> str:
    """SQL: two texts of any length that are one edit apart.

    Numbers are of one length mostly: then one place differs, or two that are turned around.
    """
    exact = f"damerau_levenshtein({one}, {other}) = 1"
    # `hamming` counts bytes, of texts of one length
    aligned = (
        f"strlen({one}) = length({one}) AND strlen({other}) = length({other}) "
        f"AND length({one}) = length({other}) AND {one} <> ''"
    )
    return (
        f"(CASE WHEN {aligned} THEN CASE hamming({one}, {other}) "
        f"WHEN 1 THEN true WHEN 2 THEN {exact} ELSE false END "
        f"ELSE abs(length({one}) - length({other})) <= 1 AND {exact} END)"
    )


def nearly_alike(one: str, other: str) -> str:
    """SQL: two texts a typing error or two apart: one letter of four, two of six, or alike by Jaro
    and Winkler."""
    shorter = f"least(length({one}), length({other}))"
    alike = f"jaro_winkler_similarity({one}, {other})"
    return (
        f"(CASE WHEN {shorter} < 4 OR {alike} < {UNLIKE} THEN false WHEN {alike} >= 0.92 THEN true "
        f"ELSE damerau_levenshtein({one}, {other}) <= "
        f"CASE WHEN {shorter} >= 6 THEN 2 ELSE 1 END END)"
    )
