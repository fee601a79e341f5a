"""Collect what an account wants on a business day: ask for reports, wait for them, and receive them as they are made.

Asking and receiving go side by side, because Amazon allows one call a minute of each. What is not made when the day gives
up is taken up by the next run, under the same id. Trouble with one family leaves the others alone.

Empty answers are proven, not believed: Amazon cancels a report that has no data, and delivers one that is late without rows
(amzn/selling-partner-api-models#5005). Nothing is ever replaced by an empty answer, and the next run asks for the same days
once more; only when both say so is it over. A report that was cancelled shortly after another one of its type proves nothing,
and is requested again (`tieout.intake.spacing`).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tieout.accounts import Account
from tieout.amazon.clock import Clock
from tieout.amazon.errors import (
    AccessDenied,
    AmazonUnavailable,
    BudgetExhausted,
    InvalidRequest,
    NotYet,
)
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Document, DocumentOutcome, Reason, ReasonCode, Source, StagedFiles, State
from tieout.intake.answering import ask
from tieout.intake.fetching_again import fetch_doubtful
from tieout.intake.planning import plan
from tieout.intake.receiving import REFILL, read_listing, receive
from tieout.intake.records import (
    Collected,
    Ended,
    Listing,
    OpenWish,
    Outcomes,
    Participations,
    Progress,
    Wish,
)
from tieout.intake.requesting import SHORTEST_POLL, asked_for, request, wait
from tieout.intake.settling import settle
from tieout.intake.spacing import Spacings
from tieout.lake import Keys, Lake
from tieout.marketplaces import known_marketplaces
from tieout.reports.families import FAMILIES, chosen
from tieout.reports.family import Family, Obtained

log = logging.getLogger(__name__)

GIVE_UP_AFTER = dt.timedelta(hours=4)
"""A report that Amazon has not made by then is left to the next run; most are made within minutes."""
UNAVAILABLE_FOR = dt.timedelta(minutes=30)
"""A request that Amazon's servers fail for so long is left to the next run."""
LOOK_AGAIN = dt.timedelta(minutes=5)
WAITS_FOR_HISTORY = dt.timedelta(hours=9)
"""How long a run waits until it may request older windows of a type. The newest was requested before; the settlements of the
day are published when the run ends."""
WAITS_FOR_NEWEST = dt.timedelta(hours=1)
"""How long a run waits until it may request the newest window of a type; the next run covers its days, too."""
MOST_FAILURES = 3
"""How often a report that failed is asked for anew."""
BELIEVED = 2
"""So many empty answers are believed."""


def collect(
    amazon: SellingPartner,
    lake: Lake,
    clock: Clock,
    account: Account,
    business_day: dt.date,
    *,
    families: tuple[str, ...] | None,
    history: dt.timedelta,
) -> int:
    """Ask for what is wanted, and receive what is made, and what was listed.

    :param families: the names of those that are asked for; None: all.
    :param history: how far back the first run goes.
    :return: how many documents were received now.
    :raises NotYet: when something has to be waited for. What was done is kept; call again at its `available_at`.
    :raises AmazonUnavailable: if Amazon does not give documents.
    """
    key = Keys.collected(account.region, account.name, business_day)
    found = lake.get_record(key, Collected)
    if found is None:
        found = _plan(amazon, lake, clock, account, business_day, chosen(families), history)
    listing = read_listing(lake, account, business_day)
    day = _Day(amazon, lake, clock, account, found, listing.refused)
    try:
        early = day.ask_and_look()
        lake.put_record(key, day.found)
        listed = listing.documents
        made = [ended.document for ended in day.found.ended.values() if ended.reason is None]
        try:
            received = receive(amazon, lake, clock, [*listed, *made])
            received += fetch_doubtful(amazon, lake, clock, listed)
        except BudgetExhausted as exhausted:
            early.append(exhausted)
    finally:
        lake.put_record(key, day.found)
    if early:
        raise _come_back(early)
    return received


def _come_back(early: list[NotYet]) -> NotYet:
    """When to go on: when the budgets have grown, since each coming back has its price; else when the first report may be
    made."""
    budgets = [each for each in early if isinstance(each, BudgetExhausted)]
    return max(budgets, key=_when) if budgets else min(early, key=_when)


