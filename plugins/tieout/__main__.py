"""`python -m tieout`: what can be done without a DAG; `doctor` and `erase` need Airflow's connections."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tieout import check, rates, read
from tieout.commands import doctor, erase


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns its exit code. Usage errors exit with 2, as argparse does."""
    parser = argparse.ArgumentParser(prog="python -m tieout", description="Tie out what Amazon paid, to the cent.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check.add_command(commands)
    read.add_command(commands)
    rates.add_command(commands)
    doctor.add_command(commands)
    erase.add_command(commands)
    options = parser.parse_args(arguments)
    return options.run(options)


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever was reading has seen enough, as `| head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
