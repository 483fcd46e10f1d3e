"""A network of its own for a machine: a namespace with two links, one of which can be cut.

Packets of a link that is down are dropped, as by a broken switch: no side is told. Where namespaces
are not allowed (no root, no `ip`), a machine shares ours, and its wires stop forwarding instead.
"""

import contextlib
import itertools
import os
import shutil
import subprocess

_NUMBERS = itertools.count(1)
#: Addresses for tests of networks (RFC 2544), two bytes of which are ours.
_ADDRESS = "198.18"


def _ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def network_or_none(name):
    """A network, where this machine allows one."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return None
    try:
        return Network(name)
    except subprocess.CalledProcessError:
        return None


class Network:
    """A namespace; `host` has our address on each link, `data` (to be cut) and `highlevel`."""

    def __init__(self, name):
        number = next(_NUMBERS)
        self.namespace = f"flitstack-{os.getpid()}-{name}"
        self.host, self._ours = {}, {}
        _ip("netns", "add", self.namespace)
        try:
            _ip("-n", self.namespace, "link", "set", "lo", "up")
            for place, link in enumerate(("data", "highlevel")):
                self._connect(link, f"{_ADDRESS}.{(os.getpid() + 8 * number + place) % 250 + 1}")
        except subprocess.CalledProcessError:
            self.close()
            raise

    def _connect(self, link, prefix):
        ours, theirs = (
            f"f{os.getpid() % 10**6}{link[0]}{prefix.split('.')[2]}{end}" for end in "ab"
        )
        _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", self.namespace)
        self._ours[link] = ours
        self.host[link] = f"{prefix}.1"
        _ip("addr", "add", f"{prefix}.1/24", "dev", ours)
        _ip("link", "set", ours, "up")
        _ip("-n", self.namespace, "addr", "add", f"{prefix}.2/24", "dev", theirs)
        _ip("-n", self.namespace, "link", "set", theirs, "up")

    def command(self, *words):
        """A command line, to be run there."""
        return ["ip", "netns", "exec", self.namespace, *words]

    def cut(self):
        _ip("link", "set", self._ours["data"], "down")

    def mend(self):
        _ip("link", "set", self._ours["data"], "up")

    def close(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip("netns", "del", self.namespace)
        for ours in self._ours.values():  # where their other ends are still in use
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("link", "del", ours)
