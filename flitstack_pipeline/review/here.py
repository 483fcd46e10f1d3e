"""One migration as one visitor meets it, and what this visitor may do there.

Belongs here: the guards of pages and forms. Does not: visits and links (`review.access`).
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import HTTPException, Request

from flitstack_pipeline.review.access import NotAllowed, Visit
from flitstack_pipeline.review.app import checked_form, visit_of
from flitstack_pipeline.settings import Project


@dataclass(frozen=True)
class Here:
    """One migration as one visitor sees it."""

    name: str
    project: Project
    visit: Visit

    @property
    def by(self) -> str:
        """Whose name stands beside a decision."""
        return self.visit.name

    @property
    def base(self) -> str:
        """What the addresses of its pages begin with."""
        return f"/m/{self.name}"


def _here(request: Request, name: str, visit: Visit) -> Here:
    """Raises NotAllowed for another's migration, and 404 for one that is not there."""
    if visit.migration and visit.migration != name:
        raise NotAllowed("This migration is not yours.")
    try:
        return Here(name, request.app.state.homes.project(name), visit)
    except KeyError:
        raise HTTPException(404) from None


def looking(request: Request, name: str) -> Here:
    """Whoever may look at the migration."""
    return _here(request, name, visit_of(request))


def deciding(request: Request, name: str, csrf: str) -> Here:
    """Whoever may decide there, by a form of this visit. Raises NotAllowed."""
    here = _here(request, name, checked_form(request, csrf))
    if not here.visit.decides:
        raise NotAllowed("You may look at everything here, and decide nothing.")
    return here


def running(request: Request, name: str, csrf: str) -> Here:
    """The engineer, by a form of this visit. Raises NotAllowed."""
    here = _here(request, name, checked_form(request, csrf))
    if not here.visit.engineer:
        raise NotAllowed("Only the engineer of this migration starts this.")
    return here


def taking_back(request: Request, name: str, csrf: str) -> Here:
    """Whoever may take the migration back, by a form of this visit. Raises NotAllowed."""
    here = _here(request, name, checked_form(request, csrf))
    if not here.visit.takes_back:
        raise NotAllowed("You may not take this migration back; ask the engineer.")
    return here
