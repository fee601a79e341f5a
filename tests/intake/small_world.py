"""One account with a few small reports of its own making, taken through a real lake day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from tieout.accounts import Account
from tieout.amazon.clock import Clock
from tieout.amazon.selling_partner import Download, ReportDocument
from tieout.documents import ApiCall, Document, RawFile, Region, Source
from tieout.intake.load import load_business_day
from tieout.intake.receiving import SETTLEMENT_REPORT, keep_raw, write_down
from tieout.intake.records import Listing
from tieout.intake.settling import check, read, settle
from tieout.lake import CallLog, Keys, Lake
from tieout.warehouse import Warehouse

ACCOUNT = Account(name="acme_eu", region=Region.EU, connection="tieout_acme_eu")
# fmt: off
COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency",
    "transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name",
    "amount-type", "amount-description", "amount", "fulfillment-id", "posted-date", "posted-date-time",
    "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku", "quantity-purchased",
)
# fmt: on
START = dt.datetime(2026, 8, 1, 5, tzinfo=dt.UTC)
FORTNIGHT = dt.timedelta(days=14)
INSTANT = "%Y-%m-%d %H:%M:%S UTC"


def flat_file(number: int, *amounts: str, total: str | None = None) -> bytes:
    """The settlement report of the number-th fortnight: a sale for each amount, posted two days after the start."""
    from decimal import Decimal

    start = START + number * FORTNIGHT
    end = start + FORTNIGHT
    settlement = str(11000000000 + number)
    head = [settlement, *(instant.strftime(INSTANT) for instant in (start, end, end + dt.timedelta(days=2)))]
    rows = [COLUMNS, [*head, total or str(sum(map(Decimal, amounts))), "EUR"]]
    posted = start + dt.timedelta(days=2)
    for amount in amounts:
        values = {
            "settlement-id": settlement,
            "transaction-type": "Order",
            "order-id": "305-0000001-0000001",
            "marketplace-name": "Amazon.de",
            "amount-type": "ItemPrice",
            "amount-description": "Principal",
            "amount": amount,
            "posted-date": posted.strftime("%Y-%m-%d"),
            "posted-date-time": posted.strftime(INSTANT),
            "sku": "CUP",
            "quantity-purchased": "1",
        }
        rows.append([values.get(column, "") for column in COLUMNS])
    return "".join("\t".join(row) + "\n" for row in rows).encode()


@dataclass
class SmallWorld:
    """What Amazon lists, by report id: when it was made, and its bytes."""

    lake: Lake
    folder: Path
    reports: dict[str, tuple[dt.datetime, bytes]] = field(default_factory=dict)

    def make(self, report_id: str, day: dt.date, body: bytes) -> str:
        """Have Amazon make a report on a day; return its document id."""
        self.reports[report_id] = (dt.datetime.combine(day, dt.time(9), dt.UTC), body)
        return f"{ACCOUNT.name}.{report_id}"

    def publish(self, day: dt.date) -> None:
        """Take everything that is listed on a day as far as the warehouse."""
        listed = [
            Document(
                document_id=f"{ACCOUNT.name}.{report_id}",
                source=Source.API,
                region=ACCOUNT.region,
                account=ACCOUNT.name,
                report_type=SETTLEMENT_REPORT,
                report_id=report_id,
                report_document_id=f"spdoc.{report_id}",
                processing_status="DONE",
                created_at=made_at,
                first_listed_on=day,
            )
            for report_id, (made_at, _) in self.reports.items()
            if made_at.date() <= day
        ]
        documents = write_down(self.lake, ACCOUNT, listed)
        now = dt.datetime.combine(day, dt.time(23), dt.UTC)
        listing = Listing(
            region=ACCOUNT.region, account=ACCOUNT.name, business_day=day, listed_at=now, documents=documents
        )
        self.lake.put_record(Keys.listing(ACCOUNT.region, ACCOUNT.name, day), listing)
        for document in documents:
            if self.lake.get(Keys.raw_manifest(document)) is None:
                self._receive(document, now)
        CallLog(self.lake).record(
            ApiCall(
                called_at=now,
                region=ACCOUNT.region,
                account=ACCOUNT.name,
                operation="getReports",
                method="GET",
                path="/reports/2021-06-30/reports",
                status=200,
                duration_ms=7,
            )
        )
        read(self.lake, documents)
        check(self.lake, documents, None)
        settle(self.lake, listing, Keys.outcomes(day, ACCOUNT.region, ACCOUNT.name))

    def load(self, warehouse: Warehouse, day: dt.date, run_id: str | None = None) -> dict[str, object]:
        """Load a day that was published, and build the marts."""
        result = load_business_day(
            warehouse, self.lake, ACCOUNT.region, day, run_id=run_id or f"run-{day}", folder=self.folder
        )
        warehouse.build_marts()
        return result

    def _receive(self, document: Document, now: dt.datetime) -> None:
        assert document.report_id is not None
        content = self.reports[document.report_id][1]
        body = self.folder / "body"
        body.write_bytes(content)
        raw = RawFile(
            key=Keys.raw_body(document), size=len(content), sha256=sha256(content).hexdigest(), received_at=now
        )
        keep_raw(self.lake, document, raw, body)

    @contextmanager
    def client(self, account: str, region: Region) -> Iterator[tuple[FakeAmazon, Clock]]:
        """A client that gives the bytes of now."""
        assert (account, region) == (ACCOUNT.name, ACCOUNT.region)
        yield FakeAmazon(self), Clock()


@dataclass
class FakeAmazon:
    """As much of a client as receiving needs."""

    world: SmallWorld

    def report_document(self, report_document_id: str, *, restricted: bool = False) -> ReportDocument:
        """Mint a URL."""
        return ReportDocument(report_document_id, f"https://example.com/{report_document_id}", None, "request-1")

    def download(self, minted: ReportDocument, path: Path) -> Download:
        """Give the bytes of now."""
        content = self.world.reports[minted.report_document_id.removeprefix("spdoc.")][1]
        path.write_bytes(content)
        return Download(path, len(content), sha256(content).hexdigest(), "text/plain;charset=UTF-8")
