"""Small staged documents for tests, written as the readers write them."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tieout.documents import (
    CheckResult,
    Document,
    DocumentOutcome,
    RawFile,
    Reading,
    Reason,
    Region,
    ReportReading,
    SettlementSummary,
    Source,
    StagedFiles,
    StagedReport,
    State,
)
from tieout.reports.families import FAMILIES

MONEY = pa.decimal128(18, 2)
INSTANT = pa.timestamp("us", "UTC")

LINES = pa.schema(
    [
        ("document_id", pa.string()),
        ("line_no", pa.int64()),
        ("source_column", pa.string()),
        ("settlement_id", pa.string()),
        ("currency", pa.string()),
        ("transaction_type", pa.string()),
        ("order_id", pa.string()),
        ("merchant_order_id", pa.string()),
        ("adjustment_id", pa.string()),
        ("shipment_id", pa.string()),
        ("marketplace_name", pa.string()),
        ("amount_type", pa.string()),
        ("amount_description", pa.string()),
        ("amount", MONEY),
        ("fulfillment_id", pa.string()),
        ("posted_date", pa.date32()),
        ("posted_at", INSTANT),
        ("order_item_code", pa.string()),
        ("merchant_order_item_id", pa.string()),
        ("merchant_adjustment_item_id", pa.string()),
        ("sku", pa.string()),
        ("quantity_purchased", pa.int32()),
        ("promotion_id", pa.string()),
    ]
)
SETTLEMENTS = pa.schema(
    [
        ("document_id", pa.string()),
        ("settlement_id", pa.string()),
        ("currency", pa.string()),
        ("settlement_start_at", INSTANT),
        ("settlement_end_at", INSTANT),
        ("deposit_at", INSTANT),
        ("control_total", MONEY),
        ("sum_of_lines", MONEY),
        ("lines", pa.int64()),
        ("summary_line_no", pa.int64()),
    ]
)

ORDER = "111-1111111-1111111"
START = dt.datetime(2026, 8, 1, 6, tzinfo=dt.UTC)
END = dt.datetime(2026, 8, 15, 6, tzinfo=dt.UTC)


def sale(amount: str | None, **changes: Any) -> dict[str, Any]:
    """A line of an order: the price of goods, unless the changes say otherwise."""
    return {
        "source_column": "amount",
        "transaction_type": "Order",
        "order_id": ORDER,
        "marketplace_name": "Amazon.com",
        "amount_type": "ItemPrice",
        "amount_description": "Principal",
        "amount": amount and Decimal(amount),
        "posted_date": dt.date(2026, 8, 3),
        **changes,
    }


def fee(amount: str, description: str = "Commission", **changes: Any) -> dict[str, Any]:
    """A fee on an order."""
    return sale(amount, **{"amount_type": "ItemFees", "amount_description": description, **changes})


def other(amount: str, description: str, **changes: Any) -> dict[str, Any]:
    """A line without an order: `other-transaction`, three times."""
    return sale(
        amount,
        **{
            "transaction_type": "other-transaction",
            "amount_type": "other-transaction",
            "amount_description": description,
            "order_id": None,
            "marketplace_name": None,
            **changes,
        },
    )


@dataclass(frozen=True)
class Settlement:
    """One settlement of a small document. The control total is the sum of the lines unless it is given."""

    lines: list[dict[str, Any]]
    settlement_id: str = "11000000001"
    currency: str | None = "USD"
    control_total: str | None = None
    start_at: dt.datetime | None = START
    end_at: dt.datetime | None = END
    deposit_at: dt.datetime | None = END + dt.timedelta(days=2)

    @property
    def sum_of_lines(self) -> Decimal:
        """What the lines add up to."""
        return sum((line["amount"] for line in self.lines if line["amount"] is not None), Decimal("0.00"))

    @property
    def total(self) -> Decimal:
        """The control total."""
        return self.sum_of_lines if self.control_total is None else Decimal(self.control_total)


@dataclass(frozen=True)
class Staged:
    """A staged document: its two Parquet files and how it was read."""

    document_id: str
    lines_path: Path
    settlements_path: Path
    reading: Reading


def stage(folder: Path, document_id: str, *settlements: Settlement, reader_version: int = 1) -> Staged:
    """Write the Parquet files of a document with these settlements, one after the other."""
    lines, summaries = [], []
    line_no = 1
    for settlement in settlements:
        line_no += 1
        summaries.append(
            {
                "document_id": document_id,
                "settlement_id": settlement.settlement_id,
                "currency": settlement.currency,
                "settlement_start_at": settlement.start_at,
                "settlement_end_at": settlement.end_at,
                "deposit_at": settlement.deposit_at,
                "control_total": settlement.total,
                "sum_of_lines": settlement.sum_of_lines,
                "lines": len(settlement.lines),
                "summary_line_no": line_no,
            }
        )
        for line in settlement.lines:
            line_no = line.get("line_no", line_no + 1)
            own = {
                "document_id": document_id,
                "settlement_id": settlement.settlement_id,
                "currency": settlement.currency,
            }
            lines.append({**own, **line, "line_no": line_no})
    folder.mkdir(parents=True, exist_ok=True)
    lines_path, settlements_path = (
        folder / f"{document_id}-lines.parquet",
        folder / f"{document_id}-settlements.parquet",
    )
    pq.write_table(pa.Table.from_pylist(lines, schema=LINES), lines_path, compression="zstd")
    pq.write_table(pa.Table.from_pylist(summaries, schema=SETTLEMENTS), settlements_path, compression="zstd")
    reading = Reading(
        layout="V2",
        encoding="utf-8",
        decimal=".",
        dates="%Y-%m-%d %H:%M:%S UTC",
        columns=("settlement-id", "amount"),
        file_lines=len({line["line_no"] for line in lines}) + len(summaries),
        settlements=tuple(
            SettlementSummary(
                settlement_id=row["settlement_id"],
                currency=row["currency"] or "",
                start_at=row["settlement_start_at"],
                end_at=row["settlement_end_at"],
                deposit_at=row["deposit_at"],
                control_total=row["control_total"],
                sum_of_lines=row["sum_of_lines"],
                lines=row["lines"],
                summary_line_no=row["summary_line_no"],
            )
            for row in summaries
        ),
        reader_version=reader_version,
    )
    return Staged(document_id, lines_path, settlements_path, reading)


@dataclass
class Shelf:
    """A folder that stands for the lake, and makes outcomes of documents."""

    folder: Path
    fetched: list[str] = field(default_factory=list)

    def fetch(self, key: str) -> Path:
        """Return the file of a key, and remember that it was asked for."""
        self.fetched.append(key)
        return self.folder / key

    def ready(
        self,
        document_id: str,
        *settlements: Settlement,
        created_at: dt.datetime = END,
        source: Source = Source.API,
        content: str | None = None,
        reader_version: int = 1,
        suite_version: int = 1,
        checks: tuple[CheckResult, ...] = (),
        region: Region = Region.NA,
    ) -> DocumentOutcome:
        """Stage a document and return its outcome: read, checked and ready to load.

        :param content: stands for the document's bytes; documents with the same content have the same sha256.
        """
        staged = stage(self.folder, document_id, *settlements, reader_version=reader_version)
        return DocumentOutcome(
            document=self.document(document_id, created_at=created_at, source=source, region=region),
            state=State.READY,
            raw=self.raw(document_id, content or document_id),
            staged=StagedFiles(
                lines_key=staged.lines_path.name,
                settlements_key=staged.settlements_path.name,
                reading=staged.reading,
            ),
            checks=checks,
            reader_version=reader_version,
            suite_version=suite_version,
        )

    def report(
        self,
        document_id: str,
        family: str,
        rows: list[dict[str, Any]],
        *,
        days: tuple[dt.date, dt.date] | None = None,
        marketplaces: tuple[str, ...] = (),
        created_at: dt.datetime = END,
        content: str | None = None,
        reader_version: int = 1,
        region: Region = Region.NA,
    ) -> DocumentOutcome:
        """Stage a document of a report family and return its outcome: read, checked and ready to load.

        :param rows: by the columns of the family's Parquet; those that are left out are null.
        :param days: start and end of its window, instants or days at midnight UTC; None for an imported file.
        """
        declared = FAMILIES[family]
        own = [{"document_id": document_id, "line_no": 2 + n, **row} for n, row in enumerate(rows)]
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{document_id}-{reader_version}-rows.parquet"
        pq.write_table(pa.Table.from_pylist(own, schema=declared.schema), path)
        reading = ReportReading(
            family=family,
            dialect="TSV",
            resaved=False,
            encoding="utf-8",
            decimal=".",
            dates={},
            currency=None,
            columns=(),
            unknown_columns=(),
            absent_columns=(),
            rows=len(own),
            reader_version=reader_version,
        )
        start, end = (
            (day if isinstance(day, dt.datetime) else dt.datetime.combine(day, dt.time(), dt.UTC) for day in days)
            if days
            else (None, None)
        )
        return DocumentOutcome(
            document=self.document(
                document_id,
                report_type=declared.report_types[0],
                created_at=created_at,
                data_start_at=start,
                data_end_at=end,
                marketplace_ids=marketplaces,
                region=region,
            ),
            state=State.READY,
            raw=self.raw(document_id, content or document_id),
            staged=StagedReport(rows_key=path.name, reading=reading),
            reader_version=reader_version,
            suite_version=1,
        )

    @staticmethod
    def quarantined(outcome: DocumentOutcome, reason: Reason, **changes: Any) -> DocumentOutcome:
        """Return the outcome as one that the checks refused."""
        return outcome.model_copy(update={"state": State.QUARANTINED, "reasons": (reason,), **changes})

    @staticmethod
    def document(document_id: str, **changes: Any) -> Document:
        """A settlement report of account `acme_na`, or of the account that the id begins with."""
        account, _, report = document_id.partition(".")
        return Document(
            **{
                "document_id": document_id,
                "source": Source.API,
                "region": Region.NA,
                "account": account,
                "report_type": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
                "report_id": report,
                "report_document_id": f"amzn1.spdoc.{report}",
                "processing_status": "DONE",
                "created_at": END,
                "first_listed_on": dt.date(2026, 8, 16),
                **changes,
            }
        )

    @staticmethod
    def raw(document_id: str, content: str) -> RawFile:
        """The bytes of a document."""
        return RawFile(
            key=f"raw/{document_id}",
            size=len(content),
            sha256=hashlib.sha256(content.encode()).hexdigest(),
            received_at=END,
        )
