"""`python -m tieout erase`: the keyed hash of an order id or of a buyer's value, to be pasted into the form of `decisions`.

The value is asked for, not given as an argument, so that it is in no history of a shell and in no list of processes.
"""

from __future__ import annotations

import argparse
import os
import sys
from getpass import getpass

SHORTEST = 4
"""Characters of a value that is looked for: a shorter one is in too many words."""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `erase` to the subcommands of a parser."""
    parser = commands.add_parser(
        "erase",
        help="print the keyed hash of an order id or of a buyer's value that is to be forgotten",
        description="Ask for an order id, a name, an e-mail address or another value of a buyer, and print its keyed "
        "hash. Nothing is changed: trigger the DAG decisions with the decision erase, and paste the hash as its subject. Run it "
        "where `airflow connections` runs. Exit code: 0 if a hash was printed, 2 for a usage error.",
    )
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> int:
    """Ask for the value, which is not shown, and print its hash; returns the exit code."""
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    from tieout.hooks.personal import privacy

    value = (getpass("Order id or value to be forgotten: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
    if len(value) < SHORTEST:
        options.parser.error(f"a value of less than {SHORTEST} characters is in too many words")
    try:
        known = privacy()
        print(f"{known.key_id}-{known.digest(value)}")
    except ValueError as error:
        options.parser.error(str(error))
    return 0
