"""Faults on demand: what Amazon gets wrong because somebody asked for it.

A rule is a fault, where it happens, how often, and when. Rules come from a file when the program starts
(`serve --faults FILE`) and over `/simulator/faults` while it runs. Chance is drawn from the seed, so that the same calls
under the same rules meet the same faults.

There are two kinds. A fault of a call (`CallFault`) happens to one answer: the next call may go well. A fault of a
document (`simulator.faults.Fault`) belongs to one report: it is there however often one looks.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.clock import VirtualClock, iso_z
from simulator.faults import Fault
from simulator.marketplaces import REGIONS
from simulator.quotas import PLANS
from simulator.sellers import BY_KEY
from simulator.variants import REFUSALS

TOKEN = "token"
"""The operation of Login with Amazon that gives access tokens."""
DOWNLOAD = "download"
"""The operation of the storage that documents are downloaded from."""


class CallFault(StrEnum):
    """A fault of one call."""

    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    SLOW_ANSWER = "slow_answer"
    CONNECTION_CUT = "connection_cut"
    DEAD_URL = "dead_url"
    TRUNCATED_DOWNLOAD = "truncated_download"
    EXPIRED_PAGE_TOKEN = "expired_page_token"
    EMPTY_PAGE = "empty_page"
    WINDOW_TOO_LARGE = "window_too_large"
    PAGE_TOO_LARGE = "page_too_large"
    TOKEN_REVOKED = "token_revoked"
    SECRET_EXPIRED = "secret_expired"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    PARAMETERS_CHANGED = "parameters_changed"
    MUTE_REFUSAL = "mute_refusal"
    """A call that is refused with 400 anyway is refused without a word that helps."""
    ROLE_MISSING = "role_missing"
    """The application lacks the role (amzn/selling-partner-api-models#1479); of getReports, of some report types."""
    OPERATION_UNKNOWN = "operation_unknown"
    NOT_ENROLLED = "not_enrolled"
    """The application has no queue for its new secret."""
    CHANGED_SHAPE = "changed_shape"
    """A field of the answer has another name than in Amazon's model."""
    TIMES_ROUNDED = "times_rounded"
    """A report covers the whole days of its window, and says so."""
    REPORT_LIMIT = "report_limit"
    """Whether the limit of FBA reports spans windows."""
    TYPE_REFUSED = "type_refused"
    """Reports of some types are neither made nor listed: Amazon has retired them, or the application lacks a role."""


_API = frozenset(PLANS)
_LISTING = frozenset({"getReports"})
_OF_TYPES = frozenset({"createReport", "getReports"})
_PAGED = _LISTING | {"listFinancialEventGroups", "listTransactions", "listBalances", "listSummary", "listPayouts"}
ROTATION = "rotateApplicationClientSecret"
_ANYWHERE = _API | {TOKEN, DOWNLOAD}
OPERATIONS: dict[CallFault, frozenset[str]] = {
    CallFault.THROTTLED: _API,
    CallFault.SERVER_ERROR: _ANYWHERE,
    CallFault.SLOW_ANSWER: _ANYWHERE,
    CallFault.CONNECTION_CUT: _ANYWHERE,
    CallFault.DEAD_URL: frozenset({DOWNLOAD}),
    CallFault.TRUNCATED_DOWNLOAD: frozenset({DOWNLOAD}),
    CallFault.EXPIRED_PAGE_TOKEN: _PAGED,
    CallFault.EMPTY_PAGE: _PAGED,
    CallFault.WINDOW_TOO_LARGE: _LISTING,
    CallFault.PAGE_TOO_LARGE: _LISTING,
    CallFault.TOKEN_REVOKED: _API,
    CallFault.SECRET_EXPIRED: _API,
    CallFault.CONSENT_WITHDRAWN: _API | {TOKEN},
    CallFault.PARAMETERS_CHANGED: frozenset({"createReport"}),
    CallFault.MUTE_REFUSAL: _API,
    CallFault.ROLE_MISSING: _API,
    CallFault.OPERATION_UNKNOWN: _API,
    CallFault.NOT_ENROLLED: frozenset({ROTATION}),
    CallFault.CHANGED_SHAPE: _API,
    CallFault.TIMES_ROUNDED: frozenset({"createReport"}),
    CallFault.REPORT_LIMIT: frozenset({"createReport"}),
    CallFault.TYPE_REFUSED: _OF_TYPES,
}
"""The operations that each fault can happen to."""


def _number(least: float, most: float = float("inf")) -> Callable[[Any], str | None]:
    def problem(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            return f"a number from {least:g}" + (f" to {most:g}" if most < float("inf") else "")
        return None

    return problem


def _one_of(*values: object) -> Callable[[Any], str | None]:
    def problem(value: Any) -> str | None:
        return None if value in values and not isinstance(value, bool) else "one of " + ", ".join(map(str, values))

    return problem


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "a text"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


_SAID = {"said": _one_of(*REFUSALS)}
_HOURS = {"hours": _number(0)}
PARAMETERS: dict[str, dict[str, Callable[[Any], str | None]]] = {
    CallFault.THROTTLED: {
        "retry_after": _number(0),
        "retry_after_as": _one_of("seconds", "date"),
        "rate": _number(0.0001),
    },
    CallFault.SERVER_ERROR: {"status": _one_of(500, 502, 503, 504)},
    CallFault.SLOW_ANSWER: {"seconds": _number(0, 600)},
    CallFault.CONNECTION_CUT: {"where": _one_of("before_headers", "body")},
    CallFault.EXPIRED_PAGE_TOKEN: _SAID,
    CallFault.MUTE_REFUSAL: _SAID,
    CallFault.REPORT_LIMIT: {"spans": _flag},
    CallFault.TYPE_REFUSED: {"status": _one_of(400, 403, 404), "report_type": _text},
    CallFault.WINDOW_TOO_LARGE: {"days": _number(0), "mute": _flag},
    CallFault.ROLE_MISSING: {"report_types": _text},
    CallFault.CHANGED_SHAPE: {"field": _text, "becomes": _text},
    CallFault.PAGE_TOO_LARGE: {"size": _number(1, 100), "mute": _flag},
    Fault.SLOW: _HOURS,
    Fault.QUEUED: _HOURS,
    Fault.UNLISTED: _HOURS,
    Fault.REISSUED: _HOURS,
    Fault.CANCELLED: _HOURS,
    Fault.FATAL: _HOURS,
    Fault.EMPTY: {**_HOURS, "full": _one_of("same_report", "new_report"), "header": _flag},
    Fault.WRONG_CHARSET: {"charset": _text},
}
"""What else a rule may say, by fault; each value is checked by a function that says what it should be."""

_FAULTS = frozenset(map(str, CallFault)) | frozenset(map(str, Fault))
_PLACES = ("account", "region", "operation", "report", "settlement")
_OFTEN = ("probability", "times", "skip")
_WHEN = ("from", "until", "at")


class BadRule(ValueError):
    """A rule that cannot be; the text says which field and why."""


@dataclass
class Rule:
    """One rule. Places that are None are anywhere.

    `since` is when it was made, `ended` when it was taken back; both are instants of the virtual clock.
    """

    number: int
    fault: str
    since: dt.datetime
    account: str | None = None
    region: str | None = None
    operation: str | None = None
    report: str | None = None
    settlement: str | None = None
    probability: float = 1.0
    times: int | None = None
    skip: int = 0
    begins: dt.datetime | None = None
    ends: dt.datetime | None = None
    at: dt.datetime | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    hits: int = 0
    ended: dt.datetime | None = None
    _met: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def of_document(self) -> bool:
        """Whether it is a fault of documents, not of calls."""
        return self.fault in set(Fault)

    def hours(self, default: float) -> dt.timedelta:
        """The parameter `hours`."""
        return dt.timedelta(hours=self.parameters.get("hours", default))

    def happens_at(self, created_at: dt.datetime, default_hours: float) -> dt.datetime:
        """When what comes later comes: at `at`, or so many hours after the report or the rule was made."""
        return self.at or max(created_at, self.since) + self.hours(default_hours)

    def json(self) -> dict[str, Any]:
        """As it is given and shown."""
        given: dict[str, Any] = {"id": self.number, "fault": self.fault}
        given |= {name: value for name in _PLACES if (value := getattr(self, name)) is not None}
        given |= {"probability": self.probability, "times": self.times, "skip": self.skip}
        for name, moment in (("from", self.begins), ("until", self.ends), ("at", self.at)):
            if moment:
                given[name] = iso_z(moment)
        return given | self.parameters | {"made_at": iso_z(self.since), "hits": self.hits}


class Rules:
    """The rules that are in force.

    :param seed: chance is drawn from it.
    """

    def __init__(self, seed: int, clock: VirtualClock) -> None:
        self._seed = seed
        self._clock = clock
        self._rules: list[Rule] = []
        self._next = 1

    def add(self, given: Any) -> list[Rule]:
        """Take one rule, a list of rules, or `{"rules": [...]}`; all of them or none.

        :raises BadRule: naming the rule and the field that is wrong.
        """
        if isinstance(given, dict) and set(given) == {"rules"}:
            given = given["rules"]
        found = given if isinstance(given, list) else [given]
        now = self._clock.now()
        rules = []
        for place, each in enumerate(found):
            try:
                rules.append(_parse(each, self._next + place, now))
            except BadRule as bad:
                raise BadRule(f"rule {place + 1}: {bad}") from bad
        self._next += len(rules)
        self._rules += rules
        return rules

    def in_force(self) -> list[Rule]:
        """The rules that were not taken back, the oldest first."""
        return [rule for rule in self._rules if rule.ended is None]

    def remove(self, number: int | None = None) -> int:
        """Take back one rule, or all; return how many. What has already appeared of a reissued settlement stays."""
        ending = [rule for rule in self.in_force() if number in (None, rule.number)]
        for rule in ending:
            rule.ended = self._clock.now()
        return len(ending)

    def of_call(
        self,
        account: str,
        region: str,
        operation: str,
        report: str | None = None,
        cannot: frozenset[CallFault] = frozenset(),
        types: tuple[str, ...] | None = None,
    ) -> dict[CallFault, Rule]:
        """The faults that happen to a call, by chance and count. Asking is what counts: ask once a call.

        :param cannot: faults that this call cannot have, and which it does not count for.
        :param types: of a call for reports of some types, these types, asked once they are known; only the faults of types
            then count.
        """
        now = self._clock.now()
        found: dict[CallFault, Rule] = {}
        for rule in self.in_force():
            if rule.of_document or rule.fault in cannot or operation not in OPERATIONS[CallFault(rule.fault)]:
                continue
            if rule.operation not in (None, operation) or rule.report not in (None, report):
                continue
            if (rule.fault == CallFault.TYPE_REFUSED) != (types is not None):
                continue
            if types is not None and rule.parameters.get("report_type", types[0]) not in types:
                continue
            if rule.account not in (None, account) or rule.region not in (None, region):
                continue
            if (rule.begins and now < rule.begins) or (rule.ends and now >= rule.ends):
                continue
            if rule.times is not None and rule.hits >= rule.times:
                continue
            rule._met[account, operation] += 1
            met = rule._met[account, operation]
            if met <= rule.skip or self._draw(rule, account, operation, met) >= rule.probability:
                continue
            found.setdefault(CallFault(rule.fault), rule)
            rule.hits += 1
        return found

    def of_document(self, account: str, region: str, report: str, settlement: str | None) -> list[Rule]:
        """The rules about one report, those that were taken back included."""
        return [
            rule
            for rule in self._rules
            if rule.of_document
            and rule.account in (None, account)
            and rule.region in (None, region)
            and rule.report in (None, report)
            and rule.settlement in (None, settlement)
            and self._draw(rule, account, report) < rule.probability
        ]

    def _draw(self, rule: Rule, *what: object) -> float:
        name = "/".join(map(str, (self._seed, rule.number, rule.fault, *what)))
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64


def read_rules(text: str) -> Any:
    """Parse the text of a file of rules: JSON.

    :raises BadRule: if it is not JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadRule(f"the rules are not JSON: {error}") from error


def _parse(given: Any, number: int, now: dt.datetime) -> Rule:
    if not isinstance(given, dict):
        raise BadRule(f'a rule is an object like {{"fault": "throttled", "times": 3}}, not {given!r}')
    fault = given.get("fault")
    if fault not in _FAULTS:
        raise BadRule(f"there is no fault {fault!r}; there are {', '.join(sorted(_FAULTS))}")
    of_document = fault in set(Fault)
    parameters = PARAMETERS.get(fault, {})
    known = {"fault", *_PLACES, *_OFTEN, *_WHEN, *parameters}
    if unknown := sorted(set(given) - known):
        raise BadRule(f"{fault} has no field {unknown[0]!r}; it has {', '.join(sorted(known))}")
    foreign = {"operation", "times", "skip", "from", "until"} if of_document else {"settlement", "at"}
    if wrong := sorted(foreign & set(given)):
        kind = "document" if of_document else "call"
        raise BadRule(f"{fault} is a fault of a {kind} and has no {wrong[0]!r}")
    for name in ("report", "settlement"):
        if name in given and (problem := _text(given[name])):
            raise BadRule(f"{name} {given[name]!r} is not {problem}")
    for name, values in (("account", tuple(BY_KEY)), ("region", REGIONS)):
        if name in given and given[name] not in values:
            raise BadRule(f"there is no {name} {given[name]!r}; there are {', '.join(values)}")
    operation = given.get("operation")
    if operation is not None and operation not in OPERATIONS[CallFault(fault)]:
        raise BadRule(f"{fault} does not happen to {operation!r}, but to {', '.join(sorted(OPERATIONS[fault]))}")
    for name, check in {"probability": _number(0, 1), "times": _whole, "skip": _whole, **parameters}.items():
        if name in given and (problem := check(given[name])):
            raise BadRule(f"{name} {given[name]!r} is not {problem}")
    return Rule(
        number=number,
        fault=fault,
        since=now,
        account=given.get("account"),
        region=given.get("region"),
        operation=operation,
        report=given.get("report"),
        settlement=given.get("settlement"),
        probability=float(given.get("probability", 1.0)),
        times=given.get("times"),
        skip=given.get("skip", 0),
        begins=_instant(given, "from"),
        ends=_instant(given, "until"),
        at=_instant(given, "at"),
        parameters={name: given[name] for name in parameters if name in given},
    )


def _whole(value: Any) -> str | None:
    return None if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else "a whole number from 0"


def _instant(given: dict[str, Any], name: str) -> dt.datetime | None:
    if name not in given:
        return None
    try:
        moment = dt.datetime.fromisoformat(given[name])
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadRule(f"{name} {given[name]!r} is not an instant like 2026-08-31T15:00:00Z")
    return moment.astimezone(dt.UTC)
