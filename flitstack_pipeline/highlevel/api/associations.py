"""Associations between objects, and relations between their records.

Facts: docs/highlevel.md#associations.
`locationId`: body of creates, query of reads and of a relation's delete, nowhere on the delete
of an association.
"""

from __future__ import annotations

from collections.abc import Sequence

from flitstack_pipeline.highlevel.answer_types import (
    Association,
    AssociationList,
    Relation,
    RelationList,
)
from flitstack_pipeline.highlevel.api.base import Family
from flitstack_pipeline.highlevel.models import WireModel
from flitstack_pipeline.highlevel.reading import read_association, read_relation


class AssociationCreate(WireModel):
    """A new association; the order of its objects is the order of every relation."""

    key: str
    first_object_label: str
    first_object_key: str
    second_object_label: str
    second_object_key: str


class RelationCreate(WireModel):
    """A link of two records, in the association's object order."""

    association_id: str
    first_record_id: str
    second_record_id: str


class Associations(Family):
    """`/associations`."""

    def list(self) -> AssociationList:
        """Read every association."""
        params = {"locationId": self.location_id}
        found = self._listed("/associations/", "associations", params, 100)
        return list({one["id"]: one for one in map(read_association, found)}.values())

    def create(self, association: AssociationCreate) -> Association:
        """Create an association; its cardinality cannot be chosen here."""
        body = {"locationId": self.location_id, **association.wire()}
        made = self._record("POST", "/associations/", "association", json=body)
        return read_association(made)

    def delete(self, association_id: str) -> None:
        """Delete an association AND all its relations."""
        path = {"associationId": association_id}
        self._call("DELETE", "/associations/{associationId}", path=path)

    def create_relation(self, relation: RelationCreate) -> Relation:
        """Link two records; DuplicateRelation when they are linked already."""
        body = {"locationId": self.location_id, **relation.wire()}
        return read_relation(self._record("POST", "/associations/relations", "relation", json=body))

    def list_relations(
        self, record_id: str, association_ids: Sequence[str] | None = None
    ) -> RelationList:
        """Read the links of a record."""
        wanted = list(association_ids) if association_ids else None
        params = {"locationId": self.location_id, "associationIds": wanted}
        route, path = "/associations/relations/{recordId}", {"recordId": record_id}
        found = self._listed(route, "relations", params, 100, path=path)
        return [read_relation(raw) for raw in found]

    def delete_relation(self, relation_id: str) -> None:
        """Unlink two records."""
        self._call(
            "DELETE",
            "/associations/relations/{relationId}",
            path={"relationId": relation_id},
            params={"locationId": self.location_id},
        )
