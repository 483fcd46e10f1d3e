"""The shell for Dagster: assets, checks, jobs, sensors. No business rule: it calls `services`."""
