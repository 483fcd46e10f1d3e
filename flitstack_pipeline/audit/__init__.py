"""The source audit: what the exports hold, what moving it takes, what a person must know first."""
