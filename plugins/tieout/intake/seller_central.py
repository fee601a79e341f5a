"""List the reports that are made in Seller Central: by a person, or every day or month as a person has set it up there.

Amazon refuses to make them on request. Each run lists what there is, as it does for settlements; a seller who never made one
has none, which is nothing wrong. All types are listed by one call. If Amazon refuses that, each type is listed by itself, so
that a type that Amazon does not know, or does not give this application, keeps no other back.
"""

from __future__ import annotations

import datetime as dt
import logging

from tieout.accounts import Account
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AccessDenied, AmazonUnavailable, BudgetExhausted, InvalidRequest
from tieout.amazon.listing import Listed
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Reason, ReasonCode
from tieout.intake.receiving import fresh, list_settlements, list_types, read_listing, write_down
from tieout.intake.records import Listing, SellerCentralListing
from tieout.lake import Keys, Lake
from tieout.reports.families import FAMILIES, chosen
from tieout.reports.family import Obtained

log = logging.getLogger(__name__)


def list_reports(
    amazon: SellingPartner,
    lake: Lake,
    clock: Clock,
    account: Account,
    business_day: dt.date,
    families: tuple[str, ...] | None,
) -> Listing:
    """List what Amazon holds at the end of a business day: the settlements, and the reports made in Seller Central.

    Args:
        families: Names of the families that are wanted; None: all. Those that are not made in Seller Central are left out.

    Raises:
        BudgetExhausted: The listing has to wait for the rate budget. Call again to go on.
    """
    wanted = tuple(family.name for family in chosen(families) if family.obtained is Obtained.LISTED)
    place = Keys.seller_central_in_progress(account.region, account.name, business_day)
    progress = lake.get_record(place, SellerCentralListing)
    if progress is None:
        listing = list_settlements(amazon, lake, clock, account, business_day)
        progress = SellerCentralListing(left=(wanted,) if wanted else ())
    else:
        listing = read_listing(lake, account, business_day)
    while progress.left:
        part = fresh(progress.part, clock)
        try:
            progress = _list_next(amazon, account, business_day, progress, part)
        except BudgetExhausted:
            lake.put_record(place, progress.model_copy(update={"part": part}))
            raise
    documents = write_down(lake, account, progress.documents)
    listing = listing.model_copy(update={"documents": (*listing.documents, *documents), "refused": progress.refused})
    lake.put_record(Keys.listing(account.region, account.name, business_day), listing)
    lake.delete(place)
    return listing


def _list_next(
    amazon: SellingPartner, account: Account, business_day: dt.date, progress: SellerCentralListing, part: Listed
) -> SellerCentralListing:
    """List the next families; those that Amazon refuses together, one by one."""
    names, *left = progress.left
    types = [name for family in names for name in FAMILIES[family].report_types]
    done = {"left": tuple(left), "part": Listed()}
    try:
        found = list_types(amazon, account, business_day, types, part)
    except (AccessDenied, InvalidRequest, AmazonUnavailable) as error:
        log.warning("%s: %s cannot be listed: %s", account.name, ", ".join(types), error)
        if len(names) > 1:
            return progress.model_copy(update=done | {"left": (*((name,) for name in names), *left)})
        return progress.model_copy(update=done | {"refused": progress.refused | {names[0]: _reason(names[0], error)}})
    return progress.model_copy(update=done | {"documents": (*progress.documents, *found)})


def _reason(family: str, error: Exception) -> Reason:
    title = FAMILIES[family].title
    if isinstance(error, AmazonUnavailable):
        message = f"Amazon could not list {title}: {error}. The next run lists it."
        return Reason(code=ReasonCode.REPORT_NOT_READY, message=message)
    message = (
        f"Amazon refuses to list {title} for this account: {error}. What to do: give the application the role Finance and"
        " Accounting and let the seller authorize it again, or take the family out of TIEOUT_FAMILIES"
    )
    return Reason(code=ReasonCode.REQUEST_REFUSED, message=message)
