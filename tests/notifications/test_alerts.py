"""Alerts: raised once, told once to each channel, closed when their trouble is gone."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import structlog
from aiosmtpd.controller import Controller
from airflow.sdk.execution_time.callback_supervisor import execute_callback
from moto.server import ThreadedMotoServer

from tests.conftest import free_ports
from tieout.alerts import MEANINGS, Alert, AlertKind, Severity, body, subject_line, without_secrets
from tieout.documents import Region
from tieout.intake import alerting
from tieout.lake import Lake
from tieout.notifications import alert as notifications
from tieout.notifications import channels
from tieout.notifications.alert import (
    AlertNotifier,
    RecoveryNotifier,
    TroubleTold,
    tell,
    tell_pending,
    tell_resolved,
    to_end_within,
)
from tieout.notifications.channels import LONGEST, Channel, Via, load_channels
from tieout.settings import settings
from tieout.warehouse import Warehouse

NOON = dt.datetime(2026, 8, 31, 12, tzinfo=dt.UTC)
SHORT = Alert(
    kind=AlertKind.DOCUMENT_QUARANTINED,
    subject="ember_eu.5101001019601",
    message="settlement 43877617019: control total -149.33 GBP, 83 lines sum to -153.25 GBP: 3.92 GBP short",
    region=Region.EU,
    account="ember_eu",
    settlement_id="43877617019",
    document_id="ember_eu.5101001019601",
    amount=Decimal("3.92"),
    currency="GBP",
    since=dt.datetime(2026, 8, 29, 9, 30, tzinfo=dt.UTC),
)
HOLE = Alert(
    kind=AlertKind.CHAIN_HOLE, subject="ember_eu EUR 2026-07-01", message="a period is missing", account="ember_eu"
)
ELSEWHERE = Alert(kind=AlertKind.CHAIN_HOLE, subject="jade_fe JPY 2026-07-01", message="a hole", account="jade_fe")


class Servers:
    """An SMTP server, an SNS server and a webhook on loopback, and what they were sent."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.posts: list[dict[str, Any]] = []
        self.webhook_status = 200
        smtp_port, moto_port = free_ports(2)
        self.smtp = Controller(self, hostname="127.0.0.1", port=smtp_port)
        self.smtp.start()
        self.moto = ThreadedMotoServer(ip_address="127.0.0.1", port=moto_port, verbose=False)
        self.moto.start()
        self.aws = {
            "endpoint_url": f"http://127.0.0.1:{moto_port}",
            "region_name": "eu-west-1",
            "aws_access_key_id": "key",
            "aws_secret_access_key": "not-a-secret",
        }
        sns, sqs = boto3.client("sns", **self.aws), boto3.client("sqs", **self.aws)
        self.topic = sns.create_topic(Name="tieout")["TopicArn"]
        self.queue = sqs.create_queue(QueueName="on-call")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        servers = self

        class Webhook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["content-length"]))
                servers.posts.append({"path": self.path, **json.loads(sent)})
                self.send_response(servers.webhook_status)
                self.end_headers()
                self.wfile.write(b"ok" if servers.webhook_status == 200 else b"no_service")

            def log_message(self, format: str, *args: Any) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """What aiosmtpd calls with each mail."""
        self.mails.append(envelope)
        return "250 OK"

    def published(self) -> list[dict[str, str]]:
        """What the SNS topic's subscriber got."""
        sqs = boto3.client("sqs", **self.aws)
        found = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]

    def stop(self) -> None:
        self.smtp.stop()
        self.moto.stop()
        self.http.shutdown()


@pytest.fixture(scope="module")
def running() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.stop()


