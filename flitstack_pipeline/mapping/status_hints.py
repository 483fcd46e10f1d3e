"""What an unknown status word may mean: a suggestion for a person, never a decision.

Whole words are compared, and a negated word suggests its opposite or nothing: `Installed` does not
sound like `stalled`, `Not completed` is not `Completed`.

Belongs here: words of status columns nobody has declared (`Parked`, `Waiting on permit`). Does
not: the declared words (`cleaning.statuses`), the map itself (`mapping.propose`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from flitstack_pipeline.spec.targets import label_of

NEAR = 84
#: Beginnings of words → closed words they may stand for, of any object; the first one counts that
#: the object has. Earlier lines count more.
_HINTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("park hold paus wait await block delay stall suspend snooz postpon", ("on_hold",)),
    ("partial partly", ("partial",)),
    ("overdue late delinquent collections", ("overdue",)),
    ("writeoff uncollect", ("bad_debt", "void")),
    ("unpaid outstanding invoiced", ("unpaid",)),
    ("paid settled cleared", ("paid", "completed")),
    ("cancel dead abandon noshow void scrap dropped", ("cancelled", "void", "lost", "archived")),
    ("declin reject denied refus lost", ("declined", "lost", "cancelled")),
    ("expire lapsed", ("expired",)),
    ("approv accept signed won sold greenlight", ("approved", "won", "converted")),
    ("done finish complet closed wrapped", ("completed", "converted", "won")),
    ("progress working start onsite enroute underway active travel", ("in_progress",)),
    ("sched book assign dispatch plann calendar confirmed", ("scheduled", "contacted")),
    ("sent mailed submitted deliver pending", ("sent", "unpaid", "scheduled")),
    ("draft prepar estimating", ("draft", "new")),
    ("contact called follow", ("contacted",)),
    ("new open unsched request inquir enquir lead fresh todo", ("new", "draft")),
)
#: What the opposite of a closed word may be: a job not started is new, an estimate not approved
#: was declined. A word without a line here has no opposite we would suggest.
_OPPOSITES: dict[str, tuple[str, ...]] = {
    "paid": ("unpaid",),
    "completed": ("in_progress",),
    "approved": ("declined",),
    "scheduled": ("new",),
    "in_progress": ("new",),
    "sent": ("draft",),
    "contacted": ("new",),
    "won": ("lost",),
}
_JOINED = {
    "over due": "overdue", "past due": "overdue", "write off": "writeoff", "no show": "noshow",
    "written off": "writeoff", "bad debt": "writeoff", "on site": "onsite", "en route": "enroute",
    "under way": "underway", "green light": "greenlight", "to do": "todo", "on ice": "hold",
    "turned down": "declined", "part paid": "partial", "deposit paid": "partial",
    "100 %": "complete", "100%": "complete",
}  # fmt: skip
_NEGATIONS = ("not", "no", "non", "never", "without", "isnt", "wasnt", "hasnt", "cannot", "cant",
              "didnt", "yet")  # fmt: skip
#: `incomplete`, `disapproved`, but not `installed` or `inspected`: only before these beginnings.
_NEGATED = re.compile(
    "^(?:un|in|dis|non)(?=complet|finish|approv|accept|signed|confirm|assign|deliver|sent|"
    "settled|sold|start|book|open|clear|done|closed|contact)"
)


def suggested(word: str, closed: Sequence[str]) -> tuple[str, str]:
    """The closed word a status may mean, and why.

    Args:
        word: The status as the export writes it.
        closed: The closed vocabulary of the object (`spec.clean`).

    Returns:
        (closed word, reason); two empty strings when nothing comes near.
    """
    words = _words(word)
    said = list(_read(words))
    for stems, meanings in _HINTS:
        for text, negated in said:
            if any(text.startswith(stem) for stem in stems.split()):
                meant = _meant(meanings, closed, negated)
                if meant or negated:
                    heard = f"{'not ' if negated else ''}{text!r} sounds like {label_of(meant)!r}"
                    return meant, heard if meant else ""
    return ("", "") if _is_negated(words) else _nearest(" ".join(words), closed)


def _words(word: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", word)
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    plain = re.sub(r"[^a-z0-9%]+", " ", plain.replace("'", "").replace("’", "")).strip()
    for apart, joined in _JOINED.items():
        plain = re.sub(rf"(?<![a-z0-9]){re.escape(apart)}(?![a-z0-9])", joined, plain)
    return plain.split()


def _read(words: list[str]) -> Iterator[tuple[str, bool]]:
    """Every word that says something, with whether it is negated: `not approved`, `incomplete`."""
    negated = False
    for word in words:
        if word in _NEGATIONS:
            negated = True
            continue
        inner = _NEGATED.sub("", word)
        yield inner, negated or inner != word


def _is_negated(words: list[str]) -> bool:
    return any(negated for _, negated in _read(words))


def _meant(meanings: Sequence[str], closed: Sequence[str], negated: bool) -> str:
    """The first meaning the object has, or the first opposite of one where it is negated."""
    if negated:
        meanings = [o for m in meanings for o in _OPPOSITES.get(m, ())]
    return next((m for m in meanings if m in closed), "")


def _nearest(text: str, closed: Sequence[str]) -> tuple[str, str]:
    spelled = {known: fuzz.ratio(text, label_of(known).casefold()) for known in closed}
    nearest = max(spelled, key=lambda known: spelled[known], default="")
    if nearest and spelled[nearest] >= NEAR:
        return nearest, f"written like {label_of(nearest)!r}"
    return "", ""
