"""One bad file, record or staged file takes down itself alone."""

from __future__ import annotations

import datetime as dt
import errno
import os
import signal
import time
from pathlib import Path

import pytest

from tests.intake.small_world import ACCOUNT, SmallWorld, flat_file
from tieout.bounded import Limits
from tieout.documents import Document, DocumentOutcome, ReasonCode, State
from tieout.intake import reading
from tieout.intake.imports import receive_files
from tieout.intake.reading import Read
from tieout.intake.records import Outcomes
from tieout.lake import Keys, Lake

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
