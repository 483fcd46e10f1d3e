"""Builds the image of deploy/ and looks inside (`make image`, a part of `make test-all`).

Where Docker is missing it says so, and nothing was checked.
"""

import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[2]
TAG = "flitstack:checked"
#: What must work inside, as the user of the image.
INSIDE = (
    ("flitstack", "--version"),
    ("dagster-webserver", "--version"),
    ("dagster-daemon", "--version"),
    ("celery", "--version"),
    ("python", "-c", "import flitstack_pipeline.definitions, dagster_postgres, s3fs, dagster_k8s"),
    ("python", "-c", "import os; assert os.getuid() == 10001; open('/scratch/mine', 'w')"),
    ("sh", "-c", "! command -v pytest && ! test -e /src"),
)


def missing():
    """Why no image can be built here; empty where one can."""
    if shutil.which("docker") is None:
        return "docker is missing"
    asked = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    return "" if asked.returncode == 0 else "docker is there, and its daemon does not answer"


def main():
    if why := missing():
        print(f"image: NOT CHECKED, because {why}")
        return 0
    subprocess.run(
        ["docker", "build", "--file", "deploy/Dockerfile", "--tag", TAG, "."], cwd=TOP, check=True
    )
    for command in INSIDE:
        subprocess.run(["docker", "run", "--rm", TAG, *command],
                       check=True)  # fmt: skip
    print(f"image: built, and {len(INSIDE)} commands work inside")
    return 0


if __name__ == "__main__":
    sys.exit(main())
