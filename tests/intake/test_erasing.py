"""Erase an order, and a person: nothing is left of either, no total changes, and neither comes back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.everything import of_database, of_folder, of_lake
from tests.intake.small_world import ACCOUNT, SmallWorld, flat_file
from tests.intake.test_retention import MONTH
from tests.reports.test_personal import KEY, PLANTED, planted
from tests.warehouse.conftest import content, rows
from tieout.documents import Action, Decision
from tieout.intake.decisions import NotDecidable, apply_decision, decide
from tieout.intake.erased import ErasedSubject
from tieout.intake.erasing import erase
from tieout.intake.fetching_again import fetch_again
from tieout.intake.imports import import_id, receive_files
from tieout.intake.load import load_import
from tieout.intake.rebuild import rebuild_warehouse
from tieout.intake.records import Listing, Manifest
from tieout.intake.retention import expire
from tieout.intake.settling import check, judge_again, read, settle
from tieout.lake import Keys, Lake
from tieout.privacy import Privacy
from tieout.reports.families import FAMILIES
from tieout.warehouse import Warehouse

MONDAY = dt.date(2026, 8, 17)
ORDER = "305-0000001-0000001"
OTHER = "305-0000002-0000002"
SALES = "SELECT sum(amount), count(*), count(DISTINCT order_id) FROM core.settlement_line"
FILES = {
    "orders": {"amazon_order_id": ORDER, "buyer_citizen_name": PLANTED["name"], "cpf": PLANTED["tax"]},
    "fba_returns": {"order_id": ORDER, "customer_comments": f"from {PLANTED['name']}, {PLANTED['phone']}."},
    "returns": {"order_id": OTHER},
    "vat_transactions": {
        "transaction_event_id": OTHER,
        "buyer_name": PLANTED["name"],
        "arrival_address": "Elsewhere 1",
    },
    "gst_b2b": {"order_id": OTHER, "customer_bill_to_gstid": PLANTED["tax"], "buyer_name": "Somebody"},
}


@pytest.fixture
def lake(lake: Lake) -> Lake:
    return Lake(lake.client, lake.bucket, privacy=KEY)


@pytest.fixture
def world(lake: Lake, tmp_path: Path) -> SmallWorld:
    (tmp_path / "work").mkdir()
    return SmallWorld(lake, tmp_path / "work")


def take_in(lake: Lake, folder: Path) -> Listing:
    """Reports of every kind about the order and the person, from a folder; and a letter that no reader knows."""
    folder.mkdir(exist_ok=True)
    for name, cells in FILES.items():
        (folder / f"{name}.txt").write_bytes(planted(FAMILIES[name], extra=False, **cells))
    (folder / "shifted.txt").write_bytes(planted(FAMILIES["orders"], item_price=PLANTED["name"], amazon_order_id=ORDER))
    (folder / "letter.txt").write_text(f"Dear {PLANTED['name']}, about your order {ORDER}")
    answer = (
        f'{{"transactions": [{{"transactionId": "T1", "relatedIdentifiers": [{{"relatedIdentifierName": "ORDER_ID", '
        f'"relatedIdentifierValue": "{ORDER}"}}], "totalAmount": {{"currencyCode": "EUR", "currencyAmount": 1.50}}}}]}}'
    )
    (folder / "answer.json").write_text(answer)
    (listing,) = receive_files(lake, str(folder), ACCOUNT.name, [ACCOUNT])
    read(lake, listing.documents)
    check(lake, listing.documents, None)
    settle(lake, listing, Keys.import_outcomes(import_id(str(folder), ACCOUNT.name), ACCOUNT.name))
    return listing


def erased(warehouse: Warehouse, world: SmallWorld, value: str, name: str, *folders: Path) -> dict[str, int]:
    """Decide that a value is to be forgotten, and do it."""
    decision = decide(
        warehouse,
        world.lake,
        name,
        action=Action.ERASE,
        owner="ana",
        decided_by="ana@example.com",
        reason="asked on 2026-09-01",
        subject=f"{KEY.key_id}-{KEY.digest(value)}",
    )
    apply_decision(warehouse, world.lake, decision, run_id=name, folder=world.folder)
    counts = erase(
        warehouse, world.lake, decision, published=world.folder / "copy.duckdb", folders=folders, folder=world.folder
    )
    warehouse.build_marts()
    warehouse.publish(world.folder / "copy.duckdb")
    for path in (*world.folder.glob("*.parquet"), world.folder / "body"):
        path.unlink(missing_ok=True)
    return counts


def places(world: SmallWorld, warehouse: Warehouse, docs: Path, *values: str) -> list[tuple[str, str]]:
    """Where any of the values stands."""
    texts = [*of_lake(world.lake), *of_database(warehouse.path), *of_folder(world.folder), *of_folder(docs)]
    return [(place, value) for place, text in texts for value in values if value.casefold() in text.casefold()]


def test_an_order_and_a_person_are_forgotten_and_no_total_changes(
    world: SmallWorld, warehouse: Warehouse, lake: Lake, tmp_path: Path
) -> None:
    world.make("1", MONDAY, flat_file(0, "10.00", "-1.50"))
    world.make("2", MONDAY, flat_file(1, "7.00", total="8.00"))
    world.publish(MONDAY)
    world.load(warehouse, MONDAY)
    (document,) = (each for each in _documents(lake) if each.document_id.endswith(".1"))
    with world.client(ACCOUNT.name, ACCOUNT.region) as (amazon, clock):
        fetch_again(amazon, lake, clock, document, "decision")  # type: ignore[arg-type]
    listing = take_in(lake, tmp_path / "imports")
    load_import(
        warehouse, lake, import_id(str(tmp_path / "imports"), ACCOUNT.name), MONDAY, run_id="i", folder=world.folder
    )
    warehouse.build_marts()
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "page.html").write_text(f"<p>2 rows, the first (order {ORDER})</p>")
    assert len(places(world, warehouse, docs, ORDER)) > 8
    before, states = rows(warehouse, SALES), rows(warehouse, "SELECT document_id, state, reason_code FROM ops.document")

    counts = erased(warehouse, world, ORDER, "first", docs)
    # two settlements and an earlier version; orders, returns, a file that is shifted, an answer, a letter
    assert counts["bodies"] == 3 + 5
    assert places(world, warehouse, docs, ORDER) == []
    assert rows(warehouse, SALES) == before
    assert rows(warehouse, "SELECT DISTINCT order_id FROM core.settlement_line") == [
        (f"erased-{KEY.digest(ORDER)[:24]}",)
    ]
    assert rows(warehouse, "SELECT document_id, state, reason_code FROM ops.document") == states
    assert rows(warehouse, "SELECT action, subject FROM ops.decision") == [
        ("erase", f"{KEY.key_id}-{KEY.digest(ORDER)}")
    ]

    # the rows of the order told of the person, too; what is left of her is in other orders
    left = {place.split("/")[3] for place, _ in places(world, warehouse, docs, PLANTED["name"])}
    assert left == {"IMPORTED_RETURNS", "IMPORTED_VAT_TRANSACTIONS", "IMPORTED_GST_B2B"}
    assert len(rows(warehouse, "SELECT buyer_gstin FROM core.gst_b2b_line WHERE buyer_gstin IS NOT NULL")) == 1
    erased(warehouse, world, f" {PLANTED['name'].upper()}", "second", docs)
    erased(warehouse, world, PLANTED["tax"], "third", docs)
    assert places(world, warehouse, docs, PLANTED["name"], "Elsewhere 1", PLANTED["tax"], "Quastenflosser") == []
    assert rows(warehouse, "SELECT buyer_gstin, invoice_amount FROM core.gst_b2b_line") == [(None, 10)]

    # a rebuild does not bring it back, nor does receiving the same documents again, nor the end of the month
    stands = content(warehouse, "core", "mart")
    rebuilt = Warehouse(tmp_path / "rebuilt.duckdb", memory_limit="500MB")
    rebuild_warehouse(rebuilt, lake, tmp_path / "none.duckdb")
    assert content(rebuilt, "core", "mart") == stands
    with world.client(ACCOUNT.name, ACCOUNT.region) as (amazon, clock):
        fetch_again(amazon, lake, clock, document, "again")  # type: ignore[arg-type]
    (world.folder / "body").unlink(missing_ok=True)
    assert judge_again(lake, [document], None)[0].state == "ready"
    for manifest in [lake.get_record(Keys.raw_manifest(each), Manifest) for each in listing.documents]:
        assert manifest is not None
        lake.delete(Keys.raw_manifest(manifest.document))
    take_in(lake, tmp_path / "imports")
    assert places(world, warehouse, docs, ORDER, PLANTED["tax"], "Quastenflosser") == []
    expire(lake, dt.datetime.now(dt.UTC) + MONTH, MONTH, world.folder)
    assert places(world, warehouse, docs, ORDER, PLANTED["tax"], "Quastenflosser") == []


def _documents(lake: Lake) -> list[object]:
    found = [lake.get_record(key, Manifest) for key in lake.keys(Keys.all_raw()) if key.endswith("/manifest.json")]
    return [manifest.document for manifest in found if manifest]


def test_what_was_staged_under_an_earlier_key_is_forgotten_too(
    world: SmallWorld, warehouse: Warehouse, lake: Lake, tmp_path: Path
) -> None:
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "gst.txt").write_bytes(planted(FAMILIES["gst_b2b"], extra=False, order_id=ORDER))
    earlier = Lake(lake.client, lake.bucket, privacy=Privacy((b"e" * 32,)))
    for each in (earlier, lake):
        (listing,) = receive_files(each, str(folder), ACCOUNT.name, [ACCOUNT])
        read(each, listing.documents)
        check(each, listing.documents, None)
        settle(each, listing, Keys.import_outcomes(import_id(str(folder), ACCOUNT.name), ACCOUNT.name))
        load_import(warehouse, each, import_id(str(folder), ACCOUNT.name), MONDAY, run_id="i", folder=world.folder)
    (folder / "gst.txt").unlink()
    assert len({key for key in lake.keys(Keys.all_staged()) if key.endswith(".parquet")}) == 2
    hashes = "SELECT left(buyer_gstin, 8) FROM core.gst_b2b_line"
    assert rows(warehouse, hashes) == [(KEY.key_id,)]  # read again under the new key, and loaded
    erased(warehouse, world, ORDER, "first")
    assert places(world, warehouse, tmp_path / "docs", ORDER) == []
    assert rows(warehouse, "SELECT state FROM ops.document") == [("loaded",)]
    assert rows(warehouse, "SELECT order_id, buyer_gstin FROM core.gst_b2b_line") == [
        (f"erased-{KEY.digest(ORDER)[:24]}", None)
    ]


def test_the_proof_is_kept_and_names_nobody(world: SmallWorld, warehouse: Warehouse, lake: Lake) -> None:
    world.make("1", MONDAY, flat_file(0, "10.00"))
    world.publish(MONDAY)
    world.load(warehouse, MONDAY)
    assert erased(warehouse, world, ORDER, "once")["bodies"] == 1
    assert "bodies" not in erased(warehouse, world, ORDER, "twice")
    proof = lake.get_record(Keys.erased(f"{KEY.key_id}-{KEY.digest(ORDER)}"), ErasedSubject)
    assert proof is not None
    assert (proof.decision_id, proof.counts["bodies"], proof.done_at is not None) == ("once", 1, True)
    assert ORDER not in proof.model_dump_json()


def test_an_erasure_that_is_killed_at_any_write_goes_on(
    world: SmallWorld, warehouse: Warehouse, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.make("1", MONDAY, flat_file(0, "10.00"))
    world.publish(MONDAY)
    world.load(warehouse, MONDAY)
    for method in ("put_file", "put_record", "delete", "put"):
        with monkeypatch.context() as patch:
            patch.setattr(Lake, method, lambda *args, **names: (_ for _ in ()).throw(SystemExit("killed")))
            with pytest.raises(SystemExit):
                erased(warehouse, world, ORDER, "killed")
    erased(warehouse, world, ORDER, "killed")
    assert places(world, warehouse, tmp_path / "docs", ORDER) == []
    assert rows(warehouse, "SELECT state FROM ops.document") == [("loaded",)]


def test_a_form_that_names_the_person_is_refused(warehouse: Warehouse, lake: Lake) -> None:
    subject = f"{KEY.key_id}-{KEY.digest(PLANTED['name'])}"
    for says, wrong in (
        ("python -m tieout erase", {"subject": PLANTED["name"]}),
        ("python -m tieout erase", {"subject": None}),
        ("made with another key", {"subject": f"00000000-{'0' * 64}"}),
        ("names what is to be forgotten", {"reason": f"letter of {PLANTED['name']}"}),
        ("name nothing else", {"documents": ["acme_eu.1"]}),
        ("leave the field Subject empty", {"action": Action.CLOSE, "month": "2026-08"}),
    ):
        what = {
            "action": Action.ERASE,
            "owner": "ana",
            "decided_by": "ana",
            "reason": "asked",
            "subject": subject,
            **wrong,
        }
        with pytest.raises(NotDecidable, match=says) as refused:
            decide(warehouse, lake, "d", **what)
        assert PLANTED["name"] not in str(refused.value)
    assert list(lake.keys(Keys.decisions())) == []
    assert isinstance(decide(warehouse, lake, "d", **{**what, "action": Action.ERASE, "month": None}), Decision)
