"""The checks of a settlement document: one SQL file each in `include/sql/checks`, and here the words for what they find.

A check's SELECT gives a row for each thing that is wrong, and none when all is well. Every row names the document, so that
one query judges many documents and each gets its own reasons.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tieout.documents import ReasonCode, Severity
from tieout.settings import SQL

Row = dict[str, Any]
BATCH = "staging.settlement_line"
"""The view that Great Expectations calls the batch."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a document."""

    message: str
    observed: str
    expected: str
    line: int | None
    column: str | None


@dataclass(frozen=True)
class Check:
    """One check. `select` gives a row for each thing that is wrong."""

    name: str
    claim: str
    """What holds when the check passes."""
    severity: Severity
    code: ReasonCode
    why: str
    select: str
    explain: Callable[[Row], Finding]


def read_check(path: Path) -> Check:
    """Read one check file.

    :raises ValueError: naming the file and what its header lacks.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    size = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header = [line[2:].strip() for line in lines[:size]]
    if not header or header[0] != path.stem:
        raise ValueError(f"{path}: line 1 must be '-- {path.stem}'")
    labels = {m[1]: m[2] for line in header if (m := re.fullmatch(r"(Severity|Reason|Why):\s*(.+)", line))}
    if missing := {"Severity", "Reason", "Why"} - labels.keys():
        raise ValueError(f"{path}: the header has no {sorted(missing)[0]}:")
    if path.stem not in _EXPLAIN:
        raise ValueError(f"{path}: nothing puts its findings into words; known are {sorted(_EXPLAIN)}")
    return Check(
        name=path.stem,
        claim=header[2],
        severity=Severity(labels["Severity"]),
        code=ReasonCode(labels["Reason"]),
        why=labels["Why"],
        select="\n".join(lines[size:]).strip(),
        explain=_EXPLAIN[path.stem],
    )


@cache
def settlement_checks() -> tuple[Check, ...]:
    """Return the checks of a settlement document: the blocking ones first, and causes before what follows from them."""
    order = list(_EXPLAIN)
    found = [read_check(path) for path in (SQL / "checks").glob("*.sql")]
    return tuple(sorted(found, key=lambda check: (check.severity is not Severity.BLOCKING, order.index(check.name))))


def money(amount: Decimal | None, currency: str | None) -> str:
    """Write an amount for people, e.g. `1,234.56 USD`."""
    return f"{'no amount' if amount is None else f'{amount:,}'} {currency or '(no currency)'}"


def counted(number: int, noun: str = "line") -> str:
    """Write a count for people, e.g. `1 line`, `1,200 lines`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _control_total(row: Row) -> Finding:
    settlement, currency = row["settlement_id"], row["currency"]
    total, lines = row["control_total"], row["sum_of_lines"]
    observed = f"{money(lines, currency)} in {counted(row['lines'])}"
    if total is None:
        return Finding(
            f"settlement {settlement}: {counted(row['lines'])} sum to {money(lines, currency)}, and no summary row gives a "
            "control total",
            observed,
            "a control total",
            row["line_no"],
            "total-amount",
        )
    off = lines - total
    return Finding(
        f"settlement {settlement}: control total {money(total, currency)}, {counted(row['lines'])} sum to "
        f"{money(lines, currency)}: {money(abs(off), currency)} {'too much' if off > 0 else 'short'}",
        observed,
        money(total, currency),
        row["line_no"],
        "total-amount",
    )


def _one_currency(row: Row) -> Finding:
    return Finding(
        f"settlement {row['settlement_id']} is in {row['currency'] or 'no currency'}, and {counted(row['lines'])} "
        f"{'is' if row['lines'] == 1 else 'are'} in {row['other_currency'] or 'no currency'} "
        f"({money(row['amount'], row['other_currency'])}), first line {row['line_no']}",
        str(row["other_currency"]),
        str(row["currency"]),
        row["line_no"],
        "currency",
    )


def _known_currency(row: Row) -> Finding:
    is_in = (
        f"is in {row['currency']!r}, which is no currency that Amazon settles in"
        if row["currency"]
        else "has no currency"
    )
    return Finding(
        f"settlement {row['settlement_id']} {is_in}",
        str(row["currency"]),
        "a currency of include/config/marketplaces.yaml",
        row["line_no"],
        "currency",
    )


def _amount(row: Row) -> Finding:
    return Finding(
        f"settlement {row['settlement_id']}: {counted(row['lines'])} without an amount in the column "
        f"{row['source_column']}, first line {row['line_no']}",
        f"{counted(row['lines'])} without an amount",
        "an amount on every line",
        row["line_no"],
        row["source_column"],
    )


def _line_count(row: Row) -> Finding:
    staged = row["lines"] + row["settlements"]
    return Finding(
        f"the file has {counted(row['file_lines'])} after its header, and {staged:,} arrived: {counted(row['lines'])} and "
        f"{counted(row['settlements'], 'summary row')}",
        f"{staged:,}",
        f"{row['file_lines']:,}",
        None,
        None,
    )


def _posted_date(row: Row) -> Finding:
    posted = f"{row['first_posted_on']}"
    if row["last_posted_on"] != row["first_posted_on"]:
        posted += f" to {row['last_posted_on']}"
    period = f"{row['starts_on']} to {row['ends_on']}"
    return Finding(
        f"settlement {row['settlement_id']} is of {period}, and {counted(row['lines'])} "
        f"{'is' if row['lines'] == 1 else 'are'} posted {posted}, first line {row['line_no']}",
        posted,
        period,
        row["line_no"],
        "posted-date",
    )


def _date(row: Row) -> Finding:
    return Finding(
        f"settlement {row['settlement_id']}: {counted(row['lines'])} without a {row['column_name']}, first line "
        f"{row['line_no']}",
        f"{counted(row['lines'])} without a date",
        "a date",
        row["line_no"],
        row["column_name"],
    )


def _kind(row: Row) -> Finding:
    kind = " / ".join(row[name] or "(empty)" for name in ("transaction_type", "amount_type", "amount_description"))
    return Finding(
        f"{kind}: {counted(row['lines'])}, {money(row['amount'], row['currency'])}, first line {row['line_no']}; add a rule "
        "to include/config/fee_dictionary.yaml",
        kind,
        "a kind of the fee dictionary",
        row["line_no"],
        "amount-description",
    )


def _marketplace(row: Row) -> Finding:
    return Finding(
        f"settlement {row['settlement_id']}: {counted(row['lines'])} of Amazon orders without a marketplace, "
        f"{money(row['amount'], row['currency'])}, first line {row['line_no']}",
        f"{counted(row['lines'])} without a marketplace",
        "a marketplace on every line of an order",
        row["line_no"],
        "marketplace-name",
    )


_EXPLAIN: dict[str, Callable[[Row], Finding]] = {
    "line_count_equals_file": _line_count,
    "amount_is_present": _amount,
    "currency_is_known": _known_currency,
    "settlement_has_one_currency": _one_currency,
    "posted_date_near_period": _posted_date,
    "control_total_equals_sum_of_lines": _control_total,
    "kind_is_known": _kind,
    "posted_date_inside_period": _posted_date,
    "date_is_present": _date,
    "marketplace_is_present": _marketplace,
}
"""What puts the findings of each check into words. Causes stand before what follows from them: the first reason of a
document is the one to look at first."""
