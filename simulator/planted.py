"""What is wrong in the simulated world: every defect that was planted, which must be found, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from simulator.clock import iso_z
from simulator.documents import Documents
from simulator.sellers import SELLERS, Seller
from simulator.settlement_files import lines_of
from simulator.sources import performance
from simulator.sources.book import book_of
from simulator.sources.groups import OTHER_SUMMARY_MINOR
from simulator.truth import money, truth
from simulator.world import Settlement

WITHOUT_RATE = frozenset({"EGP"})
"""Currencies that nobody publishes a rate of: no central bank, no peg, and Amazon pays them out as they are."""

Defect = dict[str, Any]
"""`defect` says what it is; the other fields say where, and how much money it is about (a text, in `currency`)."""


def planted(documents: Documents, region: str, until: dt.datetime, at: dt.datetime) -> list[Defect]:
    """Return every defect of a region's sellers.

    :param until: what Amazon publishes later does not show yet.
    :param at: the instant whose day the health of accounts is told of.

    * `damaged_document`: `account`, and `report_id` or `file_name`;
    * `missing_settlement`: `account`, `currency`, `settlement_id` of the settlement that follows it, `period_start` and
      `period_end` of the missing one;
    * `late_deposit`: `account`, `settlement_id`, `currency`, `amount`;
    * `other_summary`: `account`, `settlement_id`, `currency`, `amount`, by which the Finances API's summary differs;
    * `unknown_code`: `account`, `transaction_type`, `amount_type` and `description` of the lines;
    * `unhealthy_account`: `account`;
    * `currency_without_rate`: `account`, `currency`.
    """
    sellers = [seller for seller in SELLERS if seller.region == region]
    found = [each for each in truth(documents, until)["documents"] if each["region"] == region]
    broken = [each for each in found if each["expected_state"] == "quarantined"]
    loaded = {each["settlement_id"] for each in found if each["expected_state"] == "loaded"}
    settlements = [each for seller in sellers for each in documents.world.settlements(seller, until)]
    return [
        *(
            {"defect": "damaged_document", **{name: each[name] for name in ("account", "report_id", "file_name")}}
            for each in broken
        ),
        *_missing(settlements, loaded),
        *_late(settlements, loaded),
        *_other_summaries(settlements, loaded),
        *_unknown(settlements, loaded),
        *_unhealthy(documents, sellers, at),
        *_without_rate(settlements, loaded),
    ]


def _missing(settlements: list[Settlement], loaded: set[str]) -> Iterator[Defect]:
    """Settlements that were never listed, between two that are loaded."""
    by_number = {(each.seller.key, each.stream.name, each.number): each for each in settlements}
    for each in settlements:
        if each.stream.events.get(each.number) != "never_listed":
            continue
        before, after = (by_number.get((each.seller.key, each.stream.name, each.number + step)) for step in (-1, 1))
        if before and after and {before.settlement_id, after.settlement_id} <= loaded:
            yield {
                "defect": "missing_settlement",
                "account": each.seller.key,
                "currency": each.stream.currency,
                "settlement_id": after.settlement_id,
                "missing_settlement_id": each.settlement_id,
                "period_start": iso_z(each.start),
                "period_end": iso_z(each.end),
            }


def _late(settlements: list[Settlement], loaded: set[str]) -> Iterator[Defect]:
    """Deposits that come later than usual, of the last settlement of their stream."""
    last = {(each.seller.key, each.stream.name): each for each in settlements}
    for each in last.values():
        is_late = each.stream.events.get(each.number) == "late_deposit"
        if is_late and each.control_minor > 0 and each.settlement_id in loaded:
            yield {
                "defect": "late_deposit",
                "account": each.seller.key,
                "settlement_id": each.settlement_id,
                "currency": each.stream.currency,
                "amount": money(each.control_minor, each.stream.currency),
            }


def _other_summaries(settlements: list[Settlement], loaded: set[str]) -> Iterator[Defect]:
    """Summaries of the Finances API that differ from their settlements."""
    for each in settlements:
        if each.stream.events.get(each.number) == "other_summary" and each.settlement_id in loaded:
            currency = each.stream.currency
            yield {
                "defect": "other_summary",
                "account": each.seller.key,
                "settlement_id": each.settlement_id,
                "currency": currency,
                "amount": money(OTHER_SUMMARY_MINOR, currency),
            }


def _unknown(settlements: list[Settlement], loaded: set[str]) -> Iterator[Defect]:
    """Codes that no published list of fees has, of each account that was charged them."""
    codes = {
        (settlement.seller.key, entry.transaction_type, line.amount_type, line.amount_description)
        for settlement in settlements
        if settlement.settlement_id in loaded
        for entry in settlement.entries
        for _, line in lines_of(entry)
        if line.category == "unknown"
    }
    for account, transaction_type, amount_type, description in sorted(codes):
        yield {
            "defect": "unknown_code",
            "account": account,
            "transaction_type": transaction_type,
            "amount_type": amount_type,
            "description": description,
        }


def _without_rate(settlements: list[Settlement], loaded: set[str]) -> Iterator[Defect]:
    """Currencies that nobody publishes a rate of, of each account that is paid in them."""
    paid = {(each.seller.key, each.stream.currency) for each in settlements if each.settlement_id in loaded}
    for account, currency in sorted(paid):
        if currency in WITHOUT_RATE:
            yield {"defect": "currency_without_rate", "account": account, "currency": currency}


def _unhealthy(documents: Documents, sellers: list[Seller], at: dt.datetime) -> Iterator[Defect]:
    """Accounts that are not in good standing somewhere, or miss a target of Amazon's."""
    for seller in sellers:
        rows = performance.truth(book_of(documents.world, seller, at), at)
        if any(row["account_status"] != "NORMAL" or row["status"] not in ("GOOD", "NONE") for row in rows):
            yield {"defect": "unhealthy_account", "account": seller.key}
