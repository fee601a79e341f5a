"""Every key of the lake. Nothing else in the project builds one."""

from __future__ import annotations

import datetime as dt
import hashlib

from tieout.documents import Document, Region, Source
from tieout.privacy import may_hold_persons


class Keys:
    """Keys are pure functions of what they name, so that a rerun finds what an earlier run wrote."""

    @staticmethod
    def first_listings(document: Document) -> str:
        """What was known of a document when it was listed first, with others of its account: those that Amazon made in the
        same month (UTC), or a sixteenth of those that were imported, whose own time is that of the import."""
        part = f"{document.created_at.astimezone(dt.UTC):%Y-%m}"
        if document.source is Source.IMPORT:
            part = f"imports-{hashlib.sha256(document.document_id.encode()).hexdigest()[0]}"
        return f"{Keys.all_first_listings(document.region, document.account)}{part}.json"

    @staticmethod
    def all_first_listings(region: Region, account: str) -> str:
        """Prefix of the first listings of an account."""
        return f"listed/{region}/{account}/first/"

    @staticmethod
    def first_listings_of_old(region: Region, account: str) -> str:
        """The first listings of an account as earlier versions of Tieout kept them, all in one object."""
        return f"listed/{region}/{account}/documents.json"

    @staticmethod
    def listing(region: Region, account: str, business_day: dt.date) -> str:
        """All that Amazon listed for one account at the end of one business day."""
        return f"listed/{region}/{account}/days/{business_day.isoformat()}.json"

    @staticmethod
    def listings(region: Region, account: str) -> str:
        """Prefix of the listings of one account, by business day."""
        return f"listed/{region}/{account}/days/"

    @staticmethod
    def listing_in_progress(region: Region, account: str, business_day: dt.date) -> str:
        """How far the listing of one account and business day has come, while it waits for the rate budget."""
        return f"listed/{region}/{account}/in_progress/{business_day.isoformat()}.json"

    @staticmethod
    def seller_central_in_progress(region: Region, account: str, business_day: dt.date) -> str:
        """How far the listing of the reports made in Seller Central has come, while it waits for the rate budget."""
        return f"listed/{region}/{account}/in_progress/{business_day.isoformat()}-seller-central.json"

    @staticmethod
    def months(account: str) -> str:
        """What an Appstore developer's months are known to be: the latest answer and all versions of each."""
        return f"listed/{Region.APPSTORE}/{account}/months.json"

    @staticmethod
    def import_listing(import_id: str, account: str) -> str:
        """The files of one account that one import found."""
        return f"{Keys.import_listings(import_id)}{account}.json"

    @staticmethod
    def import_listings(import_id: str) -> str:
        """Prefix of the listings of one import."""
        return f"{Keys.all_import_listings()}{import_id}/"

    @staticmethod
    def all_import_listings() -> str:
        """Prefix of the listings of all imports."""
        return "listed/imports/"

    @staticmethod
    def raw_body(document: Document) -> str:
        """The bytes as they were received; those that may tell of persons are apart. The manifest says where they are now."""
        return f"{_room(document)}/{_home(document)}/body"

    @staticmethod
    def personal_body(document: Document) -> str:
        """The bytes of a document that was found to tell of persons, whatever its type."""
        return f"personal/{_home(document)}/body"

    @staticmethod
    def redacted_body(document: Document) -> str:
        """The bytes without what they told of persons, in place of those that were received."""
        return f"raw/{_home(document)}/redacted"

    @staticmethod
    def raw_manifest(document: Document) -> str:
        """Sizes, sha256, content type, request id, when, from whom. Its presence says that the body is whole."""
        return f"raw/{_home(document)}/manifest.json"

    @staticmethod
    def not_received(document: Document) -> str:
        """Why a listed document is not in the lake, and when that was tried last."""
        return f"raw/{_home(document)}/not_received.json"

    @staticmethod
    def raw_empty(document: Document, sha256: str) -> str:
        """The bytes of a document that came empty; the document itself may still come."""
        return f"{_room(document)}/{_home(document)}/empty-{sha256[:16]}"

    @staticmethod
    def raw_before(document: Document, occasion: str, name: str) -> str:
        """What was received of a document before it was fetched again: `body` or `manifest.json`.

        :param occasion: the id of the decision to fetch it, or `doubt`.
        """
        room = "raw" if name == "manifest.json" else _room(document)
        return f"{room}/{_home(document)}/before-{occasion}/{name}"

    @staticmethod
    def personal_before(document: Document, occasion: str) -> str:
        """The body of `raw_before`, of a document that was found to tell of persons."""
        return f"personal/{_home(document)}/before-{occasion}/body"

    @staticmethod
    def raw_of(document: Document) -> str:
        """Prefix of what was received of the document."""
        return f"raw/{_home(document)}/"

    @staticmethod
    def raw_of_type(region: Region, account: str, report_type: str) -> str:
        """Prefix of what was received of an account and report type."""
        return f"raw/{region}/{account}/{report_type}/"

    @staticmethod
    def staged(document: Document, name: str) -> str:
        """A file of the staged document: `lines.parquet` and `settlements.parquet`; `rows.parquet` of a report family, and
        `rows-<key id>.parquet` if it has hashed values."""
        return f"staged/{_home(document)}/{name}"

    @staticmethod
    def reading(document: Document, version: str) -> str:
        """How one version of the reader read the document, or why it refused it.

        Args:
            document: The document.
            version: The reader's; of a document with hashed values, with the id of their key.
        """
        return f"staged/{_home(document)}/reading-{version}.json"

    @staticmethod
    def outcome(document: Document, version: str, suite_version: int) -> str:
        """What became of the document, by one version of the reader, as `reading` names it, and of the checks."""
        return f"staged/{_home(document)}/outcome-{version}-{suite_version}.json"

    @staticmethod
    def staged_of(document: Document) -> str:
        """Prefix of what was staged of the document."""
        return f"staged/{_home(document)}/"

    @staticmethod
    def quarantine(document: Document) -> str:
        """Why a document was kept out of the warehouse, and where its bytes are."""
        return f"quarantine/{_home(document)}/reasons.json"

    @staticmethod
    def quarantine_of(document: Document) -> str:
        """Prefix of what is in quarantine of the document."""
        return f"quarantine/{_home(document)}/"

    @staticmethod
    def outcomes(business_day: dt.date, region: Region, account: str) -> str:
        """What became of every document that was listed for one account and business day."""
        return f"{Keys.outcomes_of_day(business_day, region)}{account}.json"

    @staticmethod
    def outcomes_of_day(business_day: dt.date, region: Region) -> str:
        """Prefix of the outcomes of one region and business day."""
        return f"outcomes/{business_day.isoformat()}/{region}/"

    @staticmethod
    def import_outcomes(import_id: str, account: str) -> str:
        """What became of every file of one account in one import."""
        return f"{Keys.outcomes_of_import(import_id)}{account}.json"

    @staticmethod
    def outcomes_of_import(import_id: str) -> str:
        """Prefix of the outcomes of one import."""
        return f"outcomes/imports/{import_id}/"

    @staticmethod
    def all_raw() -> str:
        """Prefix of everything that was received: region, account, report type and document follow."""
        return "raw/"

    @staticmethod
    def all_personal() -> str:
        """Prefix of the bytes that tell of persons, in the same order; what has expired is gone from there."""
        return "personal/"

    @staticmethod
    def all_erased() -> str:
        """Prefix of what people asked to be forgotten: the key's id and the keyed hash follow."""
        return "erased/"

    @staticmethod
    def erased(subject: str) -> str:
        """Proof that a subject, `<key id>-<keyed hash>`, was forgotten."""
        return f"erased/{subject}.json"

    @staticmethod
    def older_met(version: str) -> str:
        """Says that all which earlier versions of Tieout kept of persons was met by a version of the reader and key."""
        return f"retention/older-{version}.json"

    @staticmethod
    def all_staged() -> str:
        """Prefix of everything that was read, in the same order."""
        return "staged/"

    @staticmethod
    def all_outcomes() -> str:
        """Prefix of all outcomes: a business day and a region follow, or `imports` and an import."""
        return "outcomes/"

    @staticmethod
    def decision(decision_id: str) -> str:
        """One decision of a person."""
        return f"{Keys.decisions()}{decision_id}.json"

    @staticmethod
    def decisions() -> str:
        """Prefix of what people decided."""
        return "decisions/"

    @staticmethod
    def load(loaded_at: dt.datetime) -> str:
        """One load of the warehouse; the order of keys is the order of loads."""
        return f"{Keys.loads()}{loaded_at.astimezone(dt.UTC):%Y-%m-%dT%H-%M-%S-%f}.json"

    @staticmethod
    def loads() -> str:
        """Prefix of the log of loads."""
        return "loads/"

    @staticmethod
    def calls(region: Region, account: str, day: dt.date, session: str) -> str:
        """The calls to Amazon of one client session, one JSON object a line."""
        return f"{Keys.calls_of_day(region, day)}{account}/{session}.jsonl"

    @staticmethod
    def calls_of_day(region: Region, day: dt.date) -> str:
        """Prefix of one region's calls on a UTC day."""
        return f"{Keys.calls_of_region(region)}{day.isoformat()}/"

    @staticmethod
    def calls_of_region(region: Region) -> str:
        """Prefix of one region's calls; the UTC day follows."""
        return f"calls/{region}/"

    @staticmethod
    def budget(application: str, region: Region, account: str, operation: str) -> str:
        """The shared rate budget of one application, account, region and operation."""
        return f"budget/{application}/{region}/{account}/{operation}.json"

    @staticmethod
    def sizes(region: Region, account: str, operation: str) -> str:
        """The sizes of windows and pages that Amazon accepts from one account."""
        return f"sizes/{region}/{account}/{operation}.json"

    @staticmethod
    def request(region: Region, account: str, report_type: str, request_id: str) -> str:
        """One report that is or was asked for, written down before Amazon is asked."""
        return f"{Keys.requests(region, account, report_type)}{request_id}.json"

    @staticmethod
    def requests(region: Region, account: str, report_type: str) -> str:
        """Prefix of the requests of one account and report type."""
        return f"requested/{region}/{account}/{report_type}/"

    @staticmethod
    def collected(region: Region, account: str, business_day: dt.date) -> str:
        """What one account wanted on one business day, and what became of it."""
        return f"collected/{region}/{account}/days/{business_day.isoformat()}.json"

    @staticmethod
    def progress(region: Region, account: str) -> str:
        """How far the reports of one account were asked for."""
        return f"collected/{region}/{account}/progress.json"

    @staticmethod
    def spacing(region: Region, account: str) -> str:
        """How far apart reports of one account have to be requested, by type."""
        return f"collected/{region}/{account}/spacing.json"

    @staticmethod
    def participations(region: Region, account: str) -> str:
        """The marketplaces in which an account sells, as Amazon said last."""
        return f"collected/{region}/{account}/marketplaces.json"

    DAMAGED = "damaged/"
    """Prefix of objects that were not the records that they should be; the key at which each was follows."""

    @staticmethod
    def damaged(key: str) -> str:
        """A copy of the damaged object that was, or is, at a key."""
        return f"{Keys.DAMAGED}{key}"

    @staticmethod
    def digest(channel: str) -> str:
        """When a channel was last sent the daily digest."""
        return f"alerts/digests/{channel}.json"

    LEASE = "deployment.json"
    """Which deployment may load the lake."""

    OPEN_ALERTS = "alerts/open/"
    """Prefix of the alerts whose trouble is there."""
    RESOLVED_ALERTS = "alerts/resolved/"
    """Prefix of the alerts whose trouble is gone; the UTC day on which they were raised follows."""

    @staticmethod
    def open_alert(alert_id: str) -> str:
        """An alert whose trouble is there."""
        return f"{Keys.OPEN_ALERTS}{alert_id}.json"

    @staticmethod
    def resolved_alert(alert_id: str, raised_at: dt.datetime) -> str:
        """An alert whose trouble is gone."""
        raised_at = raised_at.astimezone(dt.UTC)
        return f"{Keys.resolved_alerts_of_day(raised_at.date())}{alert_id}-{raised_at:%H%M%S%f}.json"

    @staticmethod
    def resolved_alerts_of_day(day: dt.date) -> str:
        """Prefix of the resolved alerts that were raised on a UTC day."""
        return f"{Keys.RESOLVED_ALERTS}{day.isoformat()}/"


def _room(document: Document) -> str:
    return "personal" if may_hold_persons(document.report_type, document.processing_status) else "raw"


def _home(document: Document) -> str:
    return f"{_shelf(document)}{document.document_id}"


def _shelf(document: Document) -> str:
    return f"{document.region}/{document.account}/{document.report_type}/"
