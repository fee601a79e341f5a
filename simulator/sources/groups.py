"""What the Finances and Transfers APIs tell of whole periods: event groups, summaries, payouts, balances.

A closed event group is a settlement, and says what it came to; Amazon leaves that out of some, for a while or for good.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from simulator.clock import iso_z
from simulator.marketplaces import MARKETPLACES, digits
from simulator.settlement_files import lines_of
from simulator.sources.book import Book
from simulator.sources.chance import code, number
from simulator.sources.files import plain
from simulator.sources.transactions import MARK, account_type, amount_json, chain, group_id, leaves, tree
from simulator.world import Period, Settlement

LATE_TOTALS = dt.timedelta(days=10)
_PAID_IN = {("aurora_na", "mxn"): ("USD", 551), ("aurora_na", "brl"): ("USD", 1905)}
"""Streams whose payouts Amazon converts: the bank's currency, and how much of it ten thousand of the stream's make."""


@dataclass(frozen=True, eq=False)
class Group:
    """An event group. `total` is None where Amazon does not tell it."""

    period: Period
    settlement: Settlement | None
    total: int | None

    @property
    def id(self) -> str:
        """Its id."""
        return group_id(self.period)


def groups(book: Book, now: dt.datetime) -> list[Group]:
    """Every event group that has begun, the newest first."""
    closed = _closed(book, now)
    found = []
    for period in book.periods:
        if period.start > now:
            continue
        settlement = closed.get((period.stream.name, period.number))
        total = None
        if settlement is None:
            total = _balance(book, period, now)
        elif not _lacks_total(period, now):
            total = settlement.control_minor
        found.append(Group(period, settlement, total))
    return sorted(found, key=lambda group: (group.period.start, group.id), reverse=True)


def group_json(group: Group, now: dt.datetime) -> dict[str, Any]:
    """An event group in the shape of Amazon's model; amounts are marked with `MARK`."""
    period, settlement = group.period, group.settlement
    currency = period.stream.currency
    body: dict[str, Any] = {
        "FinancialEventGroupId": group.id,
        "ProcessingStatus": "Open" if settlement is None else "Closed",
    }
    if group.total is not None:
        body["OriginalTotal"] = _v0(group.total, currency)
        body["BeginningBalance"] = _v0(0, currency)
    body["FinancialEventGroupStart"] = iso_z(period.start)
    if settlement is None:
        return body
    body["FinancialEventGroupEnd"] = iso_z(period.end)
    if settlement.control_minor > 0 and group.total is not None:
        body["FundTransferStatus"] = _transfer(group, now)
        body["FundTransferDate"] = iso_z(settlement.deposit_at)
        body["TraceId"] = trace_id(period)
        body["AccountTail"] = account_tail(period)
        if (converted := _converted(group)) is not None:
            body["ConvertedTotal"] = _v0(*converted)
    return body


def groups_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row an event group."""
    rows = []
    for group in groups(book, now):
        currency = group.period.stream.currency
        converted = _converted(group)
        told = group.settlement is not None and group.settlement.control_minor > 0 and group.total is not None
        rows.append(
            {
                "account": book.seller.key,
                "event_group_id": group.id,
                "processing_status": "Open" if group.settlement is None else "Closed",
                "settlement_id": group.period.settlement_id if group.settlement else None,
                "currency": currency,
                "original_total": None if group.total is None else plain(group.total, currency),
                "converted_total": plain(*converted) if told and converted else None,
                "converted_currency": converted[1] if told and converted else None,
                "fund_transfer_at": iso_z(group.settlement.deposit_at) if told and group.settlement else None,
                "start_at": iso_z(group.period.start),
                "end_at": iso_z(group.period.end) if group.settlement else None,
            }
        )
    return rows


def summary_json(book: Book, settlement_id: str, partner: str, now: dt.datetime) -> dict[str, Any] | None:
    """The summary of a settlement in the shape of Amazon's model; None if there is none."""
    for settlement in _closed(book, now).values():
        if settlement.settlement_id == settlement_id:
            currency = settlement.stream.currency
            lines = [each for entry in settlement.entries for each in lines_of(entry)]
            return {
                "partnerMetadata": _partner(settlement, partner),
                "netProceeds": amount_json(settlement.control_minor, currency),
                "relatedIdentifiers": [
                    {"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": settlement_id}
                ],
                "breakdowns": tree(leaves(lines), currency),
                "periodStart": iso_z(settlement.start),
                "periodEnd": iso_z(settlement.end),
            }
    return None


