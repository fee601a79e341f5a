"""Where the simulated world's buyers live, and where Amazon keeps its sellers' goods."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A buyer's address as far as reports tell it."""

    city: str
    state: str
    postal_code: str


PLACES: dict[str, tuple[Place, ...]] = {
    "US": (Place("SAN DIEGO", "CA", "92115-6801"), Place("Austin", "TX", "78701"), Place("O'Fallon", "MO", "63366")),
    "CA": (Place("Montréal", "QC", "H2X 1Y4"), Place("Calgary", "AB", "T2P 1J9")),
    "MX": (Place("Ciudad de México", "CDMX", "06600"), Place("Mérida", "Yucatán", "97000")),
    "BR": (Place("São Paulo", "SP", "01310-100"), Place("Goiânia", "GO", "74000-000")),
    "IE": (Place("Dublin", "Leinster", "D02 X285"),),
    "ES": (Place("Málaga", "Málaga", "29001"), Place("A Coruña", "Galicia", "15001")),
    "GB": (Place("London", "", "EC1A 1BB"), Place("Kirkby-in-Ashfield", "Notts", "NG17 7BA")),
    "FR": (Place("Lyon", "", "69001"), Place("Saint-Étienne", "", "42000")),
    "BE": (Place("Liège", "", "4000"),),
    "NL": (Place("'s-Hertogenbosch", "", "5211"),),
    "DE": (Place("Köln", "", "50667"), Place("Fürth", "Bayern", "90762")),
    "IT": (Place("Forlì", "FC", "47121"), Place("Roma", "RM", "00184")),
    "SE": (Place("Malmö", "", "211 19"),),
    "ZA": (Place("Cape Town", "Western Cape", "8001"),),
    "PL": (Place("Łódź", "łódzkie", "90-001"), Place("Wrocław", "", "50-001")),
    "EG": (Place("Giza", "Giza", "12511"),),
    "TR": (Place("İstanbul", "Kadıköy", "34710"), Place("Muğla", "Bodrum", "48400")),
    "SA": (Place("Riyadh", "Riyadh", "11564"),),
    "AE": (Place("Dubai", "Dubai", ""),),
    "IN": (Place("BENGALURU", "KARNATAKA", "560001"), Place("MUMBAI", "MAHARASHTRA", "400001")),
    "SG": (Place("Singapore", "", "238801"),),
    "AU": (Place("SYDNEY", "NSW", "2000"), Place("PERTH", "WA", "6000")),
    "JP": (Place("渋谷区", "東京都", "150-0001"), Place("大阪市", "大阪府", "530-0001")),
}

CENTRES: dict[str, tuple[str, ...]] = {
    "US": ("PHX3", "AKC1"), "CA": ("YYZ4",), "MX": ("MEX2",), "BR": ("GRU5",), "IE": ("DUB4",), "ES": ("MAD6", "BCN1"),
    "GB": ("LTN4", "BHX4"), "FR": ("ORY1",), "BE": ("LGG1",), "NL": ("RTM1",), "DE": ("LEJ1", "FRA7"), "IT": ("MXP5",),
    "SE": ("ARN1",), "ZA": ("JNB1",), "PL": ("WRO5",), "EG": ("CAI1",), "TR": ("XTRA",), "SA": ("RUH3",), "AE": ("DXB6",),
    "IN": ("BLR7", "BOM4"), "SG": ("SIN2",), "AU": ("MEL1",), "JP": ("KIX2", "NRT5"),
}  # fmt: skip
"""Fulfilment centres by country."""

_PACIFIC = dt.timezone(dt.timedelta(hours=-7))
_JAPAN = dt.timezone(dt.timedelta(hours=9))


def local_zone(country: str) -> dt.tzinfo:
    """The zone that FBA reports of a marketplace write: an offset, the same one all year."""
    if country in ("US", "CA", "MX", "BR"):
        return _PACIFIC
    return _JAPAN if country == "JP" else dt.UTC


def order_zone(country: str) -> dt.tzinfo:
    """The zone that reports of orders write: Japan's own, elsewhere that of UTC."""
    return _JAPAN if country == "JP" else dt.UTC
