"""Where the demo keeps its files and which ports it takes."""

from __future__ import annotations

import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"

CLOCK_INSTANT = "2026-08-31T15:30:00Z"
"""The simulated Amazon's date when the demo starts, so that everybody sees the same figures."""
SEED = 7
LAKE_BUCKET = "tieout-lake"
HISTORY_DAYS = 30
"""How far back the demo asks for reports: one window of most of them, so that it ends within minutes. The simulated world is
150 days old."""
LAST_BUSINESS_DAY = "2026-08-30"
"""The last business day that has ended in every region at that instant."""


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


@dataclass(frozen=True)
class Ports:
    """Twenty-four consecutive ports on loopback, from `TIEOUT_DEMO_PORT` (7800) on."""

    first: int

    @property
    def airflow(self) -> int:
        return self.first

    @property
    def s3(self) -> int:
        return self.first + 1

    @property
    def s3_parts(self) -> dict[str, int]:
        """The S3 server's own parts, by flag."""
        names = "s3.port.grpc master.port master.port.grpc volume.port volume.port.grpc filer.port filer.port.grpc"
        names += " admin.port admin.port.grpc"
        return {name: self.first + 2 + number for number, name in enumerate(names.split())}

    @property
    def amazon(self) -> dict[str, int]:
        """The simulated Amazon's ports, by region and `login`."""
        return {name: self.first + 20 + number for number, name in enumerate(("NA", "EU", "FE", "login"))}

    @property
    def all(self) -> dict[str, int]:
        """Every port with what it is for."""
        return {
            "Airflow": self.airflow,
            "S3": self.s3,
            **{f"S3 ({name})": port for name, port in self.s3_parts.items()},
            **{f"simulated Amazon ({name})": port for name, port in self.amazon.items()},
        }

    def taken(self) -> dict[int, str]:
        """The ports that another program listens on, with what they are for."""
        return {port: name for name, port in self.all.items() if not _is_free(port)}

    def require_free(self) -> None:
        """Raise if another program listens on one of them.

        :raises DemoError: naming the ports, and how to choose others.
        """
        if taken := [f"{port} (for {name})" for port, name in self.taken().items()]:
            raise DemoError(
                f"another program listens on port {', '.join(taken)}. Stop it, or choose another block of ports: "
                f"TIEOUT_DEMO_PORT={self.first + 1000} make demo"
            )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Layout:
    """The demo's folder. Deleting it, with nothing running, undoes the demo."""

    home: Path
    ports: Ports
    scale: float
    clock_instant: str = CLOCK_INSTANT

    @classmethod
    def from_environment(cls) -> Layout:
        """Read `TIEOUT_DEMO_HOME`, `TIEOUT_DEMO_PORT` and `TIEOUT_DEMO_SCALE`.

        :raises DemoError: if one of them is not a number.
        """
        try:
            ports = Ports(int(os.environ.get("TIEOUT_DEMO_PORT", "7800")))
            scale = float(os.environ.get("TIEOUT_DEMO_SCALE", "120"))
        except ValueError as error:
            raise DemoError(f"TIEOUT_DEMO_PORT and TIEOUT_DEMO_SCALE have to be numbers: {error}") from error
        return cls(Path(os.environ.get("TIEOUT_DEMO_HOME", ROOT / ".tieout" / "demo")).resolve(), ports, scale)

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def airflow_home(self) -> Path:
        return self.home / "airflow"

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def s3(self) -> Path:
        return self.home / "s3"

    @property
    def archive(self) -> Path:
        """Settlement files as a person downloaded them, older than Amazon's 90 days."""
        return self.home / "archive"

    @property
    def live_warehouse(self) -> Path:
        return self.home / "warehouse" / "live.duckdb"

    @property
    def warehouse(self) -> Path:
        """The read copy that analysts open."""
        return self.home / "tieout.duckdb"

    @property
    def data_docs(self) -> Path:
        return self.home / "data_docs"

    @property
    def accounts_file(self) -> Path:
        return self.home / "accounts.yaml"

    @property
    def truth(self) -> Path:
        """What every settlement must sum to, as the simulated Amazon knows it."""
        return self.home / "truth.json"

    @property
    def processes(self) -> Path:
        return self.home / "processes.json"

    def secret(self, name: str) -> str:
        """Return a random secret of this demo, made when it is asked for first."""
        path = self.home / "secrets.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            path.touch(mode=0o600)
            path.write_text(json.dumps(known))
        return known[name]