@pytest.fixture
def servers(running: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Servers:
    """The servers, with nothing sent yet, and the three channels that lead to them."""
    running.mails.clear()
    running.posts.clear()
    running.published()
    running.webhook_status = 200
    connections: dict[str, dict[str, Any]] = {
        "TIEOUT_SMTP": {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": running.smtp.port,
            "extra": {"disable_ssl": True, "disable_tls": True},
        },
        "TIEOUT_SNS": {
            "conn_type": "aws",
            "login": "key",
            "password": "not-a-secret",
            "extra": {"endpoint_url": running.aws["endpoint_url"], "region_name": "eu-west-1"},
        },
        "TIEOUT_SLACK": {
            "conn_type": "slackwebhook",
            "host": f"http://127.0.0.1:{running.http.server_port}/services",
            "password": "T000/B000/not-a-secret",
        },
    }
    for name, connection in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))
    file = tmp_path / "alerts.yaml"
    file.write_text(
        "channels:\n"
        "  - {name: finance, via: smtp, connection: tieout_smtp, to: [finance@example.com], from: tieout@example.com}\n"
        f"  - {{name: on-call, via: sns, connection: tieout_sns, topic: '{running.topic}'}}\n"
        "  - {name: team, via: slack, connection: tieout_slack, accounts: [ember_eu]}\n"
    )
    monkeypatch.setenv("TIEOUT_ALERTS_FILE", str(file))
    settings.cache_clear()
    yield running  # type: ignore[misc]
    settings.cache_clear()


def test_mail_sns_and_slack_each_get_the_alert_whole(servers: Servers, lake: Lake) -> None:
    tell(lake, [SHORT])
    (mail,) = servers.mails
    assert mail.rcpt_tos == ["finance@example.com"]
    parsed = message_from_bytes(mail.content)
    assert parsed["From"] == "tieout@example.com"
    (html,) = [part for part in parsed.walk() if part.get_content_type() == "text/html"]
    text = html.get_payload(decode=True).decode()  # type: ignore[union-attr]
    (published,) = servers.published()
    (post,) = servers.posts
    assert post["path"] == "/services/T000/B000/not-a-secret"
    for said in (text, published["Message"], post["text"]):
        assert "document does not prove and is not loaded: ember_eu.5101001019601" in said  # what
        assert "EU ember_eu" in said  # where
        assert "3.92 GBP short" in said  # how much
        assert "since: 2026-08-29 09:30 UTC" in said
        assert "do: See the reason" in said
    assert published["Subject"].startswith("Tieout alert: document does not prove")
    assert len(published["Subject"]) <= 100


def test_the_same_trouble_does_not_alert_twice(servers: Servers, lake: Lake) -> None:
    for _ in range(3):
        tell(lake, [SHORT])
        tell_pending(lake)
    assert len(servers.mails) == len(servers.published()) == len(servers.posts) == 1


def test_several_alerts_are_one_message_and_a_channel_gets_its_own_accounts_only(servers: Servers, lake: Lake) -> None:
    tell(lake, [SHORT, HOLE, ELSEWHERE])
    (published,) = servers.published()
    assert published["Subject"] == "Tieout alert: 1 document quarantined, 2 chain hole"
    assert "jade_fe" in published["Message"]
    (post,) = servers.posts
    assert "ember_eu EUR" in post["text"]
    assert "jade_fe" not in post["text"]


FEE = Alert(
    kind=AlertKind.UNKNOWN_FEE,
    subject="AmazonFees / New Fee / ",
    message="-6.60 USD in 2 settlements",
    severity=Severity.INFO,
)
HEALTH = Alert(
    kind=AlertKind.ACCOUNT_HEALTH, subject="ember_eu since 2026-08-31", message="Germany: ...", account="ember_eu",
    severity=Severity.WARNING,
)  # fmt: skip


