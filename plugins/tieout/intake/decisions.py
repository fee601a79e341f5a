"""What a person decides about a document, a load or a month: written to the lake first, then done in the warehouse."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tieout.amazon.clock import Clock
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import Action, Decision, Document, DocumentOutcome, Region, Source, State
from tieout.intake.fetching_again import fetch_again
from tieout.intake.load import fetcher, keep_log, new_decisions
from tieout.intake.receiving import first_listing
from tieout.intake.records import Manifest
from tieout.intake.settling import judge_again, outcomes_of, shelve
from tieout.lake import Keys, Lake
from tieout.reports.redaction import Erased

if TYPE_CHECKING:
    from tieout.warehouse import KnownDocument, Warehouse

log = logging.getLogger(__name__)

_ABOUT_MONTHS = (Action.CLOSE, Action.REOPEN)
SUBJECT = re.compile("[0-9a-f]{8}-[0-9a-f]{64}")


class NotDecidable(ValueError):
    """The decision cannot be made; the message says why, and what to do."""


def decision_id(run_id: str) -> str:
    """Name a decision by the run that makes it, so that a run that is tried again decides once."""
    return hashlib.sha256(run_id.encode()).hexdigest()[:16]


def decide(
    warehouse: Warehouse,
    lake: Lake,
    name: str,
    *,
    action: Action,
    owner: str,
    decided_by: str | None,
    reason: str,
    documents: Sequence[str] = (),
    run_id: str | None = None,
    account: str | None = None,
    month: str | None = None,
    subject: str | None = None,
) -> Decision:
    """Check a decision and write it to the lake. One that was written before is returned as it was.

    :param name: the decision's id.
    :param owner: who stands for it, by the form: any text.
    :param decided_by: the user whom Airflow had signed in when the run was triggered.
    :param documents: ids of the documents that it is about.
    :param run_id: the load whose documents it is about, all of them; instead of `documents`.
    :param account: whose month is closed; None for all accounts.
    :param month: like `2026-08`, in the business time zones of the regions.
    :param subject: what is to be forgotten, as `python -m tieout erase` prints it.
    :raises NotDecidable: if owner, reason or user are missing, or a document does not stand where the decision could change it.
    """
    made = lake.get_record(Keys.decision(name), Decision)
    if made:
        return made
    if not owner.strip() or not reason.strip():
        raise NotDecidable("a decision needs an owner and a reason: it is kept for good, and others must understand it")
    if not (decided_by or "").strip():
        raise NotDecidable(
            "nobody was signed in who triggered this run, and a decision is kept with its user: trigger it in Airflow, or by "
            "its API with a token of your own"
        )
    common: dict[str, Any] = {
        "decision_id": name,
        "decided_at": dt.datetime.now(dt.UTC),
        "action": action,
        "owner": owner.strip(),
        "decided_by": decided_by,
        "reason": reason.strip(),
    }
    if action is Action.ERASE:
        if documents or run_id or account or month:
            raise NotDecidable(f"{action} is about what the field Subject holds: name nothing else")
        decision = _about_a_subject(lake, common, subject or "")
    elif subject:
        raise NotDecidable(f"{action} is about documents or months: leave the field Subject empty")
    elif action in _ABOUT_MONTHS:
        if documents or run_id:
            raise NotDecidable(f"{action} is about a month: name no document and no run")
        decision = _about_month(warehouse, common, action, account, month)
    else:
        if bool(documents) == bool(run_id) or month or account:
            raise NotDecidable(f"{action} is about documents: name their ids, or the run that loaded them")
        decision = _about_documents(warehouse, common, action, documents, run_id)
    return lake.put_first(Keys.decision(name), decision)


def _about_month(
    warehouse: Warehouse, common: dict[str, Any], action: Action, account: str | None, month: str | None
) -> Decision:
    try:
        first = dt.date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise NotDecidable(f"{month!r} is no month: write it like 2026-08") from error
    known = warehouse.accounts()
    if account and account not in known:
        raise NotDecidable(f"there is no account {account!r} in the warehouse; it has {', '.join(known) or 'none'}")
    amounts = warehouse.amounts_of_month(first, account) if action is Action.CLOSE else ()
    return Decision(**common, account=account, month=first, amounts=amounts)


def _about_a_subject(lake: Lake, common: dict[str, Any], subject: str) -> Decision:
    if not SUBJECT.fullmatch(subject):
        raise NotDecidable(
            "the field Subject holds no keyed hash: run `python -m tieout erase`, which asks for the order id or the value and "
            "prints its hash, and paste that. What is to be forgotten itself must stand nowhere in this form"
        )
    own, _, digest = subject.partition("-")
    if own not in {each for each, _ in lake.privacy.identified}:
        raise NotDecidable(
            "the hash was made with another key than that of the Airflow connection tieout_personal_key: run `python -m tieout "
            "erase` where that connection is"
        )
    change = Erased({own: frozenset({digest})}, lake.privacy)
    if any(change.text(common[name]) != common[name] for name in ("owner", "reason")):
        raise NotDecidable(
            "owner or reason names what is to be forgotten, and a decision is kept for good: leave it out"
        )
    return Decision(**common, subject=subject)


def _about_documents(
    warehouse: Warehouse, common: dict[str, Any], action: Action, documents: Sequence[str], run_id: str | None
) -> Decision:
    names = sorted(set(documents)) if documents else warehouse.documents_of_run(run_id or "")
    known = warehouse.documents(names)
    if unknown := [name for name in names if name not in known]:
        raise NotDecidable(f"there is no document {unknown[0]!r} in the warehouse; ops.document names them all")
    fitting = [name for name in names if not _hindrance(action, known[name])]
    if run_id and not fitting:
        raise NotDecidable(f"run {run_id!r} loaded no document that {action} would change; ops.load names the runs")
    if not run_id and (wrong := [name for name in names if name not in fitting]):
        raise NotDecidable(f"{action} would not change {wrong[0]}: {_hindrance(action, known[wrong[0]])}")
    return Decision(**common, documents=tuple(fitting), run_id=run_id)


def _hindrance(action: Action, document: KnownDocument) -> str | None:
    """Why a decision would change nothing about a document; None if it can be made."""
    stands = document.state + (f" ({document.reason_code})" if document.reason_code else "")
    if action is Action.RELEASE and document.state != State.QUARANTINED and document.reason_code != "rejected":
        return f"it is {stands}, and only what is quarantined or rejected can be released"
    if action is Action.REJECT and document.state != State.QUARANTINED:
        return f"it is {stands}, and only what is quarantined can be rejected; withdraw what is loaded"
    if action is Action.WITHDRAW and (document.verdict != State.READY or document.reason_code == "withdrawn"):
        return f"it is {stands}, and only what may be loaded can be withdrawn"
    if action is Action.RESTORE and document.reason_code not in ("withdrawn", "rejected"):
        return f"it is {stands}, and only what was withdrawn or rejected can be restored"
    return None


def read_decision(lake: Lake, name: str) -> Decision:
    """Return a decision that `decide` wrote.

    :raises FileNotFoundError: if there is none.
    """
    decision = lake.get_record(Keys.decision(name), Decision)
    if decision is None:
        raise FileNotFoundError(
            f"s3://{lake.bucket}/{Keys.decision(name)} does not exist: run the task before this one"
        )
    return decision


Client = Callable[[str, Region], AbstractContextManager[tuple[SellingPartner, Clock]]]
"""Gives a client of an account by its name and region."""


def prove_again(
    warehouse: Warehouse, lake: Lake, decision: Decision, *, client: Client | None, docs: Path | None
) -> list[DocumentOutcome]:
    """Prove released documents once more: fetch them again if a client is given, then read and check them again.

    Nothing is waved through: a document that fails again stays in quarantine.

    :param client: fetches documents of the API again. What was received before is kept beside.
    :raises BudgetExhausted: when the rate budget is spent; call again when it has grown.
    """
    known = warehouse.documents(decision.documents)
    documents = [_document(lake, known[name]) for name in decision.documents]
    if client:
        for document in documents:
            if document.source is Source.API:
                with client(document.account, document.region) as (amazon, clock):
                    fetch_again(amazon, lake, clock, document, decision.decision_id)
    outcomes = judge_again(lake, documents, docs)
    for outcome in outcomes:
        shelve(lake, outcome)
        log.info("%s is %s now", outcome.document.document_id, outcome.state)
    return outcomes


def _document(lake: Lake, known: KnownDocument) -> Document:
    """The document as it was written down when it was listed."""
    region = Region(known.region)
    place = f"{Keys.raw_of_type(region, known.account, known.report_type)}{known.document_id}/manifest.json"
    if manifest := lake.get_record(place, Manifest):
        return manifest.document
    document = first_listing(lake, region, known.account, known.document_id)
    if document is None:
        raise FileNotFoundError(f"the lake knows nothing of {known.document_id}: neither its bytes nor its listing")
    return document


def apply_decision(
    warehouse: Warehouse, lake: Lake, decision: Decision, *, run_id: str, folder: Path
) -> dict[str, int]:
    """Do in the warehouse what was decided, in one transaction.

    :return: how many documents and settlements changed.
    """
    outcomes = []
    if decision.action is Action.RELEASE:
        known = warehouse.documents(decision.documents)
        outcomes = outcomes_of(lake, [_document(lake, known[name]) for name in decision.documents])
    keep_log(warehouse, lake)
    result = warehouse.load(
        outcomes,
        fetcher(lake, folder),
        region=None,
        business_day=None,
        run_id=run_id,
        decisions=new_decisions(warehouse, lake),
    )
    keep_log(warehouse, lake)
    return {
        "documents_changed": result.documents_changed,
        "settlements_written": result.settlements_written,
        "settlements_removed": result.settlements_removed,
    }
