"""`python -m tieout`: what can be done with nothing else running."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tieout import check


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns its exit code. Usage errors exit with 2, as argparse does."""
    parser = argparse.ArgumentParser(prog="python -m tieout", description="Tie out what Amazon paid, to the cent.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check.add_command(commands)
    options = parser.parse_args(arguments)
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
