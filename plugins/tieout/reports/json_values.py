"""Values in the answers of Amazon's Finances APIs, as the columns of a family hold them. What is absent stays null."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any


def instant_fields(name: str, text: str | None) -> dict[str, Any]:
    """The fields of an instant column.

    :raises ValueError: if it is no ISO 8601 instant with an offset.
    """
    if not text:
        return {}
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return {
        f"{name}_day": at.date(),
        f"{name}_local": at.replace(tzinfo=None),
        f"{name}_zone": text[len("2026-08-31T15:30:00") :].lstrip(".0123456789"),
        f"{name}_at": at.astimezone(dt.UTC),
    }


def amount(value: Mapping[str, Any] | None) -> tuple[str | None, Decimal | None]:
    """The currency and the amount of `{"currencyCode": ..., "currencyAmount": ...}`, in either API's spelling."""
    if not value:
        return None, None
    number = value.get("currencyAmount", value.get("CurrencyAmount"))
    code = value.get("currencyCode", value.get("CurrencyCode"))
    if isinstance(number, bool) or not isinstance(number, int | Decimal | None):
        raise TypeError(f"{number!r} is no amount")
    return code, None if number is None else Decimal(number)


def related(identifiers: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """Related identifiers by name; of several with one name, the first."""
    found: dict[str, str] = {}
    for each in identifiers or ():
        found.setdefault(each["relatedIdentifierName"], each["relatedIdentifierValue"])
    return found


def leaves(breakdowns: Sequence[Mapping[str, Any]] | None, above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The leaves of a tree of breakdowns with their paths, `Tax/TaxWithheld/...`. What stands above a leaf repeats it in its
    sum, so that leaves alone may be added up."""
    for each in breakdowns or ():
        path = f"{above}{each['breakdownType']}"
        if each.get("breakdowns"):
            yield from leaves(each["breakdowns"], f"{path}/")
        else:
            yield path, each.get("breakdownAmount") or {}


def numbered_leaves(breakdowns: Sequence[Mapping[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """The columns of each leaf, `leaf_no` from 1; one with nothing but nulls if there is none."""
    found = False
    for number, (path, value) in enumerate(leaves(breakdowns), start=1):
        found = True
        code, money = amount(value)
        yield {"leaf_no": number, "leaf_path": path, "leaf_currency": code, "leaf_amount": money}
    if not found:
        yield {}
