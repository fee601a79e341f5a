"""`python -m tieout rates FILE`: validate a file of exchange rates before the warehouse uses it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tieout.warehouse.rates import FileRate


def add_command(commands: Any) -> None:
    """Add the subcommand to the parser of `python -m tieout`."""
    parser = commands.add_parser(
        "rates",
        help="validate a file of exchange rates",
        description="Reads a CSV with the columns date, currency, to, rate and, if wanted, note, as the build of the marts"
        " does when TIEOUT_EXCHANGE_RATE_FILE names it. The exit code is 0 if it can be used, and 1 if it is refused.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Validate the file, print what it holds, and return the exit code."""
    # Here, since they take a while to import and other commands do without.
    from tieout.warehouse.rates import euro_values, load_pegs, read_rate_file
    from tieout.warehouse.reference import PEGS, rates_file

    try:
        rates = read_rate_file(options.file, euro_values(rates_file().read_bytes(), load_pegs(PEGS)))
    except (OSError, ValueError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    pairs: dict[tuple[str, str], list[FileRate]] = {}
    for rate in rates:
        pairs.setdefault((rate.currency, rate.to), []).append(rate)
    for (currency, to), found in sorted(pairs.items()):
        days = [rate.day for rate in found]
        print(f"{currency} to {to}: {len(found)} rates from {min(days)} to {max(days)}")
    if not pairs:
        print("the file has no rates")
    return 0
