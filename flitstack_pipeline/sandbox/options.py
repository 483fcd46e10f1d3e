"""What can be set about a sandbox, and `serve`, which runs one.

What belongs here: the options with their defaults, and putting the parts together. The command
line (`python -m flitstack_pipeline.sandbox`, and the project's `flitstack sandbox`) only fills
`SandboxOptions`.

Defaults follow HighLevel's own: 100 requests in 10 seconds, 200,000 a day, duplicate contacts not
allowed (the setting's value in the official description). A contractor's client has many jobs, so a
migration needs duplicate opportunities: they are allowed when live, and as the official description
has it, not, when documented. Searches trail writes by 300 ms; HighLevel's lag is
"a few seconds".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flitstack_pipeline.sandbox.lifetime import end_with, lock

DEFAULT_TOKEN = "pit-sandbox"  # noqa: S105  (a stand-in's token guards nothing)
DEFAULT_AGENCY_TOKEN = "pit-agency-sandbox"  # noqa: S105
PROFILES = ("live", "documented")
DEFAULT_LOCATION = "sandbox-location"


#: What the live API does now and then (live: L11).
LIVE_FAULTS = "transient_400=0.002,cloudflare=0.002"


@dataclass(frozen=True)
class SandboxOptions:
    """How a sandbox behaves.

    profile: `live` plays the harshest shapes that live clients recorded (live_shapes.py, and what
        routes do when a call is `live`), `documented` what the official pages describe.
    port: where it listens on 127.0.0.1; 0 picks a free port.
    state: the SQLite file; made when missing, kept when present.
    rate: `N/SECONDS` per sub-account; `0` or `none` for no limit.
    daily: requests per day and sub-account; 0 for no limit.
    latency_ms: median of the added time per answer (log-normal).
    search_lag_ms: by how much searches trail writes.
    allow_duplicate_contact, allow_duplicate_opportunity: the sub-accounts' settings; the seed
        file can set them per sub-account. None is the profile's own.
    seed_location: JSON file with what exists before the migration (format: seed.py).
    faults: fault spec (grammar: faults.py); None is the profile's own (LIVE_FAULTS when live).
    token: token of the first sub-account; the others' is `<token>-<location>` unless named.
    agency_token: token of the agency; empty for none.
    locations: sub-account ids, each `ID` or `ID=TOKEN`.
    parent: number of the process that starts it, with which it ends; None to serve until stopped.
    """

    profile: str = "live"
    port: int = 0
    state: Path = Path("sandbox.sqlite")
    rate: str = "100/10"
    daily: int = 200_000
    latency_ms: int = 0
    search_lag_ms: int = 300
    allow_duplicate_contact: bool = False
    allow_duplicate_opportunity: bool | None = None
    seed_location: Path | None = None
    faults: str | None = None
    token: str = DEFAULT_TOKEN
    agency_token: str = DEFAULT_AGENCY_TOKEN
    locations: tuple[str, ...] = (DEFAULT_LOCATION,)
    parent: int | None = None

    @property
    def live(self) -> bool:
        """Whether it plays the recorded shapes. Raises ValueError for an unknown profile."""
        if self.profile not in PROFILES:
            raise ValueError(f"profile {self.profile!r}: choose {' or '.join(PROFILES)}")
        return self.profile == "live"

    @property
    def duplicate_opportunities(self) -> bool:
        """Whether a contact may have several opportunities in a pipeline."""
        chosen = self.allow_duplicate_opportunity
        return self.live if chosen is None else chosen

    @property
    def fault_spec(self) -> str:
        """The faults in force from the start."""
        if self.faults is None:
            return LIVE_FAULTS if self.live else ""
        return self.faults


def serve(options: SandboxOptions) -> None:
    """Run a sandbox until it is stopped; print its address as the first line.

    Raises StateInUse when another sandbox serves its state, ValueError when the rate, the faults or
    the seed file cannot be read, and OSError when the port is taken.
    """
    if options.parent is not None:
        end_with(options.parent)
    with lock(options.state):
        from flitstack_pipeline.sandbox.app import build_app
        from flitstack_pipeline.sandbox.server import listening_socket, run

        app = build_app(options)
        sock = listening_socket(options.port)
        print(f"sandbox listening on http://127.0.0.1:{sock.getsockname()[1]}", flush=True)
        run(app, sock)
