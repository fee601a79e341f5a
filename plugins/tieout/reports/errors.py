"""What the readers raise when a file cannot be turned into exact lines."""

from __future__ import annotations

from dataclasses import dataclass

from tieout.documents import Reason, ReasonCode


@dataclass(frozen=True)
class Known:
    """What had been found out about a file when it was refused. Each field is None when it was not known yet."""

    layout: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    dates: str | None = None


class Refused(Exception):
    """The file cannot be read exactly, so nothing of it was staged.

    `reason.message` names the file, the line and column where there is one, the offending value, and what to do.
    """

    def __init__(self, reason: Reason, known: Known = Known()) -> None:
        super().__init__(reason.message)
        self.reason = reason
        self.known = known


class Misfit(Exception):
    """A part of the file does not fit what was assumed of it.

    The reader guesses every convention from the start of the file. A misfit further on makes it look at the whole
    file before it decides; only if the misfit remains is the file refused.
    """

    def __init__(
        self, code: ReasonCode, problem: str, advice: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.advice = advice
        self.line = line
        self.column = column

    def as_reason(self, file_name: str) -> Reason:
        """The reason that a person reads: `<file>, line <n>, column <name>: <problem>. <advice>`."""
        where = file_name
        if self.line is not None:
            where += f", line {self.line}"
        if self.column is not None:
            where += f", column {self.column}"
        return Reason(
            code=self.code, message=f"{where}: {self.problem}. {self.advice}", line=self.line, column=self.column
        )


def shown(value: str | bytes, limit: int = 60) -> str:
    """The value in quotes for a message: control characters escaped, long values cut."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    return repr(text if len(text) <= limit else text[:limit] + "…")
