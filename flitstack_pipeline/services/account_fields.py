"""What the sub-accounts already have, for the proposal: their custom fields and options.

Belongs here: asking, and going on without an answer. Does not: the catalogue itself
(`migration.account_schema`). The embedded sandbox is not asked: it holds what we made, nothing
else.
"""

from __future__ import annotations

from typing import Any

import requests

from flitstack_pipeline.accounts import NotConfigured
from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.highlevel.errors import HighLevelError
from flitstack_pipeline.mapping.propose import Destination
from flitstack_pipeline.migration.account_schema import Catalog, build_catalog
from flitstack_pipeline.services.project_context import accounts, open_account
from flitstack_pipeline.settings import Project

PATIENCE_S = 5.0


def account_fields(project: Project) -> tuple[Destination, str]:
    """The custom fields by target of every sub-account of the routing, and what was asked.

    Never raises for an account that cannot be asked: the proposal then works offline, and the
    sentence says why.
    """
    if project.settings.uses_embedded_sandbox:
        return {}, "not asked: no account is configured"
    try:
        requests.head(project.settings.base_url, timeout=PATIENCE_S, allow_redirects=False)
        found: Destination = {}
        names = []
        for account in accounts(project):
            with open_account(project, account) as (_, destination):
                catalog = build_catalog(destination.hl, t.OBJECTS)
                names.append(destination.location_id)
            _add(found, catalog)
    except (HighLevelError, requests.RequestException, NotConfigured) as error:
        return {}, f"could not be asked, custom columns are proposed as new fields: {error}"
    fields = sum(len(listed) for listed in found.values())
    return found, f"{fields} custom fields of {', '.join(names)} looked at"


def _add(found: Destination, catalog: Catalog) -> None:
    """The fields of one more sub-account; of two with one name, the first counts."""
    for target in (t.CONTACT, t.OPPORTUNITY, t.BUSINESS, *t.OBJECTS):
        listed = found.setdefault(target, [])
        known = {str(f["name"]).casefold() for f in listed}
        for ref in catalog.of_target(target):
            if ref.label.casefold() not in known:
                options = [_label(option) for option in ref.options or ()]
                listed.append({"name": ref.label, "dataType": ref.data_type, "options": options})


def _label(option: Any) -> str:
    return option if isinstance(option, str) else str(option.get("label") or option.get("key"))
