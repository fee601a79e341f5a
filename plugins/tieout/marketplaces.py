"""Amazon's marketplaces and the currencies they settle in, from `include/config/marketplaces.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from pydantic import field_validator

from tieout.documents import Record, Region
from tieout.settings import CONFIG


class Currency(Record):
    """A currency that Amazon settles in."""

    code: str
    digits: int
    """Decimals of its smallest unit: 2 for USD, 0 for JPY."""


class Marketplace(Record):
    """One of Amazon's marketplaces."""

    id: str
    country: str
    """ISO 3166 alpha-2."""
    country_name: str
    """English."""
    region: Region
    currency: str
    names: tuple[str, ...]
    """How a settlement file spells it in marketplace-name."""
    time_zone: str
    """IANA name."""
    seller_central: str
    """Host of its Seller Central."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        ZoneInfo(name)
        return name


class Marketplaces(Record):
    """All marketplaces and currencies."""

    currencies: dict[str, Currency]
    """By ISO 4217 code."""
    marketplaces: dict[str, Marketplace]
    """By marketplace id."""

    def named(self, name: str) -> Marketplace | None:
        """Return the marketplace that a settlement file calls `name`; None for names of none, such as `Non-Amazon`."""
        return next((m for m in self.marketplaces.values() if name.lower() in (n.lower() for n in m.names)), None)


def load_marketplaces(path: Path) -> Marketplaces:
    """Read a marketplaces file.

    :raises ValueError: naming the file and the entry, if it does not say what it must.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        currencies = {code: Currency(code=code, **entry) for code, entry in content["currencies"].items()}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path}: 'currencies:' is not of the form USD: {{digits: 2}}: {error}") from error
    marketplaces: dict[str, Marketplace] = {}
    spellings: dict[str, str] = {}
    for number, entry in enumerate(content.get("marketplaces") or (), start=1):
        try:
            marketplace = Marketplace(**entry)
        except (TypeError, ValueError, KeyError) as error:
            raise ValueError(f"{path}: marketplace {number} is not well formed: {error}") from error
        if marketplace.id in marketplaces:
            raise ValueError(f"{path}: marketplace {marketplace.id} stands there twice")
        if marketplace.currency not in currencies:
            raise ValueError(f"{path}: marketplace {marketplace.id}: {marketplace.currency} is not under 'currencies:'")
        for name in marketplace.names:
            other = spellings.setdefault(name.lower(), marketplace.id)
            if other != marketplace.id:
                raise ValueError(f"{path}: the name {name!r} belongs to both {other} and {marketplace.id}")
        marketplaces[marketplace.id] = marketplace
    return Marketplaces(currencies=currencies, marketplaces=marketplaces)


@cache
def known_marketplaces() -> Marketplaces:
    """Return the project's own marketplaces."""
    return load_marketplaces(CONFIG / "marketplaces.yaml")
