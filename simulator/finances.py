"""The Finances API (v0 and 2024-06-19) and the Transfers API 2024-06-01 of one region.

Operations and limits follow Amazon's models. A nextToken is sent together with the arguments of the call that gave it, and
a page may be empty and have one all the same. Where the models, examples and staff of Amazon leave more than one way to write
an answer, sellers meet different ones (`variants`).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulator.documents import Documents
from simulator.gateway import Faults, Gateway, Operation, instant, invalid, listed_values, missing
from simulator.login import Caller
from simulator.marketplaces import BY_ID, MARKETPLACES
from simulator.rules import CallFault
from simulator.sources import groups
from simulator.sources.book import Book, book_of
from simulator.sources.chance import number
from simulator.sources.transactions import MARK, Transaction, as_json, transactions
from simulator.variants import variant_of

FRESHEST = dt.timedelta(minutes=2)
"""Windows must end so long before the call."""
LONGEST = dt.timedelta(days=180)
"""A longer window finds nothing."""
PAGE = 500
"""Transactions on a page (amzn/selling-partner-api-models#4224)."""

_T = TypeVar("_T")
_NUMBER = re.compile('"' + re.escape(json.dumps(MARK)[1:-1]) + '(-?[0-9.]+)"')
_STATUSES = ("DEFERRED", "RELEASED", "DEFERRED_RELEASED")
_IDENTIFIERS = ("FINANCIAL_EVENT_GROUP_ID", "ORDER_ID")
_BALANCES = ("AVAILABLE", "RESERVED", "ACCOUNT_LEVEL_RESERVE", "DEFERRED", "TOTAL")


class FinancesApi:
    """The operations."""

    def __init__(self, gateway: Gateway, documents: Documents) -> None:
        self.gateway = gateway
        self._documents = documents

    def _book(self, caller: Caller, now: dt.datetime) -> Book:
        return book_of(self._documents.world, caller.seller, now)

    async def event_groups(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """listFinancialEventGroups."""
        now = self.gateway.clock.facts_at()
        after, before = self._window(
            request, "FinancialEventGroupStartedAfter", "FinancialEventGroupStartedBefore", now
        )
        size = request.query_params.get("MaxResultsPerPage", "10")
        if not size.isdigit() or not 1 <= int(size) <= 100:
            invalid(f"Invalid MaxResultsPerPage {size}: it must be between 1 and 100")
        matching = [
            group
            for group in groups.groups(self._book(caller, now), now)
            if (after is None or after <= group.period.start) and group.period.start < before
        ]
        if after is not None and before - after > LONGEST:
            matching = []
        page, token = self._page(request, caller, faults, "NextToken", matching, int(size))
        found = [groups.group_json(group, now) for group in page]
        return _answer(caller, "listFinancialEventGroups", "FinancialEventGroupList", found, "NextToken", token)

    async def list_transactions(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """listTransactions."""
        now = self.gateway.clock.facts_at()
        query = request.query_params
        name, value = (query.get(f"relatedIdentifier{part}") for part in ("Name", "Value"))
        if bool(name) != bool(value):
            missing("relatedIdentifierValue" if name else "relatedIdentifierName")
        if name and name not in _IDENTIFIERS:
            invalid(f"Invalid relatedIdentifierName {name}")
        if not name and not query.get("postedAfter"):
            missing("postedAfter")
        status = query.get("transactionStatus")
        if status and status not in _STATUSES:
            invalid(f"Invalid transactionStatus {status}")
        after, before = self._window(request, "postedAfter", "postedBefore", now)
        matching = [
            each
            for each in transactions(self._book(caller, now), now, after, before)
            if status in (None, "", each.status)
            and _is_of(each, name, value)
            and query.get("marketplaceId") in (None, "", _marketplace(each))
        ]
        if after is not None and before - after > LONGEST:
            matching = []
        page, token = self._page(request, caller, faults, "nextToken", matching, PAGE)
        variant = variant_of(caller.seller)
        found = [as_json(each, caller.selling_partner_id, variant) for each in page]
        return _answer(caller, "listTransactions", "transactions", found, "nextToken", token)

    async def list_balances(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """listBalances."""
        now = self.gateway.clock.facts_at()
        at, day = now, _day(request, "asOfDate")
        if day:
            at = min(now, dt.datetime.combine(day, dt.time(23, 59, 59), dt.UTC))
            if dt.datetime.combine(day, dt.time(), dt.UTC) > now:
                invalid("asOfDate is in the future")
        kind = request.query_params.get("balanceType")
        if kind and kind not in _BALANCES:
            invalid(f"Invalid balanceType {kind}")
        variant = variant_of(caller.seller)
        found = groups.balances_json(self._book(caller, now), caller.selling_partner_id, at, day, variant)
        found = _of_partner(request, found)
        if kind:
            found = [part for each in found for part in groups.of_type(each, kind)]
        page, token = self._page(request, caller, faults, "nextToken", found, 500)
        return _answer(caller, "listBalances", "balances", page, "nextToken", token)

    async def list_summary(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """listSummary: of settlements that have closed, by their id or by a period."""
        now = self.gateway.clock.facts_at()
        query = request.query_params
        name, value = query.get("relatedIdentifierName"), query.get("relatedIdentifierValue")
        first, last = _day(request, "periodStart"), _day(request, "periodEnd")
        if bool(name) != bool(value):
            missing("relatedIdentifierValue" if name else "relatedIdentifierName")
        if not name and not (first and last):
            missing("relatedIdentifierName", "relatedIdentifierValue")
        if name and name != "SETTLEMENT_ID":
            invalid(f"Invalid relatedIdentifierName {name}")
        found = [
            groups.summary_json(each, caller.selling_partner_id, variant_of(caller.seller), is_named=bool(name))
            for each in self._documents.world.settlements(caller.seller, now)
            if value in (None, each.settlement_id)
            and (first is None or each.start.date() >= first)
            and (last is None or each.end.date() <= last)
        ]
        page, token = self._page(request, caller, faults, "nextToken", _of_partner(request, found), 100)
        return _answer(caller, "listSummary", "summaries", page, "nextToken", token)

    async def list_payouts(self, request: Request, caller: Caller, faults: Faults) -> Response:
        """listPayouts."""
        now = self.gateway.clock.facts_at()
        after, before = instant(request, "createdAfter"), instant(request, "createdBefore")
        identity = request.query_params.get("payoutId")
        found = [
            groups.payout_json(payout, caller.selling_partner_id)
            for payout in groups.payouts(self._book(caller, now), now)
            if (after is None or after <= payout.created_at)
            and (before is None or payout.created_at < before)
            and identity in (None, "", payout.id)
        ]
        page, token = self._page(request, caller, faults, "nextToken", _of_partner(request, found), 50)
        return _answer(caller, "listPayouts", "payouts", page, "nextToken", token)

    # -- what they need --------------------------------------------------------------------------------------------

    def _window(
        self, request: Request, from_name: str, until_name: str, now: dt.datetime
    ) -> tuple[dt.datetime | None, dt.datetime]:
        after, before = instant(request, from_name), instant(request, until_name)
        for name, moment in ((from_name, after), (until_name, before)):
            if moment is not None and moment > now - FRESHEST:
                invalid(f"{name} must be no later than two minutes before the request was submitted")
        before = before or now - FRESHEST
        if after is not None and after > before:
            invalid(f"{from_name} is after {until_name}")
        return after, before

    def _page(
        self, request: Request, caller: Caller, faults: Faults, token_name: str, found: Sequence[_T], size: int
    ) -> tuple[Sequence[_T], str | None]:
        """The part of what was found that a nextToken, or none, asks for; and the token of the next part.

        After some pages comes an empty one.
        """
        now = self.gateway.clock.now()
        arguments = sorted((name, value) for name, value in request.query_params.multi_items() if name != token_name)
        offset, empty = 0, False
        if token := request.query_params.get(token_name):
            if dead := faults.get(CallFault.EXPIRED_PAGE_TOKEN):
                self.gateway.refuse_token(dead, caller)
            page = self.gateway.open_token(token, caller, now)
            if page["arguments"] != [list(each) for each in arguments]:
                invalid(f"{token_name} must be sent together with the arguments of the call that returned it")
            offset, empty = page["offset"], page["empty"]
        more = {"arguments": arguments}
        if CallFault.EMPTY_PAGE in faults or empty:
            return [], self.gateway.seal_token(more | {"offset": offset, "empty": False}, caller, now)
        until = offset + size
        if until >= len(found):
            return found[offset:], None
        is_next_empty = number(caller.seller.key, until, len(found), "empty page", below=4) == 0
        sealed = self.gateway.seal_token(more | {"offset": until, "empty": is_next_empty}, caller, now)
        return found[offset:until], sealed


def _is_of(each: Transaction, name: str | None, value: str | None) -> bool:
    return not name or value == (each.group_id if name == "FINANCIAL_EVENT_GROUP_ID" else each.entry.order_id)


def _marketplace(each: Transaction) -> str:
    return MARKETPLACES[each.country].id


def _day(request: Request, name: str) -> dt.date | None:
    """A day in the query; None if it is not there."""
    text = request.query_params.get(name)
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        invalid(f"Invalid {name} {text}")


def _of_partner(request: Request, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is of the marketplaces and the type of account that the query names."""
    wanted = listed_values(request, "marketplaceIds")
    if unknown := [each for each in wanted if each not in BY_ID]:
        invalid(f"Invalid marketplaceIds {','.join(unknown)}")
    account = groups.spelled_as_code(request.query_params.get("accountType", ""))
    return [
        each
        for each in found
        if (not wanted or each["partnerMetadata"]["marketplaceId"] in wanted)
        and account in ("", groups.spelled_as_code(each["partnerMetadata"]["accountType"]))
    ]


def _answer(
    caller: Caller, operation: str, name: str, found: Sequence[dict[str, Any]], token_name: str, token: str | None
) -> Response:
    """A page in the way of the seller: JSON whose amounts are written digit by digit."""
    variant = variant_of(caller.seller)
    is_wrapped = operation in ("listTransactions", "listFinancialEventGroups")
    nothing = "list" if found else variant.nothing(operation)
    page: dict[str, Any] = {name: list(found)} if nothing == "list" else {name: None} if nothing == "null" else {}
    if token or variant.has_null_token:
        page[token_name] = token
    if is_wrapped:
        is_null = nothing == "payload null" and not token
        page = {"payload": None if is_null else page}
    if operation == "listTransactions" and variant.has_status_code:
        page["statusCode"] = 200
    return Response(_NUMBER.sub(r"\1", json.dumps(page)), media_type="application/json")


def router(api: FinancesApi) -> APIRouter:
    """The paths of both APIs."""
    routes = APIRouter()
    table: tuple[tuple[str, str, Operation], ...] = (
        ("/finances/v0/financialEventGroups", "listFinancialEventGroups", api.event_groups),
        ("/finances/2024-06-19/transactions", "listTransactions", api.list_transactions),
        ("/finances/2024-06-19/balances", "listBalances", api.list_balances),
        ("/finances/2024-06-19/summary", "listSummary", api.list_summary),
        ("/finances/transfers/2024-06-01/payouts", "listPayouts", api.list_payouts),
    )
    for path, name, operation in table:
        api.gateway.route(routes, "GET", path, name, operation)
    return routes
