"""Documents that are wrong, empty, late, made again or described wrongly: where each ends, and what is in the marts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from pyarrow import parquet

from simulator.world import World
from tests.faults import conftest
from tests.faults.conftest import DAY, Faulty, ended
from tieout.documents import DocumentOutcome, Region
from tieout.intake.load import load_business_day
from tieout.intake.settling import AccountKeys, account_for
from tieout.lake import Keys, Lake
from tieout.warehouse import Warehouse

ACCOUNT = "aurora_na"
NEXT = DAY + dt.timedelta(days=1)
AT = "2026-08-30T12:00:00Z"
"""Before the first business day ends."""
LATER = "2026-08-31T20:00:00Z"
"""After the first, and before the second ends."""


class Case(NamedTuple):
    """A fault, and where the document ends on the first and the second business day."""

    rule: dict[str, Any]
    first: tuple[str, str | None]
    second: tuple[str, str | None]


READY = ("ready", None)
CASES = {
    # pain 8: the file does not add up
    "wrong total": Case({"fault": "wrong_control_total"}, *2 * (("quarantined", "control_total_mismatch"),)),
    "missing line": Case({"fault": "missing_line"}, *2 * (("quarantined", "control_total_mismatch"),)),
    # pain 23: a gzip that is cut stays damaged after five downloads
    "cut gzip": Case({"fault": "truncated_gzip"}, *2 * (("quarantined", "damaged_file"),)),
    "gzip cut on the way": Case({"fault": "truncated_download", "times": 2}, READY, READY),
    "says gzip, is plain": Case({"fault": "says_gzip_is_plain"}, READY, READY),
    "says plain, is gzip": Case({"fault": "says_plain_is_gzip"}, READY, READY),
    # pain 22
    "wrong charset": Case({"fault": "wrong_charset"}, READY, READY),
    "no charset": Case({"fault": "no_charset"}, READY, READY),
    # pain 33
    "empty, then full": Case({"fault": "empty", "at": LATER}, ("quarantined", "empty_file"), READY),
    "a header alone": Case({"fault": "empty", "header": True, "at": LATER}, ("quarantined", "empty_file"), READY),
    "empty, then made again": Case(
        {"fault": "empty", "full": "new_report", "at": LATER},
        ("quarantined", "empty_file"),
        ("skipped", "superseded"),
    ),
    # pains 31, 32
    "cancelled": Case({"fault": "cancelled", "at": LATER}, *2 * (("skipped", "report_cancelled"),)),
    "fatal": Case({"fault": "fatal", "at": LATER}, *2 * (("quarantined", "report_fatal"),)),
    "queued for hours": Case({"fault": "queued", "at": LATER}, ("skipped", "report_not_ready"), READY),
    # pain 10
    "missing from the listing": Case({"fault": "unlisted", "at": LATER}, ("", None), READY),
    # pain 9: both are documents of their own; which is current is the warehouse's to say
    "reissued before": Case({"fault": "reissued", "at": AT}, READY, READY),
    "reissued later": Case({"fault": "reissued", "at": LATER}, READY, READY),
    # pain 23, without gzip: nothing but the checks tells, and the next run fetches it once more
    "plain and cut": Case({"fault": "truncated_download", "times": 1}, ("quarantined", "missing_amount"), READY),
}


class Story(NamedTuple):
    """Two business days of an account under all cases at once."""

    victims: dict[str, str]
    """The document of each case."""
    days: tuple[dict[str, DocumentOutcome], dict[str, DocumentOutcome]]
    truths: tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]
    lake: Lake
    rows: dict[str, list[tuple[Any, ...]]]
    trouble: tuple[tuple[str | None, ...], ...]
    """The documents that each day's run is red for."""


