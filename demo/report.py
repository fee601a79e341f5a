"""What the demo prints at the end: the tie-out, the quarantine, the comparison with the truth, and where to look."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.appstore import appstore_equals_truth
from demo.layout import LAST_BUSINESS_DAY, ROOT
from demo.planted import compare_planted, open_exceptions
from demo.services import Services
from demo.sources import COMPARED_FROM, COMPARED_UNTIL, SOURCES, compare_sources
from tieout.alerts import Severity
from tieout.documents import Region
from tieout.intake.business_day import end_of_business_day

SEVERITIES = [severity.value for severity in Severity]
TIE_OUT = """
SELECT
  region,
  currency,
  count(*) FILTER (state = 'tied_out') AS tied_out,
  count(*) FILTER (state <> 'tied_out') AS not_tied_out,
  sum(lines) FILTER (state = 'tied_out') AS lines,
  sum(control_total) FILTER (state = 'tied_out') AS control_total,
  sum(sum_of_lines) FILTER (state = 'tied_out') AS sum_of_lines
FROM mart.settlement_tie_out
WHERE currency IS NOT NULL
GROUP BY region, currency
ORDER BY region, currency
"""
NOT_LOADED = """
SELECT document_id, state, reason_code, reason
FROM ops.document
WHERE state = ?
  AND reason_code IS DISTINCT FROM 'report_absent' -- months of the Appstore, since 2018, that there is nothing of
ORDER BY region, document_id
"""
TRY = """SELECT account, settlement_id, currency, category, amount
FROM mart.settlement_by_category
WHERE settlement_id = '{settlement_id}'
ORDER BY amount"""


def report(console: Console, services: Services) -> bool:
    """Print everything; return whether the warehouse and the simulated Amazon's own books agree on everything."""
    layout = services.layout
    truth = json.loads(layout.truth.read_text())
    with duckdb.connect(str(layout.warehouse), read_only=True) as connection:
        _print_tie_out(console, connection)
        _print_not_loaded(console, connection)
        equal = _print_truth(console, connection, truth["documents"])
        equal = _print_exceptions(console, connection, truth["planted"]) and equal
        equal = appstore_equals_truth(console, connection, truth["appstore"]) and equal
        example = connection.execute(
            "SELECT settlement_id FROM mart.settlement_tie_out WHERE state = 'tied_out' ORDER BY lines DESC LIMIT 1"
        ).fetchone()
    whole = not services.accounts
    equal = _print_sources(console, layout.warehouse, truth["sources"], whole=whole) and equal
    _print_where_to_look(console, services, example[0] if example else "")
    return equal


def _print_tie_out(console: Console, connection: duckdb.DuckDBPyConnection) -> None:
    table = Table(title="Settlements that tie out, by region and currency", title_justify="left")
    table.add_column("region")
    table.add_column("currency")
    for name in ("tied out", "not", "lines", "control total", "sum of lines", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for region, currency, tied, failed, lines, control, total in connection.execute(TIE_OUT).fetchall():
        money = [f"{control:,.2f}", f"{total:,.2f}", f"{total - control:,.2f}"] if tied else ["", "", ""]
        table.add_row(region, currency, str(tied), str(failed or ""), f"{lines:,}" if tied else "", *money)
    console.print(table)


def _print_not_loaded(console: Console, connection: duckdb.DuckDBPyConnection) -> None:
    for state in ("quarantined", "skipped"):
        rows = connection.execute(NOT_LOADED, [state]).fetchall()
        table = Table(title=f"Documents {state}: {len(rows)}", title_justify="left")
        table.add_column("document")
        table.add_column("reason")
        for document_id, _, code, reason in rows:
            table.add_row(document_id, f"[bold]{code}[/] {escape(reason or '')}")
        console.print(table)


def _print_exceptions(console: Console, connection: duckdb.DuckDBPyConnection, planted: list[dict[str, Any]]) -> bool:
    """Print the open exceptions beside the planted defects; return whether each is the other."""
    found = open_exceptions(connection)
    unplanted, missed = compare_planted(found, planted)
    kinds = Counter((row["severity"], row["kind"]) for row in found)
    table = Table(title="Open exceptions (mart.trouble), each with its alert (ops.alert)", title_justify="left")
    table.add_column("severity")
    table.add_column("kind")
    table.add_column("count", justify="right")
    for severity, kind in sorted(kinds, key=lambda pair: (SEVERITIES.index(pair[0]), pair[1])):
        table.add_row(severity, kind.replace("_", " "), str(kinds[severity, kind]))
    console.print(table)
    counts = Counter(row["severity"] for row in found)
    by_severity = ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES)
    colour = "red" if unplanted or missed else "green"
    console.print(f"Exceptions: [{colour}]planted {len(planted)}, reported {len(found)}[/] ({by_severity})")
    for row in unplanted:
        console.print(f"  [red]not planted: {row['kind']} {escape(row['subject'])}: {escape(row['message'])}[/]")
    for defect in missed:
        console.print(f"  [red]planted and not reported: {escape(json.dumps(defect, ensure_ascii=False))}[/]")
    return not unplanted and not missed and len(planted) == len(found)


