"""Takes the secrets out of a connection of ours that is turned into one of another type.

Airflow keeps a connection's password and extra when its type is changed, for a test and for good, and other types send
them to whatever address their fields name: a Slack connection, for one, sends its password to the `base_url` of its extra. Who
may edit a connection, and does not see its secrets, must not be able to have them sent anywhere. Whoever changes the type
for a good reason enters the secrets again.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from tieout.provider import APPSTORE_CONNECTION_TYPE, CONNECTION_TYPE


@cache
def forget_secrets_of_retyped() -> None:
    """Watch the connections that this process changes, from now on."""
    from airflow.models import Connection
    from sqlalchemy import event

    event.listen(Connection.conn_type, "set", _forget, active_history=True)


def _forget(row: Any, new: str, old: Any, initiator: Any) -> None:
    if old in (CONNECTION_TYPE, APPSTORE_CONNECTION_TYPE) and new != old:
        row._password, row.is_encrypted = None, False  # set_password(None) leaves it as it is
        row.set_extra(None)
