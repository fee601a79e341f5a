"""One bad file, record or staged file takes down itself alone."""

from __future__ import annotations

import datetime as dt
import errno
import os
import random
import signal
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from demo.damage import damage_object, small_disk
from tests.intake.small_world import ACCOUNT, SmallWorld, flat_file
from tests.warehouse.conftest import rows
from tieout import work
from tieout.alerts import AlertKind, Severity
from tieout.bounded import Limits
from tieout.documents import Decision, Document, DocumentOutcome, ReasonCode, State
from tieout.intake import reading
from tieout.intake.alerting import open_alerts
from tieout.intake.damage import damages, follow_damages
from tieout.intake.imports import receive_files
from tieout.intake.load import load_region
from tieout.intake.reading import Read
from tieout.intake.records import Outcomes, Progress
from tieout.intake.settling import judge_again
from tieout.lake import DamagedRecord, Keys, Lake
from tieout.warehouse import Warehouse

MONDAY = dt.date(2026, 8, 17)
MIB = 1 << 20
_stage = reading.stage


def hungry(document: Document, *others: object) -> Read:
    """A reader for which one document is too much."""
    if document.report_id == "1":
        held = []
        while True:
            held.append(b"x" * (16 * MIB))
            time.sleep(0.005)
    return _stage(document, *others)  # type: ignore[arg-type]


def crashing(document: Document, *others: object) -> Read:
    """A reader that one document crashes."""
    if document.report_id == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    return _stage(document, *others)  # type: ignore[arg-type]


def full(document: Document, *others: object) -> Read:
    """A reader whose disk is full."""
    raise OSError(errno.ENOSPC, "No space left on device")


def outcomes(lake: Lake) -> dict[str, DocumentOutcome]:
    found = lake.get_record(Keys.outcomes(MONDAY, ACCOUNT.region, ACCOUNT.name), Outcomes)
    assert found is not None
    return {str(each.document.report_id): each for each in found.outcomes}


@pytest.mark.parametrize(
    ("stage", "why"),
    [(hungry, "more than 524,288,000 bytes of memory (TIEOUT_READER_MEMORY, in MiB), twice"), (crashing, "SIGKILL")],
)
def test_a_document_that_stops_the_reader_twice_is_quarantined_and_the_others_are_read(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: object, why: str
) -> None:
    monkeypatch.setattr(reading, "stage", stage)
    monkeypatch.setattr(Limits, "of_reader", lambda: Limits(500 * MIB, 60, 100 * MIB))
    world = SmallWorld(lake, tmp_path)
    for number in range(3):
        world.make(str(number), MONDAY, flat_file(number, "10.00"))
    world.publish(MONDAY)
    found = outcomes(lake)
    assert [found[name].state for name in ("0", "1", "2")] == [State.READY, State.QUARANTINED, State.READY]
    (reason,) = found["1"].reasons
    assert reason.code is ReasonCode.READER_FAILED
    assert why in reason.message


