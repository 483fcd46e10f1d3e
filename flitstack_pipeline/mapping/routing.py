"""Which sub-account a record goes to: the map's routing rules as SQL, and what is wrong with them.

Belongs here: one rule's condition, the CASE over all rules. Does not: whose client a record's
is (sources.py): a child goes where its client goes, whatever the rules say of itself.

A rule is `{by, equals, location}`; `by` is `workspace`, a text column of clients or leads
(`clients.city`, `leads.lead_source`), a custom column (`clients.custom:Territory`), or either
without the object, which then means clients and leads alike (`city`, `custom:Territory`).
`equals` is compared without letter case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flitstack_pipeline.catalog.clean import BY_DATASET
from flitstack_pipeline.cleaning.values.columns import CUSTOM
from flitstack_pipeline.warehouse import literal

WORKSPACE = "workspace"
PEOPLE = ("clients", "leads")
KEYS = ("by", "equals", "location")

Rule = Mapping[str, str]


def location_case(rules: Iterable[Rule], default: str, dataset: str) -> str:
    """CASE expression: the location of a row of `dataset` (table alias x), first rule first."""
    parts = [
        f"WHEN {condition} THEN {literal(rule['location'])}"
        for rule in rules
        if (condition := _condition(rule, dataset))
    ]
    return f"CASE {' '.join(parts)} ELSE {literal(default)} END" if parts else literal(default)


def rule_problems(rules: Iterable[Rule]) -> list[str]:
    """Everything that is wrong with the rules, in sentences."""
    problems = []
    for rule in rules:
        if not isinstance(rule, Mapping) or not set(KEYS) <= set(rule):
            problems.append(f"routing rule {rule}: needs by, equals and location")
        elif not _datasets(str(rule["by"])):
            problems.append(
                f"routing rule {dict(rule)}: by {rule['by']!r} is neither workspace nor a text "
                f"column of {' or '.join(PEOPLE)} (such as clients.city or custom:Territory)"
            )
    return problems


def _condition(rule: Rule, dataset: str) -> str:
    """The rule for one dataset; empty when it does not speak of it."""
    by, wanted = str(rule["by"]), literal(str(rule["equals"]).casefold())
    if by == WORKSPACE:
        return f"lower(x.workspace) = {wanted}"
    if dataset not in _datasets(by):
        return ""
    column = _column(by)
    if column.startswith(CUSTOM):
        return f"lower(x.custom[{literal(column.removeprefix(CUSTOM))}]) = {wanted}"
    return f'lower(x."{column}") = {wanted}'


def _datasets(by: str) -> tuple[str, ...]:
    """The datasets a rule speaks of; none when there is no such column."""
    if by == WORKSPACE:
        return PEOPLE
    owner, dot, _ = by.partition(".")
    named = (owner,) if dot and not by.startswith(CUSTOM) else PEOPLE
    column = _column(by)
    return tuple(
        d for d in named if d in PEOPLE and (column.startswith(CUSTOM) or _is_text(d, column))
    )


def _column(by: str) -> str:
    return by if by.startswith(CUSTOM) or "." not in by else by.split(".", 1)[1]


def _is_text(dataset: str, column: str) -> bool:
    return any(f.name == column and f.type == "VARCHAR" for f in BY_DATASET[dataset].fields)
