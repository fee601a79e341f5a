"""Records: what every one of them keeps to."""

from __future__ import annotations

from tieout.documents import LONGEST_MESSAGE, CheckResult, Reason, ReasonCode, Severity


def test_a_reason_has_a_longest_length_and_keeps_what_to_do() -> None:
    """A line of 4 MiB without a separator is one field, and a field is quoted."""
    problem = f"settlement.txt, line 3: {'x' * 4_194_304} is not an amount. Download the report again"
    reason = Reason(code=ReasonCode.BAD_AMOUNT, message=problem, column="c" * 5000)
    assert len(reason.message) <= LONGEST_MESSAGE
    assert reason.message.startswith("settlement.txt, line 3: xxx")
    assert reason.message.endswith("x is not an amount. Download the report again")
    assert len(reason.column or "") <= LONGEST_MESSAGE
    assert Reason.model_validate_json(reason.model_dump_json()) == reason


def test_a_short_message_is_kept_as_it_is() -> None:
    text = "x" * LONGEST_MESSAGE
    assert Reason(code=ReasonCode.BAD_AMOUNT, message=text).message == text


def test_what_a_check_saw_has_a_longest_length_too() -> None:
    result = CheckResult(
        check="c", severity=Severity.WARNING, passed=False, observed="x" * 9000, expected="y" * 9000, why=""
    )
    assert len(result.observed or "") <= LONGEST_MESSAGE
    assert len(result.expected or "") <= LONGEST_MESSAGE
