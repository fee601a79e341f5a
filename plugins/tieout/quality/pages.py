"""The pages around Great Expectations' Data Docs: a first page by document, and the contents of all sites."""

from __future__ import annotations

import datetime as dt
import html
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tieout.documents import CheckResult, Severity
from tieout.work import private_files

STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
"""It stands inside every page, so that a page needs nothing but itself."""


@private_files()
def finish(built: Path, docs_dir: Path, results: Mapping[str, Sequence[CheckResult]]) -> None:
    """Give a built site its first page, and put it in the place of the one before."""
    shutil.rmtree(built / "static", ignore_errors=True)
    validations = {page.relative_to(built).parts[1]: page for page in sorted(built.glob("validations/**/*.html"))}
    links = {name: page.relative_to(built).as_posix() for name, page in validations.items()}
    checked_at = dt.datetime.now(dt.UTC)
    (built / "index.html").write_text(_first_page(results, links, checked_at), encoding="utf-8")
    summary = {
        "checked_at": checked_at.isoformat(timespec="seconds"),
        "documents": len(results),
        "quarantined": sum(_verdict(found) == "quarantined" for found in results.values()),
        "warned": sum(_verdict(found) == "warnings" for found in results.values()),
    }
    (built / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    new, old = (docs_dir.with_name(f".{docs_dir.name}.{word}") for word in ("new", "old"))
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(built, new)
    if docs_dir.exists():
        docs_dir.rename(old)
    new.rename(docs_dir)
    shutil.rmtree(old, ignore_errors=True)


def _first_page(
    results: Mapping[str, Sequence[CheckResult]], validations: Mapping[str, str], checked_at: dt.datetime
) -> str:
    """:param validations: by suite, the page with the results of each check."""
    order = {"quarantined": 0, "warnings": 1, "passed": 2}
    documents = sorted(results.items(), key=lambda item: (order[_verdict(item[1])], item[0]))
    rows = []
    for document_id, found in documents:
        verdict = _verdict(found)
        failed = [check for check in found if not check.passed]
        said = "<br>".join(
            f'<span class="badge {_colour(check)}">{check.severity.value}</span> {html.escape(check.reason.message)}'
            for check in failed
            if check.reason
        )
        colour = {"quarantined": "bad", "warnings": "warn", "passed": "good"}[verdict]
        totals = next((c.expected or "" for c in found if c.check == "control_total_equals_sum_of_lines"), "")
        rows.append(
            f'<tr><td class="mono">{html.escape(document_id)}</td><td><span class="badge {colour}">{verdict}</span></td>'
            f"<td>{html.escape(totals)}</td><td>{said}</td></tr>"
        )
    counts = {name: sum(_verdict(found) == name for found in results.values()) for name in order}
    body = (
        f"<h1>Checks of documents</h1><p class=soft>{len(results)} documents, checked {_when(checked_at)}: "
        f"{counts['passed']} passed, {counts['warnings']} passed with warnings, {counts['quarantined']} quarantined. "
        + " &middot; ".join(
            f'Of {suite}: <a href="{html.escape(page)}">results by check</a>, '
            f'<a href="expectations/{suite}.html">what is checked</a>'
            for suite, page in validations.items()
        )
        + "</p>"
        "<table><thead><tr><th>Document</th><th>Verdict</th><th>Control total</th><th>Reasons</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    return _page("Checks of documents", body)


def _verdict(found: Sequence[CheckResult]) -> str:
    failed = {check.severity for check in found if not check.passed}
    if Severity.BLOCKING in failed:
        return "quarantined"
    return "warnings" if failed else "passed"


def _colour(check: CheckResult) -> str:
    return "bad" if check.severity is Severity.BLOCKING else "warn"


def _summaries(root: Path) -> list[Path]:
    """The summaries of all sites below a folder; a folder that another task replaces meanwhile is passed over."""
    return [Path(folder, "summary.json") for folder, _, files in os.walk(root) if "summary.json" in files]


def remove_sites(root: Path, before: dt.datetime) -> int:
    """Remove the sites of Data Docs whose documents were checked before an instant; return how many."""
    removed = 0
    for summary_path in _summaries(root):
        try:
            summary = json.loads(summary_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue  # another task replaces the site
        if dt.datetime.fromisoformat(summary["checked_at"]) < before:
            shutil.rmtree(summary_path.parent)
            removed += 1
    return removed


@private_files()
def write_contents(root: Path) -> Path:
    """Write `index.html` of a folder that holds Data Docs sites, and return its path.

    Each site is a folder of its own, however deep: one an account and business day. The newest come first.
    """
    rows = []
    for summary_path in _summaries(root):
        try:
            summary = json.loads(summary_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue  # another task replaces the site, and writes the contents after that
        rows.append((summary["checked_at"], summary_path.parent.relative_to(root).as_posix(), summary))
    lines = []
    for checked_at, name, summary in sorted(rows, reverse=True):
        passed = summary["documents"] - summary["quarantined"] - summary["warned"]
        lines.append(
            f'<tr><td><a href="{html.escape(name)}/index.html">{html.escape(name)}</a></td>'
            f"<td>{_when(dt.datetime.fromisoformat(checked_at))}</td>"
            f"<td class=number>{summary['documents']}</td><td class=number>{passed}</td>"
            f"<td class=number>{summary['warned']}</td><td class=number>{summary['quarantined']}</td></tr>"
        )
    body = (
        "<h1>Checks of documents</h1><p class=soft>One row for each time that staged documents were checked.</p>"
        "<table><thead><tr><th>Account and business day</th><th>Checked</th><th>Documents</th><th>Passed</th>"
        f"<th>With warnings</th><th>Quarantined</th></tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )
    target = root / "index.html"
    new = target.with_name(f".index.{os.getpid()}.html")
    new.write_text(_page("Checks of documents", body), encoding="utf-8")
    os.replace(new, target)
    return target


def _page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _when(instant: dt.datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
