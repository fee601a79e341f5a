"""Every document of the simulated Amazon, taken the whole way without Airflow: what it ends as is what the truth says."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.intake.conftest import Amazon
from tieout.accounts import Account
from tieout.alerts import AlertKind
from tieout.amazon.errors import BudgetExhausted
from tieout.documents import SELLING_PARTNER_REGIONS, DocumentOutcome, Region
from tieout.intake.load import load_business_day, load_import
from tieout.intake.receiving import list_settlements, receive
from tieout.intake.records import Listing
from tieout.intake.settling import AccountKeys, account_for, check, read, settle
from tieout.lake import Keys, Lake
from tieout.models import build_order, models
from tieout.warehouse import Warehouse

DAYS = (dt.date(2026, 8, 29), dt.date(2026, 8, 30))


def take(amazon: Amazon, lake: Lake, account: Account, day: dt.date) -> tuple[Listing, int]:
    """List and receive, waiting for the rate budget as the operators do; return how often it waited."""
    waits = 0
    with amazon.client(account, lake) as client:
        listing = list_settlements(client, lake, amazon.clock, account, day)
        while True:
            try:
                receive(client, lake, amazon.clock, listing.documents)
                return listing, waits
            except BudgetExhausted as exhausted:
                waits += 1
                amazon.clock.sleep((exhausted.available_at - amazon.clock.now()).total_seconds())


def take_all_the_way(amazon: Amazon, lake: Lake, account: Account, day: dt.date) -> tuple[DocumentOutcome, ...]:
    listing, _ = take(amazon, lake, account, day)
    read(lake, listing.documents)
    check(lake, listing.documents, None)
    return settle(lake, listing, Keys.outcomes(day, account.region, account.name)).outcomes


@pytest.fixture(scope="module")
def full_lake(amazon: Amazon, s3_client: Any) -> Lake:
    """All accounts, two business days."""
    s3_client.create_bucket(Bucket="full-lake")
    lake = Lake(s3_client, "full-lake")
    for day in DAYS:
        listings = []
        for name in sorted(amazon.accounts):
            listing, _ = take(amazon, lake, amazon.account(name), day)
            read(lake, listing.documents)
            listings.append(listing)
        check(lake, [document for listing in listings for document in listing.documents], None)
        for listing in listings:
            settle(lake, listing, Keys.outcomes(day, listing.region, listing.account))
    return lake


@pytest.fixture(scope="module")
def loaded(full_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a warehouse into which the regions were loaded day by day; tests read it."""
    folder = tmp_path_factory.mktemp("loaded")
    load(full_lake, folder, DAYS, SELLING_PARTNER_REGIONS)
    return folder


def load(lake: Lake, path: Path, days: tuple[dt.date, ...], regions: tuple[Region, ...]) -> Warehouse:
    warehouse = Warehouse(path / "warehouse.duckdb")
    (path / "fetched").mkdir(exist_ok=True)
    for day in days:
        for region in regions:
            load_business_day(warehouse, lake, region, day, run_id=f"{region}-{day}", folder=path / "fetched")
            warehouse.build_marts()
    return warehouse


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(path / "warehouse.duckdb"), read_only=True) as connection:
        names = [*(model.name for model in build_order(models())), "core.settlement", "core.settlement_line"]
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in names}


def test_every_settlement_equals_the_truth_and_every_broken_document_has_the_right_reason(
    amazon: Amazon, loaded: Path
) -> None:
    with duckdb.connect(str(loaded / "warehouse.duckdb"), read_only=True) as warehouse:
        found = {
            row[0]: row[1:]
            for row in warehouse.execute("SELECT document_id, state, reason_code FROM ops.document").fetchall()
        }
        totals = {
            row[:2]: row[2:]
            for row in warehouse.execute(
                "SELECT account, settlement_id, currency, sum_of_lines, lines FROM mart.settlement_tie_out "
                "WHERE state = 'tied_out'"
            ).fetchall()
        }
        categories: dict[tuple[str, str], dict[str, Decimal]] = {}
        for account, settlement_id, category, amount in warehouse.execute(
            "SELECT account, settlement_id, category, amount FROM mart.settlement_by_category WHERE amount <> 0"
        ).fetchall():
            categories.setdefault((account, settlement_id), {})[category] = amount
    expected = [document for document in amazon.truth() if f"{document['account']}.{document['report_id']}" in found]
    assert len(expected) == len(found) > 200
    # A report that Amazon was still making when it was listed may be done by now.
    not_ready = {name for name, ended in found.items() if ended == ("skipped", "report_not_ready")}
    assert len(not_ready) == 1
    loaded = 0
    for document in expected:
        name = f"{document['account']}.{document['report_id']}"
        if name in not_ready:
            continue
        assert found[name] == (document["expected_state"], document["expected_reason"]), name
        if document["expected_state"] == "loaded":
            key = (document["account"], document["settlement_id"])
            assert totals[key] == (document["currency"], Decimal(document["control_total"]), document["lines"]), name
            by_category = {c: Decimal(amount) for c, amount in document["by_category"].items() if Decimal(amount)}
            assert categories.get(key, {}) == by_category, name
            loaded += 1
    assert loaded == len(totals) >= 200
    assert len({m for d in expected if d["expected_state"] == "loaded" for m in d["marketplaces"]}) == 23


