"""A planted person in every family that can hold one: nowhere but under `personal/`, and after a month nowhere at all."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.everything import of_database, of_folder, of_lake
from tests.intake.small_world import ACCOUNT, flat_file
from tests.reports.test_personal import KEY, PERSONAL, PLANTED, planted
from tests.warehouse.conftest import content
from tieout.documents import Document, DocumentOutcome, State
from tieout.intake.imports import import_id, read_listings, receive_files
from tieout.intake.load import load_import
from tieout.intake.rebuild import rebuild_warehouse
from tieout.intake.records import Manifest
from tieout.intake.retention import Done, expire
from tieout.intake.settling import check, judge_again, outcomes_of, read, settle
from tieout.lake import Keys, Lake
from tieout.privacy import Privacy
from tieout.reports.families import FAMILIES
from tieout.reports.report import stage_report
from tieout.warehouse import Warehouse

MONTH = dt.timedelta(days=30)
TELLS = [*PLANTED.values(), "Quastenflosser", "9988776", "998877665"]


def found_in(texts: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(place, value) for place, text in texts for value in TELLS if value in text]


@pytest.fixture
def lake(lake: Lake) -> Lake:
    return Lake(lake.client, lake.bucket, privacy=KEY)


def files(folder: Path) -> None:
    """A file for each family with personal columns; and drift, damage, and something that is no report."""
    for name in PERSONAL:
        (folder / f"{name}.txt").write_bytes(planted(FAMILIES[name]))
    (folder / "packed.txt.gz").write_bytes(gzip.compress(planted(FAMILIES["fba_returns"], fnsku="packed")))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("sales.csv", planted(FAMILIES["appstore_sales"], asin="zipped"))
    (folder / "sales.zip").write_bytes(zipped.getvalue())
    comment = f"first\n{PLANTED['name']}\n{PLANTED['email']}"
    (folder / "lines.csv").write_bytes(planted(FAMILIES["date_range"], quoted=True, order_city=comment))
    (folder / "japan.txt").write_bytes(planted(FAMILIES["orders"], product_name="カップ").decode().encode("cp932"))
    (folder / "wide.txt").write_bytes(planted(FAMILIES["orders"], product_name="wide").decode().encode("utf-16"))
    (folder / "short.txt").write_bytes(planted(FAMILIES["gst_b2b"], invoice_amount="11.00"))  # does not add up
    (folder / "shifted.txt").write_bytes(planted(FAMILIES["orders"], item_price=PLANTED["name"]))
    (folder / "letter.txt").write_text(f"Dear {PLANTED['name']},\nyour parcel goes to {PLANTED['address']}")
    (folder / "drift.txt").write_bytes(planted(FAMILIES["reimbursements"]))
    header, *lines = flat_file(0, "10.00").decode().splitlines()
    width = header.count("\t")
    padded = (line + "\t" * (width - line.count("\t")) for line in lines)
    drifted = [header + "\tbuyer-name", *(f"{line}\t{PLANTED['name']}" for line in padded)]
    (folder / "settlement.txt").write_text("\n".join(drifted) + "\n")


@pytest.fixture
def documents(lake: Lake, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> tuple[Document, ...]:
    """The files as documents that were received, read and checked."""
    caplog.set_level(logging.DEBUG, logger="tieout")
    folder = tmp_path / "imports"
    folder.mkdir()
    files(folder)
    (listing,) = receive_files(lake, str(folder), ACCOUNT.name, [ACCOUNT])
    read(lake, listing.documents)
    check(lake, listing.documents, tmp_path / "docs" / "imports" / "one")
    settle(lake, listing, Keys.import_outcomes(import_id(str(folder), ACCOUNT.name), ACCOUNT.name))
    for path in folder.iterdir():
        path.unlink()
    return listing.documents


def rows_of(lake: Lake, folder: Path, outcomes: list[DocumentOutcome]) -> dict[str, object]:
    """What is staged, by document."""
    return {key: lake.get(key) for key in lake.keys(Keys.all_staged()) if key.endswith(".parquet")}


def judgements(outcomes: list[DocumentOutcome]) -> list[tuple[object, ...]]:
    return [(o.document.document_id, o.state, o.reasons, o.checks) for o in outcomes]


def test_a_planted_person_is_nowhere_but_in_personal_and_after_a_month_nowhere(
    lake: Lake, documents: tuple[Document, ...], tmp_path: Path, warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    load = import_id(str(tmp_path / "imports"), ACCOUNT.name)
    load_import(warehouse, lake, load, dt.date(2026, 9, 1), run_id="one", folder=tmp_path)
    warehouse.build_marts()
    warehouse.publish(tmp_path / "copy.duckdb")
    for path in (*tmp_path.glob("*.parquet"), tmp_path / "moved"):
        path.unlink(missing_ok=True)
    outside = [(key, text) for key, text in of_lake(lake) if not key.startswith(Keys.all_personal())]
    assert found_in(iter(outside)) == []
    assert found_in(of_database(tmp_path / "copy.duckdb")) == []
    assert found_in(of_database(warehouse.path)) == []
    assert found_in(of_folder(tmp_path / "docs")) == []
    assert found_in(iter([("log", caplog.text)])) == []
    assert len(list(lake.keys(Keys.all_personal()))) == len(documents)

    before = outcomes_of(lake, documents)
    assert {each.state for each in before} == {State.READY, State.QUARANTINED}
    rows = rows_of(lake, tmp_path, before)
    now = dt.datetime.now(dt.UTC)
    assert set(expire(lake, now, MONTH, tmp_path).counts) <= {"kept", "passed"}
    done = expire(lake, now + MONTH, MONTH, tmp_path)
    assert done.failed == {}
    assert done.counts == {"redacted": len(documents) - 2, "removed": 2}
    assert list(lake.keys(Keys.all_personal())) == []
    assert found_in(of_lake(lake)) == []
    assert found_in(iter([("log", caplog.text)])) == []

    # both digests are in the manifests, and all reads, is checked and is rebuilt as before
    for document in documents:
        manifest = lake.get_record(Keys.raw_manifest(document), Manifest)
        assert manifest is not None
        assert manifest.raw.redacted is not None
        assert (manifest.raw.redacted.sha256 is None) == (manifest.raw.redacted.refused is not None)
        assert manifest.raw.redacted.sha256 != manifest.raw.sha256
    again = judge_again(lake, documents, None)
    assert judgements(again) == judgements(before)
    assert rows_of(lake, tmp_path, again) == rows
    rebuilt = Warehouse(tmp_path / "rebuilt.duckdb", memory_limit="500MB")
    rebuild_warehouse(rebuilt, lake, tmp_path / "copy.duckdb")
    assert content(rebuilt, "core", "mart") == content(warehouse, "core", "mart")
    assert expire(lake, now + MONTH, MONTH, tmp_path) == Done()


def test_a_retention_that_is_killed_at_any_write_goes_on(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "a.txt").write_bytes(planted(FAMILIES["fba_returns"]))
    (folder / "letter.txt").write_text(f"Dear {PLANTED['name']}")
    (listing,) = receive_files(lake, str(folder), ACCOUNT.name, [ACCOUNT])
    read(lake, listing.documents)
    check(lake, listing.documents, None)
    before = outcomes_of(lake, listing.documents)
    later = dt.datetime.now(dt.UTC) + MONTH
    for method in ("put_file", "put_record", "delete"):
        with monkeypatch.context() as patch:
            patch.setattr(Lake, method, lambda *args, **names: (_ for _ in ()).throw(SystemExit("killed")))
            with pytest.raises(SystemExit):
                expire(lake, later, MONTH, tmp_path)
        read(lake, listing.documents)
    assert expire(lake, later, MONTH, tmp_path).failed == {}
    assert found_in(of_lake(lake)) == []
    assert judgements(judge_again(lake, listing.documents, None)) == judgements(before)


def test_a_body_of_an_earlier_version_is_met_and_an_unread_one_is_read_first(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "a.txt").write_bytes(planted(FAMILIES["gst_b2b"]))
    (listing,) = receive_files(lake, str(folder), ACCOUNT.name, [ACCOUNT])
    (document,) = listing.documents
    # what the reader before this one staged, with a reason that quotes a value
    in_the_clear = Privacy(kept=frozenset({"gst_b2b.customer_bill_to_gstid"}))
    stage_report(folder / "a.txt", document_id="d", privacy=in_the_clear, target=tmp_path / "rows.parquet")
    lake.put_file(Keys.staged(document, "rows.parquet"), tmp_path / "rows.parquet")
    lake.put(Keys.reading(document, "3"), f'{{"message": "{PLANTED["phone"]} is not a date"}}'.encode())
    assert len(found_in(of_lake(lake, Keys.all_staged()))) > 1
    manifest = lake.get_record(Keys.raw_manifest(document), Manifest)
    assert manifest is not None
    older = f"raw/{manifest.raw.key.removeprefix(Keys.all_personal())}"
    lake.put(older, lake.get(manifest.raw.key) or b"")
    lake.delete(manifest.raw.key)
    raw = manifest.raw.model_copy(update={"key": older})
    lake.put_record(Keys.raw_manifest(document), manifest.model_copy(update={"raw": raw}))
    done = expire(lake, dt.datetime.now(dt.UTC), MONTH, tmp_path)
    assert (done.failed, done.counts["moved"], done.counts["read_again"], done.counts["kept"]) == ({}, 1, 1, 1)
    assert lake.get(older) is None
    assert found_in(of_lake(lake, Keys.all_staged())) == []
    assert lake.get(Keys.staged(document, "rows.parquet")) is not None  # the log of loads may name it
    assert outcomes_of(lake, [document])[0].state is State.READY
    done = expire(lake, dt.datetime.now(dt.UTC) + MONTH, MONTH, tmp_path)
    assert done.counts == {"redacted": 1}
    assert found_in(of_lake(lake)) == []
    assert read_listings(lake, str(folder), ACCOUNT.name) == [listing]
