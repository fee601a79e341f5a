"""Ask Amazon for a report, once, and wait until it is made.

A request is written down before Amazon is asked, and Amazon's id after it. Whoever comes later, a retry of the task or a
run of another day, takes up the same report: Amazon makes some reports for hours or days, does not make one again for a
while, and allows one request a minute.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from tieout.amazon.clock import Clock
from tieout.amazon.errors import InvalidRequest, NotYet
from tieout.amazon.selling_partner import Report, SellingPartner
from tieout.documents import Document, Reason, ReasonCode, Source
from tieout.intake.records import ReportRequest, Wish
from tieout.lake import Keys, Lake, present
from tieout.reports.errors import Misfit
from tieout.reports.families import OF_TYPE
from tieout.reports.source import read_chunks
from tieout.work import work_folder

log = logging.getLogger(__name__)

SETTLED_AFTER = dt.timedelta(minutes=2)
"""A request without an id that is older than this was cut off; a younger one may be on its way just now."""
SHORTEST_POLL, LONGEST_POLL = dt.timedelta(seconds=30), dt.timedelta(minutes=15)
_ROUNDING = dt.timedelta(seconds=1)
_NO_PERMISSION = re.compile(r"not authori[sz]ed|permission|access (is )?denied|role", re.IGNORECASE)
_TOO_LONG = re.compile(r"date range|up ?to \d+ days|exceed", re.IGNORECASE)


@dataclass(frozen=True)
class Made:
    """How a request ended."""

    request: ReportRequest
    report: Report | None
    reason: Reason | None = None
    """Why there is no report to use; None if there is one."""

    def document(self) -> Document:
        """The report as a listed document, to be received like any other."""
        assert self.report is not None
        wish = self.request.wish
        return Document(
            document_id=f"{wish.account}.{self.report.report_id}",
            source=Source.API,
            region=wish.region,
            account=wish.account,
            report_type=self.report.report_type,
            report_id=self.report.report_id,
            report_document_id=self.report.report_document_id,
            processing_status=self.report.processing_status,
            created_at=self.report.created_at,
            first_listed_on=wish.wanted_on,
            data_start_at=self.report.data_start_at,
            data_end_at=self.report.data_end_at,
            marketplace_ids=self.report.marketplace_ids or wish.marketplace_ids,
        )


def asked_for(lake: Lake, wishes: Iterable[Wish]) -> set[str]:
    """Return the ids of the requests, of those that the wishes would make, that were made or are about to be."""
    found = present(lake, map(_key, wishes))
    return {key.rpartition("/")[2].removesuffix(".json") for key in found}


def request(amazon: SellingPartner, lake: Lake, clock: Clock, wish: Wish) -> ReportRequest:
    """Ask for a report, unless that was done before; return the request with Amazon's id of the report.

    :raises NotYet: if the budget is spent, or somebody else is just asking.
    :raises MayHaveHappened: if Amazon may have taken the request or not; the next call finds out.
    """
    key = _key(wish)
    mine = ReportRequest(wish=wish, intended_at=clock.now(), asker=uuid.uuid4().hex)
    known = lake.get_record(key, ReportRequest)
    if known is None and lake.was_put_aside(key):
        # Amazon may have been asked on that day or since: its listing tells
        since = dt.datetime.combine(wish.wanted_on, dt.time(), dt.UTC)
        known = lake.put_first(key, mine.model_copy(update={"intended_at": since, "asker": "unknown"}))
    if known is None:
        if (earlier := _identical(lake, clock, wish)) is not None:
            log.info("%s: the report %s of an identical request is used", wish.report_type, earlier.report_id)
            mine = mine.model_copy(update={"report_id": earlier.report_id, "reused_from": earlier.wish.request_id})
        known = lake.put_first(key, mine)
    if known.report_id is not None:
        return known
    if known.asker == mine.asker:
        return _ask(amazon, lake, known)
    if (left := known.intended_at + SETTLED_AFTER - clock.now()) > dt.timedelta(0):
        raise NotYet(f"{wish.report_type} may be being asked for just now", clock.now() + left)
    # Somebody meant to ask, and did not write down Amazon's id: was Amazon asked?
    for report in amazon.reports(
        [wish.report_type], created_since=known.intended_at - SETTLED_AFTER, created_until=clock.now()
    ):
        if not _differences(wish, report):
            log.info("%s: the request was made, its report is %s", wish.report_type, report.report_id)
            return _complete(lake, known, report.report_id)
    if not lake.put_if(key, _json(mine), etag=_tag(lake, key, known)):
        raise NotYet(f"{wish.report_type} is being asked for by somebody else", clock.now() + SETTLED_AFTER)
    return _ask(amazon, lake, mine)


def wait(
    amazon: SellingPartner,
    lake: Lake,
    clock: Clock,
    request: ReportRequest,
    *,
    give_up_at: dt.datetime | None = None,
    restricted: bool = False,
    together: bool = False,
) -> Made:
    """Return how the report ended, if it has.

    :param together: Amazon is known to make reports of the type for different windows one right after the other.

    :param restricted: its document, which may explain a failure, is only given for a restricted data token.
    :param give_up_at: from then on a report that is not made yet is left to a later run, which takes up the same request.
    :raises NotYet: if it is not made yet; the longer it takes, the longer is the wait between two looks.
    """
    if request.failed or request.report_id is None:
        return Made(request, None, request.failed)
    wish = request.wish
    try:
        report = amazon.report(request.report_id)
    except InvalidRequest as gone:
        if gone.status != 404:
            raise
        return _failed(lake, request, None, f"Amazon no longer knows report {request.report_id}")
    if report.processing_status in ("IN_QUEUE", "IN_PROGRESS"):
        now = clock.now()
        if give_up_at and now >= give_up_at:
            status = f"Amazon is still making the report ({report.processing_status}); a later run takes it up"
            return Made(request, report, Reason(code=ReasonCode.REPORT_NOT_READY, message=status))
        patience = min(max((now - request.intended_at) / 10, SHORTEST_POLL), LONGEST_POLL)
        raise NotYet(f"report {report.report_id} is {report.processing_status}", now + patience)
    if report.processing_status == "CANCELLED":
        return _cancelled(amazon, lake, clock, request, report, together)
    if report.processing_status == "FATAL":
        unexplained = report.report_document_id is None
        if unexplained and not together and _is_too_soon(wish, report, _earlier(amazon, wish, report)):
            return _too_soon(lake, request, report)
        return _failed(lake, request, report, _explanation(amazon, report, restricted), ReasonCode.REPORT_FATAL)
    if differences := _differences(wish, report, rounded=True):
        message = f"Amazon made another report than it was asked for: {'; '.join(differences)}"
        return Made(request, report, Reason(code=ReasonCode.PARAMETERS_DIFFER, message=message))
    return Made(request, report)


def _ask(amazon: SellingPartner, lake: Lake, request: ReportRequest) -> ReportRequest:
    wish = request.wish
    report_id = amazon.create_report(
        wish.report_type, wish.marketplace_ids, wish.data_start, wish.data_end, wish.options
    )
    return _complete(lake, request, report_id)


def _complete(lake: Lake, request: ReportRequest, report_id: str) -> ReportRequest:
    done = request.model_copy(update={"report_id": report_id})
    lake.put_record(_key(request.wish), done)
    return done


def _identical(lake: Lake, clock: Clock, wish: Wish) -> ReportRequest | None:
    """The latest request for the same thing that Amazon would not make again now."""
    oldest = clock.now() - _made_every(wish)
    prefix = Keys.request(wish.region, wish.account, wish.report_type, wish.subject).removesuffix(".json")
    records = (lake.get_record(key, ReportRequest) for key in lake.keys(prefix))
    found = [each for each in records if each and each.report_id and not each.failed and each.intended_at > oldest]
    return max(found, key=lambda each: each.intended_at, default=None)


def _cancelled(
    amazon: SellingPartner, lake: Lake, clock: Clock, request: ReportRequest, report: Report, together: bool
) -> Made:
    """Amazon cancels a report that holds no data, and one that is requested too soon after another of its type."""
    earlier = _earlier(amazon, request.wish, report)
    for other in earlier:
        if not _differences(request.wish, other):
            log.info("report %s was cancelled as a duplicate of %s", report.report_id, other.report_id)
            return wait(amazon, lake, clock, _complete(lake, request, other.report_id), together=together)
    if not together and _is_too_soon(request.wish, report, earlier):
        return _too_soon(lake, request, report)
    said = "Amazon cancelled the report, and made no other of its type shortly before: it holds no data, or somebody cancelled it"
    return _failed(lake, request, report, said, ReasonCode.REPORT_CANCELLED)


def _earlier(amazon: SellingPartner, wish: Wish, report: Report) -> list[Report]:
    """The reports of a type that Amazon has made, or is making, and that may keep it from making another."""
    since = report.created_at - max(_made_every(wish), SETTLED_AFTER)
    listed = amazon.reports([wish.report_type], created_since=since, created_until=report.created_at)
    return [
        other
        for other in listed
        if other.report_id != report.report_id and other.processing_status not in ("CANCELLED", "FATAL")
    ]


def _is_too_soon(wish: Wish, report: Report, earlier: list[Report]) -> bool:
    return any(report.created_at - other.created_at < _made_every(wish) for other in earlier)


def _too_soon(lake: Lake, request: ReportRequest, report: Report) -> Made:
    hours = _made_every(request.wish) / dt.timedelta(hours=1)
    said = (
        f"Amazon ended the report as {report.processing_status}, less than {hours:g} hours after it made another report of the"
        " type. That says nothing about its data. The next run requests it again"
    )
    return _failed(lake, request, report, said, ReasonCode.REPORT_TOO_SOON)


def _failed(
    lake: Lake,
    request: ReportRequest,
    report: Report | None,
    message: str,
    code: ReasonCode = ReasonCode.REPORT_FATAL,
) -> Made:
    done = request.model_copy(update={"failed": Reason(code=code, message=message)})
    lake.put_record(_key(request.wish), done)
    return Made(done, report, done.failed)


def _explanation(amazon: SellingPartner, report: Report, restricted: bool) -> str:
    """What the document of a failed report says, and what to do about it."""
    if report.report_document_id is None:
        return (
            "Amazon failed to make the report and gave no explanation; ask Selling Partner Support with the report id"
            f" {report.report_id}"
        )
    with work_folder("fatal") as folder:
        body = folder / "body"
        amazon.download(amazon.report_document(report.report_document_id, restricted=restricted), body)
        try:
            said = next(read_chunks(body), b"")[:2000].decode("utf-8", errors="backslashreplace").strip()
        except Misfit as damaged:
            said = f"nothing that can be read ({damaged.problem})"
    advice = "ask for it again later; if it stays so, ask Selling Partner Support"
    if _NO_PERMISSION.search(said):
        advice = "give the application the role that this report needs, and let the seller authorize it again"
    elif _TOO_LONG.search(said):
        advice = "ask for a shorter time"
    return f"Amazon failed to make the report and says: {said}. What to do: {advice}"


def _differences(wish: Wish, report: Report, *, rounded: bool = False) -> list[str]:
    """Where a report is another than the one that was asked for. Amazon does not repeat the options.

    Args:
        rounded: Whether the times may be rounded: outwards by less than a day, or inwards by a minute. The times of a report
            that tells how things are now may then be any.
    """
    found = []
    if report.report_type != wish.report_type:
        found.append(f"its type is {report.report_type}")
    if set(report.marketplace_ids) != set(wish.marketplace_ids):
        found.append(
            f"marketplaces {sorted(wish.marketplace_ids)} were asked for, {sorted(report.marketplace_ids)} made"
        )
    family = OF_TYPE.get(wish.report_type)
    if rounded and family is not None and family.longest_window is None:
        return found
    for name, asked, made, outwards in (
        ("start", wish.data_start, report.data_start_at, -1),
        ("end", wish.data_end, report.data_end_at, 1),
    ):
        if made is None or not _is_near(outwards * (made - asked), rounded=rounded):
            found.append(f"{name} {asked.isoformat()} was asked for, {made.isoformat() if made else 'none'} made")
    return found


def _is_near(beyond: dt.timedelta, *, rounded: bool) -> bool:
    return -dt.timedelta(minutes=1) <= beyond < dt.timedelta(days=1) if rounded else abs(beyond) <= _ROUNDING


def _made_every(wish: Wish) -> dt.timedelta:
    family = OF_TYPE.get(wish.report_type)
    return family.made_every if family else dt.timedelta(0)


def _key(wish: Wish) -> str:
    return Keys.request(wish.region, wish.account, wish.report_type, wish.request_id)


def _json(request: ReportRequest) -> bytes:
    return request.model_dump_json(indent=1).encode()


def _tag(lake: Lake, key: str, known: ReportRequest) -> str | None:
    """The entity tag of the request as it was read; a tag that fits nothing if it has changed since."""
    found = lake.get_record_with_etag(key, ReportRequest)
    return found[1] if found and found[0] == known else '"changed"'