def test_trouble_of_the_machine_is_no_fault_of_the_file(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = SmallWorld(lake, tmp_path)
    world.make("1", MONDAY, flat_file(1, "10.00"))
    with monkeypatch.context() as patched:
        patched.setattr(reading, "stage", full)
        with pytest.raises(OSError, match="No space left"):
            world.publish(MONDAY)
    world.publish(MONDAY)
    assert outcomes(lake)["1"].state is State.READY


def kill(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_file_that_stops_its_recognition_is_kept(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_bytes(flat_file(0, "10.00"))
    (tmp_path / "b.txt").write_bytes(flat_file(1, "20.00"))
    monkeypatch.setattr(
        reading, "recognise", lambda path, file_name: kill() if file_name == "a.txt" else reading.SETTLEMENT
    )
    (listing,) = receive_files(lake, str(tmp_path), ACCOUNT.name, [ACCOUNT])
    assert {each.file_name: each.report_type for each in listing.documents} == {
        "a.txt": reading.IMPORTED_UNKNOWN,
        "b.txt": reading.IMPORTED_SETTLEMENT,
    }


TUESDAY = MONDAY + dt.timedelta(days=1)
DAMAGE = {"empty": lambda _: b"", "cut": lambda body: body[: len(body) // 2], "no JSON": lambda _: b"\x00\xff" * 40,
          "another shape": lambda _: b'{"colour": "blue"}', "a list": lambda _: b"[]"}  # fmt: skip
LOADED = "SELECT settlement_id, sum(amount) FROM core.settlement_line GROUP BY 1 ORDER BY 1"
BOTH = [("11000000000", Decimal("10.00")), ("11000000001", Decimal("20.00"))]


def world_of_two(lake: Lake, folder: Path) -> SmallWorld:
    """Two settlements of 10.00 and 20.00 EUR, published on Monday."""
    world = SmallWorld(lake, folder)
    world.make("0", MONDAY, flat_file(0, "10.00"))
    world.make("1", MONDAY, flat_file(1, "20.00"))
    world.publish(MONDAY)
    return world


def load(world: SmallWorld, warehouse: Warehouse, day: dt.date) -> dict[str, Any]:
    result = load_region(
        warehouse, world.lake, ACCOUNT.region, day, published=True, run_id=f"run-{day}", folder=world.folder
    )
    assert result is not None
    return result


@pytest.mark.parametrize(
    "name", ["manifest.json", "reading-", "outcome-", "/first/2026-08.json", f"days/{MONDAY}.json", "reasons.json"]
)
def test_a_damaged_record_that_is_made_again_loses_and_doubles_nothing(
    lake: Lake, tmp_path: Path, warehouse: Warehouse, name: str
) -> None:
    """Damaged in each way, one day after the other."""
    world = world_of_two(lake, tmp_path)
    load(world, warehouse, MONDAY)
    for number, damage in enumerate(DAMAGE.values(), start=1):
        day = MONDAY + dt.timedelta(days=number)
        for key in [key for key in lake.keys("") if name in key and "damaged" not in key]:
            lake.put(key, damage(lake.get(key) or b""))
        world.publish(day)
        assert load(world, warehouse, day)["unaccounted"] == {}, number
        assert rows(warehouse, LOADED) == BOTH, number
    assert rows(warehouse, "SELECT DISTINCT state FROM ops.document") == [("loaded",)]


@pytest.mark.parametrize("how", DAMAGE)
def test_a_document_without_a_manifest_waits_in_quarantine_and_comes_back(lake: Lake, tmp_path: Path, how: str) -> None:
    world = world_of_two(lake, tmp_path)
    document = outcomes(lake)["1"].document
    key = Keys.raw_manifest(document)
    lake.put(key, DAMAGE[how](lake.get(key) or b""))
    (outcome,) = judge_again(lake, [document], None)
    assert (outcome.state, outcome.reasons[0].code) == (State.QUARANTINED, ReasonCode.NOT_RECEIVED)
    assert key in outcome.reasons[0].message
    assert lake.get(Keys.damaged(key)) is not None
    (alert,) = damages(lake)
    assert (alert.kind, alert.subject, alert.account) == (AlertKind.RECORD_DAMAGED, key, ACCOUNT.name)
    assert alert.severity is Severity.WARNING
    now = dt.datetime(2026, 8, 17, tzinfo=dt.UTC)
    assert follow_damages(lake, now) == []
    assert [each.alert.subject for each in open_alerts(lake)] == [key]
    world.publish(MONDAY)  # which receives what is not there
    assert outcomes(lake)["1"].state is State.READY
    assert [each.alert.subject for each in follow_damages(lake, now)] == [key]
    assert open_alerts(lake) == []


def test_a_damaged_decision_is_not_taken_for_none(lake: Lake, tmp_path: Path, warehouse: Warehouse) -> None:
    world = world_of_two(lake, tmp_path)
    lake.put(Keys.decision("one"), b"")
    load(world, warehouse, MONDAY)
    assert rows(warehouse, LOADED) == BOTH
    (alert,) = damages(lake)
    assert (alert.subject, alert.severity) == (Keys.decision("one"), Severity.CRITICAL)
    with pytest.raises(DamagedRecord, match=Keys.decision("one")):
        lake.get_record(Keys.decision("one"), Decision)


def test_a_record_of_a_newer_version_stays_where_it_is(lake: Lake) -> None:
    """After a downgrade, nothing is moved away that the newer version needs."""
    progress = Progress(planned_on=MONDAY)
    lake.put("progress.json", progress.model_dump_json()[:-1].encode() + b', "of_2027": 1}')
    with pytest.raises(DamagedRecord, match="fields of another version of Tieout"):
        lake.get_record("progress.json", Progress)
    assert lake.get("progress.json") is not None


def staged_files(lake: Lake, report_id: str) -> list[str]:
    return [key for key in lake.keys(Keys.all_staged()) if f".{report_id}/" in key and key.endswith(".parquet")]


@pytest.mark.parametrize("gone", [False, True])
def test_a_damaged_staged_file_is_read_again_from_its_bytes(
    lake: Lake, tmp_path: Path, warehouse: Warehouse, gone: bool
) -> None:
    world = world_of_two(lake, tmp_path)
    for key in staged_files(lake, "1"):
        body = lake.get(key) or b""
        lake.delete(key) if gone else lake.put(key, body[: len(body) // 2])
    assert load(world, warehouse, MONDAY)["unaccounted"] == {}
    assert rows(warehouse, LOADED) == BOTH


def test_a_changed_staged_file_is_not_believed(lake: Lake, tmp_path: Path, warehouse: Warehouse) -> None:
    """Its lines and its form are right, and are those of another document."""
    world = world_of_two(lake, tmp_path)
    for mine, other in zip(staged_files(lake, "1"), staged_files(lake, "0"), strict=True):
        lake.put(mine, lake.get(other) or b"")
    load(world, warehouse, MONDAY)
    assert rows(warehouse, LOADED) == BOTH


def test_a_document_whose_bytes_are_damaged_too_is_quarantined_alone(
    lake: Lake, tmp_path: Path, warehouse: Warehouse
) -> None:
    world = world_of_two(lake, tmp_path)
    for key in (*staged_files(lake, "1"), Keys.raw_body(outcomes(lake)["1"].document)):
        lake.put(key, b"")
    load(world, warehouse, MONDAY)
    assert rows(warehouse, LOADED) == BOTH[:1]
    found = rows(warehouse, "SELECT document_id, state, reason_code FROM ops.document ORDER BY 1")
    assert found == [("acme_eu.0", "loaded", None), ("acme_eu.1", "quarantined", "raw_differs")]


def test_an_account_that_cannot_be_loaded_keeps_back_no_other(lake: Lake, tmp_path: Path, warehouse: Warehouse) -> None:
    """Its outcome says that it is ready, and has no checks: nobody foresaw that."""
    world = world_of_two(lake, tmp_path)
    bad = outcomes(lake)["1"]
    bad = bad.model_copy(
        update={"document": bad.document.model_copy(update={"document_id": "beta_eu.7", "account": "beta_eu"}),
                "suite_version": None}
    )  # fmt: skip
    other = Outcomes(region=ACCOUNT.region, account="beta_eu", business_day=MONDAY, outcomes=(bad,))
    lake.put_record(Keys.outcomes(MONDAY, ACCOUNT.region, "beta_eu"), other)
    for _ in range(2):
        ((subject, message),) = load(world, warehouse, MONDAY)["unaccounted"].items()
        assert subject == f"beta_eu {MONDAY}"
        assert "beta_eu.7 is handed in as ready, and lacks" in message
        assert "1 settlements of 20.00 EUR wait for it" in message
        assert rows(warehouse, LOADED) == BOTH
    lake.delete(Keys.outcomes(MONDAY, ACCOUNT.region, "beta_eu"))
    assert load(world, warehouse, MONDAY)["unaccounted"] == {}


@pytest.mark.parametrize("seed", range(3))
def test_objects_that_are_damaged_at_random_are_not_seen_in_the_books(
    lake: Lake, tmp_path: Path, warehouse: Warehouse, seed: int
) -> None:
    """The short form of what `make chaos` does to the lake, between every two steps of three days."""
    chance = random.Random(seed)
    world = SmallWorld(lake, tmp_path)
    damaged = []
    for number in range(3):
        day = MONDAY + dt.timedelta(days=number)
        world.make(str(number), day, flat_file(number, "10.00", "-0.50"))
        world.publish(day)
        damaged += [damage_object(lake, chance) for _ in range(8)]
        assert load(world, warehouse, day)["unaccounted"] == {}
        damaged += [damage_object(lake, chance) for _ in range(8)]
    assert len(list(filter(None, damaged))) >= 8
    assert rows(warehouse, LOADED) == [(f"1100000000{number}", Decimal("9.50")) for number in range(3)]


def test_a_full_disk_of_temporary_files_fails_the_task_and_the_next_try_reads(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "work") as disk:
        if disk is None:
            pytest.skip("this user may not mount a disk")
        monkeypatch.setattr(work, "_place", lambda _: disk.place)
        world = SmallWorld(lake, tmp_path)
        world.make("1", MONDAY, flat_file(1, "10.00"))
        disk.fill()
        with pytest.raises(OSError, match="No space left") as full:
            world.publish(MONDAY)
        assert full.value.errno == errno.ENOSPC
        disk.free()
        world.publish(MONDAY)
        assert outcomes(lake)["1"].state is State.READY