def _print_truth(console: Console, connection: duckdb.DuckDBPyConnection, documents: list[dict[str, Any]]) -> bool:
    """Compare every document with what the simulated Amazon knows: its state, its total, its categories."""
    states = {
        row[0]: row[1:]
        for row in connection.execute("SELECT document_id, state, reason_code FROM ops.document").fetchall()
    }
    by_file = {
        (row[0], Path(row[1]).name): row[2:]
        for row in connection.execute(
            "SELECT account, file_name, state, reason_code FROM ops.document WHERE file_name IS NOT NULL"
        ).fetchall()
    }
    totals = {
        (row[0], row[1]): (row[2], row[3])
        for row in connection.execute(
            "SELECT account, settlement_id, currency, sum_of_lines FROM mart.settlement_tie_out WHERE state = 'tied_out'"
        ).fetchall()
    }
    categories: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    for account, settlement_id, category, amount in connection.execute(
        "SELECT account, settlement_id, category, amount FROM mart.settlement_by_category"
    ).fetchall():
        if amount:
            categories[account, settlement_id][category] = amount
    wrong: list[str] = []
    equal = expected_failures = 0
    beyond = 0
    for document in documents:
        key = (document["account"], document["settlement_id"])
        if document["source"] == "api":
            name = f"{document['account']}.{document['report_id']}"
            found = states.get(name)
        else:
            name = f"{document['account']}/{document['file_name']}"
            found = by_file.get((document["account"], Path(document["file_name"]).name))
        if found is None:
            last_day = end_of_business_day(Region(document["region"]), dt.date.fromisoformat(LAST_BUSINESS_DAY))
            if dt.datetime.fromisoformat(document["created_at"]) >= last_day:
                beyond += 1  # made after the last business day of the demo
                continue
            wrong.append(f"{name}: is not in the warehouse")
            continue
        if found == ("skipped", "report_not_ready"):  # Amazon was still making it when it was listed
            expected_failures += 1
            continue
        if found != (document["expected_state"], document["expected_reason"]):
            wrong.append(
                f"{name}: {found[0]} ({found[1]}), and should be {document['expected_state']} "
                f"({document['expected_reason']})"
            )
            continue
        if document["expected_state"] != "loaded":
            expected_failures += 1
            continue
        total = totals.get(key)
        books = {name: Decimal(amount) for name, amount in document["by_category"].items() if Decimal(amount)}
        if total != (document["currency"], Decimal(document["control_total"])) or categories[key] != books:
            wrong.append(f"{name}: {total} {dict(categories[key])}, and should be {document['control_total']} {books}")
            continue
        equal += 1
    console.print(
        f"\nCompared with the simulated Amazon's own books: [green]{equal} settlements equal to the cent, in total and by "
        f"category[/]; {expected_failures} documents quarantined or skipped for the right reason"
        + (f"; {beyond} made after the last business day" if beyond else "")
        + (f"; [red]{len(wrong)} wrong[/]" if wrong else "; none wrong")
    )
    for line in wrong[:20]:
        console.print(f"  [red]{escape(line)}[/]")
    listed = connection.execute("SELECT count(*) FROM ops.document").fetchone()
    by_state = connection.execute("SELECT state, count(*) FROM ops.document GROUP BY state ORDER BY state").fetchall()
    assert listed is not None
    console.print(f"Documents listed: {listed[0]} = " + " + ".join(f"{count} {state}" for state, count in by_state))
    return not wrong


def _print_sources(console: Console, warehouse: Path, truth: dict[str, list[dict[str, Any]]], *, whole: bool) -> bool:
    """Compare every other source, for the days that it was asked for; return whether all agree.

    :param whole: whether all accounts were run: then each source has something to compare.
    """
    found = compare_sources(warehouse, truth, COMPARED_FROM, COMPARED_UNTIL)
    title = f"Every other source against the same books, {COMPARED_FROM} to {COMPARED_UNTIL}"
    table = Table(title=title, title_justify="left")
    table.add_column("source")
    table.add_column("core table")
    table.add_column("rows equal, to the cent and the unit", justify="right")
    table.add_column("wrong", justify="right")
    for each in found:
        wrong = f"[red]{len(each.wrong)}[/]" if each.wrong else "0"
        table.add_row(each.source, SOURCES[each.source].table, f"{each.equal:,}", wrong)
    console.print(table)
    for line in [line for each in found for line in each.wrong[:5]]:
        console.print(f"  [red]{escape(line)}[/]")
    return not any(each.wrong or (whole and not each.equal) for each in found)


def _print_where_to_look(console: Console, services: Services, settlement_id: str) -> None:
    layout = services.layout
    console.print("\n[bold]Where to look[/]")
    console.print(f"  Airflow      {services.airflow_url}")
    console.print(f"  Data Docs    {layout.data_docs}/index.html")
    console.print(f"  Warehouse    {layout.warehouse} (DuckDB, a read copy)")
    console.print(f"  Raw files    {services.s3_url}/tieout-lake/raw/ (S3)")
    console.print("\n[bold]Try[/]")
    query = TRY.format(settlement_id=settlement_id).replace("\n", "\n    ")
    console.print("  .venv/bin/python - <<'EOF'\nimport duckdb", markup=False)
    console.print(f'duckdb.connect({_shown(layout.warehouse)!r}, read_only=True).sql("""', markup=False)
    console.print(f'    {query}\n""").show()\nEOF', markup=False)
    console.print("\nStop everything with: [bold]make stop[/]")


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
