"""Commands of the review room: serve it, invite people, revoke invitations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.cli.terminal import app, console, show_table
from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.migrations import FOLDER, store_url

if TYPE_CHECKING:
    from flitstack_pipeline.review.access import Doors
    from flitstack_pipeline.review.homes import Homes
    from flitstack_pipeline.settings import Project

PORT = 8765
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

review_app = typer.Typer(
    help="The review room: where the office confirms, decides, approves and takes back.",
    invoke_without_command=True,
)
app.add_typer(review_app, name="review")

PublicUrl = Annotated[
    str, typer.Option("--public-url", help="Where people reach the room, https://…")
]


@review_app.callback()
def review(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Where it listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="On which port.")] = PORT,
    public_url: PublicUrl = "",
    trusted_proxy: Annotated[
        str, typer.Option(help="Address of the proxy whose forwarded headers are believed.")
    ] = "",
) -> None:
    """Serve the room: all migrations of FLITSTACK_MIGRATIONS, or the one of FLITSTACK_DATA.

    On this machine it needs nothing. Anywhere else it needs FLITSTACK_REVIEW_SECRET and
    --public-url, and people come by the links of `flitstack review invite`.
    """
    if context.invoked_subcommand:
        return
    if store_url() is not None:
        raise typer.BadParameter(
            "The review room keeps what people decide in the homes themselves, so they must be "
            f"folders of its machine; {FOLDER} is {store_url()}."
        )
    import os

    from flitstack_pipeline.review.access import SECRET

    if host not in _LOOPBACK and not (os.environ.get(SECRET) and public_url):
        raise typer.BadParameter(
            f"{host} is reached by others: set {SECRET} and give --public-url, or leave --host out."
        )
    _check_address(public_url)
    _check_proxy(trusted_proxy)
    _serve(host, port, public_url, trusted_proxy)


def _check_address(public_url: str) -> None:
    """Raise BadParameter for what is no https address of a host (http on this machine)."""
    from urllib.parse import urlsplit

    if not public_url:
        return
    url = urlsplit(public_url)
    here = url.scheme == "http" and url.hostname in _LOOPBACK
    if not url.hostname or url.path.strip("/") or not (url.scheme == "https" or here):
        raise typer.BadParameter(
            f"{public_url!r} is no address of the room; write https://HOST, without a path."
        )


def _check_proxy(trusted: str) -> None:
    """Raise BadParameter for what is no list of addresses: "*" would believe everybody."""
    from ipaddress import ip_network

    for given in filter(None, trusted.split(",")):
        try:
            ip_network(given.strip())
        except ValueError:
            raise typer.BadParameter(
                f"{given!r} is no address of a proxy; write it as 10.0.0.5 or 10.0.0.0/24."
            ) from None


def _serve(host: str, port: int, public_url: str, trusted_proxy: str) -> None:
    import getpass

    import uvicorn

    from flitstack_pipeline.review.app import Place, make_app, serving_options

    homes, doors = _room()
    place = Place(port, public_url, getpass.getuser())
    console.print(f"The review room is at {place.url}/  (Ctrl-C ends it)", markup=False)
    uvicorn.run(make_app(homes, doors, place), **serving_options(host, port, trusted_proxy))


@review_app.command()
def invite(
    migration: Annotated[str, typer.Argument(help="Which migration; `main` for one folder.")],
    name: Annotated[str, typer.Argument(help="Who is invited.")],
    role: Annotated[str, typer.Option(help="engineer, customer or viewer.")] = "customer",
    days: Annotated[float, typer.Option(help="How long the link holds.")] = 14,
    may_rollback: Annotated[bool, typer.Option(help="May press rollback.")] = False,
    public_url: PublicUrl = f"http://127.0.0.1:{PORT}",
) -> None:
    """Make a personal link, and print a text to send with it; the link is not shown again."""
    _check_address(public_url)
    homes, doors = _room()
    token = doors.invite(_project(homes, migration), migration, name, role, days, may_rollback)
    link = f"{public_url.rstrip('/')}/come/{migration}/{token}"
    console.print(
        f"Hello {name},\n\nyour move from {SOURCE.name} to HighLevel waits here:\n\n{link}\n\n"
        f"It is yours alone and holds for {days:g} days.",
        markup=False,
        soft_wrap=True,
    )


@review_app.command()
def revoke(
    migration: Annotated[str, typer.Argument(help="Which migration.")],
    which: Annotated[str, typer.Argument(help="The person's name, or the invitation's id.")],
) -> None:
    """End a person's invitation, and the visit that began with it, at once."""
    from flitstack_pipeline.review.access import revoke as end

    homes, _ = _room()
    ended = end(_project(homes, migration), which)
    if not ended:
        raise BadInput(f"{migration} has no invitation of {which!r} that holds")
    console.print(f"{len(ended)} invitations of {which} ended.", markup=False)


@review_app.command()
def invites() -> None:
    """List every invitation."""
    from flitstack_pipeline.review.access import every_invite

    homes, _ = _room()
    found = every_invite((name, _project(homes, name)) for name in homes.names())
    show_table("invitations", found, most=len(found))


def _room() -> tuple[Homes, Doors]:
    from flitstack_pipeline.review.access import Doors, secret_of
    from flitstack_pipeline.review.homes import Homes
    from flitstack_pipeline.settings import Settings

    return Homes(), Doors(secret_of(Settings.from_environment().state_home))


def _project(homes: Homes, migration: str) -> Project:
    """The migration of that name, its folders made. Raises BadInput naming those there are."""
    try:
        return homes.project(migration).prepare()
    except KeyError:
        known = ", ".join(homes.names()) or "none"
        raise BadInput(f"There is no migration {migration!r}; there are: {known}") from None
