"""What the token may do: every read the migration needs, tried once.

What belongs here: trying, and what a refusal means (401 without scope, 401 at all, 403, no such
sub-account, no answer). What does not: what the answers say (the modules beside this one).
Writing cannot be tried without writing: the scopes it needs are named, and believed once the
journal shows a write. Facts: docs/highlevel.md#tokens, #errors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flitstack_pipeline.highlevel.answer_types import User
from flitstack_pipeline.highlevel.api import HighLevel
from flitstack_pipeline.highlevel.errors import (
    BadRequest,
    Forbidden,
    HighLevelError,
    NotFound,
    Unauthorized,
    ValidationRejected,
)
from flitstack_pipeline.migration.account_schema import Catalog, Read, catalog_reads
from flitstack_pipeline.migration.preflight.lines import Line, failed, few, passed, warned
from flitstack_pipeline.migration.preflight.workflows import Automations, read_automations

WHERE = "Settings → Private Integrations → the token → Scopes"
WRITE_SCOPES = (
    "contacts.write", "opportunities.write", "pipelines.create", "pipelines.write",
    "objects/record.write", "associations.write", "associations/relation.write",
    "locations/customFields.write", "locations/tags.write", "forms.write", "products.write",
    "products/prices.write",
)  # fmt: skip


@dataclass
class Access:
    """What could be read: the catalogue as far as it went, users, automations, and the lines.

    `reachable` is False when no further question makes sense, `users` None while nobody knows them.
    """

    catalog: Catalog
    users: list[User] | None = None
    automations: Automations = field(default_factory=Automations)
    agency: bool = False
    reachable: bool = False
    complete: bool = False
    lines: list[Line] = field(default_factory=list)


def try_access(hl: HighLevel, object_keys: Iterable[str], wrote: bool) -> Access:
    """Try every read; nothing is written. `wrote` tells that this token has written before."""
    access = Access(Catalog(hl.location_id))
    first, *rest = catalog_reads(hl, access.catalog, object_keys, products=True)
    refusal = _refusal_of(first)
    if refusal is not None:
        access.lines.append(_no_access(hl, refusal))
        if not refusal.scope_missing:
            return access
    else:
        name = access.catalog.location.get("name", "")
        access.lines.append(passed("sub-account", f"{name} ({hl.location_id})"))
    access.reachable = True
    refused = [(first, refusal)] if refusal else []
    for read in [*rest, *_other_reads(hl, access)]:
        error = _refusal_of(read)
        if error is not None:
            refused.append((read, error))
    access.complete = not refused
    access.automations = read_automations(hl)
    access.lines += [_scopes(refused), _writes(wrote)]
    access.lines.append(_agency(hl, access))
    return access


def _other_reads(hl: HighLevel, access: Access) -> list[Read]:
    """Reads of records and users, one small page each."""

    def users() -> None:
        access.users = hl.users.list(str(access.catalog.location.get("companyId", "")))

    return [
        Read("users", "users.readonly", users),
        Read("contacts", "contacts.readonly", lambda: _drop(hl.contacts.search(page_limit=1))),
        Read(
            "opportunities",
            "opportunities.readonly",
            lambda: _drop(hl.opportunities.search(limit=1)),
        ),
        Read(
            "companies",
            "objects/record.readonly",
            lambda: _drop(hl.records.search("business", page_limit=1)),
        ),
    ]


def _drop(answer: object) -> None:
    """Only whether it answers counts."""


def _refusal_of(read: Read) -> HighLevelError | None:
    try:
        read.run()
    except HighLevelError as error:
        return error
    return None


def _no_access(hl: HighLevel, error: HighLevelError) -> Line:
    """Why the sub-account itself cannot be read."""
    if error.scope_missing:
        return failed(
            "sub-account", "the token lacks the scope locations.readonly", f"{WHERE}: tick it."
        )
    if isinstance(error, Unauthorized):
        return failed(
            "token", "HighLevel does not accept the token (401)",
            "Make a new Private Integration token in the sub-account (Settings → Private "
            "Integrations) and set HIGHLEVEL_TOKEN.",
        )  # fmt: skip
    if isinstance(error, Forbidden):
        return failed(
            "token", f"the token is not for the sub-account {hl.location_id} (403)",
            "HIGHLEVEL_TOKEN and HIGHLEVEL_LOCATION_ID must belong together: take the id from "
            "Settings → Business Profile of the sub-account in which the token was made. When they "
            "do, the token lacks a scope: tick locations.readonly.",
        )  # fmt: skip
    if isinstance(error, NotFound | BadRequest | ValidationRejected):
        return failed(
            "sub-account", f"there is no sub-account {hl.location_id}",
            "Correct HIGHLEVEL_LOCATION_ID (Settings → Business Profile, or the address bar).",
        )  # fmt: skip
    return failed(
        "sub-account", f"no usable answer: {error}",
        "Check the network and HIGHLEVEL_BASE_URL, and HighLevel's status page; then try again.",
    )  # fmt: skip


def _scopes(refused: list[tuple[Read, HighLevelError]]) -> Line:
    check = "scopes to read"
    if not refused:
        return passed(check, "every read the migration needs was answered")
    missing = [read.scope for read, error in refused if isinstance(error, Unauthorized | Forbidden)]
    others = [f"{r.what}: {e}" for r, e in refused if not isinstance(e, Unauthorized | Forbidden)]
    what = [f"{WHERE}: tick {few(dict.fromkeys(missing), 20)}."] if missing else []
    what += ["Try again; when it stays, ask HighLevel's support."] if others else []
    found = [f"refused: {few([r.what for r, _ in refused], 20)}", *others]
    return failed(check, "; ".join(found), " ".join(what))


def _writes(wrote: bool) -> Line:
    check = "scopes to write"
    if wrote:
        return passed(check, "the token has written to this sub-account before")
    return warned(
        check, "cannot be tried without writing",
        f"{WHERE}: see that these are ticked: {', '.join(WRITE_SCOPES)}. What is refused "
        "nevertheless becomes a line of the schema setup checklist.",
    )  # fmt: skip


def _agency(hl: HighLevel, access: Access) -> Line:
    """Whether there is an agency token that works; only missing objects need it."""
    check = "agency token"
    connection = hl.client.connection
    if not connection.agency_token:
        return passed(check, "none given; needed only to create custom objects")
    try:
        hl.client.call(
            "GET", "/locations/{locationId}", path={"locationId": hl.location_id}, agency=True
        )
    except (Unauthorized, Forbidden) as error:
        return warned(
            check, f"HighLevel refuses it ({error.status})",
            "Make a Private Integration token in the agency that owns this sub-account and set "
            "HIGHLEVEL_AGENCY_TOKEN, or leave it out and make the custom objects by hand.",
        )  # fmt: skip
    except HighLevelError as error:
        return warned(check, f"no usable answer: {error}", "Try again.")
    access.agency = True
    return passed(check, "accepted")
