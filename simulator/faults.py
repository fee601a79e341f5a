"""What Amazon gets wrong in the simulated world: which documents are broken, how, and what should become of them.

Some documents of the world are broken from the beginning (`FAULTS`); any other can be broken on demand (`rules`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from simulator.marketplaces import digits
from simulator.sellers import Style
from simulator.settlement_files import Rows, amount, date, instant
from simulator.world import Settlement


class Fault(StrEnum):
    """A fault of one document."""

    WRONG_CONTROL_TOTAL = "wrong_control_total"
    MISSING_LINE = "missing_line"
    CUT_BODY = "cut_body"
    EMPTY_AMOUNT = "empty_amount"
    BAD_AMOUNT = "bad_amount"
    UNKNOWN_CURRENCY = "unknown_currency"
    MIXED_CURRENCY = "mixed_currency"
    DATE_OUTSIDE_PERIOD = "date_outside_period"
    UNDECODABLE = "undecodable"
    TRUNCATED_GZIP = "truncated_gzip"
    FATAL = "fatal"
    SLOW = "slow"
    """Not a broken document: the report is listed long before it is done."""
    LISTED_TWICE = "listed_twice"
    """Not a broken document: the same bytes come again under a second report id."""
    CANCELLED_BEFORE = "cancelled_before"
    """Not a broken document: a report without a document was listed before it."""
    # on demand only
    CANCELLED = "cancelled"
    """The report ends without a document; the settlement comes with a report that is made later."""
    QUEUED = "queued"
    """The report stays IN_QUEUE for hours."""
    UNLISTED = "unlisted"
    """The report is missing from the listing, and is there hours later as if it had always been."""
    REISSUED = "reissued"
    """Amazon makes the settlement again hours later, with other lines and a total of its own that fits them."""
    EMPTY = "empty"
    """The document is empty, and full hours later: the same one, or that of a new report."""
    SAYS_GZIP_IS_PLAIN = "says_gzip_is_plain"
    SAYS_PLAIN_IS_GZIP = "says_plain_is_gzip"
    WRONG_CHARSET = "wrong_charset"
    NO_CHARSET = "no_charset"


REASONS: dict[Fault, str] = {
    Fault.WRONG_CONTROL_TOTAL: "control_total_mismatch",
    Fault.MISSING_LINE: "control_total_mismatch",
    Fault.CUT_BODY: "control_total_mismatch",
    Fault.EMPTY_AMOUNT: "missing_amount",
    Fault.BAD_AMOUNT: "bad_amount",
    Fault.UNKNOWN_CURRENCY: "unknown_currency",
    Fault.MIXED_CURRENCY: "mixed_currency",
    Fault.DATE_OUTSIDE_PERIOD: "date_outside_period",
    Fault.UNDECODABLE: "unreadable_encoding",
    Fault.TRUNCATED_GZIP: "damaged_file",
    Fault.FATAL: "report_fatal",
    Fault.EMPTY: "empty_file",
}
"""Why a document with such a fault must not be loaded."""

FAULTS: dict[tuple[str, str, int], Fault] = {
    # in the three days before the clock starts
    ("ember_eu", "gbp", 10): Fault.MISSING_LINE,
    ("cascade_na", "usd", 27): Fault.TRUNCATED_GZIP,
    ("dorado_eu", "gbp", 10): Fault.WRONG_CONTROL_TOTAL,
    ("ironbark_fe", "aud", 10): Fault.CUT_BODY,
    ("ganges_eu", "inr_cod", 10): Fault.SLOW,
    # before
    ("aurora_na", "brl", 7): Fault.FATAL,
    ("aurora_na", "cad", 9): Fault.UNDECODABLE,
    ("borealis_na", "mxn", 8): Fault.UNKNOWN_CURRENCY,
    ("borealis_na", "cad", 9): Fault.LISTED_TWICE,
    ("dorado_eu", "eur", 7): Fault.MIXED_CURRENCY,
    ("falcon_eu", "sar", 6): Fault.DATE_OUTSIDE_PERIOD,
    ("falcon_eu", "try", 8): Fault.CANCELLED_BEFORE,
    ("hinode_fe", "jpy_invoiced", 8): Fault.BAD_AMOUNT,
    ("jade_fe", "jpy", 9): Fault.EMPTY_AMOUNT,
    ("jade_fe", "sgd", 8): Fault.CANCELLED_BEFORE,
    # in an archive
    ("cascade_na", "mxn", 2): Fault.WRONG_CONTROL_TOTAL,
    # in the weeks after the clock has started
    ("aurora_na", "usd_invoiced", 10): Fault.EMPTY_AMOUNT,
    ("dorado_eu", "pln", 11): Fault.MISSING_LINE,
    ("hinode_fe", "jpy", 11): Fault.TRUNCATED_GZIP,
    ("ironbark_fe", "sgd", 10): Fault.WRONG_CONTROL_TOTAL,
}
"""By account, stream and number of the settlement."""

_UNDECODABLE_TEXT = "UNDECODABLE"
# UTF-8 has no \xc9 before a dash, cp1252 has no \x81, and in cp932 no tab can follow \x81
_UNDECODABLE_BYTES = b"CAF\xc9-\x81"


def fault_of(settlement: Settlement) -> Fault | None:
    """The fault of the document of a settlement."""
    return FAULTS.get((settlement.seller.key, settlement.stream.name, settlement.number))


def break_rows(fault: Fault | None, settlement: Settlement, columns: Sequence[str], rows: Rows, style: Style) -> None:
    """Break the rows of a settlement (the first is the summary) in place, as the fault says.

    A V1 file can only have a wrong control total.
    """
    if fault is None:
        return
    if fault is Fault.EMPTY:
        rows.clear()
        return
    currency = settlement.stream.currency
    at = {name: index for index, name in enumerate(columns)}
    if fault is Fault.WRONG_CONTROL_TOTAL:
        ten = 10 * 10 ** digits(currency)
        rows[0][at["total-amount"]] = amount(settlement.control_minor + ten, currency, style)
        return
    victim = len(rows) * 2 // 3
    match fault:
        case Fault.MISSING_LINE:
            del rows[victim]
        case Fault.EMPTY_AMOUNT:
            # the total says what the other lines add up to, so that nothing else is wrong with the file
            lost = _minor(rows[victim][at["amount"]], currency, style)
            rows[victim][at["amount"]] = ""
            rows[0][at["total-amount"]] = amount(settlement.control_minor - lost, currency, style)
        case Fault.BAD_AMOUNT:
            rows[victim][at["amount"]] += style.decimal + "5"
        case Fault.UNKNOWN_CURRENCY:
            rows[0][at["currency"]] = "USX"
        case Fault.MIXED_CURRENCY:
            rows[victim][at["currency"]] = "GBP" if currency != "GBP" else "EUR"
        case Fault.DATE_OUTSIDE_PERIOD:
            wrong = settlement.start - dt.timedelta(days=120)
            rows[victim][at["posted-date"]] = date(wrong, style)
            rows[victim][at["posted-date-time"]] = instant(wrong, style)
        case Fault.UNDECODABLE:
            rows[victim][at["sku"]] = _UNDECODABLE_TEXT
        case Fault.CUT_BODY:
            # the body ends inside the SKU of a line: that line still has its amount, all after it are lost
            sold = next(i for i in range(victim, len(rows)) if len(rows[i][at["sku"]]) > 4)
            rows[sold] = rows[sold][: at["sku"] + 1]
            rows[sold][-1] = rows[sold][-1][:4]
            del rows[sold + 1 :]


def break_text(fault: Fault | None, text: str, style: Style) -> str:
    """Break the text of a file."""
    return text.removesuffix(style.newline) if fault is Fault.CUT_BODY else text


def break_bytes(fault: Fault | None, body: bytes) -> bytes:
    """Break the encoded text of a file."""
    if fault is Fault.UNDECODABLE:
        return body.replace(_UNDECODABLE_TEXT.encode(), _UNDECODABLE_BYTES)
    return body


def break_download(fault: Fault | None, body: bytes) -> bytes:
    """Break what is downloaded, after it was compressed."""
    return body[: len(body) * 2 // 3] if fault is Fault.TRUNCATED_GZIP else body


def _minor(written: str, currency: str, style: Style) -> int:
    plain = written.replace(style.decimal, "")
    return int(plain[:-2] if style.yen_cents and digits(currency) == 0 else plain)
