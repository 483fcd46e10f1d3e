"""Asset checks: built from the spec by factories; each asks one plain function for its verdict."""
