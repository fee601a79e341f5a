"""`python -m tieout doctor`: what works of an account's connection, and what to do about what does not."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tieout.doctor.findings import Examination

WIDTH = 20
"""Columns for the verdict, with a gap after the longest."""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `doctor` to the subcommands of a parser."""
    parser = commands.add_parser(
        "doctor",
        help="say what works of an account's connection, which role or consent is missing, and what to do",
        description="Make one read-only call per operation and report family with the account's connection, say what works "
        "and what to do about the rest, and write a bundle for a bug report: the shapes of Amazon's answers, without a value. "
        "Run it where `airflow connections` runs. Exit code: 0 if all is well or there is nothing to look at, 1 if something "
        "needs action, 2 for a usage error.",
    )
    parser.add_argument("account", metavar="ACCOUNT", help="an account or a developer of the accounts file")
    parser.add_argument(
        "--bundle", type=Path, metavar="FILE.zip", help="where the bundle goes (default: a new file in this folder)"
    )
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> int:
    """Examine the account, print a line per check, and write the bundle; returns the exit code."""
    # connections come from Airflow's database, as in its own commands
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    from airflow.sdk.exceptions import AirflowNotFoundException

    from tieout.accounts import load_all_accounts
    from tieout.doctor.bundle import bundle, bundle_name
    from tieout.hooks.doctor import examine
    from tieout.settings import settings

    try:
        accounts = {each.name: each for each in load_all_accounts(settings().accounts_file)}
        if options.account not in accounts:
            options.parser.error(
                f"there is no account {options.account!r} in {settings().accounts_file}; there are "
                f"{', '.join(sorted(accounts)) or 'none'}"
            )
        found = examine(accounts[options.account])
    except (AirflowNotFoundException, FileNotFoundError, ValueError) as error:
        options.parser.error(str(error))
    show(found)
    target: Path = options.bundle or Path(bundle_name(found))
    try:
        target.write_bytes(bundle(found))
    except OSError as error:
        options.parser.error(f"{target}: {error.strerror or error}")
    print(f"\n{len(found.answers)} calls. Shapes of the answers, without a value, for a bug report: {target}")
    return found.exit_code


def show(found: Examination) -> None:
    """Print one line per check: the verdict, what was looked at, what was found, and what to do."""
    longest = max((len(each.check) for each in found.findings), default=0)
    for each in found.findings:
        said = " ".join(each.said.split())
        words = f"{said.rstrip('.')}. {each.remedy}" if each.remedy else said
        print(f"{each.verdict:<{WIDTH}}{each.check:<{longest}}  {words}")
    sys.stdout.flush()
