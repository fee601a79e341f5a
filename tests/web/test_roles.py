"""Two clients and every role: what each may see, take and run, asked of Airflow with the FAB auth manager."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.web.roles_table import ROLES, ROOT

ALL = ("viewer", "approver", "engineer", "admin")
"""The roles that Tieout ships, which see every client."""
ACME, BIRCH = ("acme viewer", "acme approver"), ("birch viewer", "birch approver")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the API server answered to each request of each role."""
    folder = tmp_path_factory.mktemp("roles")
    done = subprocess.run(
        [sys.executable, "-m", "tests.web.roles_table", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def may(table: dict[str, Any], request: str) -> set[str]:
    """The roles to which a request was not refused; one that is wrong or finds nothing (422, 404) was permitted."""
    answers = table["status"][request]
    assert set(answers.values()) <= {200, 403, 404, 422}, answers
    return {who for who, status in answers.items() if status != 403}


def test_a_client_sees_its_own_pages_and_files_and_nothing_of_another(table: dict[str, Any]) -> None:
    assert may(table, "page Read copies") == {*ALL, *ACME, *BIRCH}
    assert may(table, "file of all") == {*ALL}
    assert may(table, "file of acme") == {*ALL, *ACME}
    assert may(table, "file of birch") == {*ALL, *BIRCH}
    for name, text in table["files"].items():
        who = name.split(":")[0]
        for client, other in (("acme", "birch"), ("birch", "acme")):
            if who.startswith(client):
                assert other not in text, name


def test_whoever_may_not_see_a_client_cannot_tell_it_from_one_that_is_not_there(table: dict[str, Any]) -> None:
    for there, missing in (("page of birch_na", "page of nobody_na"), ("file of birch", "file of nobody")):
        for who in (*ACME, "nobody"):
            assert table["status"][there][who] == table["status"][missing][who] in (403, 404), (who, there)


def test_the_pages_of_connections_are_for_whoever_may_edit_them(table: dict[str, Any]) -> None:
    for page in ("page Seller accounts", "page of acme_eu", "page of birch_na"):
        assert {who for who, status in table["status"][page].items() if status == 200} == {"admin", "op"}, page


def test_credentials_and_the_audit_log_are_the_administrators(table: dict[str, Any]) -> None:
    for request in ("connections", "test a connection", "variables"):
        assert may(table, request) == {"admin", "op"}, request
    assert may(table, "audit log") == {"admin"}


def test_who_may_see_and_run_each_dag(table: dict[str, Any]) -> None:
    assert len(table["dags"]) >= 9
    for dag in table["dags"]:
        assert may(table, f"see {dag}") == {*ALL, "op"}, dag
        runs = {"approver"} if dag == "decisions" else {"engineer"}
        assert may(table, f"run {dag}") == {*runs, "admin", "op"}, dag
    assert may(table, "log of a task") == {"approver", "engineer", "admin", "op"}
    assert may(table, "values between tasks") == {"engineer", "admin", "op"}
    assert may(table, "clear decisions") == {"admin", "op"}


def test_refusals_and_what_is_taken_stand_in_the_audit_log(table: dict[str, Any]) -> None:
    taken = {(who, what["client"]) for who, event, what in table["audit"] if event == "tieout_read_copy_taken"}
    assert {("acme viewer", "acme"), ("viewer", "everything"), ("birch approver", "birch")} <= taken
    assert ("acme viewer", "birch") not in taken
    refused = {who for who, event, _ in table["audit"] if event == "tieout_refused"}
    assert {"acme viewer", "birch viewer", "op", "nobody"} <= refused
    assert set(ROLES) == set(table["status"]["file of all"])
