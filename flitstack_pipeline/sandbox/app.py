"""Every route mounted on one Starlette application."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from flitstack_pipeline.sandbox.admin import admin_routes
from flitstack_pipeline.sandbox.calls import ENDPOINTS, Endpoint
from flitstack_pipeline.sandbox.errors import ApiError
from flitstack_pipeline.sandbox.faults import Faults
from flitstack_pipeline.sandbox.formats import uuid_id
from flitstack_pipeline.sandbox.limits import Limits, Rate
from flitstack_pipeline.sandbox.options import SandboxOptions
from flitstack_pipeline.sandbox.pages.views import page_routes
from flitstack_pipeline.sandbox.pipeline import Caller, Operation, Sandbox
from flitstack_pipeline.sandbox.seed import COMPANY, plant, read_seed
from flitstack_pipeline.sandbox.state import State
from flitstack_pipeline.sandbox.stats import Stats

FAMILIES = ("associations", "calendars", "contacts", "conversations", "fields", "files", "notes",
            "objects", "opportunities", "pipelines", "places", "products", "workflows")  # fmt: skip
for _family in FAMILIES:
    importlib.import_module(f"flitstack_pipeline.sandbox.routes.{_family}")


def build_app(options: SandboxOptions) -> Starlette:
    """The application of one sandbox. Raises ValueError for unreadable options."""
    state = State(options.state)
    seeds = read_seed(options.seed_location)
    tokens = _tokens(options, list(seeds))
    settings = {
        "allowDuplicateContact": options.allow_duplicate_contact,
        "allowDuplicateOpportunity": options.duplicate_opportunities,
    }
    sandbox = Sandbox(
        state=state,
        limits=Limits(Rate.parse(options.rate), options.daily, state.used_today),
        stats=Stats(),
        faults=Faults(options.fault_spec),
        tokens=tokens,
        latency_ms=options.latency_ms,
        search_lag_ms=options.search_lag_ms,
        live=options.live,
    )
    locations = [c.location for c in tokens.values() if not c.agency]

    def reseed(keep_seed: bool) -> None:
        state.wipe()
        sandbox.stats.forget()
        sandbox.limits.forget()
        for location in locations:
            plant(state, location, settings, seeds.get(location, {}) if keep_seed else {})

    sandbox.reseed = reseed
    for location in locations:
        plant(state, location, settings, seeds.get(location, {}))
    app = Starlette(lifespan=_lifespan(sandbox))
    for endpoint in sorted(ENDPOINTS, key=_specific_first):
        app.router.routes.append(
            _Mounted(endpoint.path, Operation(sandbox, endpoint), methods=[endpoint.method])
        )
    app.router.routes += [*admin_routes(sandbox), *page_routes(sandbox)]
    app.add_exception_handler(404, _no_such_route)
    app.add_exception_handler(405, _no_such_route)
    return app


async def _no_such_route(request: Request, error: Exception) -> Response:
    """Say so the way the API does for a path or method it does not know."""
    missing = ApiError(404, f"Cannot {request.method} {request.url.path}")
    return JSONResponse({**missing.body(), "traceId": uuid_id()}, status_code=404)


class _Mounted(Route):
    """A route whose endpoint is a bare ASGI application bound to one method."""


def _specific_first(endpoint: Endpoint) -> tuple[int, int]:
    """Literal paths before those with parameters, so that `/contacts/search` is no id."""
    return endpoint.path.count("{"), -len(endpoint.path)


def _tokens(options: SandboxOptions, seeded: list[str]) -> dict[str, Caller]:
    tokens: dict[str, Caller] = {}
    named = [item.partition("=")[0] for item in options.locations]
    for item in [*options.locations, *(s for s in seeded if s not in named)]:
        location, _, token = item.partition("=")
        first = not tokens
        usual = options.token if first else f"{options.token}-{location}"
        tokens[token or usual] = Caller(location, COMPANY, False)
    if options.agency_token:
        tokens[options.agency_token] = Caller("", COMPANY, True)
    return tokens


def _lifespan(
    sandbox: Sandbox,
) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async def follow() -> None:
            while True:
                await asyncio.sleep(0.1)
                sandbox.state.index.drain(500)

        task = asyncio.create_task(follow())
        yield
        task.cancel()
        sandbox.state.close()

    return lifespan
