"""Reads and writes Airflow connections inside the API server.

Airflow's Execution API gives a task no way to write a connection, so what changes one runs here, with the same model and
session as Airflow's own `/api/v2/connections`. The public API could not do it: it hides the secrets that a code is
exchanged with, and cannot compare and clear in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from airflow.configuration import ensure_secrets_loaded
from airflow.models import Connection, Log
from airflow.secrets.environment_variables import EnvironmentVariablesBackend
from airflow.secrets.metastore import MetastoreBackend
from airflow.utils.session import create_session
from sqlalchemy import select

from tieout.amazon.authorization import same
from tieout.amazon.connection import SellerConnection
from tieout.amazon.endpoints import ForeignEndpoint
from tieout.provider import CONNECTION_TYPE, provider_info

FIELDS: list[str] = list(provider_info()["connection-types"][0]["conn-fields"])
PENDING = "pending_consent"
"""Extra: the fingerprint of the nonce of the newest consent that was asked for."""


@dataclass(frozen=True)
class Stored:
    """A connection as Airflow finds it.

    :ivar connection: what it says; None if it is not there, or cannot be read.
    :ivar elsewhere: where it comes from, if that is not Airflow's database: it cannot be changed from here.
    :ivar trouble: why it cannot be read.
    :ivar foreign: the address that it names and that credentials do not go to.
    """

    connection: SellerConnection | None
    elsewhere: str | None = None
    trouble: str | None = None
    foreign: str | None = None


def find(connection_ids: Iterable[str]) -> dict[str, Stored]:
    """Return the connections by id, each from where Airflow would take it."""
    wanted = list(connection_ids)
    with create_session() as session:
        rows = {row.conn_id: row for row in session.scalars(select(Connection).where(Connection.conn_id.in_(wanted)))}
        found = {}
        for connection_id in wanted:
            row, elsewhere = _from_a_backend(connection_id)
            found[connection_id] = _read(connection_id, row or rows.get(connection_id), elsewhere)
    return found


def _from_a_backend(connection_id: str) -> tuple[Connection | None, str | None]:
    for backend in ensure_secrets_loaded():
        if isinstance(backend, MetastoreBackend):
            continue
        if row := backend.get_connection(conn_id=connection_id):
            if isinstance(backend, EnvironmentVariablesBackend):
                return row, f"the environment variable AIRFLOW_CONN_{connection_id.upper()}"
            return row, f"the secrets backend {type(backend).__name__}"
    return None, None


def _read(connection_id: str, row: Connection | None, elsewhere: str | None) -> Stored:
    if row is None:
        return Stored(None)
    if row.conn_type != CONNECTION_TYPE:
        return Stored(None, elsewhere, f"its type is {row.conn_type} and has to be {CONNECTION_TYPE}")
    try:
        return Stored(_parsed(row), elsewhere)
    except ForeignEndpoint as error:
        return Stored(None, elsewhere, str(error), error.endpoint)
    except ValueError as error:
        return Stored(None, elsewhere, str(error))


def _parsed(row: Connection) -> SellerConnection:
    return SellerConnection.read(
        row.conn_id,
        host=row.host,
        login=row.login,
        password=row.password,
        extra=row.extra_dejson,
        port=row.port,
        schema=row.schema,
    )


def change(connection_id: str, update: Callable[[dict[str, Any]], bool]) -> bool:
    """Change the extra of a connection, alone in its row.

    :param update: changes the extra in place; False leaves the connection as it is.
    :return: what `update` returned; False if there is no such connection in Airflow's database.
    """
    with create_session() as session:
        row = session.scalar(select(Connection).where(Connection.conn_id == connection_id).with_for_update())
        if row is None:
            return False
        extra = dict(row.extra_dejson)
        if not update(extra):
            return False
        # Airflow's form shows the fields that are there, if only with nothing in them.
        row.set_extra(json.dumps({**dict.fromkeys(FIELDS), **extra}))
        return True


def make(connection_id: str, like: SellerConnection, **extra: Any) -> None:
    """Make a connection, or complete one, with the application of another one."""
    with create_session() as session:
        row = session.scalar(select(Connection).where(Connection.conn_id == connection_id).with_for_update())
        if row is None:
            row = Connection(conn_id=connection_id, conn_type=CONNECTION_TYPE)
            session.add(row)
        row.login = like.client_id
        row.set_password(like.client_secret)
        row.host = extra.pop("host", None)
        kept = {name: value for name, value in extra.items() if value not in (None, "")}
        row.set_extra(json.dumps({**row.extra_dejson, **kept}))


def take_pending(connection_id: str, nonce_fingerprint: str) -> bool:
    """Use up the consent that was asked for last; False if it is not this one, or was used before."""

    def take(extra: dict[str, Any]) -> bool:
        if not same(extra.get(PENDING), nonce_fingerprint):
            return False
        del extra[PENDING]
        return True

    return change(connection_id, take)


def of_application(client_id: str) -> dict[str, Stored]:
    """Return the connections in Airflow's database that hold an application's secret, by id."""
    with create_session() as session:
        rows = session.scalars(
            select(Connection)
            .where(Connection.conn_type == CONNECTION_TYPE, Connection.login == client_id)
            .order_by(Connection.conn_id)
        ).all()
        return {str(row.conn_id): _read(str(row.conn_id), row, None) for row in rows}


def replace_client_secret(connection: SellerConnection, client_secret: str, made_on: str) -> bool:
    """Store a new client secret in a connection.

    :param connection: as it was read; if its application or secret is another one by now, it is left as it is.
    :param made_on: the day on which the new one was made, ISO 8601, UTC.
    :return: whether it was stored.
    """
    with create_session() as session:
        row = session.scalar(select(Connection).where(Connection.conn_id == connection.name).with_for_update())
        if row is None or (row.login, row.password) != (connection.client_id, connection.client_secret):
            return False
        row.set_password(client_secret)
        row.set_extra(json.dumps({**row.extra_dejson, "rotated_on": made_on}))
        return True


def note(event: str, user: str, **what: Any) -> None:
    """Write a line of Airflow's audit log; it holds no secret."""
    with create_session() as session:
        session.add(Log(event=event, owner=user, owner_display_name=user, extra=json.dumps(what)))
