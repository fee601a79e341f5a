"""`python -m tieout check`: does each settlement in these files tie out, and if not, why?"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from tieout.documents import Reason, SettlementSummary

TIED_OUT = "tied_out"
REFUSED = "refused"
ALL_TIE_OUT, ONE_REFUSED, USAGE_ERROR = 0, 1, 2
_MOST_LINES_NAMED = 3


@dataclass(frozen=True)
class Verdict:
    """The verdict on one settlement, or on a file that could not be read.

    Numbers are exact, as text: money in the settlement's currency with two decimals, `difference` is `sum_of_lines`
    less `control_total`. What is not known is None.
    """

    file: str
    verdict: str
    reason: str | None = None
    """`<reason code>: <file>, line <n>, column <name>: ...`; None for a settlement that ties out."""
    settlement_id: str | None = None
    currency: str | None = None
    lines: str | None = None
    control_total: str | None = None
    sum_of_lines: str | None = None
    difference: str | None = None
    layout: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    dates: str | None = None
    warnings: tuple[str, ...] = ()
    """What to look at all the same, each naming its line; `--json` leaves it out if there is nothing."""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check` to the subcommands of a parser."""
    parser = commands.add_parser(
        "check",
        help="say of each settlement in files whether it ties out",
        description="Say of each settlement in the files whether its lines add up to its control total, or why it is "
        "refused. Exit code: 0 if all tie out, 1 if one is refused, 2 for a usage error.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a settlement flat file, gzipped or not")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> int:
    """Check the files and print the verdicts as they come; returns the exit code."""
    refuse_unreadable(options.files, options.parser)
    verdicts = []
    for path in options.files:
        try:
            found = list(check_file(path))
        except OSError as error:
            options.parser.error(f"{path}: {error.strerror or error}")
        verdicts += found
        if options.json:
            for verdict in found:
                told = asdict(verdict)
                if not told["warnings"]:
                    del told["warnings"]
                print(json.dumps(told, ensure_ascii=False), flush=True)
    if not options.json:
        _print_table(verdicts)
    return ONE_REFUSED if any(each.verdict == REFUSED for each in verdicts) else ALL_TIE_OUT


def refuse_unreadable(paths: Iterable[Path], parser: argparse.ArgumentParser) -> None:
    """End with a usage error if a path is no file that can be opened."""
    for path in paths:
        if (problem := _unreadable(path)) is not None:
            parser.error(problem)


def _unreadable(path: Path) -> str | None:
    if not path.exists():
        return f"{path}: there is no such file"
    if path.is_dir():
        return f"{path}: is a directory; name the files in it"
    if not os.access(path, os.R_OK):
        return f"{path}: is not readable"
    return None


def check_file(path: Path) -> Iterator[Verdict]:
    """The verdicts on the settlements of one file, in the file's order; a single one if it cannot be read."""
    from tieout.reports.errors import Refused
    from tieout.reports.settlement import read_settlement

    try:
        reading = read_settlement(path, file_name=str(path))
    except Refused as refusal:
        yield Verdict(str(path), REFUSED, _why_refused(path, refusal.reason), **asdict(refusal.known))
        return
    reasons = {each.settlement_id: why_not_tied_out(str(path), each) for each in reading.settlements}
    suspects = _suspects(path, [each for each in reading.settlements if each.sum_of_lines != each.control_total])
    for each in reading.settlements:
        reason = reasons[each.settlement_id]
        if reason is not None:
            reason += suspects.get(each.settlement_id, "")
        yield Verdict(
            file=str(path),
            verdict=TIED_OUT if reason is None else REFUSED,
            reason=reason,
            settlement_id=each.settlement_id,
            currency=each.currency,
            lines=str(each.lines),
            control_total=str(each.control_total),
            sum_of_lines=str(each.sum_of_lines),
            difference=str(each.sum_of_lines - each.control_total),
            layout=reading.layout,
            encoding=reading.encoding,
            decimal=reading.decimal,
            dates=reading.dates,
            warnings=tuple(each.message for each in reading.warnings),
        )


def _why_refused(path: Path, reason: Reason) -> str:
    """The reason, or what the file is if it is not a settlement: the same as the import says."""
    from tieout.reports.errors import Refused
    from tieout.reports.report import SETTLEMENT, recognise

    try:
        found = recognise(path, file_name=str(path))
    except Refused as refusal:
        return f"{refusal.reason.code}: {refusal.reason.message}"
    if found == SETTLEMENT:
        return f"{reason.code}: {reason.message}"
    return (
        f"{reason.code}: {path}: this is {found.title} ({found.name}), not a settlement. Only settlements have a control "
        "total to tie out with."
    )