def test_doing_it_again_changes_nothing_and_downloads_nothing(amazon: Amazon, full_lake: Lake) -> None:
    account = amazon.account("hinode_fe")
    before = {key: full_lake.get(key) for key in full_lake.keys("") if "/hinode_fe" in key}
    outcomes = take_all_the_way(amazon, full_lake, account, DAYS[0])
    after = {key: full_lake.get(key) for key in full_lake.keys("") if "/hinode_fe" in key}
    assert outcomes
    moved = {key for key in after if after[key] != before.get(key)}
    # The listing says when it was made, the budget and the call log go on; nothing else moves.
    assert {key.split("/")[0] for key in moved} <= {"listed", "budget", "calls"}


def test_the_order_of_days_and_regions_does_not_matter(full_lake: Lake, loaded: Path, tmp_path: Path) -> None:
    load(full_lake, tmp_path, DAYS[::-1] + DAYS, SELLING_PARTNER_REGIONS[::-1])
    assert tables(tmp_path) == tables(loaded)


def test_a_long_history_waits_for_the_budget_and_never_meets_a_429(amazon: Amazon, full_lake: Lake) -> None:
    # 36 documents: fifteen at once, the others when the budget has grown
    statuses = []
    for key in full_lake.keys("calls/NA/"):
        if "/cascade_na/" in key:
            for line in (full_lake.get(key) or b"").splitlines():
                statuses.append(b'"status":429' in line)
    assert len(statuses) > 30
    assert not any(statuses)


def test_what_was_listed_is_accounted_for(amazon: Amazon, full_lake: Lake) -> None:
    def keys(day: dt.date) -> list[AccountKeys]:
        accounts = [amazon.account(name) for name in amazon.accounts]
        return [
            AccountKeys(a.name, Keys.listing(a.region, a.name, day), Keys.outcomes(day, a.region, a.name))
            for a in accounts
        ]

    first, second = account_for(full_lake, keys(DAYS[0]), DAYS[0]), account_for(full_lake, keys(DAYS[1]), DAYS[1])
    # What the first day put into quarantine is old news on the second.
    assert first.still_quarantined == ()
    assert len(first.trouble) > 3
    assert {f"{each.document_id}: {each.message}" for each in first.trouble} <= set(second.still_quarantined)
    short = next(each for each in first.trouble if each.document_id == "ember_eu.5101001019601")
    assert (short.kind, short.amount, short.currency) == (AlertKind.DOCUMENT_QUARANTINED, Decimal("-149.33"), "GBP")
    missing = account_for(full_lake, keys(dt.date(2026, 8, 1)), dt.date(2026, 8, 1))
    assert len(missing.trouble) == len(amazon.accounts)
    assert "no outcome" in missing.trouble[0].message


def test_a_receive_that_was_cut_off_goes_on_where_it_stopped(amazon: Amazon, lake: Lake) -> None:
    account = amazon.account("ironbark_fe")
    with amazon.client(account, lake) as client:
        listing = list_settlements(client, lake, amazon.clock, account, DAYS[1])
        receive(client, lake, amazon.clock, listing.documents[:4])
        # The fifth was cut off after its bytes and before its manifest.
        lake.put(Keys.raw_body(listing.documents[4]), b"half")
        assert receive(client, lake, amazon.clock, listing.documents) == len(
            [d for d in listing.documents[4:] if d.processing_status in ("DONE", "FATAL")]
        )
    assert len(lake.get(Keys.raw_body(listing.documents[4])) or b"") > 4


