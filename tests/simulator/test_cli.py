"""The commands of `python -m simulator`, and the clock that they are given."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.__main__ import main
from simulator.app import PORTS, PortTaken, listen
from simulator.clock import VirtualClock
from simulator.marketplaces import BY_ID
from tests.conftest import free_ports

INSTANT = "2026-08-31T15:00:00Z"


@pytest.mark.parametrize(
    ("spec", "real", "shows"),
    [
        (f"{INSTANT}@1000x60", 1000, "2026-08-31T15:00:00+00:00"),
        (f"{INSTANT}@1000x60", 1002, "2026-08-31T15:02:00+00:00"),
        (f"{INSTANT}@1000", 1002, "2026-08-31T15:00:02+00:00"),
        (f"{INSTANT}x0.5", 1000, "2026-08-31T15:00:00+00:00"),
        ("2026-08-31T15:00:00+09:00@1000x1", 1000, "2026-08-31T06:00:00+00:00"),
    ],
)
def test_a_clock_is_read_from_a_text(spec: str, real: float, shows: str) -> None:
    clock = VirtualClock.parse(spec)
    parsed = VirtualClock(clock.instant, clock.epoch if "@" in spec else real, clock.scale, real_now=lambda: real)
    assert parsed.now() == dt.datetime.fromisoformat(shows)


def test_a_clock_can_be_advanced_and_not_turned_back() -> None:
    clock = VirtualClock(dt.datetime(2026, 8, 31, tzinfo=dt.UTC), epoch=0, real_now=lambda: 10)
    clock.advance(3600)
    assert clock.now() == dt.datetime(2026, 8, 31, 1, 0, 10, tzinfo=dt.UTC)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-1)


@pytest.mark.parametrize("spec", ["tomorrow", "2026-08-31T15:00:00", f"{INSTANT}x0", f"{INSTANT}@x60", ""])
def test_a_wrong_clock_is_refused(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["truth", "--clock", spec]) == 1
    assert capsys.readouterr().err.startswith("simulator: ")


def test_accounts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "--seed", "7"]) == 0
    accounts = json.loads(capsys.readouterr().out)
    assert {marketplace for account in accounts for marketplace in account["marketplaces"]} == set(BY_ID)
    assert {account["region"] for account in accounts} == {"NA", "EU", "FE"}
    for name in ("account", "selling_partner_id", "refresh_token"):
        assert len({account[name] for account in accounts}) == len(accounts)
    aurora = accounts[0]
    assert aurora["account"] == "aurora_na"
    assert [BY_ID[marketplace].country for marketplace in aurora["marketplaces"]] == ["US", "CA", "MX", "BR"]
    assert aurora["client_id"].startswith("amzn1.application-oa2-client.")
    assert aurora["refresh_token"].startswith("Atzr|")


def test_the_truth_of_a_clock_and_a_seed_is_always_the_same(truth: list[dict[str, Any]], tmp_path: Path) -> None:
    out = tmp_path / "truth.json"
    assert main(["truth", "--clock", INSTANT, "--seed", "7", "--out", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["documents"] == json.loads(json.dumps(truth))


def test_an_older_world_can_be_met_later(truth: list[dict[str, Any]], tmp_path: Path) -> None:
    out = tmp_path / "truth.json"
    later = ["truth", "--clock", "2026-09-01T15:00:00Z", "--opened", "2026-04-03", "--out", str(out)]
    assert main(later) == 0
    totals = {d["settlement_id"]: d["control_total"] for d in json.loads(out.read_text("utf-8"))["documents"]}
    assert {d["settlement_id"]: d["control_total"] for d in truth}.items() <= totals.items()


def test_the_archive_holds_what_the_truth_lists(truth: list[dict[str, Any]], tmp_path: Path) -> None:
    assert main(["archive", "--clock", INSTANT, "--out", str(tmp_path)]) == 0
    written = {(path.parent.name, path.name) for path in tmp_path.glob("*/*.txt")}
    assert written == {(d["account"], d["file_name"]) for d in truth if d["source"] == "import"}
    assert {account for account, _ in written} >= {"aurora_na", "dorado_eu", "hinode_fe"}


def test_it_serves_four_ports_until_it_is_told_to_stop() -> None:
    port = four_in_a_row()
    command = [sys.executable, "-m", "simulator", "serve", "--clock", f"{INSTANT}x60", "--port", str(port)]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."})
    try:
        assert program.stdout is not None
        assert "runs 60 times as fast" in program.stdout.readline()
        deadline = time.monotonic() + 30
        while True:
            try:
                for offset in range(PORTS):
                    answer = httpx.get(f"http://127.0.0.1:{port + offset}/simulator/health")
                    assert answer.json() == {"status": "ok"}
                break
            except httpx.ConnectError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert httpx.get(f"http://127.0.0.1:{port}/simulator/clock").json()["scale"] == 60
    finally:
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=30) in (0, -signal.SIGTERM)


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    port = four_in_a_row()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 2))
        taken.listen()
        assert main(["serve", "--clock", INSTANT, "--port", str(port)]) == 1
        message = capsys.readouterr().err
        assert f"port {port + 2} on 127.0.0.1 cannot be had" in message
        assert "--port" in message
        with pytest.raises(PortTaken):
            listen("127.0.0.1", port + 2)
    # the ports that were free are free again
    for opened in listen("127.0.0.1", port):
        opened.close()


def four_in_a_row() -> int:
    """The first of four free ports in a row."""
    for _ in range(50):
        (port,) = free_ports(1)
        if port + PORTS < 65536:
            try:
                for opened in listen("127.0.0.1", port):
                    opened.close()
            except PortTaken:
                continue
            return port
    raise AssertionError("no four free ports in a row")
