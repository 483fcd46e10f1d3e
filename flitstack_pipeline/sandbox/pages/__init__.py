"""The read-only page for people. Server-rendered, escaped, without any outside asset."""
