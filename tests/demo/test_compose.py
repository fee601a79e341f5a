"""docker-compose.yaml holds together: what it names is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.services import compose_environment

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def names(environment: str) -> set[str]:
    return {line.split("=")[0] for line in environment.splitlines() if line and not line.startswith("#")}


def test_every_airflow_3_service_is_there() -> None:
    commands = {name: str(service.get("command")) for name, service in SERVICES.items()}
    for command in ("api-server", "scheduler", "dag-processor", "triggerer", "celery worker", "db migrate"):
        assert any(command in each for each in commands.values()), command
    assert {"postgres", "redis", "s3", "simulated-amazon"} <= SERVICES.keys()
    assert SERVICES["simulated-amazon"]["profiles"] == ["simulated-amazon"]


def test_every_variable_is_explained_and_made() -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT))
    assert used <= names((ROOT / ".env.example").read_text(encoding="utf-8"))
    assert used <= names(compose_environment())


def test_no_secret_has_a_value_of_its_own() -> None:
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if any(word in name for word in ("PASSWORD", "SECRET", "FERNET")) and not name.startswith("#"):
            assert value == "", name
    assert compose_environment() != compose_environment()


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_depends_on_is_there(service: str) -> None:
    assert set(SERVICES[service].get("depends_on", {})) <= SERVICES.keys()
    for volume in SERVICES[service].get("volumes", ()):
        assert volume.split(":")[0] in COMPOSE["volumes"]


def test_only_airflow_is_published_and_on_loopback_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"airflow-apiserver": ["127.0.0.1:8080:8080"]}


def test_the_connections_are_json() -> None:
    environment = SERVICES["airflow-worker"]["environment"]
    for name in ("AIRFLOW_CONN_TIEOUT_LAKE", "AIRFLOW_CONN_TIEOUT_WAREHOUSE"):
        assert json.loads(environment[name])["conn_type"] in ("aws", "duckdb")


def test_the_image_holds_what_the_services_run() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for folder in ("dags", "plugins", "include", "simulator", "demo"):
        assert f"COPY {folder} {folder}" in dockerfile
        assert f"!{folder}" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
