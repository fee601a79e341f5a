"""The daily look at client secrets: alerts raised, kept, and closed."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tieout.alerts import AlertKind
from tieout.intake.alerting import open_alerts
from tieout.lake import Lake
from tieout.operators import credentials
from tieout.settings import settings


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lake: Lake) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(
        "accounts:\n- {name: acme_na, region: NA}\n- {name: acme_eu, region: EU}\n- {name: new_fe, region: FE}\n"
    )
    monkeypatch.setenv("TIEOUT_ACCOUNTS_FILE", str(path))
    monkeypatch.setattr(credentials, "LakeHook", lambda: SimpleNamespace(lake=lambda: lake))
    settings.cache_clear()


def connect(monkeypatch: pytest.MonkeyPatch, name: str, days_ago: int, **extra: str) -> None:
    made_on = (dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days_ago)).isoformat()
    given = {"conn_type": "selling_partner", "login": "app-1", "password": "s3cret"}
    given["extra"] = json.dumps({"rotated_on": made_on, **extra})
    monkeypatch.setenv(f"AIRFLOW_CONN_TIEOUT_{name.upper()}", json.dumps(given))


@pytest.mark.usefixtures("accounts")
def test_a_dying_secret_alerts_once_and_is_closed_when_it_was_rotated(
    monkeypatch: pytest.MonkeyPatch, lake: Lake
) -> None:
    for name in ("acme_na", "acme_eu"):
        connect(monkeypatch, name, 155)
    task = credentials.CheckSecretsOperator(task_id="check_secrets")
    assert [task.execute({}), task.execute({})] == [1, 1]  # new_fe has no connection yet
    (record,) = open_alerts(lake, [AlertKind.CLIENT_SECRET_EXPIRES])
    assert record.alert.subject == "app-1"
    assert "in 25 days; then every call for acme_eu, acme_na is refused" in record.alert.message
    for name in ("acme_na", "acme_eu"):
        connect(monkeypatch, name, 0)
    assert task.execute({}) == 0
    assert open_alerts(lake) == []


@pytest.mark.usefixtures("accounts")
def test_a_connection_that_cannot_be_read_fails_after_the_others(monkeypatch: pytest.MonkeyPatch, lake: Lake) -> None:
    connect(monkeypatch, "acme_na", 181)
    connect(monkeypatch, "acme_eu", 0, rotated_on="last spring")
    with pytest.raises(ValueError, match="'tieout_acme_eu': rotated_on is 'last spring'"):
        credentials.CheckSecretsOperator(task_id="check_secrets").execute({})
    (record,) = open_alerts(lake)
    assert record.alert.subject == "app-1 (dead)"


@pytest.mark.usefixtures("accounts")
def test_an_ending_consent_alerts_and_is_closed_by_a_new_one(monkeypatch: pytest.MonkeyPatch, lake: Lake) -> None:
    given = dt.datetime.now(dt.UTC) - dt.timedelta(days=345)
    connect(monkeypatch, "acme_na", 0, refresh_token="Atzr|x", authorized_at=given.isoformat())
    task = credentials.CheckSecretsOperator(task_id="check_secrets")
    assert [task.execute({}), task.execute({})] == [1, 1]
    (record,) = open_alerts(lake, [AlertKind.CONSENT_EXPIRES])
    assert (record.alert.subject, record.alert.severity) == ("acme_na", "warning")
    connect(monkeypatch, "acme_na", 0, refresh_token="Atzr|y", authorized_at=dt.datetime.now(dt.UTC).isoformat())
    assert task.execute({}) == 0
    assert open_alerts(lake) == []
