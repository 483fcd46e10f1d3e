"""What may be written to a record that was there before us (pure).

What belongs here: the three policies and what no policy may do. What does not: finding such
records (duplicates.py), writing (update.py).

`fill`: empty fields are filled, differing values stay HighLevel's and are listed as conflicts.
`overwrite`: ours replace theirs. `ask`: nothing but our mark is written before a person decided.
Under every policy the stricter opt-out wins, tags of theirs stay, and a record matched by its
phone alone keeps the name it has: two people may share a phone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.migration.field_values import Part, same
from flitstack_pipeline.migration.rows import SOURCE_ID_LABEL

FILL, OVERWRITE, ASK = "fill", "overwrite", "ask"
POLICIES = (FILL, OVERWRITE, ASK)
TAGS: Part = ("fields", "tags")
MARK: Part = ("custom", SOURCE_ID_LABEL)
OPT_OUT = "dnd"
NAME = frozenset({("fields", "firstName"), ("fields", "lastName"), ("fields", "name")})
ADDRESS = frozenset(
    {("fields", n) for n in ("address1", "address", "city", "state", "postalCode", "postalcode",
                             "country")}
)  # fmt: skip
#: Values that say something only together: filling the gaps of another's would mix two of them.
TOGETHER = (NAME, ADDRESS)
#: Parts of them HighLevel fills by itself, which therefore say nothing.
MADE_BY_HIGHLEVEL = frozenset({("fields", "name"), ("fields", "country")})


@dataclass
class Taking:
    """What to do with a record that was there: what to write, and what of ours stays out."""

    write: dict[Part, Any] = field(default_factory=dict)
    conflicts: dict[Part, Any] = field(default_factory=dict)


def take_existing(
    wanted: Mapping[Part, Any], now: Mapping[Part, Any], policy: str, *, by_phone_alone: bool
) -> Taking:
    """Decide field by field what may be written.

    `wanted` and `now` are values by part of our row and of the record as it is; `by_phone_alone`
    says that nothing but the phone number told that they are the same.
    """
    taking = Taking()
    mixed = _not_to_be_mixed(wanted, now)
    for key, value in wanted.items():
        held = now.get(key)
        if same(value, held):
            continue
        if key == MARK or key[0] == OPT_OUT:
            taking.write[key] = value
        elif policy == ASK or (key in NAME and by_phone_alone and any(now.get(k) for k in NAME)):
            taking.conflicts[key] = value
        elif policy == OVERWRITE or key == TAGS or (held in (None, "", []) and key not in mixed):
            taking.write[key] = value
        else:
            taking.conflicts[key] = value
    return taking


def _not_to_be_mixed(wanted: Mapping[Part, Any], now: Mapping[Part, Any]) -> frozenset[Part]:
    """Fields of a name or an address of which the record holds another one."""
    found: frozenset[Part] = frozenset()
    for group in TOGETHER:
        theirs = {k: now[k] for k in group if now.get(k) not in (None, "", [])}
        differs = any(k in wanted and not same(wanted[k], v) for k, v in theirs.items())
        if differs or theirs.keys() - wanted.keys() - MADE_BY_HIGHLEVEL:
            found |= group
    return found
