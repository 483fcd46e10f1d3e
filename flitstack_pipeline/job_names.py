"""What Dagster's jobs are called: numbered, because its list is by name and is read in order.

Belongs here: the names, for the jobs and for whatever tells a person which one to launch.
"""

_IN_ORDER = (
    "audit", "propose_map", "confirm_map", "prepare", "sample", "cutover", "reconcile", "delta",
    "rollback_dry_run", "rollback",
)  # fmt: skip
#: The name in Dagster of each job: `sample` is `05_sample`.
JOB = {name: f"{number:02}_{name}" for number, name in enumerate(_IN_ORDER, start=1)}
