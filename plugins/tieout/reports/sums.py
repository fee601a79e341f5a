"""What the amounts of a file add up to: by column and currency, exact, batch by batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from tieout.reports.family import Family, Kind

_WIDE = pa.decimal256(76, 10)
"""No sum of a file overflows it."""
Mask = Callable[[pa.Table], pa.Array]


class Tally:
    """Takes the rows of one reading of a file and keeps their sums and the first of them.

    Args:
        schema: What the rows have.
        columns: By column of money, the column with its currency.
        masks: By column of money, which rows count if not all do: a sum that every row of its parts repeats counts once.
        first_rows: How many rows to keep.
    """

    def __init__(
        self, schema: pa.Schema, columns: Mapping[str, str], masks: Mapping[str, Mask], first_rows: int
    ) -> None:
        self.schema = schema
        self.rows = 0
        self.first_rows: list[dict[str, str]] = []
        self._columns = columns
        self._masks = masks
        self._wanted = first_rows
        self._sums: dict[str, dict[str, Decimal]] = {name: {} for name in columns}

    @classmethod
    def of_settlement(cls, schema: pa.Schema, first_rows: int) -> Self:
        """Of the lines of a settlement."""
        return cls(schema, {"amount": "currency"}, {}, first_rows)

    @classmethod
    def of_family(cls, family: Family, first_rows: int) -> Self:
        """Of the rows of a report family."""
        money = [column.name for column in family.columns if column.kind is Kind.MONEY]
        names = frozenset(family.schema.names)
        masks = {name: mask for name in money if (mask := _counted_once(name, names)) is not None}
        return cls(family.schema, {name: family.currency_of(name) for name in money}, masks, first_rows)

    def add(self, rows: pa.Table) -> None:
        """Take in a batch."""
        self.rows += rows.num_rows
        for row in rows.slice(0, self._wanted - len(self.first_rows)).to_pylist():
            held = {name: as_text(value) for name, value in row.items() if value is not None and name != "document_id"}
            self.first_rows.append(held)
        for name, currency in self._columns.items():
            if rows[name].null_count == rows.num_rows:
                continue
            counted = rows.select([name, currency])
            if (mask := self._masks.get(name)) is not None:
                counted = counted.filter(mask(rows))
            self._add(name, counted[name], counted[currency])

    def _add(self, name: str, amounts: pa.ChunkedArray, currencies: pa.ChunkedArray) -> None:
        wide = pa.table({"amount": amounts.cast(_WIDE), "currency": currencies.cast(pa.string())})
        sums = self._sums[name]
        for row in wide.group_by("currency").aggregate([("amount", "sum")]).to_pylist():
            # what has no currency is zero: the readers refuse any other amount without one
            if row["amount_sum"] is not None and row["currency"] is not None:
                sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["amount_sum"]

    def sums(self) -> dict[str, dict[str, str]]:
        """By column and currency, the sum as text; columns without an amount are left out."""
        return {
            name: {currency: plain(total) for currency, total in sorted(by_currency.items())}
            for name, by_currency in self._sums.items()
            if by_currency
        }


def _counted_once(name: str, names: frozenset[str]) -> Mask | None:
    """Which rows of a family count for a column of money; None if all do.

    A row of a family with `leaf_no` is a leaf of a breakdown: what is above the leaf stands on each of its rows, and
    the leaves of an item are the transaction's own once more. Of balances, only those that no other is part of add up.
    """
    if "is_leaf" in names:
        return lambda rows: pc.fill_null(rows["is_leaf"], True)
    if "leaf_no" not in names:
        return None
    of_item = name.startswith("item_")
    every_leaf = name == "leaf_amount"

    def mask(rows: pa.Table) -> pa.Array:
        counted = pc.or_kleene(pc.is_null(rows["leaf_no"]), pc.equal(pc.fill_null(rows["leaf_no"], 1), 1))
        if every_leaf:
            counted = pc.is_valid(rows["leaf_no"])
        if "item_no" in names:
            counted = pc.and_(counted, pc.is_valid(rows["item_no"]) if of_item else pc.is_null(rows["item_no"]))
        return counted

    return mask


def plain(amount: Decimal) -> str:
    """An amount without exponent, with two decimals or as many as it needs."""
    text = f"{amount:f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def as_text(value: Any) -> str:
    """A value of a row as text: numbers plain, instants in ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)
