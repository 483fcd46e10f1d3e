"""Journal, planning, loading, verification, sample, delta, rollback, reconciliation."""
