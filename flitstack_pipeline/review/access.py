"""Who may come in: personal links, sessions, tokens of forms, and the limit on wrong links.

Belongs here: signing and checking. Does not: pages (`review.app`). A link is shown once, when it is
made; what is stored is its hash. A visit is a signed cookie that names its invitation, which is
looked up at every request: revoking ends the visit at once. A visit that was left is kept, hashed,
beside the invitations until its cookie would have ended, so that a restart does not revive it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.private_files import replacing
from flitstack_pipeline.services.click_files import locked
from flitstack_pipeline.settings import Project

SECRET = "FLITSTACK_REVIEW_SECRET"  # noqa: S105 - the variable's name
ROLES = ENGINEER, CUSTOMER, VIEWER = ("engineer", "customer", "viewer")
#: A visit ends after this, or with its invitation.
VISIT_S = 12 * 3600
WRONG_LINKS, WRONG_SPAN_S, ADDRESSES = 20, 600.0, 10_000
SHORTEST_SECRET = 16


class NotAllowed(PermissionError):
    """Nobody may do this without a visit, or with this one; the message says it in a sentence."""


@dataclass(frozen=True)
class Invite:
    """One person's invitation to one migration; `digest` is of the link's secret part."""

    id: str
    name: str
    role: str
    expires: float
    digest: str
    may_rollback: bool = False
    revoked: bool = False

    @property
    def holds(self) -> bool:
        """Whether it may be used now."""
        return not self.revoked and time.time() < self.expires


@dataclass(frozen=True)
class Visit:
    """Who looks at a page: `migration` is empty for an engineer, who sees all of them."""

    session: str
    name: str
    role: str
    migration: str = ""
    may_rollback: bool = False

    @property
    def decides(self) -> bool:
        """Whether this person may decide anything."""
        return self.role in (ENGINEER, CUSTOMER)

    @property
    def engineer(self) -> bool:
        """Whether this person may run steps."""
        return self.role == ENGINEER

    @property
    def takes_back(self) -> bool:
        """Whether this person may press rollback."""
        return self.engineer or (self.role == CUSTOMER and self.may_rollback)


def secret_of(state_home: Path) -> bytes:
    """The secret that signs links and visits: from the environment, else one made for this machine.

    Raises BadInput when the one of the environment is shorter than 16 characters.
    """
    given = os.environ.get(SECRET, "")
    if given:
        if len(given) < SHORTEST_SECRET:
            raise BadInput(f"{SECRET} is too short: use at least {SHORTEST_SECRET} characters.")
        return given.encode()
    path = state_home.expanduser() / "flitstack" / "review-secret"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(32))
    return path.read_text().strip().encode()


class Doors:
    """Makes and checks links, visits and form tokens with one secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._wrong: dict[str, deque[float]] = defaultdict(deque)

    # --- links

    def invite(
        self, project: Project, migration: str, name: str, role: str, days: float,
        may_rollback: bool = False,
    ) -> str:  # fmt: skip
        """Make an invitation; the secret part of its link, which is not kept.

        Raises BadInput for an unknown role, no name, or no days.
        """
        if role not in ROLES:
            raise BadInput(f"{role!r} is no role; choose of: {', '.join(ROLES)}")
        if not name.strip() or days <= 0:
            raise BadInput("An invitation needs the person's name and a number of days.")
        part = f"{secrets.token_hex(6)}.{secrets.token_urlsafe(24)}"
        token = f"{part}.{self._sign('link', migration, part)}"
        new = Invite(part.partition(".")[0], name.strip(), role, time.time() + days * 86_400,
                     _digest(token), may_rollback)  # fmt: skip
        with locked(project):
            _store(project, [*invites(project), new])
        return token

    def open_link(self, project: Project, migration: str, token: str, address: str) -> Invite:
        """The invitation of a link. Raises NotAllowed; too many wrong ones shut the door."""
        now, wrong = time.monotonic(), self._wrong[address]
        while wrong and wrong[0] < now - WRONG_SPAN_S:
            wrong.popleft()
        if len(self._wrong) > ADDRESSES:  # those of whom nothing is remembered any more
            self._wrong = defaultdict(deque, {a: w for a, w in self._wrong.items() if w})
        if len(wrong) >= WRONG_LINKS:
            raise NotAllowed("Too many wrong links from your address. Wait ten minutes.")
        part, _, signature = token.rpartition(".")
        if _same(self._sign("link", migration, part), signature):
            digest = _digest(token)
            for one in invites(project):
                if _same(one.digest, digest) and one.holds:
                    return one
        wrong.append(now)
        raise NotAllowed("This link does not open anything (any more). Ask for a new one.")

    # --- visits

    def begin(self, role: str, migration: str = "", invite: str = "") -> str:
        """The cookie of a new visit."""
        said = {"s": secrets.token_urlsafe(12), "m": migration, "i": invite, "r": role,
                "e": int(time.time() + VISIT_S)}  # fmt: skip
        body = base64.urlsafe_b64encode(json.dumps(said).encode()).decode()
        return f"{body}.{self._sign('visit', body)}"

    def read(self, cookie: str) -> dict[str, Any] | None:
        """What a cookie says, when it is ours and has not expired."""
        body, _, signature = cookie.rpartition(".")
        if not _same(self._sign("visit", body), signature):
            return None
        said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body))
        return said if said["e"] > time.time() else None

    def form_token(self, session: str) -> str:
        """The token that every form of a visit carries."""
        return self._sign("form", session)

    def is_form_token(self, session: str, token: str) -> bool:
        """Whether a form was made for this visit."""
        return _same(self.form_token(session), token)

    def _sign(self, *parts: str) -> str:
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()[:40]


