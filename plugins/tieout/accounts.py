"""The accounts that this deployment looks after: selling partners, and developers of the Appstore."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import yaml

from tieout.documents import Record, Region


class Client(Record):
    """Whom accounts belong to, where one deployment looks after several: an agency's client.

    `name` is used in roles, folders and keys, like that of an account.
    """

    name: str
    read_copy_to: str | None = None
    """`s3://bucket/prefix` to which the client's read copy goes, too; None: it stays on the machine."""
    kms_key: str | None = None
    """ARN of the AWS KMS key that encrypts what is put there, and every object of the client's accounts in the lake; None: as
    the others are."""


class Account(Record):
    """One selling partner in one region, or one developer in the Appstore.

    `name` is ours: lower-case, used in keys, tables and connection names. `connection` is the Airflow connection that
    holds the credentials; `tieout_<name>` unless the file says otherwise.
    """

    name: str
    region: Region
    connection: str
    client: str | None = None
    """The client it belongs to; None where the deployment is its own seller's."""
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
    content = _content(path)
    clients = {client.name for client in _clients(path, content)}
    entries, developers = content.get("accounts"), content.get("developers", [])
    if not isinstance(entries, list):
        raise ValueError(f"{path}: there is no list under 'accounts:'; see include/config/accounts.example.yaml")
    if not isinstance(developers, list):
        raise ValueError(f"{path}: 'developers:' is no list; see include/config/accounts.example.yaml")
    accounts: dict[str, Account] = {}
    for what, form, listed, more in (
        ("account", "name, region, connection, client", entries, {}),
        ("developer", "name, connection, client, since", developers, {"region": Region.APPSTORE}),
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
            _check_name(path, what, account.name)
            if account.client is not None and account.client not in clients:
                raise ValueError(
                    f"{path}: {account.name!r} belongs to the client {account.client!r}, who does not stand under 'clients:'"
                )
            if account.name in accounts:
                raise ValueError(f"{path}: account {account.name!r} stands there twice")
            accounts[account.name] = account
    return tuple(accounts.values())


def load_clients(path: Path) -> tuple[Client, ...]:
    """Read the clients of the accounts file, which need not name any.

    :raises ValueError: naming the file and the entry, if it is not a list of clients with distinct names.
    :raises FileNotFoundError: as `load_accounts`.
    """
    return _clients(path, _content(path))


def accounts_by_client(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the names of each client's accounts, in alphabetical order; a client without accounts has none.

    :raises ValueError: as `load_all_accounts`.
    :raises FileNotFoundError: as `load_accounts`.
    """
    accounts = load_all_accounts(path)
    return {
        client.name: tuple(sorted(account.name for account in accounts if account.client == client.name))
        for client in load_clients(path)
    }


def kms_keys(path: Path) -> dict[str, str]:
    """Return the KMS keys of the accounts whose clients have a key of their own, by account.

    :raises ValueError: as `load_all_accounts`.
    :raises FileNotFoundError: as `load_accounts`.
    """
    keys = {client.name: client.kms_key for client in load_clients(path)}
    return {
        account.name: key
        for account in load_all_accounts(path)
        if account.client is not None and (key := keys[account.client])
    }


def _content(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist: copy include/config/accounts.example.yaml there and name your accounts in it"
        )
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    if not isinstance(content, dict):
        raise ValueError(f"{path}: there is no list under 'accounts:'; see include/config/accounts.example.yaml")
    return content


def _clients(path: Path, content: dict[str, Any]) -> tuple[Client, ...]:
    entries = content.get("clients", [])
    if not isinstance(entries, list):
        raise ValueError(f"{path}: 'clients:' is no list; see include/config/accounts.example.yaml")
    found: dict[str, Client] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            client = Client(**entry)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{path}: client {number} is not of the form name, read_copy_to, kms_key: {error}"
            ) from error
        _check_name(path, "client", client.name)
        if client.read_copy_to and not re.fullmatch(r"s3://[a-z0-9.-]+/[^/].*", client.read_copy_to):
            raise ValueError(f"{path}: read_copy_to of {client.name!r} has to be s3://bucket/prefix")
        if client.name in found:
            raise ValueError(f"{path}: client {client.name!r} stands there twice")
        found[client.name] = client
    return tuple(found.values())


def _check_name(path: Path, what: str, name: str) -> None:
    if not re.fullmatch("[a-z0-9_]{1,40}", name):
        raise ValueError(f"{path}: {what} name {name[:60]!r} may hold only a-z, 0-9 and _, and 40 characters at most")