def test_what_can_wait_comes_once_a_day_as_a_digest(
    servers: Servers, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "_now", lambda: NOON)
    tell(lake, [SHORT, FEE])
    assert [mail["Subject"] for mail in servers.published()] == [subject_line([SHORT])]
    tell_pending(lake)
    (digest,) = servers.published()
    assert digest["Subject"] == "Tieout digest: 1 info"
    assert "-6.60 USD in 2 settlements" in digest["Message"]
    tell(lake, [HEALTH])
    tell_pending(lake)
    assert servers.published() == []  # not twice on one day
    monkeypatch.setattr(notifications, "_now", lambda: NOON + dt.timedelta(hours=23))
    tell_pending(lake)
    (digest,) = servers.published()
    assert digest["Subject"] == "Tieout digest: 1 warning, 1 info"
    assert digest["Message"].index("Germany") < digest["Message"].index("New Fee")  # what is new comes first
    monkeypatch.setattr(notifications, "_now", lambda: NOON + dt.timedelta(days=3))
    tell_pending(lake)
    assert servers.published() == []  # nothing is new: nobody is disturbed


def test_a_channel_may_want_warnings_at_once(servers: Servers, lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(
        f"channels:\n  - {{name: on-call, via: sns, connection: tieout_sns, topic: '{servers.topic}', immediately: [warning]}}\n"
    )
    tell(lake, [HEALTH, FEE])
    (published,) = servers.published()
    assert published["Subject"] == subject_line([HEALTH])


def test_a_digest_that_could_not_be_sent_is_sent_by_the_next_run(servers: Servers, lake: Lake) -> None:
    servers.webhook_status = 500
    tell(lake, [HEALTH])
    tell_pending(lake)
    servers.webhook_status = 200
    failed = len(servers.posts)
    tell_pending(lake)
    assert len(servers.posts) == failed + 1
    assert len(servers.mails) == 1


def test_a_channel_that_is_down_is_told_later_and_the_others_only_once(servers: Servers, lake: Lake) -> None:
    servers.webhook_status = 500
    tell(lake, [SHORT])
    assert len(servers.mails) == 1
    servers.webhook_status = 200
    failed = len(servers.posts)
    tell_pending(lake)
    assert len(servers.posts) == failed + 1
    assert len(servers.mails) == 1
    assert set(alerting.open_alerts(lake)[0].told) == {"finance", "on-call", "team"}


def test_trouble_that_is_gone_is_closed_and_told_and_alerts_anew_when_it_comes_back(
    servers: Servers, lake: Lake
) -> None:
    tell(lake, [SHORT, HOLE])
    servers.published()
    closed = alerting.update(lake, [SHORT], [AlertKind.CHAIN_HOLE, AlertKind.DOCUMENT_QUARANTINED], NOON)
    tell_resolved(lake, closed)
    (published,) = servers.published()
    assert published["Subject"] == f"Tieout resolved: {HOLE.title}"[:100]
    assert [record.alert for record in alerting.open_alerts(lake)] == [SHORT]
    tell(lake, [HOLE])
    assert len(servers.published()) == 1


def test_whoever_was_killed_while_telling_is_followed_by_another(servers: Servers, lake: Lake) -> None:
    (record,) = alerting.raise_alerts(lake, [SHORT], NOON)
    assert alerting.claim(lake, record.alert, "finance", NOON)
    assert not alerting.claim(lake, record.alert, "finance", NOON + dt.timedelta(minutes=9))
    assert alerting.claim(lake, record.alert, "finance", NOON + dt.timedelta(minutes=10))
    alerting.note_told(lake, record.alert, "finance", NOON)
    assert not alerting.claim(lake, record.alert, "finance", NOON + dt.timedelta(days=9))


def test_every_alert_stands_in_ops_alert_with_its_end(lake: Lake, warehouse: Warehouse) -> None:
    alerting.raise_alerts(lake, [SHORT, HOLE], NOON)
    assert alerting.record(warehouse, lake) == 2
    assert alerting.record(warehouse, lake) == 0
    later = NOON + dt.timedelta(days=3)
    alerting.update(lake, [SHORT], [AlertKind.CHAIN_HOLE], later)
    assert alerting.record(warehouse, lake) == 2  # one row went, its new form came
    with warehouse.connect(read_only=True) as con:
        rows = con.execute("SELECT kind, amount, currency, since, resolved_at FROM ops.alert ORDER BY kind").fetchall()
    assert rows == [
        ("chain_hole", None, None, None, later),
        ("document_quarantined", Decimal("3.92"), "GBP", SHORT.since, None),
    ]


def _trouble(warehouse: Warehouse, *rows: tuple[str, str]) -> None:
    with warehouse.connect() as con:
        con.execute("DELETE FROM mart.trouble")
        for kind, subject in rows:
            con.execute(
                "INSERT INTO mart.trouble (kind, subject, severity, money_rank, amount, currency, since, message) "
                "VALUES (?, ?, 'critical', 1, 3.92, 'GBP', ?, 'm')",
                [kind, subject, NOON],
            )


def test_alerts_follow_the_trouble_that_the_warehouse_shows(lake: Lake, warehouse: Warehouse) -> None:
    _trouble(warehouse, ("chain_hole", "s4"), ("settlement_late", "s5"))
    assert alerting.follow(warehouse, lake, NOON) == []
    (hole, _) = alerting.open_alerts(lake)
    assert (hole.alert.amount, hole.alert.currency, hole.alert.since) == (Decimal("3.92"), "GBP", NOON)
    _trouble(warehouse, ("settlement_late", "s5"))
    (closed,) = alerting.follow(warehouse, lake, NOON)
    assert closed.alert.kind is AlertKind.CHAIN_HOLE
    assert [record.alert.subject for record in alerting.open_alerts(lake)] == ["s5"]


def test_what_a_region_noticed_stays_open_until_the_warehouse_has_loaded_it(lake: Lake, warehouse: Warehouse) -> None:
    failed = Alert(kind=AlertKind.TASK_FAILED, subject="warehouse 2026-08-30 load", message="no")
    day = Alert(kind=AlertKind.DOCUMENT_UNACCOUNTED, subject="ember_eu 2026-08-30", message="no outcome")
    alerting.raise_alerts(lake, [SHORT, day, failed], NOON)
    assert alerting.follow(warehouse, lake, NOON) == []
    with warehouse.connect() as con:
        con.execute(
            "INSERT INTO ops.business_day (region, account, business_day, listed, missing) "
            "VALUES ('EU', 'ember_eu', DATE '2026-08-30', 3, 0)"
        )
    (closed,) = alerting.follow(warehouse, lake, NOON)
    assert closed.alert == day
    assert {record.alert for record in alerting.open_alerts(lake)} == {SHORT, failed}


def _context(try_number: int, *, last: bool = False, exception: Exception | None = None) -> Any:
    ti = SimpleNamespace(
        dag_id="marketplace_reports_eu",
        run_id="backfill__2026-08-30",
        task_id="reports.collect",
        map_index=2,
        try_number=try_number,
        start_date=NOON,
    )
    task = SimpleNamespace(
        account={"name": "ember_eu", "region": "EU"}, downstream_task_ids=set() if last else {"reports.read"}
    )
    return {"ti": ti, "task": task, "partition_key": "2026-08-30", "exception": exception}


@pytest.fixture
def lake_behind(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr(notifications, "_lake", lambda: lake)
    return lake


def test_a_failed_task_alerts_and_its_later_success_closes_it(lake_behind: Lake) -> None:
    secret = "Atzr|IwEBIA-not-a-real-one"
    AlertNotifier().notify(_context(5, exception=RuntimeError(f"refused: {secret}")))
    (record,) = alerting.open_alerts(lake_behind)
    assert record.alert.subject == "marketplace_reports_eu 2026-08-30 reports.collect ember_eu"
    assert record.alert.message == "refused: ***"
    RecoveryNotifier().notify(_context(6))
    assert alerting.open_alerts(lake_behind) == []


def test_when_the_lake_is_down_the_channels_are_told_all_the_same(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> Lake:
        raise ConnectionError("the S3 server is away")

    monkeypatch.setattr(notifications, "_lake", down)
    AlertNotifier().notify(_context(5, exception=RuntimeError("EndpointConnectionError")))
    assert len(servers.mails) == len(servers.published()) == len(servers.posts) == 1


def test_an_alert_is_written_into_the_log_when_it_is_opened(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    alerting.raise_alerts(lake, [SHORT], NOON)
    alerting.raise_alerts(lake, [SHORT], NOON)
    assert caplog.text.count("3.92 GBP short") == 1


def test_trouble_that_has_its_own_alerts_is_not_told_again_as_a_failed_task(lake_behind: Lake) -> None:
    AlertNotifier().notify(_context(1, last=True, exception=TroubleTold("12 to look at")))
    assert alerting.open_alerts(lake_behind) == []


def test_a_run_that_does_not_end_in_time_alerts_until_it_ends(lake_behind: Lake) -> None:
    run = {"dag_id": "marketplace_reports_eu", "dag_run_id": "backfill__2026-08-30", "state": "running"}
    deadline = {"id": "1", "deadline_time": "2026-08-31T12:00:00Z"}
    callback = to_end_within(dt.timedelta(hours=12)).callback
    for _ in range(2):
        # as Airflow's executor does it when a deadline is missed
        context = {"dag_run": run, "deadline": deadline}
        assert execute_callback(callback.path, {"context": context}, Path(), None, structlog.get_logger()) == (
            True,
            None,
        )
    (record,) = alerting.open_alerts(lake_behind)
    assert record.alert.message == "The run was to end by 2026-08-31T12:00:00Z and is running."
    assert record.alert.since == NOON
    RecoveryNotifier().notify(_context(1, last=True))
    assert alerting.open_alerts(lake_behind) == []


def test_a_task_that_succeeds_at_once_asks_the_lake_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "_lake", lambda: pytest.fail("the lake was asked"))
    RecoveryNotifier().notify(_context(1))


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{name: a, via: smtp, connection: c}", "nobody under 'to'"),
        ("{name: a, via: sns, connection: c}", "no 'topic'"),
        ("{name: a, via: pager, connection: c}", "pager"),
        ("{name: a, via: slack, connection: c, kinds: [everything]}", "everything"),
    ],
)
def test_a_channel_that_is_not_understood_is_named(tmp_path: Path, entry: str, problem: str) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text(f"channels:\n  - {entry}\n")
    with pytest.raises(ValueError, match=r"alerts\.yaml: channel 1 is not understood") as refused:
        load_channels(file, {})
    assert problem in str(refused.value)


def test_a_clients_channel_is_given_its_own_accounts_alerts_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    clients = {"ember": ("ember_eu", "ember_na"), "jade": ("jade_fe",)}
    nobodys = Alert(kind=AlertKind.TASK_FAILED, subject="warehouse.load", message="failed")
    file.write_text("channels: [{name: a, via: slack, connection: c, client: ember}]")
    (channel,) = load_channels(file, clients)
    assert [channel.wants(alert) for alert in (SHORT, HOLE, ELSEWHERE, nobodys)] == [True, True, False, False]
    assert load_channels(file, None) == ()
    file.write_text("channels: [{name: a, via: slack, connection: c, client: ember, accounts: [ember_na]}]")
    assert not load_channels(file, clients)[0].wants(SHORT)
    for entry, problem in (
        ("client: nobody", "'nobody', whom the accounts file lacks"),
        ("client: ember, accounts: [jade_fe]", "names 'jade_fe', which is not of 'ember'"),
    ):
        file.write_text(f"channels: [{{name: a, via: slack, connection: c, {entry}}}]")
        with pytest.raises(ValueError, match=problem):
            load_channels(file, clients)
    file.write_text("channels: [{name: a, via: slack, connection: c, client: empty}]")
    assert not load_channels(file, {"empty": ()})[0].wants(SHORT)


def test_the_example_of_channels_can_be_read() -> None:
    example = Path(__file__).resolve().parents[2] / "include" / "config" / "alerts.example.yaml"
    assert [channel.via for channel in load_channels(example, {})] == ["smtp", "sns", "slack"]


def test_the_runbook_has_a_section_for_every_alert() -> None:
    runbook = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [kind for kind in AlertKind if f"\n### {kind.replace('_', '-')}\n" not in runbook] == []
    assert set(MEANINGS) == set(AlertKind)


def test_many_alerts_are_counted_and_not_all_spelled_out() -> None:
    many = [HOLE.model_copy(update={"subject": f"account {number}"}) for number in range(25)]
    assert subject_line(many) == "Tieout alert: 25 chain hole"
    assert "and 5 more" in body(many)


def test_a_message_has_a_longest_length_and_keeps_its_end(servers: Servers, lake: Lake) -> None:
    """A value of a file may have megabytes, and SNS refuses more than 256 KiB."""
    long = Alert(
        kind=AlertKind.DOCUMENT_QUARANTINED, subject="x" * 400_000, message="a" * 400_000 + ". Download it again",
        account="ember_eu",
    )  # fmt: skip
    assert len(long.message) <= 1000
    assert long.message.endswith("aaa. Download it again")
    tell(lake, [long, HOLE])
    (published,) = servers.published()
    assert "chain hole" in published["Subject"]
    assert len(published["Message"]) < 5000
    assert "ember_eu EUR 2026-07-01" in published["Message"]


@pytest.mark.parametrize(("via", "limit"), LONGEST.items())
def test_a_message_of_many_alerts_stays_below_what_a_channel_takes(via: Via, limit: int) -> None:
    many = [
        HOLE.model_copy(update={"subject": f"{number}", "message": "\U0001d11e" * 1000, "where": "é" * 9000})
        for number in range(25)
    ]
    text = body(many, limit=limit)
    assert len(text.encode()) <= limit
    assert "more: SELECT * FROM ops.alert" in text
    assert len(body([*many[:1], *many] * 900, resolved=True, limit=limit).encode()) <= limit


@pytest.mark.parametrize("failing", [ValueError("too long"), OSError("552 message too big")])
def test_one_alert_that_a_channel_refuses_does_not_keep_back_the_others(
    servers: Servers, lake: Lake, monkeypatch: pytest.MonkeyPatch, failing: Exception
) -> None:
    sent: dict[str, list[str]] = {}

    def send(channel: Channel, subject: str, text: str) -> None:
        if HOLE.subject in text:
            raise failing
        sent.setdefault(channel.name, []).append(text)

    monkeypatch.setattr(channels, "send", send)
    tell(lake, [HOLE, SHORT, ELSEWHERE])
    assert [len(texts) for texts in (sent["finance"], sent["on-call"], sent["team"])] == [2, 2, 1]
    assert SHORT.subject in sent["finance"][0]
    told = {record.alert.subject: set(record.told) for record in alerting.open_alerts(lake)}
    assert told == {
        SHORT.subject: {"finance", "on-call", "team"}, ELSEWHERE.subject: {"finance", "on-call"}, HOLE.subject: set(),
    }  # fmt: skip


def test_a_channel_that_does_not_answer_is_not_waited_for_alert_by_alert(
    servers: Servers, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def send(channel: Channel, subject: str, text: str) -> None:
        tries.append(channel.name)
        raise TimeoutError

    monkeypatch.setattr(channels, "send", send)
    monkeypatch.setattr(notifications, "ONE_BY_ONE", -1.0)
    tell(lake, [HOLE, SHORT])
    assert sorted(tries) == ["finance", "on-call", "team"]


def test_what_has_the_form_of_a_secret_is_blanked_out() -> None:
    text = "GET https://x/?X-Amz-Credential=AKIA/1&X-Amz-Signature=abc123 with Atza|IwEB.x-y, Atc|MAEB and amzn1.oa2-cs.v1.0f0f"
    assert without_secrets(text) == "GET https://x/?X-Amz-Credential=***&X-Amz-Signature=*** with ***, *** and ***"
