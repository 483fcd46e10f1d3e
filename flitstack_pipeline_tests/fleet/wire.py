"""A TCP proxy: how a machine reaches a service here, and its cut where there is no namespace."""

import contextlib
import select
import socket
import threading


class Wire:
    """Forwards a port of `host` to an address: host and port, or the path of a socket."""

    def __init__(self, target, host="127.0.0.1"):
        self._target, self.host = target, host
        self._listener = socket.create_server((host, 0))
        self.port = self._listener.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        """Host and port, as in a URL."""
        return f"{self.host}:{self.port}"

    def cut(self):
        """From now on nothing goes through, and nobody is told."""
        self._whole.clear()

    def mend(self):
        """What waited goes through, and everything else."""
        self._whole.set()

    def close(self):
        self._closed = True
        self._whole.set()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        self._whole.wait()
        with contextlib.suppress(OSError), near, self._far() as far:
            while not self._closed:
                ready, _, _ = select.select([near, far], [], [], 0.5)
                self._whole.wait()
                for one in ready:
                    data = one.recv(65536)
                    if not data:
                        return
                    (far if one is near else near).sendall(data)

    def _far(self):
        if isinstance(self._target, str):
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            return far
        return socket.create_connection(self._target)