def _when(early: NotYet) -> dt.datetime:
    return early.available_at


def marketplaces(
    amazon: SellingPartner, lake: Lake, account: Account, business_day: dt.date
) -> tuple[tuple[str, ...], Reason | None]:
    """Ask Amazon once a business day where the account sells, and write it down.

    :return: the ids of the marketplaces, and why Amazon was not asked with success, if so: then they are those of an
        earlier day, or none.
    """
    key = Keys.participations(account.region, account.name)
    last = lake.get_record(key, Participations)
    if last and last.business_day == business_day:
        return last.marketplace_ids, None
    known = known_marketplaces().marketplaces
    try:
        found = amazon.marketplace_participations()
    except (AccessDenied, InvalidRequest) as refused:
        said = f"Amazon does not say where the account sells: {refused}. It needs the role Selling Partner Insights."
        return last.marketplace_ids if last else (), Reason(code=ReasonCode.REQUEST_REFUSED, message=said)
    for each in found:
        if each.participates and each.marketplace_id not in known:
            log.info("%s (%s) is no marketplace of reports", each.name, each.marketplace_id)
    ids = tuple(sorted(each.marketplace_id for each in found if each.participates and each.marketplace_id in known))
    for new in sorted(set(ids) - set(last.marketplace_ids if last else ids)):
        log.warning("%s sells in %s now: its history is asked for", account.name, known[new].names[0])
    if last is None or business_day > last.business_day:
        lake.put_record(key, Participations(business_day=business_day, marketplace_ids=ids))
    return ids, None


def _plan(
    amazon: SellingPartner,
    lake: Lake,
    clock: Clock,
    account: Account,
    business_day: dt.date,
    families: Sequence[Family],
    history: dt.timedelta,
) -> Collected:
    """Write down what is wanted: first for the day, then as progress."""
    ids, trouble = marketplaces(amazon, lake, account, business_day) if families else ((), None)
    place = Keys.progress(account.region, account.name)
    before = lake.get_record(place, Progress)
    progress, wishes = plan(families, account, ids, business_day, before, history)
    found = Collected(
        business_day=business_day,
        planned_at=clock.now(),
        families=tuple(each.name for each in families),
        wishes=wishes,
    )
    if trouble:
        found = found.model_copy(update={"refused": {"marketplaces": trouble}})
    lake.put_record(Keys.collected(account.region, account.name, business_day), found)
    lake.put_record(place, progress)
    log.info("%s wants %s reports", account.name, len(wishes))
    return found


