"""The accounts that this deployment looks after: selling partners, and developers of the Appstore."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import yaml

from tieout.documents import Record, Region


class Account(Record):
    """One selling partner in one region, or one developer in the Appstore.

    `name` is ours: lower-case, used in keys, tables and connection names. `connection` is the Airflow connection that
    holds the credentials; `tieout_<name>` unless the file says otherwise.
    """

    name: str
    region: Region
    connection: str
    since: dt.date | None = None
    """Of a developer: a day of the first month that is asked for; None asks for all that the API has."""


def load_accounts(path: Path) -> tuple[Account, ...]:
    """Read the selling partners of the accounts file.

    :raises ValueError: naming the file and the entry, if it is not a list of accounts with distinct names.
    :raises FileNotFoundError: if there is no such file, with what to do.
    """
    return tuple(account for account in load_all_accounts(path) if account.region is not Region.APPSTORE)


def load_developers(path: Path) -> tuple[Account, ...]:
    """Read the Appstore's developers of the accounts file, which need not name any.

    :raises ValueError: as `load_accounts`.
    :raises FileNotFoundError: as `load_accounts`.
    """
    return tuple(account for account in load_all_accounts(path) if account.region is Region.APPSTORE)


def load_all_accounts(path: Path) -> tuple[Account, ...]:
    """Read selling partners and developers.

    :raises ValueError: as `load_accounts`.
    :raises FileNotFoundError: as `load_accounts`.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist: copy include/config/accounts.example.yaml there and name your accounts in it"
        )
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    entries, developers = content.get("accounts"), content.get("developers", [])
    if not isinstance(entries, list):
        raise ValueError(f"{path}: there is no list under 'accounts:'; see include/config/accounts.example.yaml")
    if not isinstance(developers, list):
        raise ValueError(f"{path}: 'developers:' is no list; see include/config/accounts.example.yaml")
    accounts: dict[str, Account] = {}
    for what, form, listed, more in (
        ("account", "name, region, connection", entries, {}),
        ("developer", "name, connection, since", developers, {"region": Region.APPSTORE}),
    ):
        for number, entry in enumerate(listed, start=1):
            try:
                account = Account(**{"connection": f"tieout_{entry.get('name')}", **entry, **more})
            except (ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}: {what} {number} is not of the form {form}: {error}") from error
            if what == "account" and account.region is Region.APPSTORE:
                raise ValueError(f"{path}: {account.name!r} is of the Appstore: it belongs under 'developers:'")
            if what == "account" and account.since:
                raise ValueError(f"{path}: 'since' of {account.name!r} is for developers; see TIEOUT_HISTORY_DAYS")
            if not re.fullmatch("[a-z0-9_]{1,40}", account.name):
                raise ValueError(
                    f"{path}: {what} name {account.name[:60]!r} may hold only a-z, 0-9 and _, and 40 characters at most"
                )
            if account.name in accounts:
                raise ValueError(f"{path}: account {account.name!r} stands there twice")
            accounts[account.name] = account
    return tuple(accounts.values())
