"""The simulated Amazon's accounts, as Tieout's accounts file and as Airflow connections."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from typing import Any

from demo.layout import HOST, ROOT, SEED, Ports

APPSTORE_SINCE = "2024-05-01"
"""The month before the simulated developer's first: of it Amazon has no report."""


def origins(ports: Ports, host: str = HOST) -> str:
    """Return `TIEOUT_SIMULATED_AMAZON`: the origins that the connections name, which Tieout refuses unless they are in it."""
    return ",".join(f"http://{host}:{port}" for port in ports.amazon.values())


def simulated_accounts() -> list[dict[str, Any]]:
    """Ask the simulated Amazon which accounts it has."""
    command = [sys.executable, "-m", "simulator", "accounts", "--seed", str(SEED)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)


def simulated_developers() -> list[dict[str, Any]]:
    """Ask the simulated Amazon which developers its Appstore has."""
    command = [sys.executable, "-m", "simulator", "developer", "--seed", str(SEED)]
    return [json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)]


def accounts_file(accounts: list[dict[str, Any]], developers: list[dict[str, Any]]) -> str:
    """Return the accounts file, YAML."""
    lines = [f"  - {{name: {account['account']}, region: {account['region']}}}" for account in accounts]
    of_appstore = [f"  - {{name: {developer['account']}, since: {APPSTORE_SINCE}}}" for developer in developers]
    parts = (("accounts", lines), ("developers", of_appstore))
    return "".join("\n".join([f"{name}:", *listed, ""]) if listed else f"{name}: []\n" for name, listed in parts)


def developer_connections(
    developers: list[dict[str, Any]], ports: Ports, clock: str, host: str = HOST
) -> dict[str, dict[str, Any]]:
    """Return the Airflow connections of the Appstore's developers by id, as `airflow connections import` takes them.

    :param clock: as for `connections`.
    :param host: where the simulated Amazon listens.
    """
    url = f"http://{host}:{ports.amazon['login']}"
    return {
        f"tieout_{developer['account']}": {
            "conn_type": "amazon_appstore",
            "host": url,
            "login": developer["client_id"],
            "password": developer["client_secret"],
            "extra": json.dumps({"login_endpoint": url, "clock": clock}),
        }
        for developer in developers
    }


def connections(
    accounts: list[dict[str, Any]], ports: Ports, clock: str, host: str = HOST
) -> dict[str, dict[str, Any]]:
    """Return the Airflow connections by id, as `airflow connections import` takes them.

    :param clock: the simulated Amazon's clock, `<ISO instant>@...`, which its clients count on too.
    :param host: where the simulated Amazon listens.
    """
    # The simulated Amazon's client secrets are 30 days old when its clock starts.
    started_on = dt.date.fromisoformat(clock[:10]) if clock else dt.datetime.now(dt.UTC).date()
    rotated_on = (started_on - dt.timedelta(days=30)).isoformat()
    return {
        f"tieout_{account['account']}": {
            "conn_type": "selling_partner",
            "host": f"http://{host}:{ports.amazon[account['region']]}",
            "login": account["client_id"],
            "password": account["client_secret"],
            "extra": json.dumps(
                {
                    "refresh_token": account["refresh_token"],
                    "login_endpoint": f"http://{host}:{ports.amazon['login']}",
                    "seller_central": f"http://{host}:{ports.amazon['login']}",
                    "clock": clock,
                    "application_id": account["application_id"],
                    "draft": account["draft"],
                    "region": account["region"],
                    "environment": "production",
                    "selling_partner_id": account["selling_partner_id"],
                    "rotated_on": rotated_on,
                }
            ),
        }
        for account in accounts
    }
