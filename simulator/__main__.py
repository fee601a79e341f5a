"""`python -m simulator`: serve the simulated Amazon, or print what is true of it."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from simulator.app import SimulatedAmazon, accounts, listen, named_sources, server
from simulator.appstore import api as appstore
from simulator.clock import VirtualClock, iso_z
from simulator.documents import render_archived
from simulator.marketplaces import REGIONS
from simulator.rules import read_rules
from simulator.sellers import SELLERS


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, or 1 with the reason on standard error."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "accounts":
            _write(accounts(options.seed), options.out)
            return 0
        if options.command == "developer":
            _write(appstore.account(options.seed), options.out)
            return 0
        redirect_uris = tuple(options.redirect_uri) if options.command == "serve" else ()
        amazon = SimulatedAmazon(options.seed, VirtualClock.parse(options.clock), options.opened, redirect_uris)
        if faults := getattr(options, "faults", None):
            amazon.rules.add(read_rules(faults.read_text(encoding="utf-8")))
        if options.command == "serve":
            serve(amazon, options.host, options.port, options.public_host or options.host)
        elif options.command == "truth":
            _write(amazon.truth(named_sources(options.sources)), options.out)
        else:
            print(f"{archive(amazon, options.out)} files in {options.out}")
    except (OSError, ValueError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 1
    return 0


def serve(amazon: SimulatedAmazon, host: str, port: int, public_host: str) -> None:
    """Serve until the process is told to stop.

    :raises PortTaken: if a port is in use.
    """
    sockets = listen(host, port)
    speed = f"{amazon.clock.scale:g} times as fast as the real one"
    print(f"the simulated Amazon's clock shows {iso_z(amazon.clock.now())} and runs {speed}")
    for name, opened in zip((*REGIONS, "Login with Amazon"), sockets, strict=True):
        print(f"  {name}: http://{public_host}:{opened.getsockname()[1]}")
    print("  on every port: /simulator/health, /simulator/clock, /simulator/truth, /simulator/faults", flush=True)
    asyncio.run(server(amazon, sockets, public_host).serve(sockets=sockets))


def archive(amazon: SimulatedAmazon, folder: Path) -> int:
    """Write the settlement files that are older than the Reports API remembers, a folder an account.

    :return: how many files were written.
    """
    count = 0
    for seller in SELLERS:
        for file in amazon.documents.archive(seller, amazon.clock.now()):
            path = folder / seller.key / file.file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(render_archived(file))
            count += 1
    return count


def _write(content: Any, out: Path | None) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A simulated Amazon.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("serve", "serve the Selling Partner API (NA, EU, FE) and Login with Amazon on four ports in a row"),
        ("truth", "print what every document must sum to, as JSON"),
        ("accounts", "print the accounts and their credentials, as JSON"),
        ("developer", "print the Appstore developer's account and security profile, as JSON"),
        ("archive", "write the settlement files that are older than 90 days"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--seed", type=int, default=7, help="what is random is drawn from it (default 7)")
        if name not in ("accounts", "developer"):
            command.add_argument("--clock", help="<instant>[@<real epoch seconds>][x<scale>]; by default the real time")
            opened = "the day on which the world opens (default: 150 days before the clock's start)"
            command.add_argument("--opened", type=dt.date.fromisoformat, help=opened)
        if name in ("serve", "truth"):
            command.add_argument("--faults", type=Path, help="a JSON file of faults on demand; see simulator/README.md")
        if name == "truth":
            told = "sources whose facts are told too, separated by commas, or `all`; see simulator/README.md"
            command.add_argument("--sources", default="", help=told)
        if name == "serve":
            command.add_argument("--host", default="127.0.0.1", help="the address to listen on")
            command.add_argument("--port", type=int, default=9700, help="the first of four ports (0: any free ones)")
            registered = "an address that sellers may be sent back to after their consent; may be given more than once"
            command.add_argument("--redirect-uri", action="append", default=[], help=registered)
            command.add_argument("--public-host", help="the host name in the URLs of documents (default: --host)")
        else:
            command.add_argument("--out", type=Path, required=name == "archive", help="where to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
