"""Ask an API that answers at once, page by page, and keep the bytes of its answers as one document.

Before the answers stands what was asked: an answer need not repeat it, and an empty one does not show what it answers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

from tieout.amazon.clock import Clock
from tieout.amazon.errors import AmazonUnavailable, BudgetExhausted, InvalidRequest
from tieout.amazon.listing import Window
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Document, RawFile, Region, Source
from tieout.intake.business_day import business_day_before
from tieout.intake.receiving import keep_raw
from tieout.intake.records import Wish
from tieout.lake import Keys, Lake
from tieout.reports.family import Family, Question
from tieout.reports.json_answers import REQUEST
from tieout.reports.json_documents import RECORD
from tieout.work import work_folder

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


MOST_TRIES = 2
"""How often a listing that cannot be cut in halves is begun."""


class _TokenDied(Exception):
    """A page token is no longer good."""


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
    with work_folder("answers") as folder:
        body = folder / "body"
        digest, size = hashlib.sha256(), 0
        with body.open("wb") as file:
            for thing in _things(wish):
                before = size
                found = False
                for text in _texts(amazon, clock, operation, family.question, wish, thing):
                    record = RECORD + text + b"\n"
                    digest.update(record)
                    size += file.write(record)
                    found = found or _has_something(text)
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


def _texts(
    amazon: SellingPartner, clock: Clock, operation: str, question: Question, wish: Wish, thing: str
) -> Iterator[bytes]:
    """What is asked and what is answered, window after window."""
    until = min(wish.data_end, clock.now() - FRESHEST)
    windows = [Window(wish.data_start, until)]
    tries = 0
    while windows:
        window = windows.pop(0)
        parameters = parameters_of(question, wish.region, window, thing)
        try:
            pages = list(_pages(amazon, clock, operation, question, parameters))
        except _TokenDied as died:
            tries += 1
            middle = window.since + (window.until - window.since) / 2
            if question.since and middle - window.since >= SHORTEST:
                windows = [Window(window.since, middle), Window(middle, window.until), *windows]
            elif question.since is None and tries < MOST_TRIES:
                windows = [window, *windows]
            else:
                said = f"{operation}: the page token dies before the listing is done ({died})"
                raise AmazonUnavailable(said) from None
            continue
        yield json.dumps({REQUEST: {"operation": operation, "parameters": parameters}}).encode()
        yield from pages


def parameters_of(question: Question, region: Region, window: Window, thing: str) -> dict[str, str]:
    """Return the parameters of the first page of a window.

    Args:
        question: How the API is asked.
        region: The account's region, whose business days are asked for.
        window: The time that is asked for.
        thing: Of several things that are asked for one after the other, the one; else nothing.
    """
    parameters = dict(question.more)
    if question.since:
        parameters[question.since] = _iso(window.since)
    if question.until:
        parameters[question.until] = _iso(window.until)
    if question.as_of:
        parameters[question.as_of] = business_day_before(region, window.until).isoformat()
    if question.each:
        parameters[question.each] = thing
    return parameters


def _pages(
    amazon: SellingPartner, clock: Clock, operation: str, question: Question, parameters: dict[str, str]
) -> Iterator[bytes]:
    name = question.token.rpartition(".")[2]
    token = None
    barren = 0
    for _ in range(MOST_PAGES):
        try:
            # the token goes with the same parameters, other than for getReports
            answer = _patiently(amazon, clock, operation, question.path, parameters | ({name: token} if token else {}))
        except InvalidRequest as refused:
            # the same parameters were accepted without the token: whatever Amazon says, or does not, is about the token
            if token and refused.status == 400:
                raise _TokenDied(refused.said) from refused
            raise
        yield answer
        token = next((part[name] for part in _parts(answer) if isinstance(part.get(name), str) and part[name]), None)
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


def _parts(answer: bytes) -> list[dict[str, Any]]:
    """The payload of an answer and the answer itself, as far as they are objects; the reader says what is wrong with others."""
    try:
        content = json.loads(answer)
    except ValueError:
        return []
    payload = content.get("payload") if isinstance(content, dict) else None
    return [each for each in (payload, content) if isinstance(each, dict)]


def _has_something(answer: bytes) -> bool:
    """Whether a list in the answer has something in it."""
    return any(isinstance(each, list) and each for part in _parts(answer) for each in part.values())


def _iso(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
