"""Alerts: what happened, where, how much money, since when, and what to do.

An alert is one trouble of one subject. Its id is made from both, so that the same trouble is the same alert whoever
notices it, and however often.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from tieout.documents import Message, Record, Region, capped

SHOWN = 20
"""Alerts that one message spells out; the others are counted, and stand in ops.alert."""


class AlertKind(StrEnum):
    """What can be wrong. `docs/operations.md` has a section for each."""

    TASK_FAILED = "task_failed"
    RUN_LATE = "run_late"
    DAY_LATE = "day_late"
    DOCUMENT_QUARANTINED = "document_quarantined"
    DOCUMENT_UNACCOUNTED = "document_unaccounted"
    SETTLEMENT_LATE = "settlement_late"
    DEPOSIT_LATE = "deposit_late"
    CHAIN_HOLE = "chain_hole"
    RESERVE_DIFFERS = "reserve_differs"
    CARRIED_BALANCE_DIFFERS = "carried_balance_differs"
    MOVED_SINCE_CLOSE = "moved_since_close"
    UNKNOWN_FEE = "unknown_fee"
    EXCHANGE_RATE_MISSING = "exchange_rate_missing"
    ACCOUNT_HEALTH = "account_health"
    REFUND_WITHOUT_RETURN = "refund_without_return"
    SECOND_SOURCE_DIFFERS = "second_source_differs"
    CLIENT_SECRET_EXPIRES = "client_secret_expires"
    RECORD_DAMAGED = "record_damaged"
    LAKE_DIFFERS = "lake_differs"
    CONSENT_EXPIRES = "consent_expires"
    READ_COPY_REFUSED = "read_copy_refused"
    DISK_LOW = "disk_low"


class Severity(StrEnum):
    """How soon somebody has to act."""

    CRITICAL = "critical"
    """At once: money is missing, unproven or held, or data is late. Reported when it is found."""
    WARNING = "warning"
    """Within days. Reported in the daily digest."""
    INFO = "info"
    """When convenient. Reported in the daily digest."""


@dataclass(frozen=True)
class Meaning:
    """What a kind of alert is called, and what to do about it."""

    title: str
    what_to_do: str


MEANINGS: dict[AlertKind, Meaning] = {
    AlertKind.TASK_FAILED: Meaning(
        "task failed after its retries",
        "Read the message; when its cause is gone, clear the task in Airflow: it goes on where it stopped.",
    ),
    AlertKind.RUN_LATE: Meaning(
        "run has not finished in time",
        "Open the run in Airflow: a task that waits for Amazon says so in its log, one that failed has its own alert.",
    ),
    AlertKind.DAY_LATE: Meaning(
        "business day is missing",
        "Run the day: airflow backfill create --dag-id <dag> --from-date <day> --to-date <day>.",
    ),
    AlertKind.DOCUMENT_QUARANTINED: Meaning(
        "document does not prove and is not loaded",
        "See the reason's row in docs/operations.md; then release the document after the fix, or reject it.",
    ),
    AlertKind.DOCUMENT_UNACCOUNTED: Meaning(
        "what Amazon listed is not accounted for",
        "Clear the account's tasks of that business day in Airflow; if Amazon does not finish a report, open a case.",
    ),
    AlertKind.SETTLEMENT_LATE: Meaning(
        "settlement is late by its own history",
        "Look in Seller Central under Payments whether Amazon has closed the period; if it has, ask Amazon for the report.",
    ),
    AlertKind.DEPOSIT_LATE: Meaning(
        "deposit is late by its own history",
        "Look in Seller Central under Disbursements, and at the bank; ask Amazon for the trace id of the transfer.",
    ),
    AlertKind.CHAIN_HOLE: Meaning(
        "settlement is missing between two others",
        "Download the statement of the named period from Seller Central and import it.",
    ),
    AlertKind.RESERVE_DIFFERS: Meaning(
        "reserve that was held is not the reserve that came back",
        "Compare both statements in Seller Central; open a case with both settlement ids and the difference.",
    ),
    AlertKind.CARRIED_BALANCE_DIFFERS: Meaning(
        "balance that was carried over is not the one that was taken",
        "Compare both statements in Seller Central; open a case with both settlement ids and the difference.",
    ),
    AlertKind.MOVED_SINCE_CLOSE: Meaning(
        "closed month has changed",
        "Read mart.moved_since_close; book the difference in an open month, or reopen the month.",
    ),
    AlertKind.UNKNOWN_FEE: Meaning(
        "fee code is not in the dictionary",
        "The money is loaded and counted as unknown: add a rule to include/config/fee_dictionary.yaml.",
    ),
    AlertKind.EXCHANGE_RATE_MISSING: Meaning(
        "money cannot be converted",
        "Supply dated rates of the currency in a CSV (TIEOUT_EXCHANGE_RATE_FILE), declare its peg in"
        " include/config/exchange_rates.yaml, or name a newer file of the European Central Bank (TIEOUT_EXCHANGE_RATES).",
    ),
    AlertKind.ACCOUNT_HEALTH: Meaning(
        "account is not healthy by Amazon's measures",
        "Open Account Health in Seller Central: a restricted account's payouts are held back.",
    ),
    AlertKind.REFUND_WITHOUT_RETURN: Meaning(
        "refunds without a return or a reimbursement",
        "Read mart.refund_against_return; claim reimbursement in Seller Central for units that did not come back.",
    ),
    AlertKind.SECOND_SOURCE_DIFFERS: Meaning(
        "settlement is not what the Finances API says",
        "Read mart.settlement_against_finances; open a case with the settlement id and the difference.",
    ),
    AlertKind.RECORD_DAMAGED: Meaning(
        "object of the lake is damaged",
        "Look for what damages objects (a power cut, a disk, somebody with write access); the message says what is made again.",
    ),
    AlertKind.LAKE_DIFFERS: Meaning(
        "object of the lake is not what was stored",
        "Find out who can write to the lake, and restore the object from a backup or an earlier version of it.",
    ),
    AlertKind.CLIENT_SECRET_EXPIRES: Meaning(
        "client secret of the application expires",
        "Rotate it: docs/connect-a-seller.md.",
    ),
    AlertKind.CONSENT_EXPIRES: Meaning(
        "seller's consent ends after its year",
        "Let the seller authorize the application again on the page Seller accounts, before the day: docs/connect-a-seller.md.",
    ),
    AlertKind.DISK_LOW: Meaning(
        "disk has less room than the next run may need",
        "Make room on the disk, or move the folder to a larger one (docs/operations.md, moving to another machine).",
    ),
    AlertKind.READ_COPY_REFUSED: Meaning(
        "read copy of a client is not in its bucket",
        "Give the lake's key the rights that the message names, or correct read_copy_to in the accounts file.",
    ),
}


class Alert(Record):
    """One trouble of one subject."""

    kind: AlertKind
    subject: str
    """What is in trouble, the same text each time it is noticed: a document's id, an account and currency, a task."""
    message: Message
    region: Region | None = None
    account: str | None = None
    settlement_id: str | None = None
    document_id: str | None = None
    amount: Decimal | None = None
    """The money in question, in `currency`; None where it is not known."""
    currency: str | None = None
    severity: Severity = Severity.CRITICAL
    since: AwareDatetime | None = None
    """When the trouble began."""
    where: str | None = None
    """The run and task that noticed it."""

    @property
    def alert_id(self) -> str:
        """Sixteen hex digits of kind and subject."""
        return hashlib.sha256(f"{self.kind}\n{self.subject}".encode()).hexdigest()[:16]

    @property
    def title(self) -> str:
        """What happened to what, in one line."""
        return capped(f"{MEANINGS[self.kind].title}: {self.subject}")

    def lines(self) -> list[str]:
        """The alert in words, a line each: what, where, how much, since when, what to do."""
        facts = {
            "account": " ".join(filter(None, (self.region, self.account))) or None,
            "settlement": self.settlement_id,
            "money": f"{self.amount:,} {self.currency}" if self.amount is not None else None,
            "since": self.since and f"{self.since:%Y-%m-%d %H:%M} UTC",
            "noticed by": self.where,
            "do": MEANINGS[self.kind].what_to_do,
            "more": f"docs/operations.md#{self.kind.replace('_', '-')}",
        }
        return [self.title, *self.message.splitlines(), *(f"  {name}: {fact}" for name, fact in facts.items() if fact)]


