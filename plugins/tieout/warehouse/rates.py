"""Exchange rates into the reporting currency, each with its source: what the European Central Bank publishes, what a central
bank has declared as a fixed rate, and what the user supplies in a dated file.

All arithmetic is in decimals. A day without a rate has none: nothing is interpolated, and a missing rate is never 1.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

EURO = "EUR"
HELD = dt.timedelta(days=7)
"""How long a rate is used when its source has no newer one."""
LARGEST_MOVE = Decimal("1.25")
"""A rate may be at most this many times the one before it, or that of another source, unless its row has a note."""
_EXACT = Decimal("1e-12")
_CODE = re.compile("[A-Z]{3}")
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,12})?")

Series = dict[dt.date, Decimal]
"""A rate by the day from which it holds."""


class RateSource(StrEnum):
    """Where a rate comes from."""

    FILE = "file"
    """The user's own file, `TIEOUT_EXCHANGE_RATE_FILE`."""
    ECB = "ecb"
    """The European Central Bank's reference rates."""
    PEG = "peg"
    """A fixed rate that a central bank has declared, through the European Central Bank's rate of its anchor."""
    AMAZON = "amazon"
    """What Amazon itself converted a payout at: the converted total of an event group over its original total."""


@dataclass(frozen=True)
class Peg:
    """A fixed rate that a central bank has declared."""

    currency: str
    anchor: str
    rate: Decimal
    """Units of `currency` for one unit of `anchor`."""
    since: dt.date
    source: str


@dataclass(frozen=True)
class FileRate:
    """One row of the user's file: on `day`, one unit of `currency` is worth `rate` units of `to`."""

    line: int
    day: dt.date
    currency: str
    to: str
    rate: Decimal
    note: str


def load_pegs(path: Path) -> tuple[Peg, ...]:
    """Read the declared pegs.

    Raises:
        ValueError: if an entry is not well formed; the message names the file and the entry.
    """
    found = []
    for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))["pegs"], start=1):
        try:
            found.append(Peg(**{**entry, "rate": Decimal(entry["rate"])}))
        except (TypeError, KeyError, InvalidOperation) as error:
            raise ValueError(f"{path}: peg {number} is not well formed: {error}") from error
    return tuple(found)


