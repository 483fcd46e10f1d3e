"""The command `flitstack`: the customer's steps from a terminal, through the same code as Dagster.

Exit codes: 0 done; 2 bad usage or input; 3 waiting for approval; 4 preflight failed; 5 finished
with rejected records, conflicts or a failed reconciliation.
"""

from __future__ import annotations

import sys

from flitstack_pipeline.cli import exports, maps, serving, stages
from flitstack_pipeline.cli.terminal import Exit, app, errors

__all__ = ["Exit", "app", "exports", "main", "maps", "serving", "stages"]


def main() -> None:
    """Entry point: known refusals and bad input end with a sentence, not a traceback."""
    from flitstack_pipeline.migration.report import Refused

    try:
        app(standalone_mode=True)
    except Refused as refused:
        errors.print(str(refused), style="yellow", markup=False)
        sys.exit(Exit.WAITING)
    except (ValueError, FileNotFoundError) as error:
        errors.print(f"{type(error).__name__}: {error}", style="red", markup=False)
        sys.exit(Exit.BAD_INPUT)
