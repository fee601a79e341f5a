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
from simulator.sources.places import local_zone
from simulator.sources.transactions import MARK, account_type, amount_json, chain, group_id, leaves, tree
from simulator.variants import Variant
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


OTHER_SUMMARY_MINOR = -250
"""What a summary lacks of its settlement, in the currency's smallest unit, where one was planted that differs."""


def _proceeds(settlement: Settlement) -> tuple[int, dict[tuple[str, ...], int]]:
    """What the summary of a settlement comes to, and its leaves."""
    found = leaves([each for entry in settlement.entries for each in lines_of(entry)])
    if settlement.stream.events.get(settlement.number) != "other_summary":
        return settlement.control_minor, found
    path = next(iter(found))
    return settlement.control_minor + OTHER_SUMMARY_MINOR, {**found, path: found[path] + OTHER_SUMMARY_MINOR}


def summary_json(settlement: Settlement, partner: str, variant: Variant, *, is_named: bool) -> dict[str, Any]:
    """The summary of a settlement in the shape of Amazon's model.

    Amazon's two examples contradict each other: one names the settlement and has instants, one names none and has dates.

    :param is_named: whether it was asked for by the settlement's id.
    """
    currency = settlement.stream.currency
    proceeds, found = _proceeds(settlement)
    echo = [{"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": settlement.settlement_id}]
    dates = {"periodStart": settlement.start, "periodEnd": settlement.end}
    has_days = variant.has_days or not is_named
    body: dict[str, Any] = {
        "partnerMetadata": _partner(settlement, partner),
        "netProceeds": amount_json(proceeds, currency),
        "relatedIdentifiers": echo if is_named and variant.has_echo else [],
        "breakdowns": tree(found, currency, variant),
        **{name: at.date().isoformat() if has_days else iso_z(at) for name, at in dates.items()},
    }
    return variant.without(body, "relatedIdentifiers", "breakdowns")


def summaries_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a leaf of a settlement's summary."""
    rows = []
    for settlement in _closed(book, now).values():
        currency = settlement.stream.currency
        proceeds, found = _proceeds(settlement)
        for path, minor in found.items():
            rows.append(
                {
                    "account": book.seller.key,
                    "settlement_id": settlement.settlement_id,
                    "currency": currency,
                    "net_proceeds": plain(proceeds, currency),
                    "leaf_path": "/".join(path),
                    "leaf_amount": plain(minor, currency),
                }
            )
    return rows


PayoutStatus = Literal["STARTED", "IN_TRANSIT", "PAID", "FAILED", "CANCELLED", "NO_PAYOUT"]
CANCELLED_AFTER = dt.timedelta(hours=3)
BEGUN_AGAIN_AFTER = dt.timedelta(hours=4)
"""How long after its settlement a payout takes the place of one that was cancelled."""
_RAILS = {"USD": "ACH", "CAD": "EFT", "EUR": "SEPA", "GBP": "BACS", "JPY": "ZENGIN", "INR": "NEFT", "AUD": "BECS"}


@dataclass(frozen=True, eq=False)
class Payout:
    """A transfer to the seller's bank, with its history so far; or that there is nothing to transfer.

    `minor` is None if there is nothing.
    """

    id: str
    settlement: Settlement
    created_at: dt.datetime
    minor: int | None
    history: tuple[tuple[PayoutStatus, dt.datetime], ...]


def payouts(book: Book, now: dt.datetime) -> list[Payout]:
    """Every transfer that was begun by an instant, the newest first."""
    found = [payout for settlement in _closed(book, now).values() for payout in _payouts_of(settlement, now)]
    return sorted(found, key=lambda payout: (payout.created_at, payout.id), reverse=True)


def _payouts_of(settlement: Settlement, now: dt.datetime) -> list[Payout]:
    names = (settlement.seller.key, settlement.stream.name, settlement.number)
    end, identity = settlement.end, "po-" + code(24, *names, "payout")
    if settlement.control_minor <= 0:
        return [Payout(identity, settlement, end, None, (("NO_PAYOUT", end),))]
    failed = settlement.stream.events.get(settlement.number + 1) == "failed_transfer"
    is_begun_again = not failed and number(*names, "cancelled payout", below=15) == 0
    created_at = end + BEGUN_AGAIN_AFTER if is_begun_again else end
    begun: list[tuple[str, dt.datetime, list[tuple[PayoutStatus, dt.datetime]]]] = [
        (
            identity,
            created_at,
            [
                ("STARTED", created_at),
                ("IN_TRANSIT", end + dt.timedelta(hours=20)),
                ("FAILED" if failed else "PAID", settlement.deposit_at),
            ],
        )
    ]
    if is_begun_again:
        history: list[tuple[PayoutStatus, dt.datetime]] = [("STARTED", end), ("CANCELLED", end + CANCELLED_AFTER)]
        begun.append(("po-" + code(24, *names, "cancelled payout"), end, history))
    return [
        Payout(name, settlement, at, settlement.control_minor, tuple(each for each in history if each[1] <= now))
        for name, at, history in begun
        if at <= now
    ]


