"""Temporary folders: of this user alone, gone at the end, and swept when their process was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tieout import work
from tieout.settings import PROJECT_ROOT, settings
from tieout.warehouse import Warehouse

KILLED = """
import os, signal
from tieout.work import work_folder
with work_folder("read") as folder:
    (folder / "body").write_text("a buyer's name")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIEOUT_WORK", str(tmp_path / "work"))
    settings.cache_clear()
    work._place.cache_clear()
    yield tmp_path / "work"
    monkeypatch.undo()
    settings.cache_clear()
    work._place.cache_clear()


def left_by_a_killed_process() -> Path:
    path = os.pathsep.join([str(PROJECT_ROOT / "plugins"), str(PROJECT_ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    folder = Path(done.stdout.strip())
    assert (folder / "body").exists(), done.stderr
    return folder


def test_a_folder_is_of_this_user_alone_and_goes_at_the_end(place: Path) -> None:
    with work.work_folder("read") as folder:
        assert folder.parent == place
        assert (place.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o700, 0o700)
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_swept_and_what_others_use_is_not(place: Path) -> None:
    left = left_by_a_killed_process()
    with work.work_folder("load") as mine:
        assert not left.exists()
        assert work.sweep(place) == []
        assert mine.exists()


def test_a_number_that_another_process_has_now_protects_nothing(place: Path) -> None:
    with work.work_folder("read") as folder:
        before = folder.with_name(folder.name.replace(str(work._started(os.getpid())), "12345"))
        before.mkdir()
        assert work.sweep(place) == [before.name]


def test_a_folder_of_another_host_stays_for_a_week(place: Path) -> None:
    place.mkdir(mode=0o700)
    folder = place / "read-elsewhere-1-1-abc"
    folder.mkdir()
    assert work.sweep(place) == []
    os.utime(folder, (0, 0))
    assert work.sweep(place) == [folder.name]


@pytest.mark.parametrize("how", ["readable", "link"])
def test_a_place_that_others_may_read_is_refused(place: Path, tmp_path: Path, how: str) -> None:
    if how == "readable":
        place.mkdir()
        place.chmod(0o755)
    else:
        (tmp_path / "other").mkdir(mode=0o700)
        place.symlink_to(tmp_path / "other")
    with pytest.raises(PermissionError, match="TIEOUT_WORK"), work.work_folder("read"):
        pass


def test_warehouse_and_read_copy_are_not_for_everybody(tmp_path: Path) -> None:
    """Whoever may open them is in the group."""
    folder = tmp_path / "warehouse"
    warehouse = Warehouse(folder / "live.duckdb", memory_limit="500MB")
    with warehouse.connect() as con:
        con.execute("CREATE TABLE core.noted (a INTEGER)")
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o640}
    published = tmp_path / "published" / "tieout.duckdb"
    assert warehouse.publish(published)
    assert {path.stat().st_mode & 0o777 for path in (warehouse.path, published)} == {0o640}
    assert {path.stat().st_mode & 0o777 for path in (folder, published.parent)} == {0o750}
    warehouse.path.chmod(0o644)  # as an earlier version made it
    with warehouse.connect():
        assert warehouse.path.stat().st_mode & 0o777 == 0o640
