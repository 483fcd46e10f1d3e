"""The pipeline with its stages, products with their prices, and tags.

Facts: docs/highlevel.md#pipelines (replaced whole, stages kept by id), and for products and tags
docs/highlevel.md#products, #sub-account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from flitstack_pipeline.catalog.target_schema import PipelineSpec, ProductSpec
from flitstack_pipeline.highlevel.api.pipelines import PipelineBody, Stage
from flitstack_pipeline.highlevel.api.products import PriceBody, ProductBody
from flitstack_pipeline.migration.checklist import Todo
from flitstack_pipeline.migration.provisioning.making import Maker, id_of


def make_pipeline(maker: Maker, wanted: PipelineSpec) -> None:
    """The job pipeline with its stages; ours gets back a stage it has lost."""
    name, stages = wanted.name, wanted.stages
    item_key = f"pipeline:{name}"
    todo = Todo("pipeline", name, options=stages, clicks="Opportunities → Pipelines → Add pipeline")
    existing = next(
        (p for n, p in maker.catalog.pipelines.items() if n.casefold() == name.casefold()), None
    )
    if existing is None:
        body = PipelineBody(
            name=name, stages=[Stage(name=s, position=i) for i, s in enumerate(stages)]
        )
        maker.make(
            item_key,
            "pipeline",
            "POST /opportunities/pipelines",
            lambda: maker.hl.pipelines.create(body),
            lambda: id_of(maker.hl.pipelines.list(), "name", name),
            todo,
        )
        return
    maker.exists(item_key, "pipeline", existing.id)
    have = {stage.casefold() for stage in existing.stages}
    lacks = [stage for stage in stages if stage.casefold() not in have]
    if not lacks:
        return
    add = Todo("stages", name, options=tuple(lacks), clicks="Opportunities → Pipelines → Edit")
    if maker.is_ours(item_key):
        _add_stages(maker, name, existing.id, stages, lacks, add)
    else:
        maker.catalog.checklist.append(add)


def _add_stages(
    maker: Maker,
    name: str,
    pipeline_id: str,
    stages: Sequence[str],
    lacks: Sequence[str],
    todo: Todo,
) -> None:
    """Replace our pipeline by itself and the stages it lacks; no stage is taken away."""
    record = maker.hl.pipelines.get(pipeline_id)
    there = [Stage(id=s["id"], name=s["name"]) for s in record["stages"]]
    order = {stage.casefold(): i for i, stage in enumerate(stages)}
    wanted = [*there, *(Stage(name=stage) for stage in lacks)]
    wanted.sort(key=lambda s: order.get(s.name.casefold(), len(order)))
    placed = [s.model_copy(update={"position": position}) for position, s in enumerate(wanted)]
    body = PipelineBody(name=record["name"], stages=placed)
    maker.make(
        f"stages:{name}:{','.join(lacks)}",
        "stages",
        "PUT /opportunities/pipelines/{pipelineId}",
        partial(maker.hl.pipelines.replace, pipeline_id, body),
        lambda: None,
        todo,
        {"pipeline_id": pipeline_id, "added": lacks},
    )


def make_tags(maker: Maker, tags: Iterable[str]) -> None:
    """Tags our records carry."""
    for tag in tags:
        name = tag.lower()
        if name in maker.catalog.tags:
            maker.exists(f"tag:{name}", "tag", maker.catalog.tags[name])
        else:
            _make_tag(maker, name)


def _make_tag(maker: Maker, name: str) -> None:
    maker.make(
        f"tag:{name}",
        "tag",
        "POST /locations/{locationId}/tags",
        lambda: maker.hl.locations.create_tag(name),
        lambda: id_of(maker.hl.locations.list_tags(), "name", name),
        Todo("tag", name, clicks="Settings → Tags", required=False),
    )


def make_products(maker: Maker, products: Iterable[ProductSpec], currency: str) -> None:
    """The price list: one product and one price, in `currency`, per item."""
    for product in products:
        name = product.name
        product_id = maker.catalog.products.get(name)
        if product_id:
            maker.exists(f"product:{name}", "product", product_id)
        else:
            product_id = _make_product(maker, product)
        if product_id:
            _make_price(maker, product, product_id, currency)


def _make_product(maker: Maker, product: ProductSpec) -> str | None:
    name = product.name
    body = ProductBody(name=name, description=product.description)
    return maker.make(
        f"product:{name}",
        "product",
        "POST /products/",
        lambda: maker.hl.products.create(body),
        lambda: id_of(maker.hl.products.list(), "name", name),
        Todo("product", name, clicks="Payments → Products", required=False),
    )


def _make_price(maker: Maker, product: ProductSpec, product_id: str, currency: str) -> None:
    name, amount = product.name, product.price
    item_key = f"price:{name}"
    if not amount or item_key in maker.known or not maker.is_ours(f"product:{name}"):
        return  # somebody else's product keeps its prices
    if maker.adopting or maker.was_tried(item_key):
        there = id_of(maker.hl.products.list_prices(product_id), "name", name)
        if there:
            maker.exists(item_key, "price", there, details={"product_id": product_id})
            return
    body = PriceBody(name=name, amount=float(amount), currency=currency, sku=product.sku or None)
    maker.make(
        item_key,
        "price",
        "POST /products/{productId}/price",
        lambda: maker.hl.products.create_price(product_id, body),
        lambda: id_of(maker.hl.products.list_prices(product_id), "name", name),
        Todo(
            "price", f"{amount} {currency}", clicks=f"Payments → Products → {name}", required=False
        ),
        {"product_id": product_id},
    )
