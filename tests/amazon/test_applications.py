"""The age of a client secret, its rotation, and the notification that brings the new one."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import httpx
import pytest

from tieout.amazon.applications import NewSecret, new_secrets, rotate_client_secret, secret_age
from tieout.amazon.errors import AccessDenied, AmazonUnavailable, LoginRefused

MADE_ON = dt.date(2026, 3, 4)  # and 180 days later it is 2026-08-31


@pytest.mark.parametrize(
    ("today", "state", "left"),
    [
        (dt.date(2026, 3, 4), "good", 180),
        (dt.date(2026, 7, 31), "good", 31),
        (dt.date(2026, 8, 1), "expires", 30),
        (dt.date(2026, 8, 30), "expires", 1),
        (dt.date(2026, 8, 31), "expired", 0),
        (dt.date(2026, 9, 30), "expired", -30),
    ],
)
def test_a_secret_is_told_of_from_30_days_before_its_180(today: dt.date, state: str, left: int) -> None:
    age = secret_age(MADE_ON, today)
    assert (age.state, age.days_left, age.expires_on) == (state, left, dt.date(2026, 8, 31))


def test_an_unknown_age_is_unknown() -> None:
    assert secret_age(None, MADE_ON).state == "unknown"


def notification(**changes: Any) -> dict[str, Any]:
    content = {
        "clientId": "amzn1.application-oa2-client.1",
        "newClientSecret": "amzn1.oa2-cs.v1.new",
        "newClientSecretExpiryTime": "2027-02-27T15:00:00Z",
        "oldClientSecretExpiryTime": "2026-09-07T15:00:00Z",
        **changes,
    }
    return {
        "notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET",
        "payload": {"applicationOAuthClientNewSecret": content},
    }


def test_a_notification_is_read_and_not_printed() -> None:
    found = NewSecret.parse(json.dumps(notification()), "receipt")
    assert found is not None
    assert (found.client_secret, found.receipt) == ("amzn1.oa2-cs.v1.new", "receipt")
    assert found.made_on == dt.date(2026, 8, 31)
    assert found.old_expires_at == dt.datetime(2026, 9, 7, 15, tzinfo=dt.UTC)
    assert "cs.v1" not in repr(found)


def test_keys_may_begin_with_a_capital() -> None:
    content = {"NotificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET", "Payload": notification()["payload"]}
    found = NewSecret.parse(json.dumps(content))
    assert found is not None
    assert found.client_id == "amzn1.application-oa2-client.1"


def test_other_messages_are_none() -> None:
    for body in ("not json", "[]", "{}", json.dumps({"notificationType": "REPORT_PROCESSING_FINISHED"})):
        assert NewSecret.parse(body) is None


def test_a_garbled_one_says_which_field_and_not_the_secret() -> None:
    content = notification()
    del content["payload"]["applicationOAuthClientNewSecret"]["clientId"]
    with pytest.raises(ValueError, match="'clientId'") as caught:
        NewSecret.parse(json.dumps(content))
    assert "cs.v1" not in str(caught.value)


def test_one_garbled_message_does_not_hide_the_others() -> None:
    class Queue:
        def __init__(self) -> None:
            bodies = [json.dumps({**notification(), "payload": {}}), json.dumps(notification())]
            self.answers: list[dict[str, Any]] = [
                {
                    "Messages": [
                        {"Body": body, "ReceiptHandle": str(number), "MessageId": str(number)}
                        for number, body in enumerate(bodies)
                    ]
                },
                {},
            ]

        def receive_message(self, **kwargs: Any) -> dict[str, Any]:
            return self.answers.pop(0)

        def delete_message(self, **kwargs: Any) -> None: ...

    assert [found.receipt for found in new_secrets(Queue(), "url")] == ["1"]


def rotate(rotation: httpx.Response, login: httpx.Response | None = None) -> list[httpx.Request]:
    requests: list[httpx.Request] = []

    def amazon(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.url.path == "/auth/o2/token":
            return login or httpx.Response(200, json={"access_token": "Atc|token", "expires_in": 3600})
        return rotation

    with httpx.Client(transport=httpx.MockTransport(amazon)) as http:
        rotate_client_secret(
            http,
            login_endpoint="https://api.amazon.com",
            endpoint="https://sellingpartnerapi-eu.amazon.com",
            client_id="client",
            client_secret="secret",
        )
    return requests


def test_a_rotation_is_asked_for_with_a_token_of_the_application_itself() -> None:
    login, rotation = rotate(httpx.Response(204))
    form = dict(httpx.QueryParams(login.content.decode()))
    assert form == {
        "grant_type": "client_credentials",
        "scope": "sellingpartnerapi::client_credential:rotation",
        "client_id": "client",
        "client_secret": "secret",
    }
    assert (rotation.method, rotation.url.path) == ("POST", "/applications/2023-11-30/clientSecret")
    assert rotation.headers["x-amz-access-token"] == "Atc|token"


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (httpx.Response(429), AmazonUnavailable, "QuotaExceeded: Amazon allows one rotation a minute"),
        (httpx.Response(403, text="denied"), AccessDenied, "Register an SQS queue"),
        (
            httpx.Response(400, text="Application is not enrolled for rotation notification."),
            AccessDenied,
            "is not enrolled .* Register an SQS queue",
        ),
        (httpx.Response(503), AmazonUnavailable, "ask again later"),
    ],
)
def test_a_refused_rotation_says_what_to_do(answer: httpx.Response, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        rotate(answer)


def test_a_refused_login_is_no_rotation() -> None:
    with pytest.raises(LoginRefused):
        rotate(httpx.Response(204), httpx.Response(401, json={"error": "invalid_client"}))
