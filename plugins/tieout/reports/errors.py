"""What the readers raise when a file cannot be turned into exact lines."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from pathlib import Path

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

    def __reduce__(self) -> tuple[type[Refused], tuple[Reason, Known]]:
        """Let another process raise it as it is."""
        return Refused, (self.reason, self.known)


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
        where = named(file_name)
        column = None if self.column is None else named(self.column)
        if self.line is not None:
            where += f", line {self.line}"
        if column is not None:
            where += f", column {column}"
        return Reason(code=self.code, message=f"{where}: {self.problem}. {self.advice}", line=self.line, column=column)


def shown(value: str | bytes, limit: int = 60) -> str:
    """The value in quotes for a message: control characters escaped, long values cut."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    return repr(text if len(text) <= limit else text[:limit] + "…")


_PLAIN = re.compile(
    r"[-+]?[0-9]([0-9.,']{0,16}[0-9.,])?[-%]?"  # a number
    r"|[0-9]{1,4}([-/.])[0-9]{1,2}\2[0-9]{1,4}([T ][0-9]{1,2}([:.][0-9]{1,2}){1,2}([+-][0-9:]{4,6}|Z| UTC)?)?"  # a date
    r"|[A-Z]{1,4}|[a-z]{1,12}"  # a code such as EURO; a word such as yesterday, which is no name
)


def shown_if_plain(value: str, limit: int = 60) -> str:
    """The value as `shown` has it if it is a number, a date, a code or a plain word; else its length and form.

    In a file with personal columns a line may be shifted, so that a name stands where an amount should.
    """
    return shown(value, limit) if _PLAIN.fullmatch(value.strip()) else described(value)


def described(value: str) -> str:
    """A value for a message that must not quote it: its length, and what it consists of."""
    kinds = {
        "letters": any(each.isalpha() for each in value),
        "digits": any(each.isdigit() for each in value),
        "signs": any(not each.isalnum() and not each.isspace() for each in value),
        "spaces": any(each.isspace() for each in value),
    }
    found = [name for name, there in kinds.items() if there]
    made_of = " and ".join(", ".join(found).rsplit(", ", 1)) if found else "nothing"
    return f"a value of {len(value):,} character{'' if len(value) == 1 else 's'} ({made_of})"


def named(name: str, limit: int = 200) -> str:
    """The name of a file or a column for a message: what is not printable escaped, a long one cut in its middle."""
    text = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in name)
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-(limit // 2 - 1) :]}"


def form_of(line: str) -> str:
    """What a line looks like, for a message about a file that is no report: nothing that stands in it is quoted."""
    separators = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}
    counts = [f"{line.count(each)} {name}" for each, name in separators.items() if each in line]
    return f"{len(line):,} characters" + (f", {', '.join(counts)}" if counts else " and no separator")


def where_raised(error: Exception) -> str:
    """An exception that nobody foresaw: its type and its place in the code, without its text, which may quote the file."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