class _Day:
    """One pass over what is wanted."""

    def __init__(
        self,
        amazon: SellingPartner,
        lake: Lake,
        clock: Clock,
        account: Account,
        found: Collected,
        not_listed: Mapping[str, Reason],
    ) -> None:
        self._amazon = amazon
        self._lake = lake
        self._clock = clock
        self._account = account
        self._not_listed = not_listed
        self._spacings = Spacings(lake, account)
        self.found = found

    def ask_and_look(self) -> list[NotYet]:
        """Ask for what was not asked for yet, as far as the budget goes, and look how far the others are."""
        # what Amazon could not be asked for in an earlier pass is asked for now
        stands = {
            name: why
            for name, why in self.found.refused.items()
            if why.code is ReasonCode.REQUEST_REFUSED and not _is_listed(name)
        }
        self.found = self.found.model_copy(update={"refused": {**stands, **self._not_listed}})
        early: list[NotYet] = []
        later: Counter[str] = Counter()
        left = 0
        asked = asked_for(self._lake, (each.wish for each in self.found.wishes if not self._is_done(each)))
        for each in self.found.wishes:
            if self._is_done(each):
                continue
            refused_before = self.found.refused.get(each.family)
            if refused_before and refused_before.code is ReasonCode.REQUEST_REFUSED:
                continue
            family = FAMILIES[each.family]
            if not family.question and each.wish.request_id not in asked and (left or not self._may_ask()):
                left += 1
                continue
            if not family.question and each.wish.request_id not in asked:
                free_at = self._spacings.free_at(family, self._clock.now(), SHORTEST_POLL)
                if free_at > self._waits_until(each):
                    later[each.family] += 1
                    continue
                if free_at > self._clock.now():
                    early.append(NotYet(f"{each.wish.report_type} was requested a while ago", free_at))
                    continue
            try:
                if family.question:
                    self._answer(each, family)
                else:
                    self._look(each)
            except NotYet as soon:
                early.append(soon)
            except AmazonUnavailable as unavailable:
                if self._clock.now() < self.found.planned_at + UNAVAILABLE_FOR:
                    early.append(NotYet(str(unavailable), self._clock.now() + LOOK_AGAIN))
                else:
                    self._left_for_today(each.family, unavailable)
            except (AccessDenied, InvalidRequest) as refused:
                self._refused(each.family, refused)
        for name, windows in later.items():
            self._requested_later(name, windows)
        if left:
            enough = self._amazon.available_at("createReport", min(left, REFILL))
            log.info("%s reports are still to be asked for", left)
            early.append(BudgetExhausted("createReport", enough))
        return early

    def _is_done(self, each: OpenWish) -> bool:
        ended = self.found.ended.get(each.wish.request_id)
        return ended is not None and (ended.reason is None or ended.reason.code is not ReasonCode.REPORT_NOT_READY)

    def _may_ask(self) -> bool:
        return self._amazon.available_at("createReport", 1) <= self._clock.now()

    def _look(self, each: OpenWish) -> None:
        wish, family = each.wish, FAMILIES[each.family]
        asked = request(self._amazon, self._lake, self._clock, wish)
        self._spacings.requested(family, asked)
        if (look_at := asked.intended_at + SHORTEST_POLL) > self._clock.now():
            raise NotYet(f"{wish.report_type} was asked for just now", look_at)
        give_up_at = max(asked.intended_at, self.found.planned_at) + GIVE_UP_AFTER
        made = wait(
            self._amazon,
            self._lake,
            self._clock,
            asked,
            give_up_at=give_up_at,
            restricted=family.restricted,
            together=self._spacings.is_together(family),
        )
        self._spacings.ended(family, asked, made, self._clock.now())
        if made.report is not None:
            document = made.document().model_copy(update={"first_listed_on": self.found.business_day})
        else:
            document = _stand_in(self._account, each.family, self.found, asked.report_id)
        self._ended(each, Ended(document=document, reason=made.reason))

    def _waits_until(self, each: OpenWish) -> dt.datetime:
        """Until when the run waits for the moment at which a window may be requested."""
        ends = [other.wish.data_end for other in self.found.wishes if other.family == each.family]
        patience = WAITS_FOR_NEWEST if each.wish.data_end == max(ends) else WAITS_FOR_HISTORY
        return max(self.found.planned_at + patience, self._clock.now())

    def _answer(self, each: OpenWish, family: Family) -> None:
        day = self.found.business_day
        document, things = ask(self._amazon, self._lake, self._clock, family, each.wish, day)
        self._ended(each, Ended(document=document))
        answered = self.found.answered | ({each.wish.request_id: things} if things else {})
        self.found = self.found.model_copy(update={"answered": answered})

    def _ended(self, each: OpenWish, ended: Ended) -> None:
        self.found = self.found.model_copy(update={"ended": self.found.ended | {each.wish.request_id: ended}})

    def _refused(self, family: str, error: Exception) -> None:
        message = (
            f"Amazon refuses to make {FAMILIES[family].title} for this account: {error}. What to do: give the application the"
            " role that it needs and let the seller authorize it again, or take the family out of TIEOUT_FAMILIES"
        )
        log.warning("%s", message)
        self._not_made(family, Reason(code=ReasonCode.REQUEST_REFUSED, message=message))

    def _left_for_today(self, family: str, error: AmazonUnavailable) -> None:
        message = f"Amazon could not be asked for {FAMILIES[family].title}: {error}. The next run asks for it."
        self._not_made(family, Reason(code=ReasonCode.REPORT_NOT_READY, message=message))

    def _requested_later(self, family: str, windows: int) -> None:
        known = FAMILIES[family]
        hours = known.made_every / dt.timedelta(hours=1)
        message = (
            f"{windows} windows of {known.title} are still to be requested. Amazon makes one report of the type in {hours:g}"
            " hours; the next runs request them, the newest first."
        )
        log.info("%s", message)
        if family not in self.found.refused:
            self._not_made(family, Reason(code=ReasonCode.REPORT_TOO_SOON, message=message))

    def _not_made(self, family: str, reason: Reason) -> None:
        self.found = self.found.model_copy(update={"refused": self.found.refused | {family: reason}})