def summaries_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a leaf of a settlement's summary."""
    rows = []
    for settlement in _closed(book, now).values():
        currency = settlement.stream.currency
        lines = [each for entry in settlement.entries for each in lines_of(entry)]
        for path, minor in leaves(lines).items():
            rows.append(
                {
                    "account": book.seller.key,
                    "settlement_id": settlement.settlement_id,
                    "currency": currency,
                    "net_proceeds": plain(settlement.control_minor, currency),
                    "leaf_path": "/".join(path),
                    "leaf_amount": plain(minor, currency),
                }
            )
    return rows


PayoutStatus = Literal["STARTED", "IN_TRANSIT", "PAID", "FAILED"]


@dataclass(frozen=True, eq=False)
class Payout:
    """A transfer to the seller's bank, with what became of it so far."""

    id: str
    settlement: Settlement
    history: tuple[tuple[PayoutStatus, dt.datetime], ...]


def payouts(book: Book, now: dt.datetime) -> list[Payout]:
    """Every transfer that was begun by an instant, the newest first."""
    found = []
    for settlement in _closed(book, now).values():
        if settlement.control_minor <= 0:
            continue
        failed = settlement.stream.events.get(settlement.number + 1) == "failed_transfer"
        history: list[tuple[PayoutStatus, dt.datetime]] = [
            ("STARTED", settlement.end),
            ("IN_TRANSIT", settlement.end + dt.timedelta(hours=20)),
            ("FAILED" if failed else "PAID", settlement.deposit_at),
        ]
        identity = "po-" + code(24, book.seller.key, settlement.stream.name, settlement.number, "payout")
        found.append(Payout(identity, settlement, tuple((status, at) for status, at in history if at <= now)))
    return sorted(found, key=lambda payout: (payout.settlement.end, payout.id), reverse=True)


def payout_json(payout: Payout, partner: str) -> dict[str, Any]:
    """A payout in the shape of Amazon's model; amounts are marked with `MARK`."""
    settlement = payout.settlement
    statuses = []
    for status, at in payout.history:
        entry = {"status": status, "lastUpdatedDate": iso_z(at)}
        statuses.append(entry | ({"failureReason": "BANK_ACCOUNT_INVALID"} if status == "FAILED" else {}))
    return {
        "id": payout.id,
        "partnerMetadata": _partner(settlement, partner),
        "currentStatus": payout.history[-1][0],
        "statusHistory": statuses,
        "type": "SCHEDULED",
        "amount": amount_json(settlement.control_minor, settlement.stream.currency),
        "accountTail": account_tail(settlement),
        "paymentMethod": "BANK_ACCOUNT",
        "creationDate": iso_z(settlement.end),
        "paymentRail": "ACH",
        "traceId": trace_id(settlement),
        "period": {"startDate": iso_z(settlement.start), "endDate": iso_z(settlement.end)},
        "relatedIdentifiers": [
            {"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": settlement.settlement_id}
        ],
    }


def payouts_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a payout."""
    return [
        {
            "account": book.seller.key,
            "payout_id": payout.id,
            "account_type": account_type(payout.settlement),
            "status": payout.history[-1][0],
            "settlement_id": payout.settlement.settlement_id,
            "currency": payout.settlement.stream.currency,
            "amount": plain(payout.settlement.control_minor, payout.settlement.stream.currency),
            "created_at": iso_z(payout.settlement.end),
        }
        for payout in payouts(book, now)
    ]


@dataclass(frozen=True)
class Balance:
    """What a line of settlements stands at, in the currency's smallest unit."""

    period: Period
    available: int
    reserve: int
    deferred: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.available + self.reserve + self.deferred


def balances(book: Book, now: dt.datetime) -> list[Balance]:
    """Every line of settlements that is open at an instant.

    What the last settlement held back is held back until the open one closes: it is counted as reserve, not as available.
    """
    found = []
    for period in book.periods:
        if not period.start <= now < period.end:
            continue
        held = sum(
            minor
            for other, _, entry in chain(book, now)
            if other is period
            for minor, line in lines_of(entry)
            if line.category == "reserve_released"
        )
        deferred = sum(
            minor
            for event in book.events
            if event.deferral and event.stream is period.stream and event.shown_at <= now < event.entry.posted_at
            for minor, _ in lines_of(event.entry)
        )
        found.append(Balance(period, _balance(book, period, now) - held, held, deferred))
    return found


