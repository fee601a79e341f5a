"""What the demo prints of the Appstore: the warehouse against the simulated developer's own books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

REVENUE = """
SELECT
  marketplace, strftime(month, '%Y-%m') AS month, asin, currency, transactions, units, sales, refunds, chargebacks,
  estimated_earnings, adjustments
FROM mart.appstore_revenue
"""
BY_MARKETPLACE = """
SELECT
  r.marketplace,
  r.currency,
  count(DISTINCT r.month),
  sum(r.units),
  sum(r.net_sales),
  sum(r.estimated_earnings),
  (SELECT sum(t.payable) FROM mart.appstore_tie_out AS t WHERE t.marketplace = r.marketplace)
FROM mart.appstore_revenue AS r
GROUP BY r.marketplace, r.currency
ORDER BY r.marketplace
"""
_AMOUNTS = ("sales_price", "refunds", "chargebacks", "earnings", "adjustments")


def appstore_equals_truth(console: Console, connection: duckdb.DuckDBPyConnection, truth: dict[str, Any]) -> bool:
    """Print the Appstore's sales by marketplace; return whether each app, marketplace and month is as in the books.

    A demo that was run without the developer has nothing to compare.
    """
    known = connection.execute("SELECT count(*) FROM ops.document WHERE account = ?", [truth["account"]]).fetchone()
    if known is None or not known[0]:
        return True
    table = Table(title="Appstore by marketplace", title_justify="left")
    for name in ("marketplace", "currency", "months", "units", "net sales", "estimated earnings", "payable"):
        table.add_column(name, justify="left" if name in ("marketplace", "currency") else "right", no_wrap=True)
    for marketplace, currency, months, units, *amounts in connection.execute(BY_MARKETPLACE).fetchall():
        shown = [f"{amount:,.2f}" if amount is not None else "" for amount in amounts]
        table.add_row(marketplace, currency, str(months), f"{units:,}", *shown)
    console.print(table)
    found = {row[:3]: row[3:] for row in connection.execute(REVENUE).fetchall()}
    books = {(each["marketplace"], each["month"], each["asin"]): _of_books(each) for each in truth["sales"]}
    wrong = [
        f"{' '.join(key)}: {found.get(key)}, and should be {books.get(key)}"
        for key in sorted(found.keys() | books.keys())
        if found.get(key) != books.get(key)
    ]
    console.print(
        f"Compared with the developer's own books: [green]{len(books) - len(wrong)} apps and items equal to the cent and the "
        f"unit[/], by marketplace ({len({key[0] for key in books})}) and month ({len({key[1] for key in books})})"
        + (f"; [red]{len(wrong)} wrong[/]" if wrong else "; none wrong")
    )
    for line in wrong[:20]:
        console.print(f"  [red]{escape(line)}[/]")
    return not wrong


def _of_books(each: dict[str, Any]) -> tuple[Any, ...]:
    amounts = tuple(Decimal(each[name]) for name in _AMOUNTS)
    return (each["currency"], each["transactions"], each["units"], *amounts)
