"""How Airflow finds Tieout: the plugin, and the provider in the folder beside the package."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from email import message_from_string
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient

from tieout.web.no_port import NoPortIsNoOtherPort

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"


def run(script: str, **environment: str) -> str:
    """The last line that a script prints in a Python of its own."""
    given = {**os.environ, "PYTHONPATH": str(PLUGINS), "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS), **environment}
    done = subprocess.run([sys.executable, "-c", script], env=given, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_the_plugin_imports_nothing_of_weight() -> None:
    script = (
        "import sys, airflow.plugins_manager\n"
        "before = set(sys.modules)\n"
        "import tieout_plugin\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - {'tieout', 'tieout_plugin', '__future__'}))\n"
    )
    assert run(script) == "[]"


def test_the_link_in_the_menu_keeps_airflows_own_path() -> None:
    script = "import tieout_plugin as p; print(p.TieoutPlugin.external_views[0]['href'])"
    assert run(script, AIRFLOW__API__BASE_URL="https://data.example/airflow/") == "/airflow/tieout/sellers"
    assert run(script) == "/tieout/sellers"


def test_the_provider_is_found_wherever_the_package_is() -> None:
    script = (
        "from airflow.providers_manager import ProvidersManager as P\n"
        "print(P().providers['tieout'].version, [m.connection_type for m in P().iter_connection_type_hook_ui_metadata()"
        " if 'tieout' in str(m.hook_class_name)])\n"
    )
    assert run(script) == "1.0.0 ['amazon_appstore', 'selling_partner']"


def test_the_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (folder,) = PLUGINS.glob("tieout-*.dist-info")
    metadata = message_from_string((folder / "METADATA").read_text())
    assert (metadata["Name"], metadata["Version"]) == (project["name"], project["version"])
    assert folder.name == f"tieout-{project['version']}.dist-info"
    assert metadata["Requires-Python"] == project["requires-python"]


OURS = b'{"conn_type": "selling_partner", "port": 0}'
PATH = "/api/v2/connections/test"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (PATH, OURS, b'{"conn_type": "selling_partner", "port": null}'),
        (f"/airflow{PATH}", OURS, b'{"conn_type": "selling_partner", "port": null}'),
        ("/api/v2/connections", OURS, OURS),
        *(
            (PATH, body, body)
            for body in (
                b"",
                b"not json",
                b"[1]",
                b'{"conn_type": "http", "port": 0}',
                b'{"conn_type": "selling_partner", "port": 443}',
                b"x" * (3 << 20),
            )
        ),
    ],
)
def test_only_port_0_of_our_own_type_is_put_right(path: str, body: bytes, expected: bytes) -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        found = await request.body()
        assert len(found) == int(request.headers.get("content-length", 0))
        await Response(found)(scope, receive, send)

    assert TestClient(NoPortIsNoOtherPort(echo)).post(path, content=body).content == expected
