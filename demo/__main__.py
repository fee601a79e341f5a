"""The whole pipeline on one machine, against a simulated Amazon.

up            start what is not running, run what has not run, show what tied out
stop          stop everything that was started
chaos         run everything under faults and kills, and compare with a quiet run
accounts      print the accounts file of the simulated Amazon
connections   print the Airflow connections of the simulated Amazon, for `airflow connections import`
compose-env   print a .env for docker-compose.yaml and the simulated Amazon
compose-secrets   write secrets/ for docker-compose.yaml, unless it is there
"""

from __future__ import annotations

import argparse
import json
import sys

from demo.compose import compose_environment, write_secrets
from demo.connections import (
    accounts_file,
    connections,
    developer_connections,
    simulated_accounts,
    simulated_developers,
)
from demo.layout import HOST, ROOT, DemoError, Layout, Ports
from demo.services import Services


def main() -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("up", "stop", "accounts", "compose-env", "compose-secrets"):
        commands.add_parser(name)
    wild = commands.add_parser("chaos")
    wild.add_argument("--seed", type=int, default=1)
    wild.add_argument("--kills", type=int, default=300)
    wild.add_argument("--days", type=int, default=3)
    export = commands.add_parser("connections")
    export.add_argument("--amazon-host", default=HOST)
    export.add_argument("--amazon-port", type=int, default=9700)
    export.add_argument("--clock", required=True)
    arguments = parser.parse_args()
    try:
        match arguments.command:
            case "up":
                from demo.run import run

                return run(Services(Layout.from_environment()))
            case "stop":
                count = Services(Layout.from_environment()).stop()
                print(f"stopped {count} servers" if count else "nothing was running")
            case "chaos":
                from demo.chaos import chaos

                return chaos(arguments.seed, arguments.kills, arguments.days)
            case "accounts":
                print(accounts_file(simulated_accounts(), simulated_developers()), end="")
            case "connections":
                ports = Ports(arguments.amazon_port - Ports(0).amazon["NA"])
                clock, host = arguments.clock, arguments.amazon_host
                found = connections(simulated_accounts(), ports, clock, host)
                found |= developer_connections(simulated_developers(), ports, clock, host)
                print(json.dumps(found, indent=1))
            case "compose-env":
                print(compose_environment(), end="")
            case "compose-secrets":
                written = write_secrets(ROOT / "secrets")
                print(
                    f"wrote {len(written)} files into secrets/" if written else "secrets/ is there and stays as it is"
                )
    except (DemoError, FileExistsError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; what was started goes on in the background. Stop it with: make stop", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
