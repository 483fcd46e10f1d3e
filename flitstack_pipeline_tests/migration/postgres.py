"""A throw-away Postgres for tests: its own folder, a socket of its own, no port."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path


def server_folder():
    """Where initdb and pg_ctl lie, or None."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((p for p in places if (p / "initdb").exists() and (p / "pg_ctl").exists()), None)


@contextmanager
def throw_away_postgres(programs):
    """A running server; yields its SQLAlchemy URL."""
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        as_user = _as_somebody(folder)
        data = folder / "data"

        def run(*command):
            subprocess.run(
                [*as_user, *map(str, command)],
                check=True,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C"},
            )

        run(programs / "initdb", "-D", data, "-U", "flitstack", "-A", "trust", "-N", "-E", "UTF8")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        run(programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield f"postgresql://flitstack@/postgres?host={folder}"
        finally:
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _as_somebody(folder):
    """Postgres refuses to run as root: then as the least of users."""
    if os.geteuid() != 0:
        return []
    for user in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(user)
        except KeyError:
            continue
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        folder.chmod(0o755)
        return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    raise RuntimeError("no user to run Postgres as")
