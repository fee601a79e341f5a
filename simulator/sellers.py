"""Who sells in the simulated world: accounts, their settlement streams, and how Amazon writes each stream's files.

Everything here is fixed; what happens in a stream is drawn from the seed by `activity`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulator.marketplaces import MARKETPLACES, Region

UTF8 = "text/plain;charset=UTF-8"
CP1252 = "text/plain;charset=Cp1252"
CP932 = "text/plain; charset=Windows-31J"
NO_CHARSET = "text/plain"


@dataclass(frozen=True)
class Style:
    """How the files of one stream are written. Decimal and date convention are two choices, as in real files.

    `dates` is a key of `settlement_files.DATES`; `zone` is UTC, JST, PST (eight hours behind UTC, all year) or PT (the
    Pacific zone with its summer time: PDT and PST). `columns` is 24, or 23 without `promotion-id`. `content_type` is
    what the download says, None for a download without that header. `ragged` files lose the empty fields at the end of
    a row. `yen_cents` writes yen with two decimals.
    """

    dates: str = "dashed_ymd"
    zone: Literal["UTC", "JST", "PST", "PT"] = "UTC"
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "cp1252", "cp932"] = "utf-8"
    columns: Literal[23, 24] = 24
    gzip: bool = True
    content_type: str | None = UTF8
    newline: str = "\n"
    ragged: bool = False
    yen_cents: bool = False


Tax = Literal["none", "plain", "facilitator", "facilitator_vat", "low_value_goods", "india"]
Event = Literal[
    "quiet", "negative", "zero", "failed_transfer", "new_code", "debt_from", "debt_to", "never_listed", "late_deposit",
    "other_summary",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Stream:
    """One line of settlements: an account, a currency, and what Amazon settles apart (e.g. invoiced orders).

    Days count from the opening of the world. `first_close` is the day on which the first settlement closes;
    `first_days` is its length. `orders` is the mean number of orders in 14 days. `archive` is the layout in which a
    person downloaded the settlements that the Reports API no longer lists. `events` says what is special about a
    settlement, by its number; a `quiet` one holds nothing but four fees, a `never_listed` one has no report and no file, and
    of a `late_deposit` the bank transfer comes nine days later than usual; the Finances API gives an `other_summary` than the
    settlement. `opens` is the day from which the seller sells
    there, if it does not from the beginning.
    """

    name: str
    currency: str
    countries: tuple[str, ...]
    first_close: int
    orders: int
    style: Style
    first_days: int = 14
    cycle_days: int = 14
    tax: Tax = "none"
    archive: Literal["V2", "V1-33", "V1-36"] = "V2"
    archive_windows: bool = False
    reserve: bool = False
    card: bool = False
    invoiced: bool = False
    non_amazon: str = ""
    micro_deposit: bool = False
    events: Mapping[int, Event] = field(default_factory=dict)
    opens: int = 0

    @property
    def promotions(self) -> bool:
        """A V1 archive of 33 columns has no place for promotions."""
        return self.archive != "V1-33"

    @property
    def v1_only(self) -> bool:
        """True if all that happens has to have a place in a V1 file."""
        return self.archive != "V2"


@dataclass(frozen=True, eq=False)
class Seller:
    """A selling partner in one region, and the application that it gave its consent to."""

    key: str
    region: Region
    application: str
    streams: tuple[Stream, ...]

    @property
    def countries(self) -> tuple[str, ...]:
        """Every country that it has always sold in, once."""
        return self.countries_by(0)

    def countries_by(self, day: int) -> tuple[str, ...]:
        """Every country that it sells in on a day, counted from the opening of the world."""
        streams = [stream for stream in self.streams if stream.opens <= day]
        return tuple(dict.fromkeys(country for stream in streams for country in stream.countries))

    @property
    def marketplace_ids(self) -> tuple[str, ...]:
        """The ids of the marketplaces that it has always sold in."""
        return tuple(MARKETPLACES[country].id for country in self.countries)


_EURO = ("DE", "FR", "IT", "ES", "NL", "BE", "IE")

# fmt: off
SELLERS: tuple[Seller, ...] = (
    Seller(
        "aurora_na",
        "NA",
        "bookkeeper",
        (
            Stream(
                "usd", "USD", ("US",), first_close=8, orders=30,
                style=Style(),
                tax="facilitator", reserve=True, non_amazon="Non-Amazon US", micro_deposit=True,
                events={5: "debt_from", 8: "new_code"},
            ),
            Stream(
                "usd_invoiced", "USD", ("US",), first_close=12, orders=10,
                style=Style(zone="PT", columns=23, gzip=False),
                tax="facilitator", invoiced=True, reserve=True, events={5: "debt_to"},
            ),
            Stream(
                "cad", "CAD", ("CA",), first_close=1, orders=14,
                style=Style("iso", encoding="cp1252", content_type=NO_CHARSET),
                archive="V1-33", card=True, non_amazon="Non-Amazon CA", events={3: "negative", 7: "negative"},
            ),
            Stream(
                "mxn", "MXN", ("MX",), first_close=10, orders=12,
                style=Style("slashed_dmy", encoding="cp1252", content_type=CP1252),
                tax="facilitator_vat", non_amazon="Non-Amazon MX",
            ),
            Stream(
                "brl", "BRL", ("BR",), first_close=3, orders=9,
                style=Style("slashed_dmy", decimal=",", encoding="cp1252", content_type=CP1252, gzip=False),
                archive="V1-36", reserve=True,
            ),
        ),
    ),
    Seller(
        "borealis_na",
        "NA",
        "bookkeeper",
        (
            Stream(
                "usd", "USD", ("US",), first_close=7, orders=420,
                style=Style("amazon_page", ragged=True),
                tax="facilitator", reserve=True, non_amazon="Non-Amazon US",
            ),
            Stream(
                "cad", "CAD", ("CA",), first_close=11, orders=20,
                style=Style("dashed_ymd", decimal=",", encoding="cp1252", content_type=CP1252, columns=23),
                tax="plain", archive_windows=True,
            ),
            Stream(
                "mxn", "MXN", ("MX",), first_close=2, orders=7,
                style=Style(zone="PST", gzip=False, newline="\r\n"),
                tax="plain",
            ),
        ),
    ),
    Seller(
        "cascade_na",
        "NA",
        "storefront",
        (
            Stream(
                "usd", "USD", ("US",), first_close=121, orders=42,
                style=Style(ragged=True),
                first_days=1, cycle_days=1, tax="facilitator", micro_deposit=True,
                events={5: "quiet", 12: "negative", 19: "negative"},
            ),
            Stream(
                "mxn", "MXN", ("MX",), first_close=13, orders=10,
                style=Style("slashed_dmy"),
                tax="plain", archive="V1-36", archive_windows=True, events={1: "negative"},
            ),
            Stream(
                "cad", "CAD", ("CA",), first_close=166, orders=12,
                style=Style("iso", encoding="cp1252", content_type=CP1252),
                tax="plain", opens=152,
            ),
        ),
    ),
    Seller(
        "dorado_eu",
        "EU",
        "bookkeeper",
        (
            Stream(
                "eur", "EUR", _EURO, first_close=9, orders=38,
                style=Style("dotted", decimal=",", encoding="cp1252", content_type=CP1252),
                tax="facilitator_vat", reserve=True, non_amazon="Non-Amazon DE", events={8: "new_code"},
            ),
            Stream(
                "eur_invoiced", "EUR", ("DE", "FR", "IT", "ES"), first_close=14, orders=12,
                style=Style("dotted", decimal=",", columns=23, content_type=None, gzip=False),
                tax="plain", invoiced=True,
            ),
            Stream(
                "gbp", "GBP", ("GB",), first_close=8, orders=22,
                style=Style("slashed_dmy", gzip=False),
                tax="facilitator_vat", reserve=True, non_amazon="Non-Amazon", events={6: "failed_transfer"},
            ),
            Stream(
                "sek", "SEK", ("SE",), first_close=11, orders=8,
                style=Style("dashed_ymd", decimal=",", encoding="cp1252", content_type=NO_CHARSET),
                tax="plain", events={7: "other_summary"},
            ),
            Stream(
                "pln", "PLN", ("PL",), first_close=2, orders=9,
                style=Style("dotted", decimal=",", ragged=True),
                tax="plain",
            ),
        ),
    ),
    Seller(
        "ember_eu",
        "EU",
        "storefront",
        (
            Stream(
                "eur", "EUR", ("DE", "FR", "ES", "IT", "NL"), first_close=66, orders=26,
                style=Style("dotted", encoding="cp1252", content_type=CP1252),
                first_days=56, tax="facilitator_vat", reserve=True, non_amazon="Non-Amazon España",
                micro_deposit=True,
            ),
            Stream(
                "gbp", "GBP", ("GB",), first_close=7, orders=11,
                style=Style("iso", columns=23, gzip=False),
                archive="V1-33",
            ),
            Stream(
                "pln", "PLN", ("PL",), first_close=12, orders=6,
                style=Style("dashed_ymd", decimal=","),
                tax="plain", card=True, events={5: "negative", 6: "negative", 9: "late_deposit"},
            ),
        ),
    ),
    Seller(
        "falcon_eu",
        "EU",
        "bookkeeper",
        (
            Stream(
                "aed", "AED", ("AE",), first_close=13, orders=15,
                style=Style(),
                tax="plain", reserve=True, events={5: "zero", 6: "zero"},
            ),
            Stream(
                "sar", "SAR", ("SA",), first_close=3, orders=8,
                style=Style("slashed_ymd", columns=23, gzip=False),
                tax="plain", archive="V1-36",
            ),
            Stream(
                "egp", "EGP", ("EG",), first_close=9, orders=6,
                style=Style("slashed_dmy", content_type=NO_CHARSET),
                card=True, events={4: "quiet", 7: "quiet", 8: "quiet"},
            ),
            Stream(
                "try", "TRY", ("TR",), first_close=1, orders=9,
                style=Style("dotted", decimal=","),
                tax="facilitator_vat",
            ),
        ),
    ),
    Seller(
        "ganges_eu",
        "EU",
        "storefront",
        (
            Stream(
                "inr", "INR", ("IN",), first_close=7, orders=24,
                style=Style("dashed_dmy"),
                tax="india", reserve=True,
            ),
            Stream(
                "inr_cod", "INR", ("IN",), first_close=9, orders=10,
                style=Style("dashed_dmy", columns=23, gzip=False),
                tax="india",
            ),
            Stream(
                "zar", "ZAR", ("ZA",), first_close=12, orders=6,
                style=Style("slashed_dmy", decimal=",", encoding="cp1252", content_type=CP1252),
                tax="plain", events={6: "quiet", 7: "quiet"},
            ),
        ),
    ),
    Seller(
        "hinode_fe",
        "FE",
        "storefront",
        (
            Stream(
                "jpy", "JPY", ("JP",), first_close=8, orders=420,
                style=Style("slashed_ymd", zone="JST", encoding="cp932", content_type=CP932),
                tax="plain", reserve=True, non_amazon="Non-Amazon 日本", events={6: "new_code"},
            ),
            Stream(
                "jpy_invoiced", "JPY", ("JP",), first_close=11, orders=14,
                style=Style("slashed_ymd", zone="JST", encoding="cp932", content_type=NO_CHARSET, columns=23, gzip=False),
                tax="plain", invoiced=True,
            ),
        ),
    ),
    Seller(
        "ironbark_fe",
        "FE",
        "bookkeeper",
        (
            Stream(
                "aud", "AUD", ("AU",), first_close=9, orders=34,
                style=Style("dotted", gzip=False),
                tax="low_value_goods", reserve=True, events={6: "new_code"},
            ),
            Stream(
                "sgd", "SGD", ("SG",), first_close=14, orders=9,
                style=Style("slashed_dmy"),
                archive="V1-36",
            ),
        ),
    ),
    Seller(
        "jade_fe",
        "FE",
        "bookkeeper",
        (
            Stream(
                "jpy", "JPY", ("JP",), first_close=2, orders=18,
                style=Style(zone="JST", yen_cents=True),
                tax="plain", reserve=True, events={6: "new_code"},
            ),
            Stream(
                "aud", "AUD", ("AU",), first_close=7, orders=12,
                style=Style("dotted", encoding="cp1252", content_type=CP1252, ragged=True),
                tax="low_value_goods", card=True, events={6: "negative"},
            ),
            Stream(
                "sgd", "SGD", ("SG",), first_close=10, orders=8,
                style=Style("iso", content_type=None),
                tax="low_value_goods", reserve=True, events={6: "never_listed"},
            ),
        ),
    ),
)
# fmt: on

BY_KEY: dict[str, Seller] = {seller.key: seller for seller in SELLERS}


@dataclass(frozen=True)
class Credentials:
    """What a seller and its application authenticate with. They open nothing but the simulated Amazon."""

    selling_partner_id: str
    client_id: str
    client_secret: str
    refresh_token: str


def credentials(seed: int, seller: Seller) -> Credentials:
    """The credentials of a seller in the world of a seed."""
    return Credentials(
        selling_partner_id="A" + _letters(seed, "partner", seller.key, 13),
        client_id="amzn1.application-oa2-client." + _hex(seed, "client", seller.application, 32),
        client_secret="amzn1.oa2-cs.v1." + _hex(seed, "secret", seller.application, 64),
        refresh_token="Atzr|IwEBI" + _letters(seed, "refresh", seller.key, 80),
    )


def _hex(seed: int, kind: str, name: str, length: int) -> str:
    return hashlib.sha256(f"{seed}/{kind}/{name}".encode()).hexdigest()[:length]


def _letters(seed: int, kind: str, name: str, length: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    number = int.from_bytes(hashlib.shake_256(f"{seed}/{kind}/{name}".encode()).digest(length), "big")
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        letters.append(alphabet[index])
    return "".join(letters)