def invites(project: Project) -> list[Invite]:
    """Every invitation of a migration, oldest first."""
    path = _path(project)
    return [Invite(**x) for x in json.loads(path.read_text())] if path.exists() else []


def revoke(project: Project, which: str) -> list[Invite]:
    """Revoke the invitations of an id or a name; those it ended."""
    with locked(project):
        known = invites(project)
        meant = [i for i in known if which in (i.id, i.name) and not i.revoked]
        _store(
            project, [Invite(**{**asdict(i), "revoked": i.revoked or i in meant}) for i in known]
        )
    return meant


def invite_of(project: Project, which: str) -> Invite | None:
    """An invitation by its id, when it holds."""
    return next((i for i in invites(project) if i.id == which and i.holds), None)


def end_visit(project: Project, session: str, until: float) -> None:
    """End a visit for good: its cookie, which holds until then, and its forms are worth nothing."""
    with locked(project):
        now = time.time()
        kept = {digest: end for digest, end in _ended(project).items() if end > now}
        with replacing(_ended_path(project)) as out:
            json.dump({**kept, _digest(session): until}, out)


def has_ended(project: Project, session: str) -> bool:
    """Whether a visit was ended."""
    return _digest(session) in _ended(project)


def _ended(project: Project) -> dict[str, float]:
    """Digests of ended visits, with the moments their cookies end."""
    path = _ended_path(project)
    found: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _ended_path(project: Project) -> Path:
    return project.root / "review" / "ended-visits.json"


def _path(project: Project) -> Path:
    return project.root / "review" / "invites.json"


def _store(project: Project, known: list[Invite]) -> None:
    with replacing(_path(project)) as out:
        json.dump([asdict(i) for i in known], out, indent=1)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _same(ours: str, given: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(ours.encode(), given.encode("utf-8", "surrogatepass"))


def every_invite(projects: Iterator[tuple[str, Project]]) -> list[dict[str, Any]]:
    """Invitations of several migrations, for the command's list."""
    return [
        {"migration": name, "name": i.name, "role": i.role, "id": i.id,
         "until": time.strftime("%Y-%m-%d", time.localtime(i.expires)),
         "state": "holds" if i.holds else "revoked" if i.revoked else "expired"}
        for name, project in projects
        for i in invites(project)
    ]  # fmt: skip
