"""The key of personal values behind an Airflow connection."""

from __future__ import annotations

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from tieout.privacy import NO_KEY, Privacy
from tieout.settings import PERSONAL_KEY_CONNECTION, settings

SHORTEST_KEY = 32
"""Characters. A shorter key can be guessed, and with it every value that was hashed."""


def privacy(connection_id: str = PERSONAL_KEY_CONNECTION) -> Privacy:
    """Return what this deployment does with personal values.

    The connection's password is the key; earlier keys are a list `earlier` in its extra. Without the connection there is no
    key, and what would be hashed is not kept.

    Raises:
        ValueError: A key is too short.
    """
    known = settings()
    keys: list[str] = []
    try:
        connection = BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        pass
    else:
        keys = [connection.password or "", *connection.extra_dejson.get("earlier", ())]
        if any(len(each) < SHORTEST_KEY for each in keys):
            raise ValueError(
                f"a key of the Airflow connection {connection_id!r} has less than {SHORTEST_KEY} characters. Make one: "
                'python -c "import secrets; print(secrets.token_hex(32))"'
            )
    unknown = NO_KEY.harmless | known.unknown_columns
    return Privacy(tuple(each.encode() for each in keys), known.personal_kept, unknown)
