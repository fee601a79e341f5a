"""`python -m demo up` and `python -m demo stop`."""

from __future__ import annotations

import argparse
import sys

from demo.layout import DemoError, Layout
from demo.services import Services


def main() -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("command", choices=("up", "stop"))
    command = parser.parse_args().command
    try:
        services = Services(Layout.from_environment())
        if command == "stop":
            count = services.stop()
            print(f"stopped {count} servers" if count else "nothing was running")
            return 0
        from demo.run import run

        return run(services)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; what was started goes on in the background. Stop it with: make stop", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
