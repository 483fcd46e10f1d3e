"""What every test process needs."""

import signal

from hypothesis import settings

# A shared machine is slow now and then; what is too slow shows in the time of the whole run.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


def pytest_configure():
    """Hear Ctrl-C, and so let the processes we start hear it.

    A shell starts what it puts into the background with the signal ignored, which is inherited;
    the command respects that, as under `nohup`.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