def _is_listed(family: str) -> bool:
    return family in FAMILIES and FAMILIES[family].obtained is Obtained.LISTED


def _stand_in(account: Account, family: str, found: Collected, report_id: str | None = None) -> Document:
    """What stands for a report that Amazon does not make, or no longer knows."""
    known = FAMILIES.get(family)
    return Document(
        document_id=f"{account.name}.{report_id or family}",
        source=Source.API,
        region=account.region,
        account=account.name,
        report_type=known.report_types[0] if known else family,
        report_id=report_id,
        created_at=found.planned_at,
        first_listed_on=found.business_day,
    )


def listing_of_day(lake: Lake, account: Account, business_day: dt.date) -> Listing:
    """Return all that an account has on a business day: what Amazon listed, and what was asked for.

    :raises FileNotFoundError: if nothing was listed.
    """
    listing = read_listing(lake, account, business_day)
    found = lake.get_record(Keys.collected(account.region, account.name, business_day), Collected)
    if found is None:
        return listing
    verdicts = tuple(_verdicts(lake, account, found))
    made = tuple(ended.document for ended in found.ended.values() if ended.reason is None)
    return listing.model_copy(
        update={
            "documents": (*listing.documents, *made, *(outcome.document for outcome in verdicts)),
            "verdicts": verdicts,
        }
    )


def _verdicts(lake: Lake, account: Account, found: Collected) -> Iterator[DocumentOutcome]:
    progress = lake.get_record(Keys.progress(account.region, account.name), Progress)
    before = progress.refused if progress else {}
    for ended in found.ended.values():
        if ended.reason:
            yield _verdict(lake, ended.document, ended.reason)
    for family, reason in found.refused.items():
        document = before.get(family) or _stand_in(account, family, found)
        yield _verdict(lake, document, reason)
    for family, document in {**before, **found.healed}.items():
        if family in found.healed or (family not in found.refused and _answered(found, family)):
            said = Reason(code=ReasonCode.SUPERSEDED, message="Amazon makes these reports again")
            yield _verdict(lake, document, said)


_NOTHING_WRONG = (
    ReasonCode.REPORT_CANCELLED,
    ReasonCode.REPORT_NOT_READY,
    ReasonCode.REPORT_TOO_SOON,
    ReasonCode.SUPERSEDED,
)


def _verdict(lake: Lake, document: Document, reason: Reason) -> DocumentOutcome:
    state = State.SKIPPED if reason.code in _NOTHING_WRONG else State.QUARANTINED
    return DocumentOutcome(document=document, state=state, reasons=(reason,), judged_at=lake.now())


def _answered(found: Collected, family: str) -> bool:
    """Whether Amazon has taken a request for the family, listed it, or told where the account sells, on this day."""
    if family not in FAMILIES:
        return bool(found.wishes)
    if _is_listed(family):
        return family in found.families and family not in found.refused
    return any(each.family == family and each.wish.request_id in found.ended for each in found.wishes)


def settle_day(lake: Lake, account: Account, business_day: dt.date) -> Outcomes:
    """Write what became of everything that an account has on a business day, and what of it is asked for again."""
    listing = listing_of_day(lake, account, business_day)
    key = Keys.outcomes(business_day, account.region, account.name)
    outcomes = settle(lake, listing, key)
    found = lake.get_record(Keys.collected(account.region, account.name, business_day), Collected)
    if found is None:
        return outcomes
    summed_up = {thing for things in found.answered.values() for thing in things}
    by_id = {outcome.document.document_id: outcome for outcome in outcomes.outcomes}
    still: list[OpenWish] = []
    superseded: list[DocumentOutcome] = []
    for each in found.wishes:
        if "each" in each.wish.options:
            continue  # what has no answer is in the wish of tomorrow
        ended = found.ended.get(each.wish.request_id)
        outcome = by_id.get(ended.document.document_id) if ended else None
        if (next_time := _next_time(each, outcome)) is not None:
            still.append(next_time)
        elif outcome:
            said = Reason(
                code=ReasonCode.SUPERSEDED,
                message=f"Amazon has made the report again: {outcome.document.document_id} covers the same time",
            )
            superseded += (_verdict(lake, document, said) for document in each.earlier)
    if superseded:
        outcomes = outcomes.model_copy(update={"outcomes": (*outcomes.outcomes, *superseded)})
        lake.put_record(key, outcomes)
        for outcome in superseded:
            lake.delete(Keys.quarantine(outcome.document))
    _remember(lake, account, found, still, summed_up, outcomes)
    return outcomes


