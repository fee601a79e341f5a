"""A disk that will be too small is told of before a run fails for it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tieout.alerts import Severity
from tieout.intake.disks import WORK, disk_alerts, needed


def test_what_the_folders_need_follows_from_the_warehouse(tmp_path: Path) -> None:
    live, published, work = tmp_path / "live.duckdb", tmp_path / "copies" / "tieout.duckdb", tmp_path / "work"
    live.write_bytes(b"x" * 1000)
    assert needed(live, published, work) == {tmp_path: 1000, tmp_path / "copies": 2000, work: WORK}


def test_a_disk_with_too_little_room_is_named_with_both_figures(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    assert disk_alerts({tmp_path: 1, tmp_path / "not made yet": 1}) == []
    (low,) = disk_alerts({tmp_path: free, tmp_path / "copies": free // 4})
    assert low.severity is Severity.WARNING
    assert low.subject == f"{tmp_path}, {tmp_path / 'copies'}"
    assert f"may need {free + free // 4:,}" in low.message
    (critical,) = disk_alerts({tmp_path: 4 * free})
    assert critical.severity is Severity.CRITICAL
