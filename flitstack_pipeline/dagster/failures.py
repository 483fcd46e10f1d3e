"""Failures a person can read: what failed, what is safe, what to do next.

Belongs here: turning any exception of a step into a `dagster.Failure`, deciding whether a retry can
help, and the hook that writes the summary. Does not: the reasons themselves (`services`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg
import requests

from flitstack_pipeline.dagster.values import sentence
from flitstack_pipeline.errors import FlitstackError
from flitstack_pipeline.highlevel.errors import HighLevelError, Unauthorized
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.migration.lock import RunInProgress
from flitstack_pipeline.migration.report import Reason, Refused
from flitstack_pipeline.warehouse import WarehouseBusy

#: What a failure in each stage leaves behind, in the words of the person who has to decide.
WHAT_IS_SAFE: dict[str, str] = {
    "source": "Nothing was written to HighLevel. Reading again replaces what was read.",
    "clean": "Nothing was written to HighLevel. Cleaning again replaces the clean tables.",
    "map": "Nothing was written to HighLevel. Decisions already in map.yaml are kept.",
    "destination": "Fields, objects and stages made so far are in the journal; the next run finds "
    "them and makes only what is missing.",
    "sample": "Records written so far are in the journal; the next run continues and doubles none. "
    "The full load is still shut.",
    "cutover": "Records written so far are in the journal; the next run continues where this one "
    f"stopped and doubles none. {JOB['rollback']} takes them back.",
    "delta": "Nobody's edit in HighLevel was overwritten. The next run continues where this one "
    "stopped.",
    "reconcile": "Reading back changes nothing in HighLevel.",
    "catch_up": "Nothing was changed. What was done elsewhere is shown the next time.",
    "rollback": "Records already taken back are in the journal; the next run continues.",
}

#: Errors that a second try may cure; everything else needs a person first.
TRANSIENT = (WarehouseBusy, RunInProgress, requests.ConnectionError, requests.Timeout)


class Incomplete(RuntimeError):
    """A step that did its work but for some records. `reasons` says which, and why."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


@dataclass(frozen=True)
class Summary:
    """The three sentences a person needs when something failed."""

    failed: str
    safe: str
    next: str

    def markdown(self) -> str:
        """For the run page."""
        return (
            f"**What failed.** {self.failed}\n\n"
            f"**What is safe.** {self.safe}\n\n"
            f"**What to do next.** {self.next}"
        )


def summarise(what: str, stage: str, error: BaseException) -> Summary:
    """The summary of one failed step; `what` names it, `stage` is its asset group."""
    safe = WHAT_IS_SAFE.get(stage, "Nothing further was started.")
    if isinstance(error, Refused):
        return Summary(f"{what} was refused; nothing ran.", safe, _listed(error.reasons))
    if isinstance(error, Incomplete):
        return Summary(f"{what} left something undone.", safe, _listed(error.reasons))
    text = f"{type(error).__name__}: {error}"
    return Summary(f"{what}: {text}", safe, _next_step(error))


def _next_step(error: BaseException) -> str:
    if isinstance(error, Unauthorized):
        return (
            "HighLevel does not accept the token. Check HIGHLEVEL_TOKEN and HIGHLEVEL_LOCATION_ID "
            "(Settings → Private Integrations), restart, and launch this again."
        )
    if isinstance(error, requests.ConnectionError | requests.Timeout):
        return "HighLevel did not answer. Check the network, then launch this again."
    if isinstance(error, HighLevelError):
        return "HighLevel refused the request. The message names the field; correct it and repeat."
    if isinstance(error, FlitstackError):
        return "Do what the message says, then launch this again."
    return "Read the stack trace below. Launching this again is safe."


def said_here(reason: str) -> str:
    """A reason in Dagster's words, where it has any, without a customer's values."""
    return sentence(reason.in_dagster if isinstance(reason, Reason) else reason)


def _listed(reasons: list[str]) -> str:
    return "\n".join(["", *(f"- {said_here(reason)}" for reason in reasons)])


def can_retry(error: BaseException) -> bool:
    """Whether trying again can help without a person."""
    return isinstance(error, TRANSIENT)


def failure_of(what: str, stage: str, error: BaseException) -> dg.Failure:
    """A Failure to raise from `error`; its description is the whole summary."""
    summary = summarise(what, stage, error)
    return dg.Failure(
        description=f"{summary.failed}\n{summary.next}",
        metadata={
            "what failed": dg.MetadataValue.md(summary.failed),
            "what is safe": dg.MetadataValue.md(summary.safe),
            "what to do next": dg.MetadataValue.md(summary.next),
            "a retry may help": dg.MetadataValue.bool(can_retry(error)),
        },
        allow_retries=can_retry(error),
    )


@contextmanager
def readable(what: str, stage: str) -> Iterator[None]:
    """Any exception inside becomes a Failure a person can read; a refusal without a trace."""
    try:
        yield
    except dg.Failure:
        raise
    except Refused as refused:
        raise failure_of(what, stage, refused) from None
    except Exception as error:
        raise failure_of(what, stage, error) from error


@dg.failure_hook(name="say_what_to_do")
def say_what_to_do(context: dg.HookContext) -> None:
    """Write the summary of the failed step as the last line of the run log."""
    error = context.op_exception
    if error is None:
        return
    metadata = error.metadata if isinstance(error, dg.Failure) else {}
    said = {name: value.value for name, value in metadata.items()}
    context.log.error(
        "\n".join(
            [
                f"{context.op.name} did not finish.",
                f"What failed: {said.get('what failed', error)}",
                f"What is safe: {said.get('what is safe', 'nothing further was started')}",
                f"What to do next: {said.get('what to do next', 'read the stack trace above')}",
            ]
        )
    )
