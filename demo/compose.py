"""What docker-compose.yaml is given: a `.env` for the simulated Amazon, and the files of `secrets/`."""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
from pathlib import Path

from demo.connections import origins
from demo.layout import CLOCK_INSTANT, HISTORY_DAYS, LAKE_BUCKET, Ports

LAKE_KEY = "tieout"
"""The key of the S3 server in docker-compose.yaml; its secret is one of `secrets/`."""


def compose_environment() -> str:
    """Return a `.env` for docker-compose.yaml and the simulated Amazon. It holds no secret."""
    values = {
        "AIRFLOW_BASE_URL": "http://127.0.0.1:8080",
        "AIRFLOW_ADMIN_EMAIL": "admin@localhost",
        "TIEOUT_S3_KEY": LAKE_KEY,
        "TIEOUT_LAKE_ENCRYPTION": "AES256",
        "TIEOUT_PERSONAL_DAYS": "30",
        "TIEOUT_LAKE_BUCKET": LAKE_BUCKET,
        "SIMULATED_AMAZON_CLOCK": f"{CLOCK_INSTANT}@{time.time():.0f}x60",
        "TIEOUT_SIMULATED_AMAZON": origins(Ports(9700 - Ports(0).amazon["NA"]), "simulated-amazon"),
        "TIEOUT_IMPORT_PLACES": "/var/lib/tieout/imports",
        "TIEOUT_SCHEDULE_END": CLOCK_INSTANT,
        "TIEOUT_FAMILIES": "all",
        "TIEOUT_HISTORY_DAYS": str(HISTORY_DAYS),
        "TIEOUT_READER_MEMORY": "2048",
        "TIEOUT_WORKER_MEMORY": "12g",
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def compose_secrets() -> dict[str, str]:
    """Return new secrets by the name of their file, as docker-compose.yaml reads them."""
    postgres, redis, lake = (secrets.token_hex(24) for _ in range(3))
    connections = {
        "tieout_lake": {
            "conn_type": "aws",
            "login": LAKE_KEY,
            "password": lake,
            "extra": {"endpoint_url": "http://s3:8333", "region_name": "us-east-1"},
        },
        "tieout_personal_key": {"conn_type": "generic", "password": secrets.token_hex(32)},
    }
    return {
        "postgres_password": postgres,
        "redis_password": redis,
        "lake_secret": lake,
        "airflow_database_url": f"postgresql+psycopg2://airflow:{postgres}@postgres/airflow",
        "airflow_fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "airflow_jwt_secret": secrets.token_hex(32),
        "airflow_api_secret_key": secrets.token_hex(32),
        "airflow_admin_password": secrets.token_urlsafe(18),
        "celery_broker_url": f"redis://:{redis}@redis:6379/0",
        "celery_result_url": f"redis://:{redis}@redis:6379/1",
        "connections.json": json.dumps(connections, indent=1),
    }


def write_secrets(folder: Path) -> list[str]:
    """Write a folder of new secrets that nobody else may enter; files that are there stay as they are.

    The files can be read by everyone who gets that far: a container, which Docker shows single files, runs as another user.

    Raises:
        FileExistsError: If some of the files are there and some are not: their secrets belong together.

    Returns:
        The names of the files that were written; none if all were there.
    """
    found = compose_secrets()
    there = [name for name in found if (folder / name).exists()]
    if there and len(there) < len(found):
        missing = ", ".join(name for name in found if name not in there)
        raise FileExistsError(
            f"{folder} has some of the secrets and lacks {missing}: they belong together. Restore those that are missing, or "
            "move the folder away to begin anew, with new passwords in Postgres and a new Fernet key"
        )
    if there:
        return []
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    for name, secret in found.items():
        with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w") as file:
            file.write(secret)
            os.fchmod(file.fileno(), 0o444)
    return list(found)
