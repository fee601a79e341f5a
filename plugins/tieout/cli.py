"""What Tieout adds to the `airflow` command: `rotate-secret ACCOUNT` and `sync-roles`.

They run where `airflow connections` runs: with access to Airflow's database. `rotate-secret` is for whoever rotates client
secrets by a schedule of their own; it does what the two buttons on the page Seller accounts do, one after the other.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from typing import Any

EVERY = 5.0
"""Seconds between two looks at the queue that found nothing."""


def commands() -> list[Any]:
    """Return the commands, as Airflow's CLI asks a provider for them."""
    from airflow.cli.cli_config import ActionCommand, Arg, GroupCommand, lazy_load_command

    rotate = ActionCommand(
        name="rotate-secret",
        help="Rotate the client secret of an account's application and store the new one",
        description="Asks Amazon for a new client secret, takes it from the SQS queue behind the connection "
        "tieout_secret_queue, and stores it in every connection of the application. The old one works for seven days more.",
        func=lazy_load_command("tieout.cli.rotate_secret"),
        args=(
            Arg(("account",), help="an account of the accounts file"),
            Arg(("--wait",), help="minutes to wait for the new secret (default 10)", type=float, default=10.0),
            Arg(("--only-collect",), help="do not rotate: store what is in the queue", action="store_true"),
        ),
    )
    sync = ActionCommand(
        name="sync-roles",
        help="Write the roles that Tieout ships, and those of each client, into Airflow's database",
        description="For Airflow with the FAB auth manager. Run it after an upgrade and after each change of the clients in "
        "the accounts file, before the DAG processor starts: the DAGs name the roles.",
        func=lazy_load_command("tieout.cli.sync_roles"),
        args=(),
    )
    return [GroupCommand(name="tieout", help="Settlements tied out to the cent", subcommands=[rotate, sync])]


def sync_roles(options: argparse.Namespace) -> None:
    """Write the roles, and say what changed.

    :raises SystemExit: if Airflow runs with another auth manager, or the accounts file cannot be read.
    """
    from tieout.accounts import load_clients
    from tieout.roles import roles
    from tieout.settings import settings
    from tieout.web.fab_roles import NoFab, sync

    try:
        changes = sync(roles(client.name for client in load_clients(settings().accounts_file)))
    except (NoFab, FileNotFoundError, ValueError) as error:
        raise SystemExit(str(error)) from error
    for change in changes:
        print(change)
    print(f"{len(changes)} changes" if changes else "the roles are what they have to be")


def rotate_secret(options: argparse.Namespace) -> None:
    """Rotate, wait, store, and say what was done.

    :raises SystemExit: with what to do, if anything keeps the new secret from being stored.
    """
    from tieout.accounts import load_accounts
    from tieout.amazon.errors import AmazonError
    from tieout.settings import settings
    from tieout.web import rotation, store

    account = next((each for each in load_accounts(settings().accounts_file) if each.name == options.account), None)
    if account is None:
        raise SystemExit(f"There is no account {options.account!r} in {settings().accounts_file}.")
    stored = store.find([account.connection])[account.connection]
    if stored.elsewhere:
        raise SystemExit(
            f"The connection {account.connection} comes from {stored.elsewhere}: it cannot be changed from here."
        )
    if stored.connection is None:
        raise SystemExit(f"The connection {account.connection} is not there, or cannot be read: {stored.trouble}")
    try:
        if not options.only_collect:
            rotation.rotate(stored.connection, account.region)
            print("Amazon makes a new secret; waiting for it in the queue")
        deadline = time.monotonic() + options.wait * 60
        while True:
            collected = rotation.collect(dt.timedelta(seconds=20))
            for secret, names in collected.stored:
                store.note("tieout_secret_stored", "cli", client_id=secret.client_id, connections=names)
                print(f"{secret.client_id}: stored in {', '.join(names)}; it dies on {secret.expires_at.date()}")
                if secret.client_id == stored.connection.client_id:
                    return
            if time.monotonic() > deadline:
                print(*collected.left, sep="\n", end="\n" * bool(collected.left))
                break
            time.sleep(EVERY)
    except (rotation.NoQueue, AmazonError, ValueError) as error:
        raise SystemExit(str(error)) from error
    raise SystemExit(
        "No new secret of this application came to the queue in time. Run it again with --only-collect within seven days "
        "of the rotation, while the old secret works."
    )
