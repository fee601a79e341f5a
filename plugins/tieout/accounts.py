"""The selling-partner accounts that this deployment looks after."""

from __future__ import annotations

from pathlib import Path

import yaml

from tieout.documents import Record, Region


class Account(Record):
    """One selling partner in one region.

    `name` is ours: lower-case, used in keys, tables and connection names. `connection` is the Airflow connection that
    holds the credentials; `tieout_<name>` unless the file says otherwise.
    """

    name: str
    region: Region
    connection: str


def load_accounts(path: Path) -> tuple[Account, ...]:
    """Read the accounts file.

    :raises ValueError: naming the file and the entry, if it is not a list of accounts with distinct names.
    :raises FileNotFoundError: if there is no such file, with what to do.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist: copy include/config/accounts.example.yaml there and name your accounts in it"
        )
    entries = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("accounts")
    if not isinstance(entries, list):
        raise ValueError(f"{path}: there is no list under 'accounts:'; see include/config/accounts.example.yaml")
    accounts: dict[str, Account] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            account = Account(**{"connection": f"tieout_{entry.get('name')}", **entry})
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path}: account {number} is not of the form name, region, connection: {error}"
            ) from error
        if not account.name.replace("_", "").isalnum() or account.name != account.name.lower():
            raise ValueError(f"{path}: account name {account.name!r} may hold only a-z, 0-9 and _")
        if account.name in accounts:
            raise ValueError(f"{path}: account {account.name!r} stands there twice")
        accounts[account.name] = account
    return tuple(accounts.values())
