"""The Appstore's eleven marketplaces."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class AppMarketplace:
    """One marketplace. `written_currency` is how reports spell the currency: Canada's is `CAN`."""

    country: str
    name: str
    currency: str
    written_currency: str
    zone: ZoneInfo
    label: str
    """How Transaction Time names the zone, in winter and in summer alike."""
    seconds: bool
    """Whether Transaction Time has seconds."""
    size: float
    """How much is sold there, beside the others."""
    price: int
    """What a price of 1.00 USD is here, in hundredths of the currency."""
    language: str


_PARIS = ZoneInfo("Europe/Paris")
MARKETPLACES: tuple[AppMarketplace, ...] = (
    AppMarketplace("AU", "Amazon.com.au", "AUD", "AUD", ZoneInfo("Australia/Sydney"), "AEST", True, 0.7, 150, "en"),
    AppMarketplace("BR", "Amazon.com.br", "BRL", "BRL", ZoneInfo("America/Sao_Paulo"), "BRT", True, 0.6, 520, "pt"),
    AppMarketplace("CA", "Amazon.ca", "CAD", "CAN", ZoneInfo("America/Los_Angeles"), "PST", False, 0.8, 135, "en"),
    AppMarketplace("DE", "Amazon.de", "EUR", "EUR", _PARIS, "CET", True, 1.2, 100, "de"),
    AppMarketplace("ES", "Amazon.es", "EUR", "EUR", _PARIS, "CET", False, 0.6, 100, "es"),
    AppMarketplace("FR", "Amazon.fr", "EUR", "EUR", _PARIS, "CET", True, 0.8, 100, "fr"),
    AppMarketplace("GB", "Amazon.co.uk", "GBP", "GBP", ZoneInfo("Europe/London"), "GMT", False, 1.0, 85, "en"),
    AppMarketplace("IN", "Amazon.in", "INR", "INR", ZoneInfo("Asia/Kolkata"), "IST", True, 0.7, 8300, "en"),
    AppMarketplace("IT", "Amazon.it", "EUR", "EUR", _PARIS, "CET", True, 0.6, 100, "it"),
    AppMarketplace("JP", "Amazon.co.jp", "JPY", "JPY", ZoneInfo("Asia/Tokyo"), "JST", False, 0.9, 15000, "ja"),
    AppMarketplace("US", "Amazon.com", "USD", "USD", ZoneInfo("America/Los_Angeles"), "PST", False, 1.6, 100, "en"),
)  # fmt: skip
BY_COUNTRY = {each.country: each for each in MARKETPLACES}
