"""The Dagster UI, and telling Dagster what a command did."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flitstack_pipeline import migrations
from flitstack_pipeline.cli.progress import working
from flitstack_pipeline.cli.terminal import app, console, errors, open_project, opened, show_table
from flitstack_pipeline.errors import BadInput, Exit
from flitstack_pipeline.migrations import ALONE

if TYPE_CHECKING:
    from flitstack_pipeline.settings import Project

#: The folder with dagster.yaml and workspace.yaml.
TOP = Path(__file__).parents[2]
_NOTES = "flitstack_pipeline.services.steps_done"


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Where it listens, on this machine only.")] = 3000,
) -> None:
    """Serve Dagster at http://127.0.0.1:3000/, with what commands did so far; Ctrl-C ends it."""
    from flitstack_pipeline.settings import Settings

    folder = migrations.folder()  # all of it, whichever is chosen
    place = open_project().root if folder is None else folder
    home = Settings.from_environment().dagster_home(place)
    if home is None:
        raise BadInput("FLITSTACK_DAGSTER turns Dagster off; unset it, or name a folder.")
    if not (TOP / "dagster.yaml").exists():
        raise BadInput(f"There is no dagster.yaml in {TOP}: start this from a checkout.")
    os.umask(0o077)  # what Dagster keeps is about customers
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ |= {"FLITSTACK_DAGSTER": str(home)}
    alone = {"FLITSTACK_DATA": str(place)}  # whatever the working directory
    os.environ |= alone if folder is None else {migrations.FOLDER: migrations.named()}
    with working("Showing in Dagster what was done so far"):
        told = subprocess.run(  # noqa: S603 - our own module, and names of migrations
            _catch_up(*migrations.served()), check=False, capture_output=True, text=True
        )
    if told.returncode:
        why = told.stdout.strip() or told.stderr.strip().rpartition("\n")[2]
        errors.print(f"Not everything is shown. {why}", markup=False)
    console.print(f"http://127.0.0.1:{port}/ (kept in {home})", markup=False)
    os.chdir(TOP)
    command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", str(port)]
    os.execv(command[0], command)  # noqa: S606 - our own interpreter and a port


@app.command()
def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="Show in Dagster what is.")] = False,
) -> None:
    """Say where Dagster shows something else than the journal knows; exit code 5 while it does."""
    project = open_project()
    if project.dagster_home is None:
        raise BadInput("FLITSTACK_DAGSTER turns Dagster off; unset it, or name a folder.")
    with working("Comparing Dagster with warehouse and journal"):
        from flitstack_pipeline.dagster.catch_up import instance_of, show_all
        from flitstack_pipeline.dagster.doctor import differences
        from flitstack_pipeline.services.standing import standing
        from flitstack_pipeline.services.steps_done import note_all

        os.umask(0o077)  # what Dagster keeps is about customers
        with instance_of(project) as instance:
            if mend:
                note_all(project, standing(project))
                show_all(instance, project.name)
            found = differences(project, instance)
    show_table("Dagster and the migration differ", found, most=100)
    if found:
        advice = "is not to be mended from here: wipe the asset in Dagster" if mend else "--mend"
        console.print(f"{len(found)} differences; {advice}.", markup=False)
        raise typer.Exit(Exit.INCOMPLETE)
    console.print("Dagster shows what is.")


def forget_in_dagster(project: Project) -> None:
    """Delete what Dagster keeps of a migration, where there is a Dagster.

    Raises Refused while it runs or queues anything of it.
    """
    home = project.dagster_home
    if home is None or not (home.exists() or os.environ.get("DAGSTER_HOME")):
        return
    from flitstack_pipeline.dagster.catch_up import instance_of
    from flitstack_pipeline.dagster.closing import forget, refuse_running

    with instance_of(project) as instance:
        refuse_running(instance, project.name)
        forget(instance, project.name, home)


def tell_dagster() -> None:
    """Have Dagster told what this command did, by a process of its own.

    That imports Dagster, which takes longer than many commands, so nobody waits for it. What it
    cannot tell, it or the next command tells later: the notes are kept until then.
    """
    if not opened or _NOTES not in sys.modules or opened[-1].dagster_home is None:
        return
    from flitstack_pipeline.services import steps_done

    project = opened[-1]
    with suppress(Exception):  # the command has said what there was to say
        is_new = project.dagster_home is not None and not project.dagster_home.exists()
        notes = steps_done.waiting(project)
        if any(done.ran for done in notes) or (notes and is_new):
            subprocess.Popen(  # noqa: S603 - our own module, no text of a person
                _catch_up(project.name), env={**os.environ, **_environment(project)},
                start_new_session=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        elif notes:
            with steps_done.taken(project):  # nothing had changed, and Dagster knows it
                pass


def _catch_up(*names: str) -> list[str]:
    return [sys.executable, "-m", "flitstack_pipeline.dagster.catch_up", *names]


def _environment(project: Project) -> dict[str, str]:
    """The home and Dagster's folder, whatever the working directory."""
    found = {"FLITSTACK_DAGSTER": str(project.dagster_home)}
    if project.name == ALONE:
        alone = dict.fromkeys((migrations.FOLDER, migrations.CHOSEN), "")
        return {**found, **alone, "FLITSTACK_DATA": str(project.root)}
    return {**found, migrations.FOLDER: migrations.named()}