def _summaries(account: Account, found: Collected, outcomes: Outcomes, summed_up: frozenset[str]) -> list[OpenWish]:
    """The wish of tomorrow for the summaries of the settlements that have none yet."""
    marketplace_ids = {name for each in found.wishes for name in each.wish.marketplace_ids}
    settlements = {
        summary.settlement_id: summary
        for outcome in outcomes.outcomes
        if outcome.state is State.READY and isinstance(outcome.staged, StagedFiles)
        for summary in outcome.staged.reading.settlements
        if summary.settlement_id not in summed_up
    }
    family = next(each for each in FAMILIES.values() if each.question and each.question.each)
    if family.name not in found.families or not settlements or not marketplace_ids:
        return []
    ends = [each.end_at for each in settlements.values() if each.end_at] or [found.planned_at]
    starts = [each.start_at for each in settlements.values() if each.start_at] or [found.planned_at]
    wish = Wish(
        region=account.region,
        account=account.name,
        report_type=family.report_types[0],
        marketplace_ids=tuple(sorted(marketplace_ids)),
        data_start=min(starts),
        data_end=max(ends),
        options={"each": ",".join(sorted(settlements))},
        wanted_on=found.business_day,
    )
    return [OpenWish(family=family.name, wish=wish, again=True)]


def _next_time(each: OpenWish, outcome: DocumentOutcome | None) -> OpenWish | None:
    """What is left of a wish after a day; None if it is fulfilled, or not to be."""
    if outcome is None or (outcome.reasons and outcome.reasons[0].code is ReasonCode.REPORT_NOT_READY):
        return each
    if outcome.state is State.READY:
        return None
    if outcome.reasons and outcome.reasons[0].code is ReasonCode.REPORT_TOO_SOON:
        return each.model_copy(update={"again": True})
    if outcome.state is State.SKIPPED:
        empty = each.empty_answers + 1
        return each.model_copy(update={"again": True, "empty_answers": empty}) if empty < BELIEVED else None
    failures = each.failures + 1
    earlier = (*each.earlier, outcome.document)
    if failures >= MOST_FAILURES:
        return None
    return each.model_copy(update={"again": True, "failures": failures, "earlier": earlier})


def _remember(
    lake: Lake,
    account: Account,
    found: Collected,
    still: list[OpenWish],
    summed_up: set[str],
    outcomes: Outcomes,
) -> None:
    """Bring the progress up to date, unless a later day has been planned since."""
    key = Keys.progress(account.region, account.name)
    while True:
        held = lake.get_record_with_etag(key, Progress)
        if held is None or held[0].planned_on != found.business_day:
            return
        progress = _brought_up_to_date(lake, account, found, still, summed_up, outcomes, held[0])
        # another run may have planned a later day in between
        if lake.put_if(key, progress.model_dump_json(indent=1).encode(), etag=held[1]):
            return


def _brought_up_to_date(
    lake: Lake,
    account: Account,
    found: Collected,
    still: list[OpenWish],
    summed_up: set[str],
    outcomes: Outcomes,
    progress: Progress,
) -> Progress:
    refused = {family: progress.refused.get(family) or _stand_in(account, family, found) for family in found.refused}
    quiet = {
        family: document
        for family, document in progress.refused.items()
        if family not in refused and not _answered(found, family)
    }
    healed = {family: each for family, each in progress.refused.items() if family not in {**refused, **quiet}}
    if healed:
        day = Keys.collected(account.region, account.name, found.business_day)
        lake.put_record(day, found.model_copy(update={"healed": {**found.healed, **healed}}))
    done = progress.summed_up | summed_up
    update = {
        "open": (*still, *_summaries(account, found, outcomes, done)),
        "summed_up": done,
        "refused": {**refused, **quiet},
    }
    return progress.model_copy(update=update)
