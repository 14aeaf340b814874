"""The command ``lilypad``, also as ``python -m lilypad``."""

from __future__ import annotations

import signal
import sys

from . import _lilypad


def main() -> int:
    """Does what was typed; the same program as the one without Python."""
    # The command listens for Ctrl-C itself.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _lilypad.command(["lilypad", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
