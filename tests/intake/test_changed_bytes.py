"""Bytes in the lake that are not those that were received: quarantined, and read again once they are restored."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.intake.small_world import ACCOUNT, SmallWorld, flat_file
from tieout.amazon.clock import Clock
from tieout.documents import Document, State
from tieout.intake.fetching_again import fetch_again
from tieout.intake.imports import receive_files
from tieout.intake.records import Manifest
from tieout.intake.settling import check, forget, judge_again, outcomes_of, read, shelve
from tieout.lake import Keys, Lake

DAY = dt.date(2026, 8, 20)
RIGHT = flat_file(0, "10.00")
CHANGED = RIGHT.replace(b"10.00", b"99.00")


@pytest.fixture
def document(lake: Lake, tmp_path: Path) -> Document:
    """A settlement that was read and tied out."""
    world = SmallWorld(lake, tmp_path)
    name = world.make("1", DAY, RIGHT)
    world.publish(DAY)
    (manifest,) = (
        found
        for key in lake.keys("raw/")
        if key.endswith("manifest.json") and (found := lake.get_record(key, Manifest))
    )
    assert manifest.document.document_id == name
    assert outcomes_of(lake, [manifest.document])[0].state is State.READY
    return manifest.document


@pytest.mark.parametrize("bytes_now", [CHANGED, b"", None])
def test_changed_bytes_do_not_tie_out(lake: Lake, document: Document, bytes_now: bytes | None) -> None:
    """Total and line both say 99.00: nothing but the digest of what was received shows it."""
    if bytes_now is None:
        lake.delete(Keys.raw_body(document))
    else:
        lake.put(Keys.raw_body(document), bytes_now)
    (outcome,) = judge_again(lake, [document], None)
    assert outcome.state is State.QUARANTINED
    (reason,) = outcome.reasons
    assert reason.code == "raw_differs"
    assert Keys.raw_body(document) in reason.message
    assert "restore the object" in reason.message
    lake.put(Keys.raw_body(document), RIGHT)
    assert judge_again(lake, [document], None)[0].state is State.READY


@pytest.mark.parametrize("gone", [False, True])
def test_a_document_is_fetched_again(lake: Lake, document: Document, tmp_path: Path, gone: bool) -> None:
    world = SmallWorld(lake, tmp_path)
    world.make("1", DAY, RIGHT)
    if gone:
        lake.delete(Keys.raw_body(document))
    else:
        lake.put(Keys.raw_body(document), CHANGED)
    with world.client(ACCOUNT.name, ACCOUNT.region) as (amazon, _):
        fetch_again(amazon, lake, Clock(), document, "decision")  # type: ignore[arg-type]
    assert judge_again(lake, [document], None)[0].state is State.READY


def test_a_file_is_imported_again(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "settlement.txt").write_bytes(RIGHT)

    def take_in() -> Document:
        (listing,) = receive_files(lake, str(tmp_path), ACCOUNT.name, [ACCOUNT])
        read(lake, listing.documents)
        check(lake, listing.documents, None)
        return listing.documents[0]

    document = take_in()
    lake.put(Keys.raw_body(document), CHANGED)
    forget(lake, document)
    take_in()
    (outcome,) = outcomes_of(lake, [document])
    assert outcome.reasons[0].code == "raw_differs"
    shelve(lake, outcome)
    take_in()
    assert outcomes_of(lake, [document])[0].state is State.READY
    assert lake.get(Keys.raw_body(document)) == RIGHT