@pytest.fixture(scope="module")
def story(world: World, s3_client: Any, tmp_path_factory: pytest.TempPathFactory) -> Story:
    s3_client.create_bucket(Bucket="faulty-documents")
    lake = Lake(s3_client, "faulty-documents")
    amazon: Faulty
    for amazon in conftest.served(world):
        zipped = {"usd", "cad", "mxn"}
        places = {
            f"{ACCOUNT}.{report.report_id}": report.settlement
            for report in amazon.amazon.documents.reports(conftest.seller(ACCOUNT), conftest.START)
        }
        good = [
            name
            for name, d in amazon.truth(ACCOUNT).items()
            if d["expected_state"] == "loaded" and d["created_at"] < "2026-08-29" and places[name].control_minor > 0
        ]
        assert len(good) >= len(CASES)
        # the first cases need a document that is compressed
        good.sort(key=lambda name: (places[name].stream.name not in zipped, places[name].stream.name))
        victims = dict(zip(CASES, good, strict=False))
        amazon.suffers(
            *({**case.rule, "account": ACCOUNT, "report": victims[name].split(".")[1]} for name, case in CASES.items())
        )
        first = amazon.run(ACCOUNT, lake, DAY)
        truth_of_first = amazon.truth(ACCOUNT)
        amazon.clock.sleep(86400)
        second = amazon.run(ACCOUNT, lake, NEXT)
        truth_of_second = amazon.truth(ACCOUNT)
    folder = tmp_path_factory.mktemp("warehouse")
    warehouse = Warehouse(folder / "warehouse.duckdb")
    rows = {}
    for day in (DAY, NEXT, DAY, NEXT):  # again: nothing is doubled
        load_business_day(warehouse, lake, Region.NA, day, run_id=str(day), folder=folder)
    warehouse.build_marts()
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        for name, query in {
            "document": "SELECT document_id, state, reason_code FROM ops.document",
            "settlement": "SELECT settlement_id, document_id, control_total, lines FROM core.settlement",
            "line": "SELECT settlement_id, count(*), sum(amount) FROM core.settlement_line GROUP BY ALL",
            "version": "SELECT settlement_id, document_id, status FROM core.settlement_version",
        }.items():
            rows[name] = connection.execute(query).fetchall()
    keys = [
        [AccountKeys(ACCOUNT, Keys.listing(Region.NA, ACCOUNT, day), Keys.outcomes(day, Region.NA, ACCOUNT))]
        for day in (DAY, NEXT)
    ]
    trouble = tuple(
        tuple(each.document_id for each in account_for(lake, key, day).trouble)
        for key, day in zip(keys, (DAY, NEXT), strict=True)
    )
    return Story(victims, (first, second), (truth_of_first, truth_of_second), lake, rows, trouble)


@pytest.mark.parametrize("name", CASES)
def test_a_document_ends_where_it_must_and_says_why(story: Story, name: str) -> None:
    """Pains 8, 9, 10, 22, 23, 31, 32, 33: the state and the reason that the operator sees, on two days."""
    victim = story.victims[name]
    for outcomes, expected in zip(story.days, CASES[name][1:], strict=True):
        if expected[0]:
            assert ended(outcomes, victim) == expected
            assert all(reason.message for reason in outcomes[victim].reasons)
        else:
            assert victim not in outcomes


def test_after_two_days_every_settlement_is_there_once_and_equals_the_truth(story: Story) -> None:
    """Pains 2, 5, 6, 36: the warehouse holds what Amazon says last, each settlement once, loaded twice or not."""
    found = {row[0]: row[1:] for row in story.rows["document"]}
    truth = {name: d for name, d in story.truths[1].items() if name in found}
    assert set(found) == {name for name, d in story.truths[1].items() if d["created_at"] <= "2026-09-01T07:00:00Z"}
    for name, document in truth.items():
        assert found[name] == (document["expected_state"], document["expected_reason"]), name
    loaded = {d["settlement_id"]: d for d in truth.values() if d["expected_state"] == "loaded"}
    assert {row[0] for row in story.rows["settlement"]} == set(loaded)
    assert len(story.rows["settlement"]) == len(loaded)
    lines = {row[0]: row[1:] for row in story.rows["line"]}
    for settlement_id, document_id, total, count in story.rows["settlement"]:
        document = loaded[settlement_id]
        assert document_id == f"{ACCOUNT}.{document['report_id']}"
        assert (total, count) == (Decimal(document["control_total"]), document["lines"])
        assert lines.get(settlement_id, (0, None)) == (count, total if count else None)


