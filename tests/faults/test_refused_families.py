"""A family that Amazon refuses, retires or moves takes no other family, kind or account down with it: every family in turn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.conftest import Faulty
from tests.faults.test_collecting import FIRST, ended, run
from tieout.documents import State
from tieout.intake.collecting import listing_of_day
from tieout.lake import Lake
from tieout.reports.families import FAMILIES
from tieout.reports.family import Obtained

ACCOUNT = "dorado_eu"
STATUSES = (400, 403, 404)
NOT_OF_EUROPE = {"gst_b2c", "gst_b2b"}
AT_ONCE = sorted(
    name
    for name, each in FAMILIES.items()
    if each.obtained is not Obtained.MADE_BY_AMAZON
    and name not in NOT_OF_EUROPE
    and not (each.question and each.question.each)  # its settlements are known on the next day
)


def refusal(place: int, name: str) -> dict[str, Any]:
    """The rule that refuses a family: by its type, or by its operation."""
    family = FAMILIES[name]
    if family.question:
        fault = ("role_missing", "operation_unknown")[place % 2]
        return {"fault": fault, "operation": family.report_types[0], "account": ACCOUNT}
    operation = "getReports" if family.obtained is Obtained.LISTED else "createReport"
    status = STATUSES[place % 3]
    return {"fault": "type_refused", "operation": operation, "report_type": family.report_types[0], "status": status}


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_refused_family_is_red_and_every_other_goes_on(amazon: Faulty, lake: Lake, turn: int) -> None:
    """Every second family is refused, then every other one; each is met with more than one of Amazon's refusals."""
    refused = AT_ONCE[turn % 2 :: 2]
    amazon.suffers(*(refusal(place + turn, name) for place, name in enumerate(refused)))
    outcomes = run(amazon, lake, FIRST, history=40, families=tuple(AT_ONCE), name=ACCOUNT)
    red = {name: each for name, each in outcomes.items() if each.state is State.QUARANTINED}
    assert red.keys() == {f"{ACCOUNT}.{name}" for name in refused}
    for each in red.values():
        assert [reason.code for reason in each.reasons] == ["request_refused"]
        assert "What to do: " in each.reasons[0].message
    types = {each.document.report_type for name, each in outcomes.items() if name not in red}
    assert types == {FAMILIES[name].report_types[0] for name in AT_ONCE if name not in refused}
    assert {state for state, _ in ended(outcomes)} == {State.QUARANTINED, State.READY, State.SKIPPED}
    settlements = listing_of_day(lake, amazon.account(ACCOUNT), FIRST).to_be_read
    assert sum(each.report_type.startswith("GET_V2_SETTLEMENT") for each in settlements) > 5
