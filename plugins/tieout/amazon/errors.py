"""What can go wrong between us and Amazon, and what to do about it."""

from __future__ import annotations

import datetime as dt


class AmazonError(Exception):
    """Amazon did not give what was asked for. The message says what to do."""

    retry_helps = True
    """Whether the same may go well later, without anybody doing anything."""


class LoginRefused(AmazonError):
    """Login with Amazon refused the credentials. A retry does not help."""

    retry_helps = False

    ADVICE = {
        "invalid_grant": "The refresh token is wrong or was revoked: let the seller authorize the application again, "
        "and store the new refresh token in the connection.",
        "invalid_client": "The client id or client secret is wrong or has expired: copy both again from the "
        "application's page in the developer console into the connection.",
        "unauthorized_client": "The application may not use this grant: check that it is a Selling Partner API "
        "application and that the seller authorized it.",
        "invalid_scope": "The application has no right to this scope: check its roles in the developer console.",
    }

    def __init__(self, error: str, description: str, advice: str | None = None) -> None:
        general = "Compare the connection with the application's page in the developer console."
        advice = advice or self.ADVICE.get(error, general)
        super().__init__(f"Login with Amazon answered {error}: {description}. {advice}")
        self.error = error
        self.description = description
        self.advice = advice


class AccessDenied(AmazonError):
    """Amazon knows us and says no (401, 403). A retry does not help.

    :ivar said: what Amazon says.
    """

    retry_helps = False

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said or message


class InvalidRequest(AmazonError):
    """Amazon says that the request itself is wrong (400, 404, 415). A retry does not help.

    :ivar status: the HTTP status.
    :ivar said: what Amazon says is wrong.
    """

    retry_helps = False

    def __init__(self, message: str, status: int = 400, said: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.said = said


class AmazonUnavailable(AmazonError):
    """Amazon kept failing (5xx, cut connections) after all retries. A later retry may help."""


class MayHaveHappened(AmazonUnavailable):
    """No answer came to a call that must not be made twice: Amazon may have done it or not. Look before asking again."""


class DocumentUnavailable(AmazonUnavailable):
    """One document could not be downloaded; others may."""


class NotYet(AmazonError):
    """What is wanted is not there yet. Come back later, and hold no worker slot until then.

    :ivar available_at: when to come back, Amazon's time, UTC.
    """

    def __init__(self, message: str, available_at: dt.datetime) -> None:
        super().__init__(message)
        self.available_at = available_at


class BudgetExhausted(NotYet):
    """No call of an operation is left now; `available_at` is when the next may be made."""

    def __init__(self, operation: str, available_at: dt.datetime) -> None:
        super().__init__(
            f"the rate budget of {operation} is spent; the next call is at {available_at.isoformat()}", available_at
        )
        self.operation = operation
