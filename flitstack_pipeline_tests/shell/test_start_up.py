"""What a command may load before it knows what it has to do."""

import subprocess
import sys

#: Libraries that take a tenth of a second or more to import; commands import them where they work.
HEAVY = {
    "dagster",
    "duckdb",
    "numpy",
    "openpyxl",
    "pandas",
    "pandera",
    "pyarrow",
    "pydantic",
    "requests",
    "splink",
    "sqlalchemy",
}
#: Rooms of this project that the help text needs.
OURS = {"flitstack_pipeline", "flitstack_pipeline.cli", "flitstack_pipeline.errors"}


def loaded_by_help() -> set[str]:
    """The modules in memory when `flitstack --help` has been printed."""
    script = (
        "import sys\n"
        "from flitstack_pipeline.cli import main\n"
        "sys.argv = ['flitstack', '--help']\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print('\\n'.join(['MODULES', *sys.modules]))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert "Moves a contractor's business" in answer.stdout, answer.stderr
    return set(answer.stdout.partition("MODULES\n")[2].split())


def test_the_help_text_loads_neither_a_library_of_data_nor_a_room_of_the_migration():
    modules = loaded_by_help()
    assert not {name.partition(".")[0] for name in modules} & HEAVY
    rooms = {name for name in modules if name.startswith("flitstack_pipeline")}
    assert {r for r in rooms if not r.startswith("flitstack_pipeline.cli.")} <= OURS
