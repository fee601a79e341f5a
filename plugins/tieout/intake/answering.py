"""Ask an API that answers at once, page by page, and keep the bytes of its answers as one document."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tieout.amazon.clock import Clock
from tieout.amazon.errors import AmazonUnavailable, BudgetExhausted, InvalidRequest
from tieout.amazon.listing import Window
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Document, RawFile, Source
from tieout.intake.receiving import keep_raw
from tieout.intake.records import Wish
from tieout.lake import Keys, Lake
from tieout.reports.family import Family, Question
from tieout.reports.json_documents import RECORD

log = logging.getLogger(__name__)

FRESHEST = dt.timedelta(minutes=3)
"""Windows have to end two minutes before the call (Finances API); what is newer comes with the overlap of the next day."""
SHORTEST = dt.timedelta(hours=1)
"""A window that is not cut any more."""
LONGEST_PAUSE = dt.timedelta(minutes=1)
"""A listing pauses for so long between two pages when the budget is spent; its page token would not live much longer."""
MOST_PAGES = 100_000
MOST_BARREN_PAGES = 20
"""So many pages in a row without anything, each promising more, are no answer any more. Some are normal."""


class _TokenDied(Exception):
    """A page token was not good any more."""


def ask(
    amazon: SellingPartner, lake: Lake, clock: Clock, family: Family, wish: Wish, business_day: dt.date
) -> tuple[Document, tuple[str, ...]]:
    """Ask for all that is wanted, and keep the answers, unless that was done before.

    A listing whose page token dies is begun again in two halves, as often as it takes: a shorter one is done before its token
    dies.

    :return: the document, and for which of several things there was an answer.
    :raises NotYet: if the budget is spent and the wait is long.
    :raises AmazonUnavailable: if the listing does not come to an end.
    """
    assert family.question is not None
    operation = family.report_types[0]
    document = Document(
        document_id=f"{wish.account}.{operation}-{wish.request_id}",
        source=Source.API,
        region=wish.region,
        account=wish.account,
        report_type=operation,
        processing_status="DONE",
        created_at=clock.now(),
        first_listed_on=business_day,
        data_start_at=wish.data_start,
        data_end_at=wish.data_end,
        marketplace_ids=wish.marketplace_ids,
    )
    answered: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tieout-answers-") as folder:
        body = Path(folder) / "body"
        digest, size = hashlib.sha256(), 0
        with body.open("wb") as file:
            for thing in _things(wish):
                before = size
                found = False
                for answer in _answers(amazon, clock, operation, family.question, wish, thing):
                    record = RECORD + answer + b"\n"
                    digest.update(record)
                    size += file.write(record)
                    found = found or _has_something(answer)
                if thing and found:
                    answered.append(thing)
                log.info("%s %s: %s bytes", operation, thing or wish.data_start.date(), size - before)
        raw = RawFile(
            key=Keys.raw_body(document),
            size=size,
            sha256=digest.hexdigest(),
            content_type="application/json-seq",
            received_at=clock.now(),
        )
        keep_raw(lake, document, raw, body)
    return document, tuple(answered)


def _things(wish: Wish) -> list[str]:
    """What is asked for one after the other; one nameless thing if there is nothing of the kind."""
    return wish.options["each"].split(",") if "each" in wish.options else [""]


def _answers(
    amazon: SellingPartner, clock: Clock, operation: str, question: Question, wish: Wish, thing: str
) -> Iterator[bytes]:
    until = min(wish.data_end, clock.now() - FRESHEST)
    windows = [Window(wish.data_start, until)]
    while windows:
        window = windows.pop(0)
        try:
            yield from list(_pages(amazon, clock, operation, question, window, thing))
        except _TokenDied:
            middle = window.since + (window.until - window.since) / 2
            if question.since is None or middle - window.since < SHORTEST:
                raise AmazonUnavailable(f"{operation}: the page token dies before the listing is done") from None
            windows = [Window(window.since, middle), Window(middle, window.until), *windows]


def _pages(
    amazon: SellingPartner, clock: Clock, operation: str, question: Question, window: Window, thing: str
) -> Iterator[bytes]:
    params = dict(question.more)
    if question.since:
        params[question.since] = _iso(window.since)
    if question.until:
        params[question.until] = _iso(window.until)
    if question.as_of:
        params[question.as_of] = _iso(window.until - dt.timedelta(microseconds=1))
    if question.each:
        params[question.each] = thing
    *above, name = question.token.split(".")
    token = None
    barren = 0
    for _ in range(MOST_PAGES):
        try:
            # the token goes with the same parameters, other than for getReports
            answer = _patiently(amazon, clock, operation, question.path, params | ({name: token} if token else {}))
        except InvalidRequest as refused:
            if token and "token" in refused.said.lower():
                raise _TokenDied from refused
            raise
        yield answer
        content = json.loads(answer)
        for part in above:
            content = content.get(part) or {}
        token = content.get(name)
        if not token:
            return
        barren = 0 if _has_something(answer) else barren + 1
        if barren >= MOST_BARREN_PAGES:
            break
    raise AmazonUnavailable(f"{operation} promises page after page, and nothing comes")


def _patiently(amazon: SellingPartner, clock: Clock, operation: str, path: str, params: dict[str, str]) -> bytes:
    while True:
        try:
            return amazon.answer(operation, path, params)
        except BudgetExhausted as exhausted:
            pause = exhausted.available_at - clock.now()
            if pause > LONGEST_PAUSE:
                raise
            clock.sleep(pause.total_seconds())


def _has_something(answer: bytes) -> bool:
    """Whether a list in the answer has something in it."""
    content = json.loads(answer)
    lists = [each for part in (content, content.get("payload") or {}) for each in part.values()]
    return any(isinstance(each, list) and each for each in lists)


def _iso(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
