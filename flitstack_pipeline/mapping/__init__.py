"""Proposal, the map document, value maps, and turning clean rows into HighLevel payloads."""
