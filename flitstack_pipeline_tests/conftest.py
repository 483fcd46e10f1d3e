"""What every test process needs."""

import signal


def pytest_configure():
    """Hear Ctrl-C, and so let the processes we start hear it.

    A shell starts what it puts into the background with the signal ignored, which is inherited;
    the command respects that, as under `nohup`.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
