"""Amounts as text to exact hundredths.

Amazon writes `1141.18` for some accounts and `1141,18` for others, whatever the dates look like, so the decimal
convention is found from all amounts of a file. A reader that takes the wrong one is wrong by a factor of 100
(https://github.com/abuzuhri/Amazon-SP-API-CSharp/issues/571), and nothing in a single line shows it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

POINT, COMMA = ".", ","
CONVENTIONS = (POINT, COMMA)

LARGEST = 10**18 - 1
"""The most hundredths that DECIMAL(18,2) holds."""

_EXPONENTS = {"JPY": 0}
_SPACES_AND_QUOTES = " \u00a0\u2009\u202f'\u2019"
_PADDING = " \u00a0\t"
_UNSIGNED = {
    POINT: re.compile(
        rf"(?P<whole>[0-9]+|[1-9][0-9]{{0,2}}(?P<by>[,{_SPACES_AND_QUOTES}])[0-9]{{3}}(?:(?P=by)[0-9]{{3}})*"
        r"|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3})?"  # lakh and crore, as in 1,23,456.78
        r"(?:\.(?P<fraction>[0-9]*))?"
    ),
    COMMA: re.compile(
        rf"(?P<whole>[0-9]+|[1-9][0-9]{{0,2}}(?P<by>[.{_SPACES_AND_QUOTES}])[0-9]{{3}}(?:(?P=by)[0-9]{{3}})*)?"
        r"(?:,(?P<fraction>[0-9]*))?"
    ),
}
_NOT_DIGITS = re.compile("[^0-9]")


def exponent(currency: str) -> int:
    """The number of decimals of a currency (ISO 4217); 2 for one that is not known."""
    return _EXPONENTS.get(currency, 2)


@lru_cache(maxsize=1 << 16)
def hundredths(text: str, decimal: str, decimals: int) -> int | None:
    """An amount in hundredths of its currency's unit, or None if it is not one in this convention.

    Thousands separators may be the other one of point and comma, a space or an apostrophe, and must stand where they
    belong. A minus may be ASCII or U+2212, before or after the number. Digits are ASCII. Decimals past those of the
    currency must be zeros: `100.00` yen are 100, `1.005` euros are refused. Exponents, brackets, currency signs and
    words are refused.

    Args:
        text: The field as the file has it.
        decimal: `POINT` or `COMMA`.
        decimals: How many decimals the currency has, 0 to 2.
    """
    value = units(text, decimal, decimals, 2)
    return None if value is None or abs(value) > LARGEST else value


def units(text: str, decimal: str, decimals: int, scale: int) -> int | None:
    """A number in units of ten to the power of -`scale`, read as `hundredths` reads an amount.

    Args:
        text: The field as the file has it.
        decimal: `POINT` or `COMMA`.
        decimals: How many decimals it may have, 0 to `scale`.
        scale: How many decimals the result counts.
    """
    text = text.strip(_PADDING).replace("\u2212", "-")
    negative = False
    if text[:1] in ("-", "+"):
        negative, text = text[0] == "-", text[1:]
    elif text.endswith("-"):
        negative, text = True, text[:-1]
    match = _UNSIGNED[decimal].fullmatch(text)
    if match is None:
        return None
    whole = _NOT_DIGITS.sub("", match["whole"] or "")
    fraction = match["fraction"] or ""
    if (not whole and not fraction) or fraction[decimals:].strip("0"):
        return None
    value = int(whole or 0) * 10**scale + int(fraction[:scale].ljust(scale, "0") or 0)
    return -value if negative else value


def as_decimal(value: int) -> Decimal:
    """Hundredths as a Decimal with two decimals."""
    return Decimal(value).scaleb(-2)


def advice(text: str, decimals: int) -> str:
    """Why an amount that no convention can read may be so."""
    stripped = text.strip(_PADDING)
    if re.search(r"[0-9][eE][+-]?[0-9]", stripped):
        return "A spreadsheet has re-saved the file in scientific notation: import it as Amazon made it"
    if any(hundredths(text, convention, 2) is not None for convention in CONVENTIONS) and decimals == 0:
        return "The currency has no decimals: check the currency, or download the report again"
    if re.fullmatch(r"[-+]?[0-9]+[.,][0-9]{3,}", stripped):
        return f"It has more decimals than the {decimals} of the currency: download the report again"
    return (
        "Download the report again and import it as it came; if Amazon wrote it so, open a case with Amazon's support"
    )
