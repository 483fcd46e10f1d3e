"""How long a sandbox lives, and that one at a time serves a state file.

A sandbox that was started with `--parent` ends with that process, however it ends: by the kernel's
parent-death signal on Linux, elsewhere by looking four times a second whose child it is. The lock
is the kernel's too, so nothing is left locked when its holder is killed.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOOK_S = 0.25


class StateInUse(RuntimeError):
    """Another sandbox serves this state file."""


def end_with(parent: int) -> None:
    """End this process when the process `parent`, which started it, has ended.

    On Linux "ended" means that the thread which started us has.
    """
    if not (sys.platform == "linux" and _kernel_ends_us()):
        threading.Thread(target=watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before the kernel knew what we want
        os._exit(1)


def _kernel_ends_us() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)) == 0


def watch(parent: int) -> None:
    """Look whose child we are until it is no longer `parent`'s; then end this process."""
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)


def lock(state: Path) -> IO[str]:
    """Lock a state file for this process's life, by a file beside it that holds its number.

    The caller keeps what is returned open. Raises StateInUse while another process has the lock,
    and OSError when the file beside it cannot be made.
    """
    beside = state.with_name(f"{state.name}.lock").open("a+")
    try:
        fcntl.flock(beside, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        beside.seek(0)
        holder = beside.read().strip() or "unknown"
        beside.close()
        raise StateInUse(
            f"{state} is served by another sandbox (process {holder}): use that one, stop it, or "
            "name another file with --state"
        ) from None
    beside.truncate(0)
    beside.write(str(os.getpid()))
    beside.flush()
    return beside
