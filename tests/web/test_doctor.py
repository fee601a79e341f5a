"""The button that examines an account: what it shows, and the bundle that it gives."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from types import SimpleNamespace

import pytest

from tests.web.conftest import House
from tieout.hooks import doctor
from tieout.lake import Lake


@pytest.fixture
def lake_of_the_house(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr(doctor, "LakeHook", lambda: SimpleNamespace(lake=lambda: lake))
    return lake


def connect(house: House, monkeypatch: pytest.MonkeyPatch, name: str = "cascade_na") -> None:
    house.connect(name, refresh_token=house.accounts[name]["refresh_token"])
    # Airflow's API server finds connections in its database; this process has to be told that it is one
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")


def test_the_button_shows_each_check_and_gives_a_bundle(
    house: House, lake_of_the_house: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(house, monkeypatch)
    house.live.amazon.rules.add({"fault": "role_missing", "operation": "listBalances"})
    try:
        page = house.post("cascade_na", "doctor")
    finally:
        house.live.amazon.rules.remove()
    assert page.status_code == 200, page.text
    rows = re.findall(r'<tr><td>([^<]+)</td><td class="mono">([^<]+)</td>', page.text)
    assert ("ok", "listTransactions") in rows
    assert ("missing role", "listBalances") in rows
    assert "Give the application the role Finance and Accounting" in page.text
    found = re.search(r'download="(tieout-doctor-na-[^"]+\.zip)" href="data:application/zip;base64,([^"]+)"', page.text)
    assert found
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(found[2]))) as archive:
        assert {"README.txt", "summary.json"} <= set(archive.namelist())
    known = house.accounts["cascade_na"]
    secrets = (known["client_secret"], known["refresh_token"])
    assert not [secret for secret in secrets if secret in page.text]
    assert {key.partition("/")[0] for key in lake_of_the_house.keys("")} == {"budget"}


def test_the_button_is_on_the_page_and_its_form_is_guarded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(house, monkeypatch)
    page = house.browser.get("/tieout/sellers/cascade_na").text
    assert '/sellers/cascade_na/doctor" ' in page
    assert house.browser.post("/tieout/sellers/cascade_na/doctor", data={"form_token": "forged"}).status_code == 403


def test_a_lake_that_is_not_there_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(house, monkeypatch)
    said = house.said(house.post("cascade_na", "doctor"))
    assert "The connection was not examined" in said
    assert "tieout_lake" in said
