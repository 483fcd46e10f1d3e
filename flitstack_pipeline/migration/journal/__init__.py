"""The journal of a migration: what we meant to do, what became of it, and which record is which."""
