"""Has clicks on the map folded into it: at once, or when nobody has clicked for a moment.

Belongs here: when, and in which process. Does not: folding (`services.click_folding`). A long map
takes many seconds to read and write; that happens in a process of its own, so that pages of the
room go on being served.
"""

from __future__ import annotations

import subprocess
import sys
import threading

from flitstack_pipeline.review.runs import environment_of
from flitstack_pipeline.services.field_map import take_clicks
from flitstack_pipeline.settings import Project

FOLD_AFTER_S = 0.7
#: A map of more bytes is folded in a process of its own.
LONG_MAP = 300_000
_waiting: dict[str, threading.Timer] = {}


def fold_soon(project: Project) -> None:
    """Fold the clicks into the map when nobody has clicked for a moment."""
    root = str(project.root)
    if (before := _waiting.pop(root, None)) is not None:
        before.cancel()
    _waiting[root] = threading.Timer(FOLD_AFTER_S, fold, [project])
    _waiting[root].daemon = True
    _waiting[root].start()


def fold(project: Project) -> None:
    """Fold the clicks now; of a long map, begin to."""
    if project.map_path.exists() and project.map_path.stat().st_size > LONG_MAP:
        threading.Thread(target=_elsewhere, args=[project], daemon=True).start()
    else:
        take_clicks(project)


def _elsewhere(project: Project) -> None:
    """Fold in a process of its own, and wait for its end, so that it leaves no dead one behind."""
    subprocess.run(
        [sys.executable, "-m", "flitstack_pipeline.review.folding"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment_of(project), cwd=str(project.root), check=False,
    )  # fmt: skip


if __name__ == "__main__":
    take_clicks(Project.from_environment())