def euro_values(file: bytes, pegs: Sequence[Peg]) -> dict[str, Series]:
    """Return the value of one unit of each currency in euro, by currency and day.

    Args:
        file: The European Central Bank's `eurofxref-hist`, as a ZIP or as the CSV in it: a row per day, a column per
            currency, with units of the currency for one euro.
        pegs: Fixed rates that extend it.

    Raises:
        ValueError: if the file is not such a file.
    """
    if file[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            file = archive.read(archive.namelist()[0])
    days = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"))))
    if not days or "Date" not in days[0]:
        raise ValueError(
            "the file of exchange rates has no column Date: it must be the European Central Bank's eurofxref-hist"
        )
    found: dict[str, Series] = {EURO: {}}
    for row in days:
        day = dt.date.fromisoformat(row["Date"])
        found[EURO][day] = Decimal(1)
        for currency, text in row.items():
            if currency and _CODE.fullmatch(currency) and text and text.strip() not in ("N/A", ""):
                found.setdefault(currency, {})[day] = 1 / Decimal(text.strip())
    for peg in pegs:
        if peg.currency not in found:
            anchor = found.get(peg.anchor, {})
            found[peg.currency] = {day: value / peg.rate for day, value in anchor.items() if day >= peg.since}
    return found


def read_rate_file(path: Path, known: Mapping[str, Series]) -> tuple[FileRate, ...]:
    """Read and validate the user's file of rates: a CSV with the columns `date`, `currency`, `to`, `rate` and, if wanted, `note`.

    A row says that from its date one unit of `currency` is worth `rate` units of `to`. Rates of a pair must follow each
    other within seven days, since none is used for longer. A rate that jumps, or is far from a published one, is refused
    unless its row has a note that says why.

    Args:
        path: The file.
        known: Values of one unit in euro that other sources publish, by currency and day.

    Raises:
        ValueError: for the first row that is wrong; the message names file, line and column, and what to do.
        OSError: if the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: the file is not UTF-8 ({error.reason}): save it as CSV in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text))
    header = [name.strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in ("date", "currency", "to", "rate") if name not in header]
    if missing:
        raise ValueError(
            f"{path}, line 1: the column {missing[0]!r} is missing. The columns are date, currency, to, rate and, if"
            " wanted, note, with commas between them"
        )
    reader.fieldnames = header
    found = [_file_rate(path, reader.line_num, row) for row in reader]
    pairs: dict[tuple[str, str], list[FileRate]] = {}
    for rate in found:
        pairs.setdefault((rate.currency, rate.to), []).append(rate)
    for (currency, to), rates in pairs.items():
        if (to, currency) in pairs:
            raise ValueError(
                f"{path}, line {rates[0].line}, column to: the file has rates from {currency} to {to} and from {to} to"
                f" {currency}. Keep one direction"
            )
        _validate_pair(path, sorted(rates, key=lambda rate: rate.day), known)
    return tuple(found)


def _file_rate(path: Path, line: int, row: Mapping[str, Any]) -> FileRate:
    def wrong(column: str, problem: str) -> ValueError:
        return ValueError(f"{path}, line {line}, column {column}: {str(row.get(column) or '').strip()!r} {problem}")

    text = {name: str(row.get(name) or "").strip() for name in ("date", "currency", "to", "rate", "note")}
    if row.get(None):  # type: ignore[call-overload]
        raise ValueError(f"{path}, line {line}: there are more values than columns. Write decimals with a point")
    try:
        day = dt.date.fromisoformat(text["date"])
    except ValueError:
        raise wrong("date", "is not a date. Write it like 2026-08-31") from None
    for column in ("currency", "to"):
        if not _CODE.fullmatch(text[column]):
            raise wrong(column, "is not an ISO 4217 code. Write it like EGP")
    if text["currency"] == text["to"]:
        raise wrong("to", "is the currency itself. A currency needs no rate to itself")
    if not _NUMBER.fullmatch(text["rate"]) or not Decimal(text["rate"]):
        raise wrong("rate", "is not a positive number with at most twelve decimals. Write it like 0.0187")
    return FileRate(line, day, text["currency"], text["to"], Decimal(text["rate"]), text["note"])


def _validate_pair(path: Path, rates: Sequence[FileRate], known: Mapping[str, Series]) -> None:
    """Refuse a pair with two rates on a day, a gap, a rate the wrong way round, or an implausible one."""
    before: FileRate | None = None
    for rate in rates:
        where = f"{path}, line {rate.line}"
        pair = f"{rate.currency} to {rate.to}"
        if before and before.day == rate.day:
            raise ValueError(f"{where}, column date: line {before.line} has a rate from {pair} for {rate.day} already")
        if before and rate.day - before.day > HELD:
            raise ValueError(
                f"{where}, column date: there is no rate from {pair} between {before.day} and {rate.day}, and a rate is"
                f" used for {HELD.days} days at most. Add the days between"
            )
        published = _published(rate, known)
        other, what = (published, "the published rate") if published else (before and before.rate, "the rate before it")
        if other and not rate.note:
            _plausible(f"{where}, column rate", pair, rate.rate, other, what)
        before = rate


def _plausible(where: str, pair: str, rate: Decimal, other: Decimal, what: str) -> None:
    if 1 / LARGEST_MOVE <= rate / other <= LARGEST_MOVE:
        return
    expected = f"{what} from {pair} is {other.normalize():f}"
    if 1 / LARGEST_MOVE <= rate * other <= LARGEST_MOVE:
        raise ValueError(
            f"{where}: {rate} seems to be the wrong way round: {expected}. Write how many units of the second currency one"
            " unit of the first is worth"
        )
    raise ValueError(
        f"{where}: {rate} is implausible: {expected}. Mend it or, if it is right, say why in the column note"
    )


def _published(rate: FileRate, known: Mapping[str, Series]) -> Decimal | None:
    """What other sources publish for the pair of a row; None if they do not."""
    value, target = (_on(known.get(code), rate.day) for code in (rate.currency, rate.to))
    return (value / target).quantize(_EXACT, ROUND_HALF_EVEN) if value and target else None


def _on(series: Series | None, day: dt.date) -> Decimal | None:
    """The newest rate of a day or of the `HELD` days before it."""
    if not series:
        return None
    days = sorted(series)
    place = bisect_right(days, day)
    return series[days[place - 1]] if place and day - days[place - 1] <= HELD else None


def published_rates(
    known: Mapping[str, Series],
    pegs: Sequence[Peg],
    file: Sequence[FileRate],
    file_name: str | None,
    reporting: str,
    wanted: set[str],
) -> Iterator[dict[str, Any]]:
    """Yield the rows of core.dated_rate.

    Args:
        known: Values of one unit in euro, by currency and day.
        pegs: Which of them follow from a declared fixed rate.
        file: The rows of the user's file.
        file_name: What to call that file.
        reporting: The reporting currency, ISO 4217.
        wanted: The currencies to give, ISO 4217; those that nobody publishes are left out.

    Raises:
        ValueError: if nothing turns anything into the reporting currency, or a rate of the file leads nowhere.
    """
    pegged = {peg.currency: peg for peg in pegs}
    target = dict(known.get(reporting, {}))
    direct = {
        rate.to if rate.currency == reporting else rate.currency
        for rate in file
        if reporting in (rate.currency, rate.to)
    }
    if not target and not direct:
        raise ValueError(
            f"TIEOUT_REPORTING_CURRENCY={reporting}: the European Central Bank publishes no rate of it, and no peg is declared"
            " for it. Supply rates of it in TIEOUT_EXCHANGE_RATE_FILE"
        )
    for currency in sorted(wanted | {EURO} - {reporting}):
        if currency == reporting:
            continue
        series = {day: value / target[day] for day, value in known.get(currency, {}).items() if day in target}
        used = [pegged[code] for code in (currency, reporting) if code in pegged]
        origin = "; ".join(f"1 {peg.anchor} = {peg.rate} {peg.currency}, {peg.source}" for peg in used)
        source = RateSource.PEG if used else RateSource.ECB
        yield from _rows(source, currency, reporting, series, origin or "European Central Bank, euro reference rates")
    by_currency: dict[str, Series] = {}
    for rate in file:
        currency, value = _into(reporting, rate, known, file_name or "the file")
        by_currency.setdefault(currency, {})[rate.day] = value
    for currency, series in by_currency.items():
        yield from _rows(RateSource.FILE, currency, reporting, series, file_name or "")


def _into(reporting: str, rate: FileRate, known: Mapping[str, Series], file_name: str) -> tuple[str, Decimal]:
    """The currency that a row of the file values, and its value in the reporting currency."""
    if rate.to == reporting:
        return rate.currency, rate.rate
    if rate.currency == reporting:
        return rate.to, 1 / rate.rate
    value, target = (_on(known.get(code), rate.day) for code in (rate.to, reporting))
    if not value or not target:
        raise ValueError(
            f"{file_name}, line {rate.line}, column to: nothing turns {rate.to} into {reporting} on {rate.day}. Write rates"
            f" into {reporting}"
        )
    return rate.currency, rate.rate * value / target


def amazon_rates(
    payouts: Sequence[Mapping[str, Any]], known: Mapping[str, Series], reporting: str
) -> Iterator[dict[str, Any]]:
    """Yield the rows of core.dated_rate that follow from payouts which Amazon converted.

    Args:
        payouts: The rows of core.converted_payout.
        known: Values of one unit in euro, by currency and day; they turn the converted currency into the reporting one.
        reporting: The reporting currency, ISO 4217.
    """
    by_currency: dict[str, dict[dt.date, tuple[Decimal, str]]] = {}
    for payout in payouts:
        day, bank = payout["paid_on"], payout["converted_currency"]
        value, target = (_on(known.get(code), day) for code in (bank, reporting))
        factor = Decimal(1) if bank == reporting else value / target if value and target else None
        if payout["currency"] == reporting or factor is None:
            continue
        # the account and the amounts stand in core.converted_payout: a rate may be used for another client's money
        origin = f"event group {payout['event_group_id']}"
        rate = payout["converted_total"] / payout["original_total"] * factor
        by_currency.setdefault(payout["currency"], {})[day] = rate, origin
    for currency, days in by_currency.items():
        series = {day: rate for day, (rate, _) in days.items()}
        for row in _rows(RateSource.AMAZON, currency, reporting, series, ""):
            yield {**row, "origin": days[row["rate_on"]][1]}


def _rows(source: RateSource, currency: str, reporting: str, series: Series, origin: str) -> Iterator[dict[str, Any]]:
    days = sorted(series)
    for day, after in zip(days, [*days[1:], None], strict=False):
        until = day + HELD if after is None else min(day + HELD, after - dt.timedelta(days=1))
        yield {
            "source": source.value,
            "currency": currency,
            "rate_on": day,
            "valid_until": until,
            "reporting_currency": reporting,
            "rate": series[day].quantize(_EXACT, ROUND_HALF_EVEN),
            "origin": origin,
        }
