"""What an answer of Amazon's APIs is: by the names at its top, or by the request that stands before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tieout.documents import ReasonCode
from tieout.reports.errors import Misfit, shown
from tieout.reports.family import Family
from tieout.reports.json_values import kind

REQUEST = "tieoutRequest"
"""The name in a document of answers that introduces what was asked, before what was answered."""
_BESIDE = frozenset({"nextToken", "NextToken", "statusCode", "payload", "errors", "headers", "pagination"})
"""Names that any answer may have."""
_ERROR = frozenset({"code", "message", "details"})
"""Names of an error in Amazon's model."""
_OTHERS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("reports",), "getReports", "a list of reports, which holds no money"),
    (("reportId", "processingStatus"), "getReport", "the state of a report, which holds no money"),
    (("reportDocumentId", "url"), "getReportDocument", "the address of a document, not the document"),
    (("reportSchedules",), "getReportSchedules", "a list of schedules, which holds no money"),
    (("reportScheduleId",), "getReportSchedule", "a schedule, which holds no money"),
    (("reportId",), "createReport", "the id of a report that was asked for, which holds no money"),
    (("restrictedDataToken",), "createRestrictedDataToken", "a secret: delete the file"),
    (("access_token",), "Login with Amazon", "a secret: delete the file"),
    (("FinancialEvents",), "listFinancialEvents", "an older form of transactions, which Tieout does not read"),
    (("expectedPayouts",), "listExpectedPayouts", "a forecast of payouts, which Tieout does not read"),
    (("paymentMethods",), "getPaymentMethods", "a list of bank accounts and cards, which holds no money"),
    (("payoutReferenceId",), "initiatePayout", "the id of a payout that was begun, which holds no money"),
    (("errorDetails",), "a report that failed", "Amazon's explanation why, and no report"),
)
"""By the names that an answer has: what it is an answer of, and what that is. The first that fits counts."""
_SUPPORTED = "Tieout reads the answers of {}, and the report GET_V2_SELLER_PERFORMANCE_REPORT"


def request_of(content: Any) -> str | None:
    """Returns the operation of a request that a document of answers has; None of anything else."""
    request = content.get(REQUEST) if isinstance(content, dict) else None
    return str(request.get("operation")) if isinstance(request, dict) else None


def family_of(content: Any, families: Sequence[Family]) -> Family | None:
    """Returns the family of which an answer has a name, in its payload or beside it."""
    names = _names(content)
    return next((each for each in families if names & set(each.json_keys)), None)


def is_empty(content: Any) -> bool:
    """Whether an answer has nothing in it, such as `{}`, `{"payload": null}` or `null`."""
    if content is None or content == []:
        return True
    if not isinstance(content, dict) or content.get("errors"):
        return False
    payload = content.get("payload")
    if not (payload is None or payload == [] or isinstance(payload, dict)):
        return False
    return _names(content) <= _BESIDE


def refusal(content: Any, families: Sequence[Family], wanted: Family | None = None) -> Misfit:
    """Returns the reason why an answer is not read, in plain words.

    Args:
        content: The answer.
        families: The JSON families.
        wanted: What it had to be.
    """
    empty = is_empty(content) and not (wanted and family_of(content, families))
    code = ReasonCode.NO_DATA if empty else ReasonCode.UNKNOWN_LAYOUT
    return Misfit(code, *_words(content, families, wanted), line=1)


def _words(content: Any, families: Sequence[Family], wanted: Family | None) -> tuple[str, str]:
    readable = _SUPPORTED.format(", ".join(each.report_types[0] for each in families if each.question))
    if wanted and (found := family_of(content, families)):
        return f"this is {found.title}, not {wanted.title}", "Keep the answers of one operation in one file"
    if is_empty(content):
        return (
            "this answer of Amazon is empty, and does not show which operation it answers",
            "It holds no rows: there is nothing to import",
        )
    if not isinstance(content, dict):
        return f"this JSON document is {kind(content)}, not an answer of Amazon", readable
    if content.get("errors"):
        return f"Amazon refused a call with this answer: {_errors(content['errors'])}", "Make the call again"
    names = _names(content)
    for wanted_names, operation, words in _OTHERS:
        if names.issuperset(wanted_names):
            return f"this is an answer of {operation}: {words}", readable
    payload = content.get("payload")
    if isinstance(payload, list) and any(isinstance(each, dict) and "marketplace" in each for each in payload):
        return "this is an answer of getMarketplaceParticipations: the stores, which holds no money", readable
    return f"this JSON document is of no known report or answer (number of names at its top: {len(names)})", readable


def _names(content: Any) -> set[str]:
    if not isinstance(content, dict):
        return set()
    payload = content.get("payload")
    return {*content, *(payload if isinstance(payload, dict) else ())}


def _errors(errors: Any) -> str:
    """Amazon's words, if the errors are a list of Amazon's form; a list of another form is not quoted."""
    found: list[str] = []
    for each in errors if isinstance(errors, list) else [errors]:
        if not isinstance(each, Mapping) or not {"code", "message"} <= each.keys() <= _ERROR:
            return "errors of an unknown form"
        found.append(" ".join(str(each[name]) for name in ("code", "message", "details") if each.get(name)))
    return shown("; ".join(found), 200)
