"""Tests of the workflow reference."""
