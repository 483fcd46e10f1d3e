"""The automations of a sub-account, read only.

`GET /workflows/?locationId=` (scope `workflows.readonly`) answers id, name, status and version of
each, and takes no paging parameters; the steps inside a workflow are not shown. Source: the
official documentation page workflows/get-workflow, and the docs repository's apps/workflows.json.
"""

from __future__ import annotations

from flitstack_pipeline.highlevel.answer_types import Named
from flitstack_pipeline.highlevel.api.base import Family
from flitstack_pipeline.highlevel.reading import read_named


class Workflows(Family):
    """`/workflows`."""

    def list(self) -> list[Named]:
        """Read every workflow: `id`, `name`, `status` (draft, published)."""
        found = self._list("/workflows/", "workflows", params={"locationId": self.location_id})
        return [read_named(raw) for raw in found]
