"""Functions that run in a process of their own, within limits of memory, time and output.

A file that nobody has foreseen may take all memory, or end the process that reads it. It then takes that process alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import logging
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from tieout.settings import settings

if TYPE_CHECKING:
    import psutil

T = TypeVar("T")

log = logging.getLogger(__name__)

LOOK_EVERY = 0.02
"""Seconds between two looks at how much memory the process has."""
_ADDRESSES = 2 << 30
"""Bytes of addresses beyond twice the memory that the process may have: allocators reserve more than they use."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Limits:
    """What a call may take."""

    memory: int
    """Bytes of resident memory beyond what the process had when it was forked: it shares that with the one that forked it."""
    seconds: float
    output: int
    """Bytes of a file that it writes."""

    @classmethod
    def of_reader(cls) -> Limits:
        """The limits of reading one document, as the deployment sets them."""
        known = settings()
        return cls(known.reader_memory, known.reader_seconds, known.reader_output)


class Stopped(Exception):
    """A call was stopped by its limits, or its process was killed; the message says which, and the setting.

    Attributes:
        pid: Of the process, which may have left files that bear its number.
    """

    def __init__(self, why: str, pid: int) -> None:
        super().__init__(why)
        self.pid = pid


class BoundedProcess:
    """A process that runs one call after the other, and is made anew when one of them has ended it.

    It is forked, which takes a hundredth of a second where a new interpreter takes a whole one. So functions that are called
    must not use what does not survive that: DuckDB, boto3, Airflow's connections.

    Args:
        limits: What each call may take.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: ForkProcess | None = None
        self._pipe: Connection | None = None
        self.peak = 0
        """Bytes: the most resident memory that a call was seen to take, beyond what it had when it was forked."""
        self._at_first = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def call(self, function: Callable[..., T], *arguments: Any, tries: int = 2) -> T:
        """Run a function of a module in the process and return what it returns, or raise what it raises.

        Args:
            function: It is named to the process, so it must not be local; arguments and result are pickled.
            arguments: Its arguments.
            tries: How often it may be stopped. Once may be chance: the machine was short of memory.

        Raises:
            Stopped: It was stopped as often.
        """
        for left in reversed(range(tries)):
            try:
                return self._call(function, arguments)
            except Stopped as stopped:
                if not left:
                    raise
                log.warning("%s: %s; it is tried again", getattr(function, "__name__", function), stopped)
        raise AssertionError("it is tried once at least")

    def _call(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        process, pipe = self._started()
        try:
            pipe.send((function, arguments))
            self._watch(process, pipe)
            value, error, peak = pipe.recv()
        except (EOFError, ConnectionError):
            raise self._stopped(_killed_by(process)) from None
        except BaseException:
            self._end()  # its answer would be taken for that of the next call
            raise
        self.peak = max(self.peak, peak)
        if isinstance(error, MemoryError):
            raise self._stopped(self._too_much_memory())
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            raise self._stopped(
                f"it writes a file of more than {self._limits.output:,} bytes (TIEOUT_READER_OUTPUT, in MiB)"
            )
        if error is not None:
            raise error
        return value

    def _watch(self, process: ForkProcess, pipe: Connection) -> None:
        """Wait for an answer or the end of the process.

        Raises:
            Stopped: It was killed for its memory or its time.
        """
        import psutil

        deadline = time.monotonic() + self._limits.seconds
        watched = psutil.Process(process.pid)
        while not pipe.poll(LOOK_EVERY):
            with contextlib.suppress(psutil.Error):  # it has just ended: the pipe says so
                taken = _own_memory(watched) - self._at_first
                self.peak = max(self.peak, taken)
                if taken > self._limits.memory:
                    raise self._stopped(self._too_much_memory())
            if time.monotonic() > deadline:
                raise self._stopped(f"it takes more than {self._limits.seconds:,.0f} seconds (TIEOUT_READER_SECONDS)")

    def _too_much_memory(self) -> str:
        return f"it takes more than {self._limits.memory:,} bytes of memory (TIEOUT_READER_MEMORY, in MiB)"

    def _stopped(self, why: str) -> Stopped:
        assert self._process is not None
        stopped = Stopped(why, self._process.pid or 0)
        self._end()
        return stopped

    def _started(self) -> tuple[ForkProcess, Connection]:
        import psutil

        if self._process is None or self._pipe is None:
            context = multiprocessing.get_context("fork")
            self._pipe, other = context.Pipe()
            self._process = context.Process(target=_serve, args=(self._pipe, other, self._limits, os.getpid()))
            self._process.start()
            self._at_first = _own_memory(psutil.Process())  # the new process begins with what this one has
            other.close()
        return self._process, self._pipe

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._process = self._pipe = None


def _own_memory(process: psutil.Process) -> int:
    """Bytes of resident memory that are in no file: programs and their libraries are shared by all who run them."""
    found = process.memory_info()
    return int(found.rss - getattr(found, "shared", 0))  # not known on every system


def _killed_by(process: ForkProcess) -> str:
    process.join(5)
    code = process.exitcode
    if code is None or code >= 0:
        return f"its process ended by itself with {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    return f"its process was ended by signal {-code} ({name})"


def _serve(others: Connection, pipe: Connection, limits: Limits, parent: int) -> None:
    """Run call after call in the new process, until the other end is closed."""
    others.close()
    _bound(limits, parent)
    at_first = _most_memory()
    while True:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        value, error = None, None
        try:
            value = function(*arguments)
        except Exception as raised:
            error = raised
        peak = _most_memory() - at_first
        try:
            pipe.send((value, error, peak))
        except (TypeError, AttributeError, ValueError) as unsent:
            pipe.send((None, RuntimeError(f"{type(error or value).__name__} cannot be handed over: {unsent}"), peak))


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _bound(limits: Limits, parent: int) -> None:
    import psutil

    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started the parent ends it, and it ends this process
    logging.disable()
    gc.freeze()  # a collection would copy what both processes have
    addresses = psutil.Process().memory_info().vms + 2 * limits.memory + _ADDRESSES
    for kind, limit in ((resource.RLIMIT_AS, addresses), (resource.RLIMIT_FSIZE, limits.output)):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
