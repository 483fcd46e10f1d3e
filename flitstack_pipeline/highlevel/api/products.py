"""Products and their prices (docs/highlevel.md#products).

`locationId`: body of creates and updates, query of reads and deletes. Records come without an
envelope and are called `_id`.
"""

from __future__ import annotations

from typing import Literal

from flitstack_pipeline.highlevel.answer_types import NamedList
from flitstack_pipeline.highlevel.api.base import Family, Record
from flitstack_pipeline.highlevel.models import Number, WireModel
from flitstack_pipeline.highlevel.reading import read_named


class ProductBody(WireModel):
    """A product."""

    name: str
    product_type: Literal["DIGITAL", "PHYSICAL", "SERVICE", "PHYSICAL/DIGITAL"] = "SERVICE"
    description: str | None = None
    image: str | None = None
    statement_descriptor: str | None = None
    available_in_store: bool | None = None
    slug: str | None = None


class PriceBody(WireModel):
    """A price of a product."""

    name: str
    amount: Number
    currency: str
    type: Literal["one_time", "recurring"] = "one_time"
    description: str | None = None
    compare_at_price: Number | None = None
    sku: str | None = None


class Products(Family):
    """`/products`."""

    def list(self) -> NamedList:
        """Read every product."""
        params = {"locationId": self.location_id}
        found = self._listed("/products/", "products", params, 100, "offset")
        return [read_named(raw) for raw in found]

    def create(self, product: ProductBody) -> Record:
        """Create a product."""
        body = {"locationId": self.location_id, **product.wire()}
        return self._record("POST", "/products/", "product", json=body)

    def get(self, product_id: str) -> Record:
        """Read a product."""
        return self._record(
            "GET",
            "/products/{productId}",
            "product",
            path={"productId": product_id},
            params={"locationId": self.location_id},
        )

    def update(self, product_id: str, product: ProductBody) -> Record:
        """Change a product."""
        body = {"locationId": self.location_id, **product.wire()}
        path = {"productId": product_id}
        return self._record("PUT", "/products/{productId}", "product", path=path, json=body)

    def delete(self, product_id: str) -> None:
        """Delete a product."""
        self._call(
            "DELETE",
            "/products/{productId}",
            path={"productId": product_id},
            params={"locationId": self.location_id},
        )

    def list_prices(self, product_id: str) -> NamedList:
        """Read a product's prices."""
        params, path = {"locationId": self.location_id}, {"productId": product_id}
        route = "/products/{productId}/price"
        found = self._listed(route, "prices", params, 100, "offset", path)
        return [read_named(raw) for raw in found]

    def create_price(self, product_id: str, price: PriceBody) -> Record:
        """Give a product a price."""
        body = {"locationId": self.location_id, **price.wire()}
        path = {"productId": product_id}
        return self._record("POST", "/products/{productId}/price", "price", path=path, json=body)

    def delete_price(self, product_id: str, price_id: str) -> None:
        """Take a price away."""
        self._call(
            "DELETE",
            "/products/{productId}/price/{priceId}",
            path={"productId": product_id, "priceId": price_id},
            params={"locationId": self.location_id},
        )
