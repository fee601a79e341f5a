"""A process within limits: what it returns and raises, what stops it, and that it stops nothing else."""

from __future__ import annotations

import errno
import faulthandler
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from tieout.bounded import BoundedProcess, Limits, Stopped
from tieout.documents import Reason, ReasonCode
from tieout.reports.errors import Known, Refused

MIB = 1 << 20
LIMITS = Limits(memory=600 * MIB, seconds=30, output=MIB)


def add(one: int, other: int) -> int:
    return one + other


def refuse() -> None:
    raise Refused(Reason(code=ReasonCode.BAD_DATE, message="a.txt, line 3: no date"), Known(layout="V2"))


def fail_like_a_full_disk() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def take(mebibytes: int) -> int:
    held = []
    for _ in range(mebibytes // 16):
        held.append(b"x" * (16 * MIB))
        time.sleep(0.005)
    return len(held)


def take_at_once(gibibytes: int) -> int:
    return len(bytes(gibibytes << 30))


def write(path: Path, mebibytes: int) -> None:
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(b"x" * MIB)


def die(number: int) -> None:
    faulthandler.disable()
    os.kill(os.getpid(), number)


def die_once(marker: Path) -> str:
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def pid() -> int:
    return os.getpid()


def unpicklable() -> object:
    return lambda: None


def test_calls_run_in_one_process_that_is_not_this_one() -> None:
    with BoundedProcess(LIMITS) as process:
        assert process.call(add, 1, 2) == 3
        first = process.call(pid)
        assert first == process.call(pid) != os.getpid()
        assert psutil.pid_exists(first)
        assert process.call(take, 64) == 4
        assert 50 * MIB < process.peak < 100 * MIB
    assert not psutil.pid_exists(first)


def test_what_the_process_shares_with_this_one_does_not_count() -> None:
    held = b"x" * (700 * MIB)
    with BoundedProcess(LIMITS) as process:
        assert process.call(len, held[:3]) == 3
        assert process.call(take, 64) == 4
        assert process.peak < 100 * MIB
        with pytest.raises(Stopped, match="more than 629,145,600 bytes of memory"):
            process.call(take, 2000, tries=1)
    assert len(held) == 700 * MIB


def test_what_it_raises_is_raised_here_and_the_process_goes_on() -> None:
    with BoundedProcess(LIMITS) as process:
        before = process.call(pid)
        with pytest.raises(Refused) as refused:
            process.call(refuse)
        assert refused.value.reason.message == "a.txt, line 3: no date"
        assert refused.value.known.layout == "V2"
        with pytest.raises(OSError, match="No space left") as full:
            process.call(fail_like_a_full_disk)
        assert full.value.errno == errno.ENOSPC
        with pytest.raises(RuntimeError, match="cannot be handed over"):
            process.call(unpicklable)
        assert process.call(pid) == before


@pytest.mark.parametrize(
    ("limits", "function", "argument", "why"),
    [
        (LIMITS, take, 2000, "more than 629,145,600 bytes of memory"),
        (LIMITS, take_at_once, 30, "more than 629,145,600 bytes of memory"),
        (Limits(600 * MIB, 0.2, MIB), sleep, 20, "more than 0 seconds"),
        (LIMITS, die, signal.SIGKILL, "ended by signal 9 (SIGKILL)"),
        (LIMITS, die, signal.SIGSEGV, "ended by signal 11 (SIGSEGV)"),
    ],
)
def test_what_stops_it_is_named_and_the_next_call_has_a_new_process(
    limits: Limits, function: object, argument: int, why: str
) -> None:
    with BoundedProcess(limits) as process:
        with pytest.raises(Stopped) as stopped:
            process.call(function, argument, tries=1)  # type: ignore[arg-type]
        assert why in str(stopped.value)
        assert not psutil.pid_exists(stopped.value.pid)
        assert process.call(add, 1, 2) == 3


def test_a_file_that_it_writes_has_a_largest_size(tmp_path: Path) -> None:
    with BoundedProcess(LIMITS) as process:
        process.call(write, tmp_path / "small", 1)
        with pytest.raises(Stopped, match="writes a file of more than 1,048,576 bytes"):
            process.call(write, tmp_path / "large", 3, tries=1)


def test_once_may_be_chance(tmp_path: Path) -> None:
    with BoundedProcess(LIMITS) as process:
        assert process.call(die_once, tmp_path / "marker") == "done"