def test_a_token_of_another_region_is_refused_and_the_others_go_on(amazon: Amazon, lake: Lake) -> None:
    account = amazon.account("hinode_fe").model_copy(update={"region": Region.EU})
    from tieout.amazon.errors import AccessDenied

    with amazon.client(account, lake) as client, pytest.raises(AccessDenied, match="belongs to this region"):
        list_settlements(client, lake, amazon.clock, account, DAYS[1])


def test_time_is_amazons(amazon: Amazon) -> None:
    first = amazon.clock.now()
    time.sleep(0.05)
    assert (amazon.clock.now() - first).total_seconds() >= 0.05 * amazon.clock.scale


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated Amazon's old files, as a person downloaded them."""
    import subprocess
    import sys

    from tests.intake.conftest import INSTANT, ROOT, SEED

    folder = tmp_path_factory.mktemp("archive")
    command = [sys.executable, "-m", "simulator", "archive", "--clock", INSTANT, "--seed", SEED, "--out", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def test_an_archive_is_imported_once_and_ends_as_the_truth_says(
    amazon: Amazon, lake: Lake, archive: Path, tmp_path: Path
) -> None:
    from tieout.intake.imports import import_id, receive_files

    accounts = [amazon.account(name) for name in amazon.accounts]
    name = import_id(str(archive), None)
    for _ in range(2):
        listings = receive_files(lake, str(archive), None, accounts)
        for listing in listings:
            read(lake, listing.documents)
        check(lake, [document for listing in listings for document in listing.documents], None)
        for listing in listings:
            settle(lake, listing, Keys.import_outcomes(name, listing.account))
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    for run in ("one", "two"):
        load_import(warehouse, lake, name, DAYS[0], run_id=run, folder=tmp_path)
        warehouse.build_marts()
    expected = {
        (d["account"], Path(d["file_name"]).name): (d["expected_state"], d["expected_reason"])
        for d in amazon.truth()
        if d["source"] == "import"
    }
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT account, file_name, state, reason_code FROM ops.document").fetchall()
        layouts = connection.execute("SELECT DISTINCT layout FROM ops.document WHERE layout IS NOT NULL").fetchall()
        loads = connection.execute("SELECT count(*) FROM ops.load").fetchone()
    assert {(row[0], Path(row[1]).name): row[2:] for row in rows} == expected
    assert {row[0] for row in layouts} == {"V1", "V2"}
    settlements = sum(state == "loaded" for state, _ in expected.values())
    assert loads == (
        settlements + 1,
    )  # each once; the one in quarantine is recorded too, since its row in the mart is new


@pytest.mark.parametrize(
    ("files", "account", "message"),
    [
        ({}, "hinode_fe", "there is no file under"),
        ({"a.txt": b""}, "nobody", "there is no account 'nobody'"),
        ({"a.txt": b""}, None, "belong to no known account, the first is 'a.txt'"),
    ],
)
def test_an_import_that_cannot_be_says_why(
    amazon: Amazon, lake: Lake, tmp_path: Path, files: dict[str, bytes], account: str | None, message: str
) -> None:
    from tieout.intake.imports import NothingToImport, receive_files

    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    with pytest.raises(NothingToImport, match=message):
        receive_files(lake, str(tmp_path), account, [amazon.account(name) for name in amazon.accounts])


def one_by_one(documents: list[dict[str, Any]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Settlements by account, currency and the end of their period: no two series of the simulated world share one."""
    found = {}
    for document in documents:
        if document["settlement_id"] and document["expected_reason"] != "same_bytes":
            found[document["account"], document["currency"], document["period_end"]] = document
    return found


def unlisted(defect: dict[str, Any]) -> dict[str, Any]:
    """A settlement that Amazon never lists, as the truth tells of the others."""
    return {**defect, "settlement_id": defect["missing_settlement_id"], "expected_reason": None}


def test_the_chain_finds_every_hole_of_the_simulated_world_and_no_other(amazon: Amazon, loaded: Path) -> None:
    """Pains 3 and 10: a statement that is missing is named by its exact dates; two series of a currency are no hole."""
    with Warehouse(loaded / "warehouse.duckdb").connect(read_only=True) as con:
        known = {row[0] for row in con.execute("SELECT document_id FROM ops.document").fetchall()}
        named = set(con.execute("SELECT account, settlement_id FROM mart.settlement_tie_out").fetchall())
        chain = {
            row[:2]: row[2:]
            for row in con.execute(
                "SELECT account, settlement_id, state, previous_settlement_id, missing_start_at, missing_end_at "
                "FROM mart.settlement_chain WHERE is_loaded"
            ).fetchall()
        }
        states = dict(con.execute("SELECT DISTINCT settlement_id, state FROM mart.reserve_roll_forward").fetchall())
        kinds = {row[0] for row in con.execute("SELECT DISTINCT kind FROM mart.trouble").fetchall()}
    truth = one_by_one([d for d in amazon.truth() if f"{d['account']}.{d['report_id']}" in known])
    never_listed = one_by_one(
        [unlisted(defect) for defect in amazon.planted() if defect["defect"] == "missing_settlement"]
    )
    assert never_listed
    truth |= never_listed

    def before(document: dict[str, Any]) -> dict[str, Any] | None:
        return truth.get((document["account"], document["currency"], document["period_start"]))

    expected: dict[tuple[str, str], tuple[Any, ...]] = {}
    for document in truth.values():
        key = (document["account"], document["settlement_id"])
        if key not in chain:
            continue
        previous, end = before(document), dt.datetime.fromisoformat(document["period_start"])
        if previous is None:
            expected[key] = ("first", None, None, None)
        elif (document["account"], previous["settlement_id"]) in chain:
            expected[key] = ("linked", previous["settlement_id"], None, None)
        elif (document["account"], previous["settlement_id"]) in named:
            expected[key] = ("previous_not_loaded", previous["settlement_id"], None, None)
        elif (last := before(previous)) is None:
            expected[key] = ("first", None, None, None)
        else:
            start = dt.datetime.fromisoformat(previous["period_start"])
            expected[key] = ("hole", last["settlement_id"], start, end)
    assert chain == expected
    holes = [key for key, found in chain.items() if found[0] == "hole"]
    assert len(holes) >= 4
    assert {states[settlement_id] for _, settlement_id in holes} == {"previous_missing"}
    assert "broken" not in states.values()

    # nobody publishes a rate of the Egyptian pound
    assert kinds == {"document_quarantined", "chain_hole", "deposit_late", "unknown_fee", "exchange_rate_missing"}


def test_a_settlement_that_never_came_is_a_hole_with_its_exact_dates(
    amazon: Amazon, full_lake: Lake, tmp_path: Path
) -> None:
    """Pain 10: nine of ten settlements arrive, and the one that does not is named."""
    from tieout.intake.records import Outcomes

    outcomes = full_lake.get_record(Keys.outcomes(DAYS[1], Region.EU, "falcon_eu"), Outcomes)
    assert outcomes is not None
    dirhams = sorted(
        (o for o in outcomes.outcomes if o.staged and o.staged.reading.settlements[0].currency == "AED"),
        key=lambda o: o.document.created_at,
    )
    before, gone, after = (o.staged.reading.settlements[0] for o in dirhams[1:4] if o.staged)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    (tmp_path / "fetched").mkdir()

    def fetch(key: str) -> Path:
        return full_lake.get_file(key, tmp_path / "fetched" / key.replace("/", "_"))

    for day, batch in enumerate((dirhams[:2] + dirhams[3:], dirhams[2:3])):
        warehouse.load(batch, fetch, region=Region.EU, business_day=DAYS[day], run_id=str(day))
        warehouse.build_marts()
        with warehouse.connect(read_only=True) as con:
            found = con.execute(
                "SELECT settlement_id, previous_settlement_id, missing_start_at, missing_end_at "
                "FROM mart.settlement_chain WHERE state NOT IN ('linked', 'first')"
            ).fetchall()
            troubles = con.execute(
                "SELECT kind, subject FROM mart.trouble WHERE kind NOT IN ('unknown_fee', 'exchange_rate_missing')"
            ).fetchall()
        hole = (after.settlement_id, before.settlement_id, gone.start_at, gone.end_at)
        assert found == ([] if day else [hole])
        assert troubles == ([] if day else [("chain_hole", after.settlement_id)])
