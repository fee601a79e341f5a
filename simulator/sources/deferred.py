"""Deferred transactions: what Amazon holds back at an instant, row by row, as date-range reports write it.

Amazon's own page (report-type-values-payment) names other columns than a download from Seller Central has. Nobody has shown
a file of the API, so some sellers get the one form and some the other.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from simulator.clock import iso_z
from simulator.marketplaces import MARKETPLACES
from simulator.sellers import UTF8
from simulator.sources.book import Book
from simulator.sources.chance import number
from simulator.sources.date_range import Movement, cells, folded, rows_of, table
from simulator.sources.files import Ask, File, plain, quoted
from simulator.sources.languages import LANGUAGES, Language

_TAXES = (
    "product_sales_tax", "shipping_credits_tax", "gift_wrap_credits_tax", "tax_on_regulatory_fee",
    "promotional_rebates_tax",
)  # fmt: skip
DOCUMENTED = (
    ("ReportType", "report_type"), ("date/time", "posted"), ("settlement-id", "settlement_id"), ("type", "type"),
    ("order-id", "order_id"), ("sku", "sku"), ("description", "description"), ("quantity", "quantity"),
    ("store", "marketplace"), ("fulfillment", "fulfillment"), ("order-city", "order_city"),
    ("order-state", "order_state"), ("order-post-code", "order_postal"),
    ("tax-collection-model", "tax_collection_model"), ("product-sales", "product_sales"),
    ("product-sales-tax", "product_sales_tax"), ("shipping-credits", "shipping_credits"),
    ("shipping-credits-tax", "shipping_credits_tax"), ("gift-wrap-credits", "gift_wrap_credits"),
    ("gift-wrap-credits-tax", "gift_wrap_credits_tax"), ("regulatory-fee", "regulatory_fee"),
    ("tax-on-regulatory-fee", "tax_on_regulatory_fee"), ("promotional-rebate", "promotional_rebates"),
    ("promotional-rebate-tax", "promotional_rebates_tax"), ("marketplace-withheld-tax", "marketplace_withheld_tax"),
    ("selling-fees", "selling_fees"), ("fba-fees", "fba_fees"), ("other-transaction-fees", "other_transaction_fees"),
    ("other", "other"), ("total", "total"), ("Tax Amount", "tax_amount"), ("Total Amount", "total_amount"),
)  # fmt: skip
"""The columns of Amazon's page."""


def deferred(book: Book, now: dt.datetime, countries: tuple[str, ...]) -> list[Movement]:
    """Every row that is deferred at an instant, in the order of its date."""
    found = [
        row
        for event in book.events
        if event.deferral and event.country in countries and event.shown_at <= now < event.entry.posted_at
        for row in rows_of(event)
    ]
    return sorted(found, key=lambda row: row.posted_at)


def truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """What a file of each marketplace says, in its words."""
    rows = []
    for row in deferred(book, now, book.seller.countries):
        language = _language(book.seller.key, row.country)
        currency = row.period.stream.currency
        told = {field: minor for field, minor in folded(row, language).items() if minor}
        rows.append(
            {
                "account": book.seller.key,
                "marketplace_id": MARKETPLACES[row.country].id,
                "posted_at": iso_z(row.posted_at),
                "settlement_id": row.period.settlement_id if language.tells_settlement else None,
                "type": language.kind(row.kind),
                "order_id": row.order_id or None,
                "sku": row.sku or None,
                "description": row.description or None,
                "quantity": row.quantity,
                "currency": currency,
                "total": plain(row.total, currency),
                "amounts": {field: plain(minor, currency) for field, minor in told.items()},
            }
        )
    return rows


def write(ask: Ask) -> File:
    """GET_DATE_RANGE_FINANCIAL_HOLDS_DATA of a marketplace."""
    (country,) = ask.countries
    language = _language(ask.seller.key, country)
    rows = deferred(ask.book, ask.now, ask.countries)
    if language.columns is not DOCUMENTED:
        return table(ask, language, country, rows)
    body = [[*_documented(row, language, ask.now)] for row in rows]
    above = f'"All amounts in {MARKETPLACES[country].currency}, unless specified"\n'
    text = above + quoted([spelled for spelled, _ in DOCUMENTED], body)
    return File(text.encode(), UTF8, len(rows), ask.style.gzip)


def _language(account: str, country: str) -> Language:
    """How a seller's report is written: as Seller Central's download, or as Amazon's page says."""
    own = LANGUAGES[country]
    documented = number(account, country, "documented deferrals", below=2) == 0
    return replace(LANGUAGES["US"], columns=DOCUMENTED) if documented else own


def _documented(row: Movement, language: Language, now: dt.datetime) -> list[str]:
    currency = row.period.stream.currency
    tax = sum(minor for field, minor in row.amounts.items() if field in _TAXES)
    more = {
        "report_type": "Deferred Transaction",
        "tax_amount": language.number(plain(tax, currency)),
        "total_amount": language.number(plain(row.total, currency)),
    }
    return cells(row, language, now, more)
