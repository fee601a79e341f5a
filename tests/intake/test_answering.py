"""How an API that answers at once is asked: the parameters, pages whose token dies, and what is kept."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import time
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest

from tieout.amazon.clock import Clock
from tieout.amazon.errors import AmazonUnavailable, InvalidRequest
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Document, Region
from tieout.intake.answering import ask
from tieout.intake.business_day import end_of_business_day
from tieout.intake.records import Wish
from tieout.lake import Keys, Lake
from tieout.reports.families import FAMILIES
from tieout.reports.report import stage_report

DAY = dt.date(2026, 8, 30)
CLOCK = Clock(instant=dt.datetime(2026, 9, 3, tzinfo=dt.UTC), epoch=time.time(), scale=1.0)
MUTE = [
    ("InvalidInput", None, None), ("400", "Invalid input", "Invalid input"), ("InvalidInput", "Invalid Input", ""),
    ("InvalidInput", "The provided nextToken has expired", ""), ("BadRequest", "Something", None),
]  # fmt: skip


@dataclasses.dataclass
class Scripted:
    """Gives answers, or refuses, in the order of a script; keeps what was asked."""

    script: list[bytes | Exception]
    asked: list[dict[str, str]] = dataclasses.field(default_factory=list)

    def answer(self, operation: str, path: str, params: dict[str, str]) -> bytes:
        """Answer as the client does."""
        self.asked.append(dict(params))
        found = self.script.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def page(name: str, *items: Any, token: str | None = None) -> bytes:
    content: dict[str, Any] = {name: list(items)} | ({"nextToken": token} if token else {})
    return json.dumps({"payload": content} if name == "transactions" else content).encode()


def refused(code: str, message: str | None, details: str | None, status: int = 400) -> InvalidRequest:
    return InvalidRequest("refused", status, " ".join(filter(None, (code, message, details))))


def run(
    lake: Lake, name: str, *script: bytes | Exception, region: Region = Region.NA, **options: str
) -> tuple[Scripted, Document, tuple[str, ...]]:
    amazon = Scripted(list(script))
    end = end_of_business_day(region, DAY)
    wish = Wish(
        region=region, account="acme", report_type=FAMILIES[name].report_types[0], marketplace_ids=(),
        data_start=end - dt.timedelta(days=8), data_end=end, options=options, wanted_on=DAY + dt.timedelta(days=3),
    )  # fmt: skip
    document, things = ask(cast(SellingPartner, amazon), lake, CLOCK, FAMILIES[name], wish, DAY)
    assert amazon.script == []
    return amazon, document, things


def rows(lake: Lake, document: Document, folder: Path) -> list[dict[str, Any]]:
    body = lake.get_file(Keys.raw_body(document), folder / "body")
    stage_report(body, document_id="d", target=folder / "rows.parquet")
    return pq.read_table(folder / "rows.parquet").to_pylist()


@pytest.mark.parametrize("region", [Region.NA, Region.EU, Region.FE])
def test_balances_are_asked_for_by_the_business_day(region: Region, lake: Lake) -> None:
    """The model has a date, and the day of an account west of Greenwich ends on the next day of UTC."""
    amazon, _, _ = run(lake, "balances", page("balances"), region=region)
    assert amazon.asked == [{"asOfDate": "2026-08-30"}]


@pytest.mark.parametrize("said", MUTE)
def test_a_400_to_a_page_token_begins_again_whatever_amazon_says(
    said: tuple[str, str | None, str | None], lake: Lake, tmp_path: Path
) -> None:
    first = page("transactions", {"transactionId": "1"}, token="t")
    halves = [page("transactions", {"transactionId": str(n)}) for n in (1, 2)]
    amazon, document, _ = run(lake, "transactions", first, refused(*said), *halves)
    assert [row["transaction_id"] for row in rows(lake, document, tmp_path)] == ["1", "2"]
    whole, with_token, early, late = amazon.asked
    assert with_token == whole | {"nextToken": "t"}
    assert (early["postedAfter"], late["postedBefore"]) == (whole["postedAfter"], whole["postedBefore"])
    assert early["postedBefore"] == late["postedAfter"]


def test_what_cannot_be_cut_in_halves_begins_again_once(lake: Lake, tmp_path: Path) -> None:
    first, dead = page("balances", {"balanceType": "TOTAL"}, token="t"), refused(*MUTE[0])
    _, document, _ = run(lake, "balances", first, dead, page("balances", {"balanceType": "TOTAL"}))
    assert len(rows(lake, document, tmp_path)) == 1
    lake.delete(Keys.raw_body(document))
    with pytest.raises(AmazonUnavailable, match=r"listBalances: the page token dies .* \(InvalidInput\)"):
        run(lake, "balances", first, dead, first, dead)


def test_a_first_page_that_is_refused_is_refused(lake: Lake) -> None:
    for status in (400, 404):
        with pytest.raises(InvalidRequest):
            run(lake, "balances", refused(*MUTE[0], status=status))


@pytest.mark.parametrize(
    "empty", [{}, {"payload": None}, {"payload": {}}, {"payload": {"transactions": None}, "statusCode": 200}]
)
def test_an_answer_without_anything_is_a_document_of_no_rows(empty: Any, lake: Lake, tmp_path: Path) -> None:
    _, document, _ = run(lake, "transactions", json.dumps(empty).encode())
    assert rows(lake, document, tmp_path) == []


def test_an_answer_that_is_not_json_is_kept_and_ends_the_listing(lake: Lake) -> None:
    for answer in (b"<html>busy</html>", b"[]", b"null", b'{"payload": []}'):
        _, document, _ = run(lake, "transactions", answer)
        assert answer in (lake.get(Keys.raw_body(document)) or b"")
        lake.delete(Keys.raw_body(document))


def test_a_summary_is_kept_with_the_settlement_that_was_asked_for(lake: Lake, tmp_path: Path) -> None:
    """Amazon's sample of listSummary does not name its settlement."""
    summary = {"netProceeds": {"currencyCode": "USD", "currencyAmount": 8000}, "periodStart": "2025-01-12"}
    script = [page("summaries", summary), page("summaries"), page("summaries", summary)]
    amazon, document, things = run(lake, "summaries", *script, each="11,12,13")
    assert [asked["relatedIdentifierValue"] for asked in amazon.asked] == ["11", "12", "13"]
    assert things == ("11", "13")
    assert [row["settlement_id"] for row in rows(lake, document, tmp_path)] == ["11", "13"]
