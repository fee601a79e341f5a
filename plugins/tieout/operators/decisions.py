"""Write down what a person decided, prove released documents again, and do it in the warehouse."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException

from tieout.accounts import load_accounts
from tieout.amazon.errors import AmazonError, NotYet
from tieout.documents import Action, Region
from tieout.hooks.lake import LakeHook
from tieout.hooks.selling_partner import SellingPartnerHook
from tieout.hooks.warehouse import WarehouseHook
from tieout.operators.warehouse import WarehouseOperator
from tieout.settings import settings
from tieout.triggers.instant import InstantTrigger
from tieout.work import work_folder

if TYPE_CHECKING:
    from airflow.sdk import Context

    from tieout.amazon.clock import Clock
    from tieout.amazon.selling_partner import SellingPartner


class RecordDecisionOperator(WarehouseOperator):
    """Check the decision that the run's form holds, and write it to the lake before anything is done."""

    def execute(self, context: Context) -> str:
        """Return the decision's id.

        :raises AirflowFailException: if it cannot be decided; the message says why.
        """
        from tieout.intake.decisions import NotDecidable, decide, decision_id

        form = context["params"]
        try:
            decision = decide(
                WarehouseHook().warehouse(),
                LakeHook().lake(),
                decision_id(context["run_id"]),
                action=Action(form["action"]),
                owner=form["owner"],
                decided_by=context["dag_run"].triggering_user_name,
                reason=form["reason"],
                documents=[name for name in re.split(r"[\s,]+", form["documents"] or "") if name],
                run_id=form["run_id"] or None,
                account=form["account"] or None,
                month=form["month"] or None,
                subject=form["subject"] or None,
            )
        except NotDecidable as not_decidable:
            raise AirflowFailException(str(not_decidable)) from not_decidable
        self.log.info("%s", decision.model_dump_json(exclude={"amounts"}))
        return decision.decision_id


class DecidedOperator(BaseOperator):
    """Works on the decision of this run.

    :param decision_id: (templated) as `RecordDecisionOperator` returned it.
    """

    template_fields = ("decision_id",)

    def __init__(self, *, decision_id: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.decision_id = decision_id


class ProveAgainOperator(DecidedOperator, WarehouseOperator):
    """Fetch, read and check released documents again; other decisions need no proof."""

    def execute(self, context: Context) -> dict[str, str]:
        """Return what became of each document. Waits for the rate budget without holding a worker slot.

        :raises AirflowFailException: if Amazon refuses, and trying again does not help.
        """
        from tieout.intake.decisions import prove_again, read_decision

        lake = LakeHook().lake()
        decision = read_decision(lake, self.decision_id)
        if decision.action is not Action.RELEASE:
            return {}
        accounts = {account.name: account for account in load_accounts(settings().accounts_file)}
        clocks: list[Clock] = []

        @contextmanager
        def client(name: str, region: Region) -> Iterator[tuple[SellingPartner, Clock]]:
            if name not in accounts:
                raise AirflowFailException(
                    f"{name} is no selling partner in the accounts file; what an Appstore report says now comes with the next "
                    "run of appstore_reports: decide without fetching again"
                )
            hook = SellingPartnerHook(accounts[name], lake)
            clocks.append(hook.clock)
            with hook.client() as amazon:
                yield amazon, hook.clock

        try:
            outcomes = prove_again(
                WarehouseHook().warehouse(),
                lake,
                decision,
                client=client if context["params"]["fetch_again"] else None,
                docs=settings().data_docs / "decisions" / decision.decision_id,
            )
        except NotYet as early:
            wait = clocks[-1].machine_seconds((early.available_at - clocks[-1].now()).total_seconds())
            self.log.info("%s; waiting %.0f s", early, max(wait, 0.0))
            self.defer(trigger=InstantTrigger(time.time() + wait), method_name="execute_complete")
        except AmazonError as error:
            if error.retry_helps:
                raise
            raise AirflowFailException(str(error)) from error
        for outcome in outcomes:
            for reason in outcome.reasons:
                self.log.warning("%s %s: %s", outcome.document.document_id, outcome.state, reason.message)
        return {outcome.document.document_id: outcome.state.value for outcome in outcomes}

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, str]:
        """Go on after a wait."""
        return self.execute(context)


class ApplyDecisionOperator(DecidedOperator, WarehouseOperator):
    """Do in the warehouse what was decided; what is to be forgotten goes from the lake first."""

    def execute(self, context: Context) -> dict[str, int]:
        """Return how many documents and settlements changed; of what was forgotten, how many bodies, records and files."""
        from tieout.intake.decisions import apply_decision, read_decision
        from tieout.intake.erasing import erase

        lake, warehouse = LakeHook().lake(), WarehouseHook().warehouse()
        decision = read_decision(lake, self.decision_id)
        with work_folder("load") as folder:
            done = apply_decision(warehouse, lake, decision, run_id=context["run_id"], folder=folder)
            if decision.action is not Action.ERASE:
                return done
            known = settings()
            folders = [known.data_docs, Path(conf.get_mandatory_value("logging", "base_log_folder"))]
            return erase(
                warehouse,
                lake,
                decision,
                published=known.published_warehouse,
                folders=folders,
                folder=folder,
            )
