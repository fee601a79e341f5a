"""Traces of what was done long ago go; what proves money stays."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from tests.warehouse.conftest import rows
from tieout.alerts import Alert, AlertKind
from tieout.documents import ApiCall, Region
from tieout.intake.alerting import raise_alerts, record, resolve
from tieout.intake.load import calls_since
from tieout.intake.traces import forget_sites, forget_traces
from tieout.lake import Keys, Lake
from tieout.warehouse import Warehouse

OLD, NEW = (dt.datetime(2026, month, 3, 9, tzinfo=dt.UTC) for month in (3, 8))
CUT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def call(at: dt.datetime) -> ApiCall:
    return ApiCall(
        called_at=at,
        region=Region.EU,
        account="acme_eu",
        operation="getReports",
        method="GET",
        path="/reports",
        status=200,
        duration_ms=3,
    )


def test_old_calls_and_resolved_alerts_go_from_lake_and_warehouse_and_do_not_come_back(
    lake: Lake, warehouse: Warehouse
) -> None:
    for at in (OLD, NEW):
        key = Keys.calls(Region.EU, "acme_eu", at.date(), "session")
        lake.put(key, call(at).model_dump_json().encode() + b"\n")
        gone = Alert(kind=AlertKind.RUN_LATE, subject=f"gone {at.month}", message="late")
        resolve(lake, raise_alerts(lake, [gone], at), at + dt.timedelta(hours=1))
    raise_alerts(lake, [Alert(kind=AlertKind.RUN_LATE, subject="still there", message="late")], OLD)
    lake.put("outcomes/2026-03-03/EU/acme_eu.json", b"{}")
    warehouse.record_calls(calls_since(lake, Region.EU, None))
    record(warehouse, lake)
    assert rows(warehouse, "SELECT count(*) FROM ops.alert") == [(3,)]

    assert forget_traces(lake, CUT.date()) == {"calls": 1, "alerts": 1}
    assert warehouse.forget_traces(CUT) == {"ops.api_call": 1, "ops.alert": 1}
    warehouse.record_calls(calls_since(lake, Region.EU, None))
    record(warehouse, lake)

    assert rows(warehouse, "SELECT called_at FROM ops.api_call") == [(NEW,)]
    left = rows(warehouse, "SELECT subject, resolved_at IS NULL FROM ops.alert ORDER BY subject")
    assert left == [("gone 8", False), ("still there", True)]
    assert lake.get("outcomes/2026-03-03/EU/acme_eu.json") == b"{}"
    assert forget_traces(lake, CUT.date()) == {"calls": 0, "alerts": 0}
    assert warehouse.forget_traces(CUT) == {"ops.api_call": 0, "ops.alert": 0}


def test_old_data_docs_go_and_the_contents_name_those_that_stay(tmp_path: Path) -> None:
    for at in (OLD, NEW):
        site = tmp_path / "acme_eu" / at.date().isoformat()
        site.mkdir(parents=True)
        counts = {"documents": 1, "quarantined": 0, "warned": 0}
        (site / "summary.json").write_text(json.dumps({"checked_at": at.isoformat(), **counts}))
    assert forget_sites(tmp_path, CUT) == 1
    assert [path.parent.name for path in tmp_path.glob("**/summary.json")] == ["2026-08-03"]
    contents = (tmp_path / "index.html").read_text()
    assert "2026-08-03" in contents
    assert "2026-03-03" not in contents
