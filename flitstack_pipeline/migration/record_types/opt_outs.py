"""Opt-outs of a contact: do not disturb, channel by channel, as payloads and as HighLevel has them.

What belongs here: the two forms and turning one into the other. What does not: which columns and
tags say one (mapping/opt_outs.py), whose wins (migration/existing.py).
A payload says `"dnd": {"doNotSms": True}`; HighLevel has `dnd` (every channel) and `dndSettings`
by channel, spelled `sms` in version v3 and `SMS` before (docs/highlevel.md#versions,
#contact-fields; live: L22).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.catalog.targets import OPT_OUTS

#: Name in payloads → channel as v3 spells it, and as earlier versions do.
CHANNELS = {
    OPT_OUTS["call"]: ("call", "Call"),
    OPT_OUTS["email"]: ("email", "Email"),
    OPT_OUTS["sms"]: ("sms", "SMS"),
    OPT_OUTS["whatsapp"]: ("whatsApp", "WhatsApp"),
    OPT_OUTS["gmb"]: ("gmb", "GMB"),
    OPT_OUTS["fb"]: ("fb", "FB"),
}
OUT = ("active", "permanent")
MESSAGE = f"Opted out in {SOURCE.name}"


def read_opt_outs(record: Mapping[str, Any]) -> dict[str, bool]:
    """The channels a contact as read is not to be reached by, in the payload's form.

    `dnd` without settings by channel means every channel.
    """
    by_channel = _by_channel(record.get("dndSettings"))
    if record.get("dnd") and not any(_is_out(s) for s in by_channel.values()):
        return dict.fromkeys(CHANNELS, True)
    return {
        name: True for name, (v3, _) in CHANNELS.items() if _is_out(by_channel.get(v3.casefold()))
    }


def opt_out_body(
    version: str,
    wanted: Iterable[str],
    lifted: Iterable[str] = (),
    held: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The keys `dnd` and `dndSettings` of a request, by their names in the request models.

    `wanted` and `lifted` are names of `CHANNELS`; `held` is the contact as it is now: what it
    says of other channels is sent again as it stands, whether HighLevel replaces or merges.
    """
    wanted, lifted, held = set(wanted), set(lifted), held or {}
    there = _by_channel(held.get("dndSettings"))
    spelled = 0 if version == "v3" else 1
    settings: dict[str, Any] = {}
    for name, spellings in CHANNELS.items():
        now = there.get(spellings[0].casefold())
        if name in wanted and not _is_out(now):
            settings[spellings[spelled]] = {"status": "active", "message": MESSAGE}
        elif name in lifted:
            settings[spellings[spelled]] = {"status": "inactive"}
        elif now is not None:
            settings[spellings[spelled]] = now
    body: dict[str, Any] = {"dnd_settings": settings}
    if wanted >= CHANNELS.keys():
        body["dnd"] = True
    elif lifted and held.get("dnd"):
        body["dnd"] = False
    return body


def _by_channel(settings: Any) -> dict[str, Any]:
    """Settings by channel in lower case; whatever is no mapping says nothing."""
    if not isinstance(settings, Mapping):
        return {}
    return {str(k).casefold(): v for k, v in settings.items() if isinstance(v, Mapping)}


def _is_out(setting: Any) -> bool:
    return isinstance(setting, Mapping) and str(setting.get("status")).casefold() in OUT
