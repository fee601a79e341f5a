"""What the doctor says of an Appstore developer's security profile, against the simulated Appstore."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable

import pytest

from simulator.app import SimulatedAmazon
from tests.doctor.conftest import of
from tests.simulator.conftest import Live
from tieout.accounts import Account
from tieout.amazon.appstore_connection import AppstoreConnection
from tieout.amazon.budget import MemoryBudgetStore
from tieout.doctor.bundle import bundle
from tieout.doctor.developer import examine_developer
from tieout.doctor.findings import Examination, Verdict
from tieout.documents import Region

DEVELOPER = Account(name="truckworks", region=Region.APPSTORE, connection="tieout_truckworks")
Examine = Callable[..., Examination]


@pytest.fixture
def amazon(live: Live, monkeypatch: pytest.MonkeyPatch) -> SimulatedAmazon:
    # its three calls a second would be counted on a clock that stands still
    monkeypatch.setattr(live.amazon.appstore, "_take", lambda: True)
    return live.amazon


@pytest.fixture
def examine(live: Live, amazon: SimulatedAmazon) -> Examine:
    def run(secret: str = "") -> Examination:
        connection = AppstoreConnection.read(
            DEVELOPER.connection,
            host=live.login,
            login=live.amazon.appstore.client_id,
            password=secret or live.amazon.appstore.client_secret,
            extra={"login_endpoint": live.login, "clock": f"{live.amazon.clock.now().isoformat()}@{time.time()}x1"},
        )
        return examine_developer(connection, DEVELOPER, MemoryBudgetStore())

    return run


def verdicts(found: Examination) -> dict[str, str]:
    return {each.check: each.verdict.value for each in found.findings}


def test_all_is_well(examine: Examine) -> None:
    found = examine()
    assert verdicts(found) == {"login": "ok", "sales": "ok", "subscription": "ok", "earnings": "ok"}
    assert found.exit_code == 0
    assert set(found.documents) == {"sales", "subscription", "earnings"}
    assert "23: Device Type" in found.documents["sales"]["columns"]


def test_a_profile_that_is_not_attached_is_told_the_click(amazon: SimulatedAmazon, examine: Examine) -> None:
    amazon.appstore.trouble.attached = False
    found = examine()
    (login,) = found.findings
    assert (login.verdict, found.exit_code) == (Verdict.MISSING_ROLE, 1)
    assert "My Settings > API Access > Reporting API" in login.remedy


def test_a_wrong_secret_says_what_to_copy(examine: Examine) -> None:
    (login,) = examine(secret="wrong").findings
    assert login.verdict is Verdict.UNREACHABLE
    assert "copy both again from" in login.remedy


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_developer_without_reports_has_nothing_to_look_at(
    amazon: SimulatedAmazon, examine: Examine, status: int
) -> None:
    amazon.appstore.trouble.absent = {(kind, "*") for kind in ("sales", "subscription", "earnings")}
    amazon.appstore.trouble.absent_as = status
    found = examine()
    assert verdicts(found) == {
        "login": "ok",
        "sales": "nothing to look at",
        "subscription": "nothing to look at",
        "earnings": "nothing to look at",
    }
    assert found.exit_code == 0


def test_a_rate_that_is_spent_is_told_and_not_waited_for(
    amazon: SimulatedAmazon, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amazon.appstore, "_take", lambda: False)
    monkeypatch.setattr("tieout.doctor.patience.LONGEST_WAIT", 0.1)
    started = time.monotonic()
    found = examine()
    assert time.monotonic() - started < 5
    assert set(verdicts(found).values()) == {"ok", "not checked"}
    assert "is spent until 2026-08-31 15:" in of(found, "sales").said


def test_each_kind_is_told_by_itself(amazon: SimulatedAmazon, examine: Examine) -> None:
    amazon.appstore.trouble.unknown = {"subscription/month", "earnings/month"}
    amazon.appstore.trouble.forbidden = {("sales", "*")}
    found = examine()
    assert verdicts(found) == {
        "login": "ok",
        "sales": "missing role",
        "subscription": "unknown shape",
        "earnings": "ok",  # of the year
    }
    assert "click Attach" in of(found, "sales").said
    assert "Amazon does not know the address /api/appstore/download/report/subscription/2026/08" in (
        of(found, "subscription").said
    )
    assert found.exit_code == 1


def test_a_shape_that_the_reader_does_not_know_is_in_the_bundle_without_a_value(
    amazon: SimulatedAmazon, examine: Examine
) -> None:
    csv = b"Marketplace,Buyer Jane,Price of jane@example.com\r\nAmazon.de,Jane Doe,12.34\r\n"
    amazon.appstore.trouble.texts = {("sales", "2026-08"): csv}
    found = examine()
    assert of(found, "sales").verdict is Verdict.UNKNOWN_SHAPE
    with zipfile.ZipFile(io.BytesIO(bundle(found))) as archive:
        packed = "\n".join(archive.read(name).decode() for name in archive.namelist())
        columns = json.loads(archive.read("documents/sales.json"))["columns"]
    assert list(columns) == ["1: Marketplace", "2: Buyer <Aa>", "3: <Aa a a@a.a 25>"]
    trouble = ("Jane", "jane", "12.34", amazon.appstore.client_secret, amazon.appstore.client_id, "Atc|", "X-Amz-")
    assert [each for each in trouble if each in packed] == []
    # of the signed URL that the API answers with, there is its form
    assert "A9-A9" in packed or "no_json" in packed
