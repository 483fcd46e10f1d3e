"""The fates a cell can have, and the one list of what is not moved, with the reasons.

What the audit says cannot move is made from that list too.
"""

from __future__ import annotations

from dataclasses import dataclass

from flitstack_pipeline.catalog import not_moved as not_moved_list

ARRIVED = "arrived"
BY_RULE = "changed by rule"
LINKED = "linked"
MERGED = "merged"
REPEATED = "repeated"
SUPERSEDED = "superseded"
EMPTY_WORD = "empty word"
QUARANTINED = "quarantined"
EXCLUDED = "excluded"
NOT_MOVED = "not moved"
UNACCOUNTED = "unaccounted"
#: Before anything is mapped: the row is clean and on its way.
READ = "read"

FATES = (
    ARRIVED, BY_RULE, LINKED, MERGED, REPEATED, SUPERSEDED, EMPTY_WORD, QUARANTINED, EXCLUDED,
    NOT_MOVED, UNACCOUNTED,
)  # fmt: skip
#: Fates of cells that are in no field of HighLevel: what the certificate lists as left behind.
LEFT_BEHIND = (QUARANTINED, EXCLUDED, NOT_MOVED, UNACCOUNTED)
ABOUT = {
    ARRIVED: "verbatim in a named field of a named record",
    BY_RULE: "in a named field, written otherwise by the rule named",
    LINKED: "became a relation, an owner, a stage or part of the source key",
    MERGED: "kept in the merged values of the record it was merged into",
    REPEATED: "an equal row or file; its twin arrived",
    SUPERSEDED: "an older version of the same record",
    EMPTY_WORD: "a word that stands for nothing",
    QUARANTINED: "in a row that cannot be used; see what to do",
    EXCLUDED: "left out by a person's decision or by the rule named",
    NOT_MOVED: "of a kind that has no place in HighLevel; the reason is named",
    UNACCOUNTED: "found nowhere: nothing is written before this is settled",
    READ: "read and clean, on its way",
}


@dataclass(frozen=True)
class NotMoved:
    """A kind of export, or a column of one, that is not moved: why, and what to do instead."""

    dataset: str
    column: str
    reason: str
    instead: str


#: What is understood and has no place in HighLevel. "*": every column of the export.
NOT_MOVED_KINDS: tuple[NotMoved, ...] = (
    *(
        NotMoved(kind.key, "*", f"{kind.what}: no place in HighLevel", kind.instead)
        for kind in not_moved_list.NOT_MOVED
        if kind.key
    ),
    NotMoved(
        "users", "*", "team members are invited in HighLevel and matched by e-mail, never written",
        "invite them with the same e-mail; roles and permissions are set per user",
    ),
    NotMoved(
        "custom_fields", "*", "definitions make the fields of HighLevel, they are no records",
        "see reports/field-map.html",
    ),
    NotMoved(
        "items", "*", "a HighLevel product has no field for it, and its description is shown to "
        "customers", "keep the price list",
    ),
    NotMoved(
        "attachments", "sha256", "the bytes of the file are compared with it", "nothing",
    ),
)  # fmt: skip


def not_moved(dataset: str, column: str) -> NotMoved | None:
    """The entry of the list for a column, or None when it is to arrive."""
    return next(
        (k for k in NOT_MOVED_KINDS if k.dataset == dataset and k.column in ("*", column)), None
    )
