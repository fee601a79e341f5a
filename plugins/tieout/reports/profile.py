"""Which conventions a file follows, from all values that were looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

from tieout.documents import ReasonCode
from tieout.reports import amounts, dates, layouts
from tieout.reports.errors import Misfit, shown
from tieout.reports.layouts import Layout
from tieout.reports.rows import Rows

DATE_COLUMNS = (*layouts.SUMMARY_DATES, layouts.POSTED_DATE, layouts.POSTED_DATE_TIME)


@dataclass(frozen=True)
class Conventions:
    """How the values of a file are written. A date column that has no value has no format."""

    decimal: str
    dates: dict[str, dates.DateFormat]


@dataclass
class _Reading:
    """What the amounts come to in one decimal convention."""

    misfit: tuple[str, int, str, int] | None = None
    """The first amount that it cannot read: text, line, column, decimals of the currency."""
    misfits: int = 0
    sums: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)

    def ties_out(self) -> bool:
        return bool(self.totals) and all(self.sums.get(each, 0) == total for each, total in self.totals.items())


class Profile:
    """Collects what tells the conventions apart. Memory grows with the distinct days of the file, not with its lines."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._readings = {convention: _Reading() for convention in amounts.CONVENTIONS}
        self._differ: tuple[str, int, str] | None = None
        self._currencies: dict[str, str] = {}
        self._periods: dict[str, dates.Period] = {}
        self._columns = {
            name: dates.DateColumn(name, "summary" if name in layouts.SUMMARY_DATES else name)
            for name in DATE_COLUMNS
            if layout.has(name)
        }
        self._pairs: set[tuple[str, str]] = set()

    def add(self, rows: Rows) -> None:
        """Take in the rows of a block.

        Raises:
            Misfit: `bad_date` for a value that is no date or has a time zone that is not known.
        """
        if not len(rows):
            return
        ids = rows.columns[layouts.SETTLEMENT_ID].to_pylist()
        self._add_summaries(rows, ids)
        for column in (layouts.TOTAL_AMOUNT, *(column.name for column in self._layout.amounts)):
            self._add_amounts(rows, ids, column)
        self._add_posted(rows, ids)

    def _add_summaries(self, rows: Rows, ids: list[str]) -> None:
        totals = rows.columns[layouts.TOTAL_AMOUNT]
        if totals.null_count == len(rows):
            return
        for row, total in enumerate(totals.to_pylist()):
            if total is None or rows.text(layouts.TRANSACTION_TYPE, row) is not None:
                continue
            settlement_id = ids[row]
            self._currencies.setdefault(settlement_id, rows.text(layouts.CURRENCY, row) or "")
            line = int(rows.lines[row])
            parts: list[str | None] = []
            for name in layouts.SUMMARY_DATES:
                text = rows.text(name, row)
                column = self._columns.get(name)
                parts.append(
                    column.add(settlement_id, text, line, self._currencies[settlement_id])
                    if text is not None and column is not None
                    else None
                )
            self._periods.setdefault(settlement_id, dates.Period(settlement_id, *parts))

    def _add_amounts(self, rows: Rows, ids: list[str], column: str) -> None:
        values = rows.columns[column]
        if values.null_count == len(rows):
            return
        seen: dict[tuple[str, str], list[int]] = {}
        for row, key in enumerate(zip(ids, values.to_pylist(), strict=True)):
            if key[1] is not None:
                seen.setdefault(key, [row, 0])[1] += 1
        for (settlement_id, text), (row, count) in seen.items():
            if not text.strip():
                continue
            decimals = amounts.exponent(self._currencies.get(settlement_id, ""))
            read = {}
            for convention, reading in self._readings.items():
                value = read[convention] = amounts.hundredths(text, convention, decimals)
                if value is None:
                    reading.misfits += count
                    if reading.misfit is None:
                        reading.misfit = (text, int(rows.lines[row]), self._layout.spelled(column), decimals)
                elif column == layouts.TOTAL_AMOUNT:
                    reading.totals.setdefault(settlement_id, value)
                else:
                    reading.sums[settlement_id] = reading.sums.get(settlement_id, 0) + value * count
            if self._differ is None and None not in read.values() and len(set(read.values())) > 1:
                self._differ = (text, int(rows.lines[row]), self._layout.spelled(column))

    def _add_posted(self, rows: Rows, ids: list[str]) -> None:
        posted, timed = rows.get(layouts.POSTED_DATE), rows.get(layouts.POSTED_DATE_TIME)
        blank = [None] * len(rows)
        seen: dict[tuple[str, str | None, str | None], int] = {}
        for row, key in enumerate(
            zip(
                ids,
                posted.to_pylist() if posted is not None else blank,
                timed.to_pylist() if timed is not None else blank,
                strict=True,
            )
        ):
            seen.setdefault(key, row)
        for (settlement_id, date, time), row in seen.items():
            line = int(rows.lines[row])
            currency = self._currencies.get(settlement_id, "")
            parts = [
                self._columns[name].add(settlement_id, text, line, currency) if text and text.strip() else None
                for name, text in ((layouts.POSTED_DATE, date), (layouts.POSTED_DATE_TIME, time))
            ]
            if parts[0] and parts[1]:
                self._pairs.add((parts[0], parts[1]))

    def decide(self, *, whole: bool) -> Conventions | None:
        """The conventions, or None if the part of the file that was seen leaves two readings possible.

        Args:
            whole: The whole file was seen, so that its control totals may decide.

        Raises:
            Misfit: `bad_amount`, `ambiguous_amounts` or `bad_date`.
        """
        decimal = self._decide_decimal(whole)
        forms, undecided = dates.decide_formats(self._columns.values(), self._periods.values(), self._pairs)
        if undecided is not None and whole:
            raise dates.ambiguous_dates(self._columns[undecided])
        if decimal is None or undecided is not None:
            return None
        return Conventions(decimal, forms)

    def _decide_decimal(self, whole: bool) -> str | None:
        point, comma = (self._readings[convention] for convention in amounts.CONVENTIONS)
        if point.misfit and comma.misfit:
            raise _unreadable(point, comma)
        if point.misfit:
            return amounts.COMMA
        if comma.misfit or self._differ is None:
            return amounts.POINT
        if not whole:
            return None
        if point.ties_out() == comma.ties_out():
            text, line, column = self._differ
            problem = (
                "adds up to the control total either way"
                if point.ties_out()
                else "adds up to the control total neither way"
            )
            raise Misfit(
                ReasonCode.AMBIGUOUS_AMOUNTS,
                f"{shown(text)} may have a decimal or a thousands separator, and the file {problem}",
                "Download the report again, or compare one amount with Seller Central",
                line=line,
                column=column,
            )
        return amounts.POINT if point.ties_out() else amounts.COMMA


def _unreadable(point: _Reading, comma: _Reading) -> Misfit:
    """No convention reads all amounts: the fault lies with what fits neither, or else with what fits the fewest."""
    assert point.misfit is not None
    assert comma.misfit is not None
    for text, line, column, decimals in sorted((point.misfit, comma.misfit), key=lambda misfit: misfit[1]):
        if all(amounts.hundredths(text, convention, decimals) is None for convention in amounts.CONVENTIONS):
            return Misfit(
                ReasonCode.BAD_AMOUNT,
                f"{shown(text)} is not an amount",
                amounts.advice(text, decimals),
                line=line,
                column=column,
            )
    usual, reading = (amounts.POINT, point) if point.misfits <= comma.misfits else (amounts.COMMA, comma)
    assert reading.misfit is not None
    text, line, column, decimals = reading.misfit
    return Misfit(
        ReasonCode.BAD_AMOUNT,
        f"{shown(text)} is not an amount with the decimal separator {usual!r} of other amounts in the file",
        amounts.advice(text, decimals),
        line=line,
        column=column,
    )
