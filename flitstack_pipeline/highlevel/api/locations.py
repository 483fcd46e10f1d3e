"""The sub-account itself, its tags, its custom values and its tasks.

Facts: docs/highlevel.md#sub-account.
`locationId` stands in the path.
"""

from __future__ import annotations

from collections.abc import Iterator

from flitstack_pipeline.highlevel.answer_types import Named, Task
from flitstack_pipeline.highlevel.api.base import Family, Record
from flitstack_pipeline.highlevel.errors import UnexpectedAnswer
from flitstack_pipeline.highlevel.models import WireModel
from flitstack_pipeline.highlevel.reading import cursor_of, read_named, read_task


class LocationSettings(WireModel):
    """The settings the API can change."""

    allow_duplicate_contact: bool | None = None
    allow_duplicate_opportunity: bool | None = None
    allow_facebook_name_merge: bool | None = None
    disable_contact_timezone: bool | None = None


class Locations(Family):
    """`/locations/{locationId}`."""

    def get(self) -> Record:
        """Read the sub-account: `companyId`, `timezone`, `settings`."""
        return self._record("GET", "/locations/{locationId}", "location", path=self._path())

    def update_settings(self, company_id: str, settings: LocationSettings) -> Record:
        """Change settings; needs the agency token."""
        return self._record(
            "PUT",
            "/locations/{locationId}",
            "location",
            path=self._path(),
            json={"companyId": company_id, "settings": settings.wire()},
            agency=True,
        )

    # --- tags ----------------------------------------------------------------------------------

    def list_tags(self) -> list[Named]:
        """Read the tags."""
        found = self._list("/locations/{locationId}/tags", "tags", path=self._path())
        return [read_named(raw) for raw in found]

    def create_tag(self, name: str) -> Record:
        """Create a tag."""
        route = "/locations/{locationId}/tags"
        return self._record("POST", route, "tag", path=self._path(), json={"name": name})

    def delete_tag(self, tag_id: str) -> None:
        """Delete a tag."""
        path = self._path(tagId=tag_id)
        self._call("DELETE", "/locations/{locationId}/tags/{tagId}", path=path)

    # --- tasks ---------------------------------------------------------------------------------

    def iterate_tasks(self, page_limit: int = 100) -> Iterator[Task]:
        """Yield every task of the sub-account, of whichever contact (docs/highlevel.md#notes).

        Pages are found by `skip`; where that brings nothing new, by the rows' cursor (live: L2).
        """
        route = "/locations/{locationId}/tasks/search"
        seen: set[str] = set()
        asked: dict[str, object] = {"skip": 0}
        while True:
            body = {"limit": page_limit, **asked}
            page, _ = self._rows("POST", route, "tasks", path=self._path(), json=body)
            tasks = [read_task(raw) for raw in page]
            fresh = [task for task in tasks if task["id"] not in seen]
            seen.update(task["id"] for task in fresh)
            yield from (task for task in fresh if not task["deleted"])
            cursor = cursor_of(page[-1]) if page else None
            if len(page) < page_limit and (not cursor or not fresh):
                return
            if not fresh or "searchAfter" in asked:
                if not cursor or asked.get("searchAfter") == cursor:
                    if fresh or len(page) < page_limit:
                        return
                    raise UnexpectedAnswer("POST", route, messages=["no way to the next page"])
                asked = {"searchAfter": cursor}
            else:
                asked = {"skip": len(seen)}

    # --- custom values -------------------------------------------------------------------------

    def list_custom_values(self) -> list[Named]:
        """Read the custom values."""
        route = "/locations/{locationId}/customValues"
        return [read_named(raw) for raw in self._list(route, "customValues", path=self._path())]

    def create_custom_value(self, name: str, value: str) -> Record:
        """Create a custom value."""
        return self._record(
            "POST",
            "/locations/{locationId}/customValues",
            "customValue",
            path=self._path(),
            json={"name": name, "value": value},
        )

    def update_custom_value(self, value_id: str, name: str, value: str) -> Record:
        """Change a custom value."""
        return self._record(
            "PUT",
            "/locations/{locationId}/customValues/{id}",
            "customValue",
            path=self._path(id=value_id),
            json={"name": name, "value": value},
        )

    def delete_custom_value(self, value_id: str) -> None:
        """Delete a custom value."""
        path = self._path(id=value_id)
        self._call("DELETE", "/locations/{locationId}/customValues/{id}", path=path)

    def _path(self, **more: str) -> dict[str, str]:
        return {"locationId": self.location_id, **more}
