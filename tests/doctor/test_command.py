"""`python -m tieout doctor ACCOUNT`, by Airflow's connections as the DAGs use them."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from simulator.app import accounts
from tests.simulator.conftest import Live
from tieout.__main__ import main
from tieout.hooks import doctor
from tieout.lake import Lake
from tieout.settings import settings


@pytest.fixture
def deployment(live: Live, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """An accounts file, two connections, and a lake."""
    given = {each["account"]: each for each in accounts(7)}["cascade_na"]
    # its three calls a second would be counted on a clock that stands still
    monkeypatch.setattr(live.amazon.appstore, "_take", lambda: True)
    clock = f"{live.amazon.clock.now().isoformat()}@{time.time()}x1"
    appstore = live.amazon.appstore
    seller = {
        "conn_type": "selling_partner",
        "host": live.regions["NA"],
        "login": given["client_id"],
        "password": given["client_secret"],
        "extra": {"refresh_token": given["refresh_token"], "login_endpoint": live.login, "clock": clock},
    }
    developer = {
        "conn_type": "amazon_appstore",
        "host": live.login,
        "login": appstore.client_id,
        "password": appstore.client_secret,
        "extra": {"login_endpoint": live.login, "clock": clock},
    }
    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_CASCADE_NA", json.dumps(seller))
    monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_TRUCKWORKS", json.dumps(developer))
    path = tmp_path / "accounts.yaml"
    path.write_text(
        "accounts: [{name: cascade_na, region: NA}, {name: lost_eu, region: EU}]\ndevelopers: [{name: truckworks}]\n"
    )
    monkeypatch.setenv("TIEOUT_ACCOUNTS_FILE", str(path))
    monkeypatch.setattr(doctor, "LakeHook", lambda: SimpleNamespace(lake=lambda: lake))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield live
    settings.cache_clear()


def test_one_line_per_check_and_a_bundle(
    deployment: Live, lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "cascade_na"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].split() == ["ok", "login", "Login", "with", "Amazon", "gives", "access", "tokens"]
    assert any(line.startswith("nothing to look at  GET_VAT_TRANSACTION_DATA  ") for line in lines)
    assert any(line.startswith("ok                  listTransactions  ") for line in lines)
    (made,) = tmp_path.glob("tieout-doctor-na-*.zip")
    assert lines[-1].endswith(f"Shapes of the answers, without a value, for a bug report: {made.name}")
    with zipfile.ZipFile(made) as archive:
        assert json.loads(archive.read("summary.json"))["region"] == "NA"
    # the budget that the DAGs share was used, and nothing else was written
    assert {key.partition("/")[0] for key in lake.keys("")} == {"budget"}


def test_what_needs_action_is_exit_code_1(deployment: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deployment.amazon.rules.add({"fault": "role_missing", "operation": "listBalances"})
    target = tmp_path / "here.zip"
    assert main(["doctor", "cascade_na", "--bundle", str(target)]) == 1
    (line,) = (line for line in capsys.readouterr().out.splitlines() if " listBalances " in line)
    assert line.startswith("missing role        listBalances")
    assert "Access to the resource is forbidden. Give the application the role Finance and Accounting:" in line
    assert zipfile.is_zipfile(target)


def test_the_appstore(deployment: Live, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "truckworks"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:4]] == [
        ["ok", "login"], ["ok", "sales"], ["ok", "subscription"], ["ok", "earnings"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("nobody", "there is no account 'nobody' in"),
        ("lost_eu", "tieout_lost_eu"),
    ],
)
def test_a_usage_error_is_exit_code_2(
    deployment: Live, capsys: pytest.CaptureFixture[str], account: str, said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", account])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
