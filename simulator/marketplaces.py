"""Amazon's 23 marketplaces and their currencies.

Ids are those of Amazon's "Marketplace IDs" page; currencies and domains those of github.com/bizon/amazon-ids
(src/marketplaces.ts).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Region = Literal["NA", "EU", "FE"]
REGIONS: tuple[Region, ...] = ("NA", "EU", "FE")


@dataclass(frozen=True)
class Marketplace:
    """One marketplace. `name` is how settlement files spell it; `order_prefixes` begin its order ids."""

    country: str
    id: str
    currency: str
    name: str
    region: Region
    order_prefixes: tuple[str, ...]


_ALL = (
    Marketplace("CA", "A2EUQ1WTGCTBG2", "CAD", "Amazon.ca", "NA", ("701", "702")),
    Marketplace("US", "ATVPDKIKX0DER", "USD", "Amazon.com", "NA", ("111", "112", "113", "114")),
    Marketplace("MX", "A1AM78C64UM0Y8", "MXN", "Amazon.com.mx", "NA", ("701", "702")),
    Marketplace("BR", "A2Q3Y263D00KWC", "BRL", "Amazon.com.br", "NA", ("701", "702")),
    Marketplace("IE", "A28R8C7NBKEWEA", "EUR", "Amazon.ie", "EU", ("202", "203")),
    Marketplace("ES", "A1RKKUPIHCS9HS", "EUR", "Amazon.es", "EU", ("402", "403")),
    Marketplace("GB", "A1F83G8C2ARO7P", "GBP", "Amazon.co.uk", "EU", ("202", "203", "204")),
    Marketplace("FR", "A13V1IB3VIYZZH", "EUR", "Amazon.fr", "EU", ("402", "403")),
    Marketplace("BE", "AMEN7PMS3EDWL", "EUR", "Amazon.com.be", "EU", ("405", "406")),
    Marketplace("NL", "A1805IZSGTT6HS", "EUR", "Amazon.nl", "EU", ("405", "406")),
    Marketplace("DE", "A1PA6795UKMFR9", "EUR", "Amazon.de", "EU", ("302", "303", "304", "305")),
    Marketplace("IT", "APJ6JRA9NG5V4", "EUR", "Amazon.it", "EU", ("402", "403")),
    Marketplace("SE", "A2NODRKZP88ZB9", "SEK", "Amazon.se", "EU", ("407", "408")),
    Marketplace("ZA", "AE08WJ6YKNBMC", "ZAR", "Amazon.co.za", "EU", ("407", "408")),
    Marketplace("PL", "A1C3SOZRARQ6R3", "PLN", "Amazon.pl", "EU", ("405", "406")),
    Marketplace("EG", "ARBP9OOSHTCHU", "EGP", "Amazon.eg", "EU", ("404", "405")),
    Marketplace("TR", "A33AVAJ2PDY3EV", "TRY", "Amazon.com.tr", "EU", ("404", "405")),
    Marketplace("SA", "A17E79C6D8DWNP", "SAR", "Amazon.sa", "EU", ("404", "405")),
    Marketplace("AE", "A2VIGQ35RCS4UG", "AED", "Amazon.ae", "EU", ("404", "405")),
    Marketplace("IN", "A21TJRUUN4KGV", "INR", "Amazon.in", "EU", ("171", "402", "406")),
    Marketplace("SG", "A19VAU5U5O7RUS", "SGD", "Amazon.sg", "FE", ("503",)),
    Marketplace("AU", "A39IBJ37TRP1C6", "AUD", "Amazon.com.au", "FE", ("250", "249")),
    Marketplace("JP", "A1VC38T7YXB528", "JPY", "Amazon.co.jp", "FE", ("249", "250", "503")),
)

MARKETPLACES: dict[str, Marketplace] = {marketplace.country: marketplace for marketplace in _ALL}
"""By country code."""

BY_ID: dict[str, Marketplace] = {marketplace.id: marketplace for marketplace in _ALL}


def digits(currency: str) -> int:
    """Decimals of a currency (ISO 4217): the yen has none, all others of Amazon's marketplaces have two."""
    return 0 if currency == "JPY" else 2