def subject_line(alerts: Sequence[Alert], *, resolved: bool = False) -> str:
    """One line that names one alert, or counts several by kind. At most 100 characters, as SNS wants it."""
    word = "resolved" if resolved else "alert"
    if len(alerts) == 1:
        text = alerts[0].title
    else:
        counts: dict[str, int] = {}
        for alert in alerts:
            counts[alert.kind.replace("_", " ")] = counts.get(alert.kind.replace("_", " "), 0) + 1
        text = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    line = f"Tieout {word}: {text}".encode("ascii", "replace").decode()
    return line if len(line) <= 100 else f"{line[:97]}..."


def digest_line(alerts: Sequence[Alert]) -> str:
    """The subject of the daily digest. At most 100 characters, as SNS wants it."""
    counts = {severity: sum(alert.severity is severity for alert in alerts) for severity in Severity}
    return f"Tieout digest: {', '.join(f'{count} {severity}' for severity, count in counts.items() if count)}"


def body(alerts: Sequence[Alert], *, resolved: bool = False, limit: int | None = None) -> str:
    """The message itself, plain text.

    Args:
        alerts: What it reports.
        resolved: Whether they are over.
        limit: Bytes that the message may have; alerts beyond them are counted.
    """
    if resolved:
        return _within([f"Resolved: {alert.title}" for alert in alerts], "\n", len(alerts), limit)
    return _within(["\n".join(alert.lines()) for alert in alerts[:SHOWN]], "\n\n", len(alerts), limit)


def _within(texts: list[str], between: str, count: int, limit: int | None) -> str:
    while True:
        more = [f"and {count - len(texts)} more: SELECT * FROM ops.alert WHERE resolved_at IS NULL"]
        text = between.join(texts + more * (count > len(texts)))
        if limit is None or len(text.encode()) <= limit or len(texts) < 2:
            return text if limit is None else text.encode()[:limit].decode(errors="ignore")
        del texts[-1]


_SECRETS = re.compile(
    r"At(?:z[ar]|c)\|[\w\-./+=|]+"  # access and refresh tokens
    r"|amzn1\.oa2-cs\.v1\.[\w-]+"  # client secrets
    r"|(?<=X-Amz-Signature=)[^&\s\"']+|(?<=X-Amz-Credential=)[^&\s\"']+|(?<=X-Amz-Security-Token=)[^&\s\"']+"
    r"|(?<=spapi_oauth_code=)[^&\s\"']+"
)


def without_secrets(text: str) -> str:
    """The text with everything that has the form of an Amazon secret or a signed URL's signature blanked out."""
    return _SECRETS.sub("***", text)