@pytest.mark.parametrize("name", ["reissued before", "reissued later"])
def test_of_a_reissued_settlement_the_later_version_is_loaded_and_the_earlier_kept(story: Story, name: str) -> None:
    """Pain 9: a corrected settlement is a new version; the old one stays, with its own total."""
    old = story.truths[1][story.victims[name]]
    (new,) = [d for d in story.truths[1].values() if d["settlement_id"] == old["settlement_id"] and d["version"] == 2]
    assert new["control_total"] != old["control_total"]
    status = {row[1]: row[2] for row in story.rows["version"] if row[0] == old["settlement_id"]}
    assert status == {
        f"{ACCOUNT}.{old['report_id']}": "superseded",
        f"{ACCOUNT}.{new['report_id']}": "current",
    }


def test_a_settlement_that_amazon_made_again_comes_with_its_new_report(story: Story) -> None:
    """Pains 31, 33: cancelled, failed or empty, the settlement is loaded from the report that came later."""
    for name in ("cancelled", "fatal", "empty, then made again"):
        old = story.victims[name]
        report_id = old.split(".")[1][:5]
        (new,) = [n for n, o in story.days[1].items() if n.split(".")[1].startswith(report_id) and n != old]
        assert ended(story.days[1], new) == READY
        assert new not in story.days[0]


def test_an_empty_document_is_kept_as_proof_and_asked_for_once_a_run(story: Story) -> None:
    """Pain 33: empty is no proof that there is nothing, and what came is kept as it came."""
    for name in ("empty, then full", "a header alone", "empty, then made again"):
        outcome = story.days[0][story.victims[name]]
        assert outcome.raw is not None
        kept = story.lake.get(outcome.raw.key)
        assert kept is not None
        assert len(kept) == outcome.raw.size
        assert "looked at again in later runs" in outcome.reasons[0].message
    assert "covers the same period" in story.days[1][story.victims["empty, then made again"]].reasons[0].message


def test_what_came_plain_and_cut_is_fetched_once_more_and_both_are_kept(story: Story) -> None:
    """Pain 23: a short file whose length agrees heals by itself, and the bytes that came first can be looked at."""
    first, second = (day[story.victims["plain and cut"]] for day in story.days)
    assert first.raw is not None
    assert second.raw is not None
    assert first.raw.compression is None
    assert first.raw.size < second.raw.size
    before = Keys.raw_before(first.document, "doubt", "body")
    assert len(story.lake.get(before) or b"") == first.raw.size


def test_a_run_is_red_for_what_is_new_and_names_it(story: Story) -> None:
    """Pain 2: what was listed and is not there is named on the day on which it was listed first."""
    for name, case in CASES.items():
        assert (story.victims[name] in story.trouble[0]) == (case.first[0] == "quarantined"), name
    assert not set(story.trouble[1]) & set(story.victims.values())


def test_a_wrong_charset_does_not_change_a_letter(story: Story, world: World) -> None:
    """Pain 22: a file in UTF-8 that is announced as Windows-1252, and the reverse, and one that is announced as nothing."""
    for name in ("wrong charset", "no charset"):
        outcome = story.days[0][story.victims[name]]
        assert outcome.staged is not None
        truth = story.truths[0][story.victims[name]]
        path = story.lake.get_file(outcome.staged.lines_key, Path(outcome.document.document_id + ".parquet"))
        try:
            skus = set(parquet.read_table(path, columns=["sku"])["sku"].to_pylist()) - {None}
        finally:
            path.unlink()
        (settlement,) = [
            s
            for s in world.settlements(conftest.seller(ACCOUNT), conftest.START)
            if s.settlement_id == truth["settlement_id"]
        ]
        real = {p.line.item.sku for e in settlement.entries for p in e.postings if p.line and p.line.item}
        assert skus == {sku for sku in real if sku}
