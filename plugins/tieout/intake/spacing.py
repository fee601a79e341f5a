"""How far apart reports of one type are requested.

Amazon makes a report of a type at most once in a while: a daily FBA report once in four hours, a near-real-time one once in
half an hour (developer-docs.amazon.com/sp-api/docs/report-type-values-fba). A report that is requested earlier ends CANCELLED
or FATAL without a word (amzn/selling-partner-api-docs#82). Whether that holds for another window of the same type, too, Amazon
says in two ways: its FBA page speaks of "an updated version of that report", its FAQ of "that report type".

So it is tried, once for each account and type, with two windows one right after the other. If both are made, the others follow
at once. If the second is not, no conclusion about its data is drawn, and from then on reports of the type are requested that
far apart. Waiting for every window from the beginning would be as safe, and would take days where it is not needed.
"""

from __future__ import annotations

import datetime as dt

from tieout.accounts import Account
from tieout.documents import ReasonCode
from tieout.intake.records import Asked, ReportRequest, Spacing, TypeSpacing
from tieout.intake.requesting import Made
from tieout.lake import Keys, Lake
from tieout.reports.family import Family

TRIED_AGAIN_AFTER = dt.timedelta(days=30)
"""How long a type whose reports have to be apart is requested so, before it is tried again."""


class Spacings:
    """What is known of the types of one account. Brought up to date in the lake at once."""

    def __init__(self, lake: Lake, account: Account) -> None:
        self._lake = lake
        self._key = Keys.spacing(account.region, account.name)
        self._known = lake.get_record(self._key, Spacing) or Spacing()

    def free_at(self, family: Family, now: dt.datetime, pause: dt.timedelta) -> dt.datetime:
        """Return when another report of the family may be requested.

        Args:
            pause: How long to wait for the end of the report that is the trial.
        """
        known = self._of(family)
        recent = [each.at for each in known.asked.values() if now - each.at < family.made_every]
        if not recent or known.apart is False:
            return now
        if known.apart and now - known.found_at < TRIED_AGAIN_AFTER:
            return max(recent) + family.made_every
        return now if len(recent) == 1 else now + pause

    def is_together(self, family: Family) -> bool:
        """Whether two windows of the family were made one right after the other."""
        return self._of(family).apart is False

    def requested(self, family: Family, request: ReportRequest) -> None:
        """Note a report that is or will be made."""
        name = request.wish.request_id
        known = self._of(family)
        if family.made_every and request.reused_from is None and name not in known.asked:
            self._write(family, known, {name: Asked(at=request.intended_at)})

    def ended(self, family: Family, request: ReportRequest, end: Made, now: dt.datetime) -> None:
        """Note how a report ended, if it has."""
        report = end.report
        if report is not None and report.processing_status not in ("DONE", "CANCELLED", "FATAL"):
            return
        # a report that was cancelled as a duplicate has another's id by now
        made = report is not None and report.processing_status == "DONE" and report.report_id == request.report_id
        name = request.wish.request_id
        known = self._of(family)
        mine = known.asked.get(name)
        if mine is None or mine.made:
            return
        if end.reason is not None and end.reason.code is ReasonCode.REPORT_TOO_SOON:
            known = known.model_copy(update={"apart": True, "found_at": now})
        if not made:
            asked = {other: each for other, each in known.asked.items() if other != name}
            self._write(family, known.model_copy(update={"asked": asked}), {})
            return
        near = (each for other, each in known.asked.items() if other != name and each.made)
        if any(abs(each.at - mine.at) < family.made_every for each in near):
            known = known.model_copy(update={"apart": False, "found_at": now})
        self._write(family, known, {name: mine.model_copy(update={"made": True})})

    def _of(self, family: Family) -> TypeSpacing:
        return self._known.types.get(family.report_types[0], TypeSpacing())

    def _write(self, family: Family, known: TypeSpacing, more: dict[str, Asked]) -> None:
        asked = known.asked | more
        newest = max((each.at for each in asked.values()), default=dt.datetime.min.replace(tzinfo=dt.UTC))
        kept = {name: each for name, each in asked.items() if newest - each.at < family.made_every}
        own = {family.report_types[0]: known.model_copy(update={"asked": kept})}
        self._known = Spacing(types=self._known.types | own)
        self._lake.put_record(self._key, self._known)
