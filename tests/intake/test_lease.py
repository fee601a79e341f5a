"""One deployment per lake, and the lake's time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.counting import counting_lake
from tests.intake.test_growth import TODAY, document
from tieout.alerts import Alert, AlertKind
from tieout.intake.alerting import open_alerts, raise_alerts
from tieout.intake.lease import ClockDiffers, LeaseHeld, deployment_of, hold
from tieout.intake.settling import check, forget, outcomes_of
from tieout.lake import Keys, Lake
from tieout.operators import warehouse as operators
from tieout.settings import settings
from tieout.warehouse import Warehouse

DAY = dt.timedelta(days=1)


def test_a_second_deployment_is_refused_and_the_first_goes_on(lake: Lake) -> None:
    assert hold(lake, "first") == hold(lake, "first")
    with pytest.raises(LeaseHeld, match=r"'first', which took it on .* this one is 'second'.*deployment\.json"):
        hold(lake, "second")
    lake.delete(Keys.LEASE)
    assert hold(lake, "second").deployment == "second"
    # a power cut leaves an empty object
    lake.put(Keys.LEASE, b"")
    assert hold(lake, "second").deployment == "second"
    for key in list(lake.keys("")):
        lake.delete(key)


def test_the_alerts_of_the_first_are_not_closed_by_a_task_of_the_second(
    made: Callable[[str], Warehouse], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, _ = counting_lake()
    hold(lake, "first")
    gap = Alert(kind=AlertKind.CHAIN_HOLE, subject="acme_eu EUR", message="a settlement is missing")
    raise_alerts(lake, [gap], dt.datetime.now(dt.UTC))
    second = made("second")
    monkeypatch.setattr(operators.LakeHook, "lake", lambda hook: lake)
    monkeypatch.setattr(operators.WarehouseHook, "warehouse", lambda hook: second)
    task = operators.BuildMartsOperator(task_id="build_marts")
    with pytest.raises(AirflowFailException, match="belongs to the deployment 'first'"):
        task.pre_execute({})
    assert [each.alert for each in open_alerts(lake)] == [gap]
    assert settings().deployment is None


def test_a_deployment_keeps_its_id_beside_the_warehouse(tmp_path: Path) -> None:
    place = tmp_path / "new" / "live.duckdb"
    own = deployment_of(place, None)
    assert deployment_of(place, None) == own
    assert deployment_of(tmp_path / "other" / "live.duckdb", None) != own
    assert deployment_of(place, "named") == "named"
    assert [path.name for path in place.parent.iterdir()] == ["deployment"]


@pytest.mark.parametrize(("off", "said"), [(DAY, "ahead of"), (-DAY, "behind")])
def test_a_machine_whose_clock_is_a_day_off_is_refused(off: dt.timedelta, said: str) -> None:
    lake, s3 = counting_lake()
    s3.now = dt.datetime.now(dt.UTC) - off
    with pytest.raises(ClockDiffers, match=rf"is 86,4\d\d seconds {said}|is 86,39\d seconds {said}"):
        hold(lake, "first")
    assert lake.get(Keys.LEASE) is None
    s3.now = None
    assert hold(lake, "first")


def test_a_clock_a_day_ahead_does_not_win_over_later_judgements() -> None:
    """The first judgement is by a machine whose clock is a day ahead of the lake's, the second by one that is right."""

    lake, s3 = counting_lake()
    cancelled = document(TODAY, 0).model_copy(update={"processing_status": "CANCELLED"})
    judged = []
    for ahead in (DAY, None):
        s3.now = dt.datetime.now(dt.UTC) - ahead if ahead else None
        machine = Lake(s3, "lake")  # type: ignore[arg-type]
        forget(machine, cancelled)
        check(machine, [cancelled], None)
        (outcome,) = outcomes_of(lake, [cancelled])
        assert outcome.judged_at is not None
        judged.append(outcome.judged_at)
    assert judged[0] < judged[1]
    assert dt.datetime.now(dt.UTC) - judged[0] > dt.timedelta(hours=23)
