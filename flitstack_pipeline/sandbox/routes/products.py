"""Products and their prices."""

from __future__ import annotations

from flitstack_pipeline.sandbox.calls import Call, Json, endpoint
from flitstack_pipeline.sandbox.formats import mongo_id
from flitstack_pipeline.sandbox.routes.shared import stamps
from flitstack_pipeline.sandbox.state import Entry
from flitstack_pipeline.sandbox.validate import Number, Obj, Text, query

_TYPES = ("DIGITAL", "PHYSICAL", "SERVICE", "PHYSICAL/DIGITAL")
_PRODUCT = Obj(
    {
        "name": Text(required=True),
        "locationId": Text(required=True),
        "productType": Text(required=True, one_of=_TYPES),
    },
    open=True,
)
_PRICE = Obj(
    {
        "name": Text(required=True),
        "type": Text(required=True, one_of=("one_time", "recurring")),
        "currency": Text(required=True),
        "amount": Number(required=True),
        "locationId": Text(required=True),
    },
    open=True,
)


def shown(entry: Entry) -> Json:
    """A product or price in its read shape."""
    return {**entry.doc, "_id": entry.id, "locationId": entry.location,
            **stamps(entry, "createdAt", "updatedAt")}  # fmt: skip


@endpoint("POST", "/products/", status=201, body=_PRODUCT, creates=True, scope="products.write")
def create(call: Call) -> Json:
    """Create a product."""
    return shown(call.state.create("product", call.location, {**call.body, "id": mongo_id()}))


@endpoint(
    "GET", "/products/",
    query=query(["locationId"], ["limit", "offset", "search", "collectionIds", "collectionSlug",
                                 "expand", "productIds", "storeId", "includedInStore",
                                 "availableInStore", "sortOrder"]),
)  # fmt: skip
def listed(call: Call) -> Json:
    """Products, oldest first."""
    found = [shown(e) for e in call.state.listed("product", call.location)]
    text = str(call.query.get("search", "")).lower()
    found = [p for p in found if text in p["name"].lower()]
    skip, limit = call.number("offset", 0), call.number("limit", 100)
    return {"products": found[skip : skip + limit], "total": [{"total": len(found)}]}


def _product(call: Call) -> Entry:
    return call.entry("product", call.path["productId"], "Product")


@endpoint("GET", "/products/{productId}", query=query([], ["locationId", "sendWishlistStatus"]))
def get(call: Call) -> Json:
    """One product."""
    return shown(_product(call))


@endpoint("PUT", "/products/{productId}", body=_PRODUCT)
def update(call: Call) -> Json:
    """Change a product."""
    entry = _product(call)
    return shown(call.state.update(entry, {**entry.doc, **call.body}))


@endpoint("DELETE", "/products/{productId}", query=query([], ["locationId", "sendWishlistStatus"]))
def delete(call: Call) -> Json:
    """Delete a product with its prices."""
    entry = _product(call)
    for price in call.state.listed("price", call.location, parent=entry.id):
        call.state.delete(price)
    call.state.delete(entry)
    return {"status": True}


@endpoint("POST", "/products/{productId}/price", status=201, body=_PRICE, creates=True)
def create_price(call: Call) -> Json:
    """Create a price."""
    product = _product(call)
    doc = {**call.body, "id": mongo_id(), "product": product.id}
    return shown(call.state.create("price", call.location, doc, parent=product.id))


@endpoint(
    "GET", "/products/{productId}/price", query=query(["locationId"], ["limit", "offset", "ids"])
)
def prices(call: Call) -> Json:
    """Prices of a product."""
    found = [shown(e) for e in call.state.listed("price", call.location, parent=_product(call).id)]
    return {"prices": found, "total": len(found)}


def _price(call: Call) -> Entry:
    return call.entry("price", call.path["priceId"], "Price")


@endpoint("GET", "/products/{productId}/price/{priceId}", query=query([], ["locationId"]))
def get_price(call: Call) -> Json:
    """One price."""
    return shown(_price(call))


@endpoint("PUT", "/products/{productId}/price/{priceId}", body=_PRICE)
def update_price(call: Call) -> Json:
    """Change a price."""
    entry = _price(call)
    return shown(call.state.update(entry, {**entry.doc, **call.body}))


@endpoint("DELETE", "/products/{productId}/price/{priceId}", query=query([], ["locationId"]))
def delete_price(call: Call) -> Json:
    """Delete a price."""
    call.state.delete(_price(call))
    return {"status": True}