def why_not_tied_out(file: str, settlement: SettlementSummary) -> str | None:
    """Why a settlement that was read does not tie out, or None if it does."""
    currency = settlement.currency
    where = f"{file}, line {settlement.summary_line_no}, column total-amount: settlement {settlement.settlement_id}"
    if settlement.other_currencies:
        others = ", ".join(settlement.other_currencies)
        return f"mixed_currency: {where} is in {currency} and has lines in {others}, which cannot be added up."
    if settlement.lines_without_amount:
        count = settlement.lines_without_amount
        return (
            f"missing_amount: {file}, line {settlement.first_line_without_amount}, column amount: the amount is empty"
            + (f", as it is in {count - 1} more lines" if count > 1 else "")
            + ". It is unknown and not zero: download the report again."
        )
    difference = settlement.sum_of_lines - settlement.control_total
    if not difference:
        return None
    short = "too little" if difference < 0 else "too much"
    return (
        f"control_total_mismatch: {where} has a control total of {settlement.control_total} {currency}, and its "
        f"{settlement.lines} lines add up to {settlement.sum_of_lines} {currency}, which is {abs(difference)} {short}."
    )


def _suspects(path: Path, settlements: list[SettlementSummary]) -> dict[str, str]:
    """For each settlement that does not add up, the lines that would explain the difference on their own.

    A line whose amount is the difference may be there twice; one whose amount is half of it may have the wrong sign.
    """
    if not settlements:
        return {}
    from tieout.reports.settlement import read_settlement

    wanted = {each.settlement_id: each.sum_of_lines - each.control_total for each in settlements}
    last = {each.settlement_id: 0 for each in settlements}
    found: dict[str, dict[Decimal, list[str]]] = {each: {} for each in wanted}

    def look(lines: pa.Table) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        ids = lines["settlement_id"].cast(pa.string())
        for settlement_id, difference in wanted.items():
            here = lines.filter(pc.equal(ids, settlement_id))
            if not here.num_rows:
                continue
            last[settlement_id] = max(last[settlement_id], pc.max(here["line_no"]).as_py())
            for amount in (difference, difference / 2):
                if amount != amount.quantize(Decimal("0.01")):
                    continue
                places = found[settlement_id].setdefault(amount, [])
                same = pc.equal(here["amount"], pa.scalar(amount, here["amount"].type))
                for row in here.filter(same).slice(0, _MOST_LINES_NAMED + 1 - len(places)).to_pylist():
                    places.append(f"{row['line_no']} ({_kind(row)})")

    read_settlement(path, on_lines=lambda: look)
    return {each: _explained(wanted[each], found[each], last[each]) for each in wanted}


def _kind(row: dict[str, Any]) -> str:
    return " / ".join(part for part in (row["transaction_type"], row["amount_type"], row["amount_description"]) if part)


def _explained(difference: Decimal, found: dict[Decimal, list[str]], last: int) -> str:
    """Sentences that follow the reason, or nothing."""
    said = ""
    for amount, what in ((difference, "is it there twice?"), (difference / 2, "is its sign wrong?")):
        places = found.get(amount, [])
        if places:
            named = ", ".join(places[:_MOST_LINES_NAMED])
            more = " and others" if len(places) > _MOST_LINES_NAMED else ""
            said += f" Look at line {named}{more}: its amount is {amount}; {what}"
    if not said:
        said = f" The last line is {last}: compare its end with the file as Amazon made it, in case it was cut."
    return said


def _print_table(verdicts: list[Verdict]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # a table that goes to a file or a pipe is not cut to the width of a terminal that is not there
    console = Console() if sys.stdout.isatty() else Console(width=10_000, color_system=None)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("file", "settlement", "verdict"):
        table.add_column(name, overflow="fold")
    for name in ("lines", "control total", "sum of lines", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("currency", "layout", "encoding", "decimal", "dates"):
        table.add_column(name, overflow="fold")
    for each in verdicts:
        table.add_row(
            Text(each.file),
            Text(each.settlement_id or "-"),
            Text(each.verdict, style="green" if each.verdict == TIED_OUT else "bold red"),
            *(Text(value or "-") for value in (each.lines, each.control_total, each.sum_of_lines, each.difference)),
            *(Text(value or "-") for value in (each.currency, each.layout, each.encoding, each.decimal, each.dates)),
        )
    console.print(table)
    refused = [each for each in verdicts if each.verdict == REFUSED]
    for each in refused:
        console.print(Text(each.reason or ""), soft_wrap=True)
    for warning in dict.fromkeys(warning for each in verdicts for warning in each.warnings):
        console.print(Text(f"warning: {warning}"), soft_wrap=True)
    tied = len(verdicts) - len(refused)
    console.print(f"{tied} tied out, {len(refused)} refused", style="bold" if refused else "bold green")
