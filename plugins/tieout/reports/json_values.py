"""Values in the answers of Amazon's Finances APIs, as the columns of a family hold them. What is absent stays null.

Amazon's models require almost nothing: a list may be absent or null, and so may every value. A value of the wrong kind is
refused in plain words.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tieout.reports.errors import shown_if_plain

UNKNOWN = "UNKNOWN"
"""The kind of a balance or of a charge that Amazon does not name."""
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_CAPITALS = re.compile(r"[A-Z]+(_[A-Z]+)+")
_SMALL_WORDS = {"ON", "OF"}


class WrongShape(ValueError):
    """An answer has a value of a kind that Amazon's model does not have there; the text says which, in plain words."""


@dataclass
class Asked:
    """What is known of the answers of one document besides what they say.

    Attributes:
        parameters: The parameters of the request that the next answer belongs to.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    _met: Counter[str] = field(default_factory=Counter)

    def id_of(self, item: Mapping[str, Any]) -> str:
        """Returns an id for an item to which Amazon gives none: the same content has the same id in every document.

        Equal items of one document are counted, so that each keeps an id of its own.
        """
        content = json.dumps(item, sort_keys=True, default=str)
        digest = hashlib.sha256(content.encode()).hexdigest()[:24]
        self._met[digest] += 1
        return f"no-id-{digest}" if self._met[digest] == 1 else f"no-id-{digest}-{self._met[digest]}"


def items(value: Any, name: str) -> list[Mapping[str, Any]]:
    """Returns the objects in a list of Amazon's; absent, null and empty are the same.

    An example of Amazon's own documentation wraps such a list once more, in an object with a field of its name.

    Raises:
        WrongShape: If it is not a list of objects.
    """
    if isinstance(value, dict):
        value = value.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise WrongShape(f"{name} is {kind(value)}, where Amazon's model has a list")
    found = [each for each in value if each is not None]
    for each in found:
        if not isinstance(each, dict):
            raise WrongShape(f"{name} holds {kind(each)}, where Amazon's model has an object")
    return found


def part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Returns an object inside another one; absent and null are an empty one.

    Raises:
        WrongShape: If it is not an object.
    """
    found = value.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise WrongShape(f"{name} is {kind(found)}, where Amazon's model has an object")
    return found


def listed(answer: Any, name: str) -> list[Mapping[str, Any]]:
    """Returns the list that an answer is about, inside its payload or beside it."""
    payload = answer.get("payload")
    return items(payload[name] if isinstance(payload, dict) and name in payload else answer.get(name), name)


def instant_fields(name: str, text: Any) -> dict[str, Any]:
    """Returns the fields of an instant column: of a date without a time, the day alone.

    Raises:
        WrongShape: If it is not an ISO 8601 date or instant.
    """
    if text is None or text == "":
        return {}
    if not isinstance(text, str):
        raise WrongShape(f"a date is {kind(text)}, where Amazon's model has a text")
    try:
        at = dt.datetime.fromisoformat(text.strip())
        utc = at.astimezone(dt.UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        raise WrongShape(f"{shown_if_plain(text)} is not a date in ISO 8601 form") from None
    if len(text.strip()) <= len("2026-08-31"):
        return {f"{name}_day": at.date()}
    zone = _ZONE.search(text.strip())
    return {
        f"{name}_day": at.date(),
        f"{name}_local": at.replace(tzinfo=None),
        f"{name}_zone": zone.group() if zone else None,
        f"{name}_at": utc,
    }


def amount(value: Any) -> tuple[str | None, Decimal | None]:
    """Returns the currency and the amount of `{"currencyCode": ..., "currencyAmount": ...}`, in either API's spelling.

    Raises:
        WrongShape: If it is not such an object, or its amount is not a number.
    """
    if value is None:
        return None, None
    if not isinstance(value, dict):
        raise WrongShape(f"an amount is {kind(value)}, where Amazon's model has an object with its currency")
    code = value.get("currencyCode", value.get("CurrencyCode"))
    if code is not None and not isinstance(code, str):
        raise WrongShape(f"a currency is {kind(code)}, where Amazon's model has a text")
    return code or None, number(value.get("currencyAmount", value.get("CurrencyAmount")))


def number(value: Any) -> Decimal | None:
    """Returns a number exactly.

    Raises:
        WrongShape: If it is not one.
    """
    if value is None:
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise WrongShape(f"an amount is {kind(value)}, where Amazon's model has a number")
    return Decimal(value)


def account_type(value: Any) -> Any:
    """Returns one spelling of the account's type.

    listPayouts writes STANDARD_ORDERS for what listBalances, listSummary and initiatePayout call Standard Orders.
    """
    if not isinstance(value, str) or not value:
        return None
    if not _CAPITALS.fullmatch(value):
        return value
    return " ".join(word.lower() if word in _SMALL_WORDS else word.capitalize() for word in value.split("_"))


def related(identifiers: Any) -> dict[str, Any]:
    """Returns related identifiers by name; of several with one name, the first."""
    found: dict[str, Any] = {}
    for each in items(identifiers, "relatedIdentifiers"):
        if name := each.get("relatedIdentifierName"):
            found.setdefault(str(name), each.get("relatedIdentifierValue") or None)
    return found


def contexts(value: Any) -> dict[str, Mapping[str, Any]]:
    """Returns contexts by their type."""
    return {str(each.get("contextType")): each for each in items(value, "contexts")}


def numbered_leaves(breakdowns: Any, currency: str | None = None) -> Iterator[dict[str, Any]]:
    """Yields the columns of each leaf, `leaf_no` from 1; one row with nothing but nulls if there is none.

    Args:
        breakdowns: A tree in which a node repeats the sum of what is below it, so that leaves alone may be added up.
        currency: The currency of a leaf that has an amount and names none: an example of Amazon's own documentation has
            `amount`, a plain number, in the place of `breakdownAmount`.
    """
    found = False
    for place, (path, node) in enumerate(_leaves(breakdowns, ""), start=1):
        found = True
        code, money = amount(node.get("breakdownAmount"))
        if money is None and "amount" in node:
            bare = isinstance(node["amount"], int | Decimal)
            code, money = (currency, number(node["amount"])) if bare else amount(node["amount"])
        yield {"leaf_no": place, "leaf_path": path, "leaf_currency": code, "leaf_amount": money}
    if not found:
        yield {}


def _leaves(breakdowns: Any, above: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The leaves of a tree with their paths, e.g. `Tax/TaxWithheld/MarketplaceFacilitatorVAT-Principal`."""
    for each in items(breakdowns, "breakdowns"):
        path = f"{above}{each.get('breakdownType') or UNKNOWN}"
        if items(each.get("breakdowns"), "breakdowns"):
            yield from _leaves(each["breakdowns"], f"{path}/")
        else:
            yield path, each


def kind(value: Any) -> str:
    """Returns what a JSON value is, for a message."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | Decimal):
        return "a number"
    if value is None:
        return "null"
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
