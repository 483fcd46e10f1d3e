"""The shell for Dagster: assets, checks, jobs, sensors. No business rule: it calls `services`.

Partitioned asset checks are a preview feature of 1.13; links from assets to code, backfills in one
run and mappings of partitions of two dimensions are beta. We use them knowingly; only those
warnings are silenced, before anything is made.
"""

import warnings

import dagster as dg

warnings.filterwarnings("ignore", message=".*partitions_def.*", category=dg.PreviewWarning)
warnings.filterwarnings("ignore", message=".*CodeReference.*", category=dg.BetaWarning)
warnings.filterwarnings("ignore", message=".*backfill_policy.*", category=dg.BetaWarning)
warnings.filterwarnings("ignore", message=".*PartitionMapping.*", category=dg.BetaWarning)
