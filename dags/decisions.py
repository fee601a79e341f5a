"""What a person decides: about quarantined documents, about what is loaded, and about months.

Trigger it with its form. A decision is checked, written to the lake, then done in the warehouse; it is kept for good in
`ops.decision` with owner, reason and time, and a later decision overrules it. `release` waves nothing through: it fetches,
reads and checks the document again, and loads it only if it passes now.
"""

from __future__ import annotations

import datetime as dt

from airflow.sdk import DAG, Param, chain

from tieout.documents import Action
from tieout.notifications.alert import CALLBACKS, to_end_within
from tieout.operators.decisions import ApplyDecisionOperator, ProveAgainOperator, RecordDecisionOperator
from tieout.operators.warehouse import build_and_publish
from tieout.roles import for_approvers


def text(title: str, description: str, *, required: bool = False) -> Param:
    """Return a field of the form."""
    return Param("", type="string", minLength=1 if required else 0, title=title, description=description)


with DAG(
    dag_id="decisions",
    schedule=None,
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    access_control=for_approvers(),
    max_active_runs=1,
    deadline=to_end_within(dt.timedelta(hours=3)),
    params={
        "action": Param(
            "release",
            type="string",
            enum=[action.value for action in Action],
            title="Decision",
            description="release: prove a quarantined document again. reject: close its case. withdraw: take documents "
            "out of the warehouse. restore: put back what was rejected or withdrawn. close, reopen: a month. erase: forget an "
            "order or a person.",
        ),
        "owner": text("Owner", "Who decides.", required=True),
        "reason": text("Reason", "Why, so that others understand it next year.", required=True),
        "documents": text("Documents", "Ids as in ops.document, separated by commas or spaces."),
        "run_id": text("Load", "Instead of documents: the run, as in ops.load, all of whose documents it is about."),
        "fetch_again": Param(
            False,
            type="boolean",
            title="Fetch again",
            description="For release: download the document once more first.",
        ),
        "month": text("Month", "For close and reopen: like 2026-08."),
        "account": text("Account", "For close and reopen: whose month it is. Empty: all accounts."),
        "subject": Param(
            "",
            type="string",
            pattern="^([0-9a-f]{8}-[0-9a-f]{64})?$",
            title="Subject",
            description="For erase: the keyed hash that `python -m tieout erase` prints. Never the order id or the name itself: "
            "what stands here is kept.",
        ),
    },
    default_args={
        "owner": "tieout",
        "retries": 3,
        "retry_delay": dt.timedelta(seconds=10),
        **CALLBACKS,
    },
    tags=["warehouse", "decisions"],
    doc_md=__doc__,
) as dag:
    record = RecordDecisionOperator(task_id="record")
    chain(
        record,
        ProveAgainOperator(task_id="prove", decision_id=record.output),
        ApplyDecisionOperator(task_id="apply", decision_id=record.output),
        *build_and_publish(),
    )
