"""Faults that can be injected, and the spec that names them.

What belongs here: parsing a spec and deciding, for the n-th request, what goes wrong. What does
not: making it go wrong (pipeline.py does). Every decision is a hash of the seed, the kind and
the request's number, so the same seed and order of requests meet the same faults.

The spec is a comma-separated list, `--faults "seed=7,reset_after=0.02,slow=0.05:800ms"`; the
same keys and values as a JSON object go to `POST /_sandbox/faults` (which replaces all faults
and restarts the count of requests), and `GET` reads them back with what was injected.

Faults with a chance `P` (0 to 1), or `#N+M` for exactly the N-th and M-th request:

    http_500_before=P       a 500, 502, 503 or 504, and nothing was done
    http_500_after=P        the same, but the write was committed
    transient_400=P         a 400 that passes by itself, and nothing was done
    cloudflare=P            a page of the proxy, for half of the writes after the commit
    empty=P                 a success without a body; a write was committed
    http_404_before=P       a 404, as for a path the API does not have, and nothing was done
    http_422_before=P       a 422, as for a body the API does not take, and nothing was done
    reset_before=P          the connection is reset (RST) before anything was done
    reset_after=P           the connection is reset after the commit
    timeout_before=P:TIME   no answer for TIME (default 60s), nothing was done
    timeout_after=P:TIME    no answer for TIME, the write was committed; then the line is cut
    http_422_after_create=P a 422 although the record was created (also: 422_after_create)
    http_429_storm=P:N      N requests in a row (default 20) are refused with 429
    slow=P:TIME             the answer takes TIME longer (default 800ms)
    short_pages=P           a search page holds fewer hits than asked for, though more follow
    shuffle_pages=P         a search page comes in another order

Settings:

    seed=N                  the seed (default 0)
    search_lag=A..B         searches trail each write by A to B, e.g. 0..60s, or one value: 5s
    token_expires_after=N   after N requests every token is refused (401) until faults are set anew
    daily_quota=N           the daily quota is N instead of `--daily`
    after=N                 no chance fault before the N-th request
    most=N                  at most N chance faults in all
    only=METHOD:PREFIX      chance faults only for this method and path prefix, e.g. POST:/contacts
                            (either part may be empty; several joined by `|`)

A full disk under the journal is none of HighLevel's faults: FLITSTACK_JOURNAL_URL=
sqlite:///j.sqlite?most_pages=N bounds the journal to N pages of 4 KiB.

A TIME is a number with `ms` or `s`. `http_429_storm` and `daily_quota` may be met in one run;
429 answers are never counted against the rate.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CHANCES = (
    "http_429_storm",
    "reset_before",
    "timeout_before",
    "http_500_before",
    "transient_400",
    "cloudflare",
    "http_404_before",
    "http_422_before",
    "empty",
    "reset_after",
    "timeout_after",
    "http_500_after",
    "http_422_after_create",
    "slow",
    "short_pages",
    "shuffle_pages",
)
_ALIASES = {"422_after_create": "http_422_after_create", "reset_after_commit": "reset_after",
            "timeout_after_commit": "timeout_after"}  # fmt: skip
_NUMBERS = ("seed", "token_expires_after", "daily_quota", "after", "most")
_DEFAULT_TIMES = {"timeout_before": 60_000, "timeout_after": 60_000, "slow": 800}
_STORM = 20


@dataclass(frozen=True)
class Chance:
    """How often a fault happens: a probability or exact request numbers, and its parameter."""

    probability: float = 0.0
    exactly: frozenset[int] = frozenset()
    parameter: int = 0


@dataclass
class Decision:
    """What goes wrong with one request."""

    number: int = 0
    kinds: set[str] = field(default_factory=set)
    times: dict[str, int] = field(default_factory=dict)
    status: int = 500
    token_expired: bool = False
    draw: float = 0.0


class Faults:
    """The faults in force."""

    def __init__(self, spec: str | dict[str, Any] = "") -> None:
        """Parse a spec; raise ValueError naming everything wrong with it."""
        self.chances: dict[str, Chance] = {}
        self.numbers: dict[str, int] = {"seed": 0}
        self.search_lag: tuple[int, int] | None = None
        self.only: list[tuple[str, str]] = []
        self.injected: Counter[str] = Counter()
        self.requests = 0
        self.writes = 0
        self._storm_until = 0
        pairs = _pairs(spec) if isinstance(spec, str) else list(spec.items())
        self.spec = {key: value for key, value in pairs if value not in (None, "", False)}
        problems = [text for key, value in self.spec.items() if (text := self._take(key, value))]
        if problems:
            raise ValueError("; ".join(problems))

    def _take(self, key: str, value: Any) -> str:
        name = _ALIASES.get(key, key)
        try:
            if name in CHANCES:
                self.chances[name] = _chance(name, str(value))
            elif name in _NUMBERS:
                self.numbers[name] = int(value)
            elif name == "search_lag":
                self.search_lag = _span(str(value))
            elif name == "only":
                self.only = [_target(part) for part in str(value).split("|")]
            else:
                return f"unknown fault {key!r}"
        except ValueError:
            return f"fault {key}={value!r} cannot be read"
        return ""

    @property
    def active(self) -> bool:
        """Tell whether any fault can happen."""
        return bool(self.chances or len(self.numbers) > 1)

    def chance(self, kind: str, number: int) -> float:
        """Return the draw between 0 and 1 for a kind and a request number."""
        text = f"{self.numbers['seed']}:{kind}:{number}"
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def decide(self, method: str, path: str) -> Decision:
        """Count a request and say what goes wrong with it."""
        self.requests += 1
        number = self.requests
        decision = Decision(number=number)
        if not self.active:
            return decision
        expiry = self.numbers.get("token_expires_after")
        decision.token_expired = expiry is not None and number > expiry
        decision.draw = self.chance("draw", number)
        decision.status = (500, 502, 503, 504)[int(self.chance("status", number) * 4)]
        if number <= self._storm_until:
            decision.kinds.add("http_429_storm")
            self.injected["http_429_storm"] += 1
        elif self._applies(number, method, path):
            self._draw_kinds(decision)
        return decision

    def _applies(self, number: int, method: str, path: str) -> bool:
        if number < self.numbers.get("after", 0):
            return False
        most = self.numbers.get("most")
        if most is not None and self.injected.total() >= most:
            return False
        return not self.only or any(
            (not verb or verb == method) and path.startswith(prefix) for verb, prefix in self.only
        )

    def _draw_kinds(self, decision: Decision) -> None:
        number = decision.number
        for kind, chance in self.chances.items():
            hit = number in chance.exactly or self.chance(kind, number) < chance.probability
            if not hit:
                continue
            decision.kinds.add(kind)
            decision.times[kind] = chance.parameter
            if kind == "http_429_storm":
                self._storm_until = number + (chance.parameter or _STORM) - 1
                self.injected[kind] += 1

    def happened(self, kind: str) -> None:
        """Count a fault that was really injected."""
        self.injected[kind] += 1

    def write_lag(self, usual_ms: int) -> int:
        """Return the search lag of the next write in milliseconds."""
        if self.search_lag is None:
            return usual_ms
        self.writes += 1
        low, high = self.search_lag
        return int(low + (high - low) * self.chance("search_lag", self.writes))

    def report(self) -> dict[str, Any]:
        """Return the faults in force, the requests counted and what was injected."""
        return {"spec": self.spec, "requests": self.requests, "injected": dict(self.injected)}


def _pairs(spec: str) -> list[tuple[str, str]]:
    parts = [part.strip() for part in spec.split(",") if part.strip()]
    return [
        (key.strip(), value.strip()) for key, _, value in (part.partition("=") for part in parts)
    ]


def _chance(name: str, text: str) -> Chance:
    amount, _, parameter = text.partition(":")
    if name == "http_429_storm":
        extra = int(parameter or _STORM)
    else:
        extra = _time(parameter) if parameter else _DEFAULT_TIMES.get(name, 0)
    if amount.startswith("#"):
        exact = frozenset(int(number) for number in amount[1:].split("+"))
        return Chance(exactly=exact, parameter=extra)
    probability = float(amount)
    if not 0 <= probability <= 1:
        raise ValueError(amount)
    return Chance(probability=probability, parameter=extra)


def _time(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)?", text.strip())
    if not match:
        raise ValueError(text)
    return int(float(match[1]) * (1000 if match[2] == "s" else 1))


def _span(text: str) -> tuple[int, int]:
    low, dots, high = text.partition("..")
    if not dots:
        return _time(low), _time(low)
    unit = re.search(r"(ms|s)$", high.strip())
    if unit and not re.search(r"(ms|s)$", low.strip()):
        low += unit[1]
    span = _time(low), _time(high)
    if span[0] > span[1]:
        raise ValueError(text)
    return span


def _target(text: str) -> tuple[str, str]:
    verb, _, prefix = text.partition(":")
    if verb.startswith("/"):
        return "", text
    return verb.upper(), prefix
