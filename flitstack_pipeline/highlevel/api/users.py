"""Users, read only (docs/highlevel.md#users): creating one would send a person a login."""

from __future__ import annotations

from collections.abc import Sequence

from flitstack_pipeline.highlevel.answer_types import User, UserList
from flitstack_pipeline.highlevel.api.base import Family
from flitstack_pipeline.highlevel.reading import read_user


class Users(Family):
    """`/users`."""

    def list(self, company_id: str) -> UserList:
        """Read every user of the sub-account who is not deleted (`company_id` of locations.get)."""
        params = {"companyId": company_id, "locationId": self.location_id}
        users = map(read_user, self._listed("/users/search", "users", params, 100))
        return [user for user in users if not user["deleted"]]

    def by_email(self, company_id: str, emails: Sequence[str]) -> UserList:
        """Find users of the whole agency by e-mail; needs the agency token."""
        body = {"companyId": company_id, "emails": ",".join(emails), "deleted": False}
        route = "/users/search/filter-by-email"
        found, _ = self._rows("POST", route, "users", json=body, agency=True)
        return [read_user(raw) for raw in found]

    def get(self, user_id: str) -> User:
        """Read a user."""
        return self._one("/users/{userId}", read_user, "user", path={"userId": user_id})
