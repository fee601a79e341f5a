"""The checks of staged documents: one SQL file each in `include/sql/checks`.

A check's SELECT gives a row for each thing that is wrong, and none when all is well. Every row names the document, so that
one query judges many documents and each gets its own reasons. What the checks of a settlement find is put into words here;
the checks of the report families say it themselves, so that a family's checks are nothing but SQL files.
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
CHECKS = SQL / "checks"
OF_SETTLEMENTS = "settlements"
OF_ALL_FAMILIES = "every_family"
"""The folder of the checks that every report family has to pass; a family's own are in a folder of its name."""


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

    of: str
    """What it judges: `OF_SETTLEMENTS`, `OF_ALL_FAMILIES` or the name of a report family."""
    name: str
    claim: str
    """What holds when the check passes."""
    severity: Severity
    code: ReasonCode
    why: str
    select: str
    explain: Callable[[Row], Finding]

    @property
    def id(self) -> str:
        """Its name among all checks."""
        return f"{self.of}/{self.name}"


def read_check(path: Path, of: str, explain: Callable[[Row], Finding]) -> Check:
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
    return Check(
        of=of,
        name=path.stem,
        claim=header[2],
        severity=Severity(labels["Severity"]),
        code=ReasonCode(labels["Reason"]),
        why=labels["Why"],
        select="\n".join(lines[size:]).strip(),
        explain=explain,
    )


@cache
def settlement_checks() -> tuple[Check, ...]:
    """Return the checks of a settlement document: the blocking ones first, and causes before what follows from them."""
    order = list(_EXPLAIN)
    found = [read_check(path, OF_SETTLEMENTS, _EXPLAIN[path.stem]) for path in CHECKS.glob("*.sql")]
    return tuple(sorted(found, key=lambda check: (check.severity is not Severity.BLOCKING, order.index(check.name))))


@cache
def family_checks(family: str) -> tuple[Check, ...]:
    """Return the checks of a report family, by its name: the blocking ones first."""
    found = [
        read_check(path, of, _as_it_says)
        for of in (OF_ALL_FAMILIES, family)
        for path in sorted((CHECKS / of).glob("*.sql"))
    ]
    return tuple(sorted(found, key=lambda check: check.severity is not Severity.BLOCKING))


@cache
def check_of(check_id: str) -> Check:
    """Return a check by its `id`."""
    of = check_id.partition("/")[0]
    checks = settlement_checks() if of == OF_SETTLEMENTS else family_checks(of)
    return next(check for check in checks if check.id == check_id)


def money(amount: Decimal | None, currency: str | None) -> str:
    """Write an amount for people, e.g. `1,234.56 USD`."""
    return f"{'no amount' if amount is None else f'{amount:,}'} {currency or '(no currency)'}"


def counted(number: int, noun: str = "line") -> str:
    """Write a count for people, e.g. `1 line`, `1,200 lines`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _as_it_says(row: Row) -> Finding:
    return Finding(row["message"], str(row["observed"]), str(row["expected"]), row["line_no"], row["column_name"])


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
