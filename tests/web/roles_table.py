"""Every page, file and DAG against every role, asked of Airflow's API server with the FAB auth manager.

A program of its own, since a process of Airflow has one auth manager: `python -m tests.web.roles_table FOLDER` prints, as JSON,
the status of each request for each role. `tests/web/test_roles.py` compares it with what has to be.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
AIRFLOW = "http://airflow.test"
ROLES = {
    "viewer": "Finance viewer",
    "approver": "Finance approver",
    "engineer": "Data engineer",
    "admin": "Administrator",
    "acme viewer": "Finance viewer of acme",
    "acme approver": "Finance approver of acme",
    "birch viewer": "Finance viewer of birch",
    "birch approver": "Finance approver of birch",
    "op": "Op",
    "nobody": "Public",
}
"""Who asks, and the role that they have. `Op` is Airflow's own: none of Tieout's, so it opens no page of Tieout's."""

INVALID: dict[str, Any] = {"logical_date": "never"}
"""No run comes of it: it is refused as wrong (422) by whoever may trigger, and as not allowed (403) before that."""


def environment(folder: Path) -> dict[str, str]:
    """The environment of a deployment with two clients, and nothing in it yet."""
    (folder / "accounts.yaml").write_text(
        "clients: [{name: acme}, {name: birch}]\n"
        "accounts: [{name: acme_eu, region: EU, client: acme}, {name: birch_na, region: NA, client: birch}]\n"
    )
    for name, content in (("", "of all"), ("clients/acme/", "of acme"), ("clients/birch/", "of birch")):
        file = folder / "published" / name / "tieout.duckdb"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return {
        **os.environ,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
        "AIRFLOW__API__BASE_URL": AIRFLOW,
        "AIRFLOW__API__SECRET_KEY": "a key of the tests",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a key that is long enough for the signature of the tests' tokens",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "TIEOUT_ACCOUNTS_FILE": str(folder / "accounts.yaml"),
        "TIEOUT_PUBLISHED_WAREHOUSE": str(folder / "published" / "tieout.duckdb"),
        "TIEOUT_HOME": str(folder),
    }


def requests(dags: list[str]) -> dict[str, tuple[str, str, Any]]:
    """What is asked: by what it is called, method, path and JSON body."""
    asked: dict[str, tuple[str, str, Any]] = {
        "page Seller accounts": ("GET", "/tieout/sellers", None),
        "page of acme_eu": ("GET", "/tieout/sellers/acme_eu", None),
        "page of birch_na": ("GET", "/tieout/sellers/birch_na", None),
        "page of nobody_na": ("GET", "/tieout/sellers/nobody_na", None),
        "page Read copies": ("GET", "/tieout/read-copies", None),
        "file of all": ("GET", "/tieout/read-copies/all", None),
        "file of acme": ("GET", "/tieout/read-copies/of/acme", None),
        "file of birch": ("GET", "/tieout/read-copies/of/birch", None),
        "file of nobody": ("GET", "/tieout/read-copies/of/nobody", None),
        "connections": ("GET", "/api/v2/connections", None),
        "test a connection": ("POST", "/api/v2/connections/test", {}),
        "variables": ("GET", "/api/v2/variables", None),
        "audit log": ("GET", "/api/v2/eventLogs", None),
        "import errors": ("GET", "/api/v2/importErrors", None),
        "values between tasks": ("GET", "/api/v2/dags/warehouse/dagRuns/r/taskInstances/load/xcomEntries", None),
        "log of a task": ("GET", "/api/v2/dags/warehouse/dagRuns/r/taskInstances/load/logs/1", None),
    }
    for dag in dags:
        asked[f"see {dag}"] = ("GET", f"/api/v2/dags/{dag}", None)
        asked[f"run {dag}"] = ("POST", f"/api/v2/dags/{dag}/dagRuns", INVALID)
        asked[f"clear {dag}"] = ("POST", f"/api/v2/dags/{dag}/clearTaskInstances", {"dry_run": "perhaps"})
    return asked


def table() -> dict[str, Any]:
    """Ask everything for every role, in a process whose environment is that of `environment`."""
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.models.dag import DagModel
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
    from airflow.utils.session import create_session
    from fastapi.testclient import TestClient
    from sqlalchemy import select

    app = create_app(apps="core")
    with create_session() as session:
        dags = sorted(session.scalars(select(DagModel.dag_id)))
    asked = requests(dags)
    found: dict[str, Any] = {"dags": dags, "status": {name: {} for name in asked}, "files": {}}
    with get_application_builder() as builder:
        manager = builder.sm
        for who, role in ROLES.items():
            user = manager.add_user(who, who, who, f"{who.replace(' ', '.')}@example.com", manager.find_role(role), "p")
            client = TestClient(app, base_url=AIRFLOW, follow_redirects=False)
            client.cookies.set("_token", get_auth_manager().generate_jwt(user))
            for name, (method, path, body) in asked.items():
                answer = client.request(method, path, json=body)
                found["status"][name][who] = answer.status_code
                if answer.status_code == 200 and name.startswith(("file", "page")):
                    found["files"][f"{who}: {name}"] = answer.text
    from airflow.models.log import Log

    with create_session() as session:
        found["audit"] = [
            (row.owner, row.event, json.loads(row.extra or "{}"))
            for row in session.scalars(select(Log).where(Log.event.like("tieout%")))
        ]
    return found


def main(folder: Path) -> int:
    """Make the deployment, and print the table."""
    env = environment(folder)
    for command in (["db", "migrate"], ["tieout", "sync-roles"], ["dags", "reserialize"]):
        subprocess.run([sys.executable, "-m", "airflow", *command], env=env, check=True, stdout=sys.stderr)
    done = subprocess.run([sys.executable, "-m", "tests.web.roles_table"], env=env, check=True, stdout=subprocess.PIPE)
    sys.stdout.buffer.write(done.stdout.splitlines()[-1] + b"\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    sys.stdout.write(json.dumps(table()) + "\n")
