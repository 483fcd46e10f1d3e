"""What an unknown status word may mean: a suggestion for a person, never a decision.

Belongs here: words of status columns nobody has declared (`Parked`, `Waiting on permit`). Does
not: the declared words (`cleaning.statuses`), the map itself (`mapping.propose`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from flitstack_pipeline.spec.targets import label_of

NEAR = 84
#: Pattern → closed words it may stand for, of any object; the first one the object has counts.
_HINTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"park|hold|paus|wait|await|block|delay|stall|suspend|on ice|snooz|postpon", ("on_hold",)),
    (r"partial|part paid|deposit paid", ("partial",)),
    (r"over ?due|past due|late|delinquent|collections", ("overdue",)),
    (r"write ?off|written off|bad debt|uncollect", ("bad_debt", "void")),
    (r"unpaid|not paid|outstanding|awaiting payment|invoiced", ("unpaid",)),
    (r"paid|settled|cleared", ("paid", "completed")),
    (r"cancel|dead|abandon|no ?show|void|scrap|dropped", ("cancelled", "void", "lost", "archived")),
    (r"declin|reject|denied|refus|turned down|lost", ("declined", "lost", "cancelled")),
    (r"expire|lapsed", ("expired",)),
    (r"approv|accept|signed|won|sold|green ?light", ("approved", "won", "converted")),
    (r"done|finish|complet|closed|wrapped|job well|100 ?%", ("completed", "converted", "won")),
    (r"progress|working|start|on ?site|en ?route|under ?way|active|travel", ("in_progress",)),
    (r"sched|book|assign|dispatch|plann|calendar|confirmed", ("scheduled", "contacted")),
    (r"sent|mailed|submitted|deliver|pending", ("sent", "unpaid", "scheduled")),
    (r"draft|prepar|estimating", ("draft", "new")),
    (r"contact|called|follow", ("contacted",)),
    (r"new|open|unsched|request|inquir|enquir|lead|fresh|todo|to do", ("new", "draft")),
)


def suggested(word: str, closed: Sequence[str]) -> tuple[str, str]:
    """The closed word a status may mean, and why; two empty strings when nothing comes near."""
    text = re.sub(r"[^a-z0-9%]+", " ", word.casefold()).strip()
    spelled = {known: fuzz.ratio(text, label_of(known).casefold()) for known in closed}
    nearest = max(spelled, key=lambda known: spelled[known], default="")
    if nearest and spelled[nearest] >= NEAR:
        return nearest, f"written like {label_of(nearest)!r}"
    for pattern, known_words in _HINTS:
        found = re.search(pattern, text)
        meant = next((w for w in known_words if w in closed), "")
        if found and meant:
            return meant, f"{found.group(0)!r} sounds like {label_of(meant)!r}"
    return "", ""