def payout_json(payout: Payout, partner: str) -> dict[str, Any]:
    """A payout in the shape of Amazon's model; amounts are marked with `MARK`."""
    settlement, currency = payout.settlement, payout.settlement.stream.currency
    status = payout.history[-1][0]
    statuses = []
    for each, at in payout.history:
        entry = {"status": each, "lastUpdatedDate": iso_z(at)}
        statuses.append(entry | ({"failureReason": "Insufficient funds"} if each == "FAILED" else {}))
    on_demand = number(payout.id, "on demand", below=12) == 0
    body: dict[str, Any] = {
        "id": payout.id,
        "partnerMetadata": _partner(settlement, partner) | {"accountType": spelled_as_code(account_type(settlement))},
        "currentStatus": status,
        "statusHistory": statuses,
        "type": None if payout.minor is None else "ON_DEMAND" if on_demand else "SCHEDULED",
        "amount": None if payout.minor is None else amount_json(payout.minor, currency),
        "creationDate": iso_z(payout.created_at),
        "period": {"startDate": iso_z(settlement.start), "endDate": iso_z(settlement.end)},
        "relatedIdentifiers": [
            {"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": settlement.settlement_id}
        ],
    }
    if payout.minor is not None:
        body |= {"paymentMethod": "BANK_ACCOUNT", "paymentRail": _RAILS.get(currency, "SWIFT")}
        body["traceId"] = trace_id(settlement)
    if status not in ("NO_PAYOUT", "FAILED"):  # it is left out when the bank account is invalid
        body["accountTail"] = account_tail(settlement)
    return body


def payouts_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a payout."""
    rows = []
    for payout in payouts(book, now):
        currency = payout.settlement.stream.currency
        rows.append(
            {
                "account": book.seller.key,
                "payout_id": payout.id,
                "account_type": account_type(payout.settlement),
                "status": payout.history[-1][0],
                "settlement_id": payout.settlement.settlement_id,
                "currency": None if payout.minor is None else currency,
                "amount": None if payout.minor is None else plain(payout.minor, currency),
                "created_at": iso_z(payout.created_at),
            }
        )
    return rows


@dataclass(frozen=True)
class Balance:
    """What a line of settlements stands at, in the currency's smallest unit."""

    period: Period
    available: int
    reserve: int
    deferred: int

    @property
    def reserved(self) -> int:
        """What is not available."""
        return self.reserve + self.deferred

    @property
    def total(self) -> int:
        """All of it."""
        return self.available + self.reserved


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


def balances_json(
    book: Book, partner: str, at: dt.datetime, day: dt.date | None, variant: Variant
) -> list[dict[str, Any]]:
    """The balances at an instant in the shape of Amazon's model; amounts are marked with `MARK`.

    Seller and dates stand at the top alone.

    :param day: the day that was asked for: then the answer has it, and not when it was updated last.
    """
    found = []
    for balance in balances(book, at):
        currency = balance.period.stream.currency

        def node(name: str, minor: int, *below: dict[str, Any], currency: str = currency) -> dict[str, Any]:
            own = {"balanceType": name, "amount": amount_json(minor, currency), "balances": list(below)}
            return variant.without(own, "balances")

        deferred, reserve = node("DEFERRED", balance.deferred), node("ACCOUNT_LEVEL_RESERVE", balance.reserve)
        reserved = node("RESERVED", balance.reserved, deferred, reserve)
        top: dict[str, Any] = {"partnerMetadata": _partner(balance.period, partner)}
        top |= node("TOTAL", balance.total, node("AVAILABLE", balance.available), reserved)
        if day is not None:
            top |= {"asOfDate": day.isoformat() if variant.has_days else iso_z(at), "lastUpdatedTime": None}
        else:
            zone = local_zone(balance.period.stream.countries[0])
            top["lastUpdatedTime"] = at.astimezone(zone).isoformat(timespec="seconds")
        found.append(top)
    return found


def of_type(balance: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The balances of a type in a tree, each with what stands at the top of the tree."""
    if balance["balanceType"] == kind:
        return [balance]
    top = {name: balance[name] for name in ("partnerMetadata", "asOfDate", "lastUpdatedTime") if name in balance}
    return [found for each in balance.get("balances") or () for found in of_type(top | each, kind)]


def balances_truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a kind of balance."""
    rows = []
    for balance in balances(book, now):
        currency = balance.period.stream.currency
        parts = (
            ("TOTAL", balance.total, None),
            ("AVAILABLE", balance.available, "TOTAL"),
            ("RESERVED", balance.reserved, "TOTAL"),
            ("ACCOUNT_LEVEL_RESERVE", balance.reserve, "RESERVED"),
            ("DEFERRED", balance.deferred, "RESERVED"),
        )
        for name, minor, above in parts:
            rows.append(
                {
                    "account": book.seller.key,
                    "account_type": account_type(balance.period),
                    "marketplace_id": MARKETPLACES[balance.period.stream.countries[0]].id,
                    "balance_type": name,
                    "part_of": above,
                    "is_leaf": name not in ("TOTAL", "RESERVED"),
                    "currency": currency,
                    "amount": plain(minor, currency),
                }
            )
    return rows


def spelled_as_code(account: str) -> str:
    """An account's type as listPayouts spells it: STANDARD_ORDERS for Standard Orders."""
    return account.upper().replace(" ", "_")


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
