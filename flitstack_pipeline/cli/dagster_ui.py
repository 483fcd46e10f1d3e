"""The Dagster UI, and telling Dagster what a command did."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flitstack_pipeline.cli.progress import working
from flitstack_pipeline.cli.terminal import app, console, errors, open_project, opened, show_table
from flitstack_pipeline.errors import BadInput, Exit

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
    project = open_project()
    if project.dagster_home is None:
        raise BadInput("FLITSTACK_DAGSTER turns Dagster off; unset it, or name a folder.")
    if not (TOP / "dagster.yaml").exists():
        raise BadInput(f"There is no dagster.yaml in {TOP}: start this from a checkout.")
    os.umask(0o077)  # what Dagster keeps is about customers
    project.dagster_home.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ |= _environment(project)
    with working("Showing in Dagster what was done so far"):
        told = subprocess.run(_catch_up(), check=False, capture_output=True, text=True)  # noqa: S603
    if told.returncode:
        why = told.stdout.strip() or told.stderr.strip().rpartition("\n")[2]
        errors.print(f"Not everything is shown. {why}", markup=False)
    console.print(f"http://127.0.0.1:{port}/ (kept in {project.dagster_home})", markup=False)
    os.chdir(TOP)
    command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", str(port)]
    os.execv(command[0], command)  # noqa: S606 - our own interpreter


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
                show_all(instance)
            found = differences(project, instance)
    show_table("Dagster and the migration differ", found, most=100)
    if found:
        advice = "is not to be mended from here: wipe the asset in Dagster" if mend else "--mend"
        console.print(f"{len(found)} differences; {advice}.", markup=False)
        raise typer.Exit(Exit.INCOMPLETE)
    console.print("Dagster shows what is.")


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
                _catch_up(), env={**os.environ, **_environment(project)}, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        elif notes:
            with steps_done.taken(project):  # nothing had changed, and Dagster knows it
                pass


def _catch_up() -> list[str]:
    return [sys.executable, "-m", "flitstack_pipeline.dagster.catch_up"]


def _environment(project: Project) -> dict[str, str]:
    """The data folder and Dagster's, whatever the working directory."""
    return {"FLITSTACK_DATA": str(project.root), "FLITSTACK_DAGSTER": str(project.dagster_home)}
