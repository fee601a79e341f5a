"""What works of an Appstore developer's security profile: the newest report of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from tieout.accounts import Account
from tieout.amazon.appstore import Appstore
from tieout.amazon.appstore_answers import Answer, Period, Refusal, Report, ReportKind
from tieout.amazon.appstore_connection import AppstoreConnection
from tieout.amazon.budget import Budget, BudgetStore
from tieout.amazon.errors import AmazonError, LoginRefused
from tieout.doctor.findings import REPORT_IT, Examination, Finding, Verdict, of_error
from tieout.doctor.patience import ShortClock
from tieout.doctor.reading import read_document
from tieout.doctor.recording import Recorder
from tieout.doctor.shapes import shape_of_file
from tieout.work import work_folder

MONTHS = 3
"""How many of the newest months are tried: of the current one there may be nothing yet, and earnings come two months late."""
_VERDICTS = {
    Answer.ABSENT: Verdict.NOTHING,
    Answer.FORBIDDEN: Verdict.MISSING_ROLE,
    Answer.NO_ROUTE: Verdict.UNKNOWN_SHAPE,
    Answer.DELAYED: Verdict.UNREACHABLE,
    Answer.NOT_FOUND: Verdict.UNREACHABLE,
}
_REMEDIES = {
    Answer.FORBIDDEN: "",  # the refusal says it
    Answer.NO_ROUTE: REPORT_IT,
    Answer.DELAYED: "Try again in some minutes.",
    Answer.NOT_FOUND: "Try again in some minutes.",
}


def examine_developer(connection: AppstoreConnection, account: Account, store: BudgetStore) -> Examination:
    """Log in, and ask for the newest report of each kind; no document is kept.

    Args:
        connection: The developer's real connection.
        account: The developer.
        store: The rate budget that the DAGs share.
    """
    clock = ShortClock.like(connection.clock)
    found = Examination(account.region, "production", clock.now())
    recorder = Recorder()
    with recorder.client() as http, work_folder("doctor") as folder:
        try:
            login = connection.profile(http)
            login.token()
        except LoginRefused as refused:
            finding = of_error("login", "", refused)
            found.findings.append(finding)
        except (AmazonError, ValueError) as error:
            found.findings.append(of_error("login", "", error))
        else:
            said = "the security profile is known and attached to the Reporting API"
            found.findings.append(Finding("login", Verdict.OK, said))
            appstore = Appstore(
                account=account.name,
                login=login,
                budget=Budget(store, clock),
                clock=clock,
                http=http,
                record=lambda call: None,
                endpoint=connection.endpoint,
            )
            for kind in ReportKind:
                found.findings.append(_look_at(appstore, kind, clock.now().date(), folder, found))
    found.answers = recorder.answers
    return found


def _look_at(appstore: Appstore, kind: ReportKind, today: dt.date, folder: Path, found: Examination) -> Finding:
    """The newest report of a kind that Amazon gives, read; or what it answered last."""
    path = folder / f"{kind}.body"
    answer: Report | Refusal | None = None
    for period in _periods(kind, today):
        if isinstance(answer, Refusal) and answer.answer is Answer.NO_ROUTE and not period.yearly:
            continue
        try:
            answer = appstore.fetch(kind, period, path)
        except AmazonError as error:
            return of_error(kind.value, kind.value, error)
        if isinstance(answer, Report):
            found.documents[kind.value] = shape_of_file(path)
            return read_document(kind.value, kind.value, path)[0]
        if answer.answer not in (Answer.ABSENT, Answer.NOT_FOUND, Answer.NO_ROUTE):
            break
    assert isinstance(answer, Refusal)
    if answer.answer is Answer.NOT_FOUND and appstore.is_there():
        answer = Refusal(Answer.ABSENT, f"{answer.message}; the API answers other requests")
    return Finding(kind.value, _VERDICTS[answer.answer], answer.message, _REMEDIES.get(answer.answer, ""))


def _periods(kind: ReportKind, today: dt.date) -> Iterator[Period]:
    month = today.replace(day=1)
    for _ in range(MONTHS):
        yield Period(month)
        month = (month - dt.timedelta(days=1)).replace(day=1)
    if kind is ReportKind.EARNINGS:
        for year in (today.year, today.year - 1):
            yield Period(dt.date(year, 1, 1), yearly=True)
