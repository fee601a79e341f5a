"""What works of a selling partner's connection: one read-only call per operation and report family."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any

from tieout.accounts import Account
from tieout.amazon.appstore_answers import ReportKind
from tieout.amazon.budget import Budget, BudgetStore, MemoryBudgetStore
from tieout.amazon.check import SANDBOX_WARNING, SETTLEMENT_REPORT
from tieout.amazon.connection import Environment, SellerConnection
from tieout.amazon.errors import (
    AccessDenied,
    AmazonError,
    AmazonUnavailable,
    InvalidRequest,
)
from tieout.amazon.listing import Window
from tieout.amazon.login import Login
from tieout.amazon.roles import roles_of
from tieout.amazon.selling_partner import REPORTS, SellingPartner, UrlExpired
from tieout.doctor.findings import ALL_DENIED, CONSENT, REPORT_IT, Examination, Finding, Verdict, of_error
from tieout.doctor.patience import ShortClock
from tieout.doctor.reading import read_document
from tieout.doctor.recording import Recorder
from tieout.doctor.sandbox import samples
from tieout.doctor.shapes import shape_of_file
from tieout.intake.answering import FRESHEST, parameters_of
from tieout.reports.families import is_restricted
from tieout.reports.family import Family
from tieout.reports.json_answers import REQUEST
from tieout.reports.json_documents import RECORD
from tieout.work import work_folder

LONGEST_LOOK = dt.timedelta(days=14)
"""How far back the APIs that answer at once are asked."""
MOST_TYPES = 10
"""Report types of one getReports (its model)."""
FULL_PAGE = 100
ENOUGH_FAILURES = 2
"""So many calls in a row that cannot be had mean that Amazon, or the network, is down: the others are not tried."""
APPSTORE_TYPES = frozenset(kind.value for kind in ReportKind)

Listed = dict[str, Any]


def examine_seller(
    connection: SellerConnection, account: Account, families: Sequence[Family], store: BudgetStore
) -> Examination:
    """Make one read-only call per operation and report family; nothing is created, and no document is kept.

    Args:
        connection: The account's real connection.
        account: The account.
        families: The report families that the deployment asks for.
        store: The rate budget that the DAGs share.
    """
    clock = ShortClock.like(connection.clock)
    found = Examination(account.region, connection.environment.value, clock.now())
    try:
        credentials = connection.credentials()
        endpoint = connection.endpoint(account.region)
    except ValueError as error:
        finding = of_error("connection", "", error)
        consent = not connection.refresh_token and connection.client_id and connection.client_secret
        found.findings.append(replace(finding, verdict=Verdict.NO_CONSENT, remedy=CONSENT) if consent else finding)
        return found
    sandbox = connection.environment is Environment.SANDBOX
    recorder = Recorder()
    with recorder.client() as http, work_folder("doctor") as folder:
        login = Login(credentials, http=http, clock=clock, endpoint=connection.login_endpoint)
        amazon = SellingPartner(
            region=account.region,
            account=account.name,
            login=login,
            budget=Budget(MemoryBudgetStore() if sandbox else store, clock),
            clock=clock,
            http=http,
            record=lambda call: None,
            endpoint=endpoint,
        )
        visit = _Visit(amazon, account, clock.now, folder, found)
        if visit.log_in(login):
            visit.sandbox() if sandbox else visit.production(families)
    found.answers = recorder.answers
    return found


class _Visit:
    """One examination."""

    def __init__(
        self,
        amazon: SellingPartner,
        account: Account,
        now: Callable[[], dt.datetime],
        folder: Path,
        found: Examination,
    ) -> None:
        self._amazon, self._account, self._now, self._folder, self._found = amazon, account, now, folder, found
        self._failures = 0
        self._settlements: tuple[str, ...] = ()
        self._countries: frozenset[str] | None = None

    def log_in(self, login: Login) -> bool:
        """Ask for an access token; return whether Amazon gave one."""
        try:
            login.token()
        except AmazonError as error:
            self._note(of_error("login", "", error))
            return False
        self._note(Finding("login", Verdict.OK, "Login with Amazon gives access tokens"))
        return True

    def sandbox(self) -> None:
        """Call what the static sandbox answers."""
        for operation, path, parameters in samples():
            try:
                body = self._amazon.answer(operation, path, parameters)
            except InvalidRequest as refused:
                said = f"the sandbox does not answer its own sample: {refused.status} {refused.said}"
                self._note(Finding(operation, Verdict.NOTHING, said))
            except AmazonError as error:
                self._note(of_error(operation, operation, error))
            else:
                self._note(self._answer(operation, parameters, body))
        self._note(Finding("reports", Verdict.NOTHING, SANDBOX_WARNING))

    def production(self, families: Sequence[Family]) -> None:
        """Look at everything that the DAGs ask Amazon for."""
        self._participations()
        reports = [each for each in families if not each.question and not APPSTORE_TYPES & set(each.report_types)]
        types = [SETTLEMENT_REPORT]
        for family in reports:
            if family.countries and self._countries is not None and not self._countries & set(family.countries):
                said = f"only for stores in {', '.join(family.countries)}, where the account does not sell"
                self._note(Finding(family.report_types[0], Verdict.NOTHING, said))
            else:
                types.append(family.report_types[0])
        for group in _by_role(types):
            for report_type, listed in self._newest(group):
                self._look_at(report_type, listed)
        for family in families:
            if family.question:
                self._ask(family)
        self._all_denied()

    def _note(self, finding: Finding) -> None:
        self._found.findings.append(finding)

    def _try(self, check: str, call: Callable[[], Any]) -> Any:
        """Make a call; what is wrong is noted under its own name, and None returned."""
        if self._given_up(check):
            return None
        try:
            answer = call()
        except (AmazonError, UrlExpired) as error:
            self._failures = self._failures + 1 if isinstance(error, AmazonUnavailable) else 0
            self._note(of_error(check, check, error))
            return None
        self._failures = 0
        return answer

    def _given_up(self, *checks: str) -> bool:
        """Whether Amazon cannot be reached, so that the rest is not tried."""
        if self._failures < ENOUGH_FAILURES:
            return False
        said = f"Amazon could not be reached {ENOUGH_FAILURES} times in a row, so it was not tried"
        for check in checks:
            self._note(Finding(check, Verdict.NOT_CHECKED, said, "Run the doctor again when Amazon can be reached."))
        return True

    def _participations(self) -> None:
        check = "getMarketplaceParticipations"
        body = self._try(check, lambda: self._amazon.answer(check, "/sellers/v1/marketplaceParticipations", {}))
        if body is None:
            return
        try:
            stores = [
                each["marketplace"]["countryCode"]
                for each in json.loads(body).get("payload") or ()
                if each["participation"]["isParticipating"]
            ]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            said = f"the stores cannot be read from it ({type(error).__name__})"
            self._note(Finding(check, Verdict.UNKNOWN_SHAPE, said, REPORT_IT))
            return
        self._countries = frozenset(stores)
        said = f"sells in {', '.join(sorted(self._countries))}"
        self._note(Finding(check, Verdict.OK if stores else Verdict.NOTHING, said if stores else "sells in no store"))

    # reports

    def _newest(self, types: Sequence[str]) -> Iterator[tuple[str, Listed | None]]:
        """The newest finished report of each type that Amazon lists; what is wrong with a type is noted, and it is left out.

        Types that need the same role share a call: getReports has one in 45 seconds.
        """
        if self._given_up(*types):
            return
        try:
            listed, more = self._list(types)
        except (AccessDenied, InvalidRequest) as refused:
            if len(types) == 1:
                self._note(of_error(types[0], types[0], refused))
                return
            yield from self._one_by_one(types, refused)
            return
        except (AmazonError, _Unreadable) as error:
            self._failures += isinstance(error, AmazonUnavailable)
            for each in types:
                self._note(error.finding(each) if isinstance(error, _Unreadable) else of_error(each, each, error))
            return
        self._failures = 0
        for each in types:
            if each not in listed and more and len(types) > 1:
                yield from self._newest([each])
            else:
                yield each, listed.get(each)

    def _one_by_one(self, types: Sequence[str], refused: AmazonError) -> Iterator[tuple[str, Listed | None]]:
        """A group of types is refused: ask one by one, unless two of them are denied alone too: then all lack the same role."""
        if isinstance(refused, AccessDenied) and self._denied(types[0]) and self._denied(types[-1]):
            for each in types:
                self._note(of_error(each, each, refused))
            return
        for each in types:
            yield from self._newest([each])

    def _denied(self, report_type: str) -> bool:
        try:
            self._list([report_type])
        except AmazonError as error:
            return isinstance(error, AccessDenied)
        except _Unreadable:
            pass
        return False

    def _list(self, types: Sequence[str]) -> tuple[dict[str, Listed], bool]:
        parameters = {"reportTypes": ",".join(types), "processingStatuses": "DONE", "pageSize": str(FULL_PAGE)}
        body = self._amazon.answer("getReports", f"{REPORTS}/reports", parameters)
        newest: dict[str, Listed] = {}
        try:
            answer = json.loads(body)
            for each in sorted(answer["reports"], key=lambda report: dt.datetime.fromisoformat(report["createdTime"])):
                if each.get("reportDocumentId"):
                    newest[each["reportType"]] = each
            return newest, bool(answer.get("nextToken"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _Unreadable(f"it lacks {error}" if isinstance(error, KeyError) else type(error).__name__) from error

    def _look_at(self, report_type: str, listed: Listed | None) -> None:
        """Download the newest report of a type to a temporary place, and read it."""
        if listed is None:
            self._note(Finding(report_type, Verdict.NOTHING, "Amazon lists no finished report of the last 90 days"))
            return
        path = self._folder / "document"
        restricted = is_restricted(report_type)

        def fetch() -> str | None:
            minted = self._amazon.report_document(listed["reportDocumentId"], restricted=restricted)
            return self._amazon.download(minted, path).content_type

        before = len(self._found.findings)
        content_type = self._try(report_type, fetch)
        if len(self._found.findings) > before:
            return
        self._found.documents[report_type] = shape_of_file(path)
        header = Message()
        header["content-type"] = content_type or ""
        charset = header.get_content_charset() if content_type else None
        finding, settlements = read_document(report_type, report_type, path, charset)
        self._settlements = self._settlements or settlements
        self._note(finding)

    # operations that answer at once

    def _ask(self, family: Family) -> None:
        assert family.question is not None
        operation, question = family.report_types[0], family.question
        if question.each and not self._settlements:
            said = "it is asked by the id of a settlement, and no settlement report was read"
            self._note(Finding(operation, Verdict.NOTHING, said))
            return
        until = self._now() - FRESHEST
        window = Window(until - min(family.longest_window or LONGEST_LOOK, LONGEST_LOOK), until)
        thing = self._settlements[-1] if question.each else ""
        parameters = parameters_of(question, self._account.region, window, thing)
        body = self._try(operation, lambda: self._amazon.answer(operation, question.path, parameters))
        if body is not None:
            self._note(self._answer(operation, parameters, body))

    def _answer(self, operation: str, parameters: dict[str, str], body: bytes) -> Finding:
        """Read an answer as the DAGs do: behind what was asked."""
        if operation in ("getMarketplaceParticipations", "getReports"):
            return Finding(operation, Verdict.OK, "it answers")
        path = self._folder / "answer"
        asked = json.dumps({REQUEST: {"operation": operation, "parameters": parameters}}).encode()
        path.write_bytes(RECORD + asked + b"\n" + RECORD + body + b"\n")
        return read_document(operation, operation, path)[0]

    def _all_denied(self) -> None:
        """Where every call is denied, it is not for the want of a role."""
        found = self._found.findings
        unknown = (Verdict.NOTHING, Verdict.NOT_CHECKED)
        looked = [each for each in found if each.check != "login" and each.verdict not in unknown]
        if looked and all(each.verdict is Verdict.MISSING_ROLE for each in looked):
            self._found.findings = [
                replace(each, verdict=Verdict.NO_CONSENT, remedy=ALL_DENIED)
                if each.verdict is Verdict.MISSING_ROLE
                else each
                for each in found
            ]


class _Unreadable(Exception):
    """A listing of reports has another shape than Amazon's model."""

    def finding(self, check: str) -> Finding:
        return Finding(check, Verdict.UNKNOWN_SHAPE, f"the answer of getReports cannot be read ({self})", REPORT_IT)


def _by_role(types: Sequence[str]) -> Iterator[list[str]]:
    """Report types in groups that need the same roles, each small enough for one call."""
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for each in types:
        groups[roles_of(each)].append(each)
    for group in groups.values():
        for start in range(0, len(group), MOST_TYPES):
            yield group[start : start + MOST_TYPES]