def balances_json(book: Book, partner: str, at: dt.datetime) -> list[dict[str, Any]]:
    """The balances at an instant in the shape of Amazon's model; amounts are marked with `MARK`."""
    found = []
    for balance in balances(book, at):
        currency = balance.period.stream.currency
        parts = {
            "AVAILABLE": balance.available,
            "ACCOUNT_LEVEL_RESERVE": balance.reserve,
            "DEFERRED": balance.deferred,
        }
        common = {"partnerMetadata": _partner(balance.period, partner)}
        dates = {"asOfDate": iso_z(at), "lastUpdatedTime": iso_z(at)}
        below = [
            common | {"balanceType": name, "amount": amount_json(minor, currency)} | dates
            for name, minor in parts.items()
        ]
        total = {"balanceType": "TOTAL", "amount": amount_json(balance.total, currency), "balances": below}
        found.append(common | total | dates)
    return found


def balances_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a kind of balance."""
    rows = []
    for balance in balances(book, now):
        parts = {
            "TOTAL": balance.total,
            "AVAILABLE": balance.available,
            "ACCOUNT_LEVEL_RESERVE": balance.reserve,
            "DEFERRED": balance.deferred,
        }
        for name, minor in parts.items():
            currency = balance.period.stream.currency
            rows.append(
                {
                    "account": book.seller.key,
                    "account_type": account_type(balance.period),
                    "marketplace_id": MARKETPLACES[balance.period.stream.countries[0]].id,
                    "balance_type": name,
                    "part_of": None if name == "TOTAL" else "TOTAL",
                    "is_leaf": name != "TOTAL",
                    "currency": currency,
                    "amount": plain(minor, currency),
                    "balance_at": iso_z(now),
                }
            )
    return rows


def trace_id(period: Period | Settlement) -> str:
    """What the bank calls a transfer."""
    return code(15, period.seller.key, period.stream.name, period.number, "trace")


def account_tail(period: Period | Settlement) -> str:
    """The last digits of the bank account."""
    return f"{number(period.seller.key, period.stream.currency, 'bank', below=1000):03d}"


def _partner(period: Period | Settlement, partner: str) -> dict[str, str]:
    return {
        "partnerId": partner,
        "accountType": account_type(period),
        "marketplaceId": MARKETPLACES[period.stream.countries[0]].id,
    }


def _closed(book: Book, now: dt.datetime) -> dict[tuple[str, int], Settlement]:
    return {(each.stream.name, each.number): each for each in book.world.settlements(book.seller, now)}


def _balance(book: Book, period: Period, now: dt.datetime) -> int:
    """What was posted in an open period by an instant."""
    opened = (entry for other, _, entry in chain(book, now) if other is period)
    entries = (*opened, *(entry for entry in period.activity if entry.posted_at <= now))
    return sum(minor for entry in entries for minor, _ in lines_of(entry))


def _lacks_total(period: Period, now: dt.datetime) -> bool:
    drawn = number(period.seller.key, period.stream.name, period.number, "total", below=24)
    return drawn == 0 or (drawn < 5 and now < period.end + LATE_TOTALS)


def _converted(group: Group) -> tuple[int, str] | None:
    paid_in = _PAID_IN.get((group.period.seller.key, group.period.stream.name))
    if paid_in is None or group.settlement is None or group.total is None or group.total <= 0:
        return None
    currency, rate = paid_in
    return group.total * rate * 10 ** digits(currency) // (10 ** digits(group.period.stream.currency) * 10000), currency


def _transfer(group: Group, now: dt.datetime) -> str:
    assert group.settlement is not None
    if now < group.settlement.deposit_at:
        return "Processing"
    failed = group.period.stream.events.get(group.period.number + 1) == "failed_transfer"
    return "Failed" if failed else "Succeeded"


def _v0(minor: int, currency: str) -> dict[str, Any]:
    return {"CurrencyCode": currency, "CurrencyAmount": MARK + plain(minor, currency)}
