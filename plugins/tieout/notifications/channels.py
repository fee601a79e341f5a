"""Where alerts go, besides the log and ops.alert: SMTP, SNS and Slack, by configuration, through Airflow's own notifiers."""

from __future__ import annotations

import html
import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Self

import yaml
from pydantic import Field, model_validator

from tieout.alerts import Alert, AlertKind, Severity
from tieout.documents import Record

if TYPE_CHECKING:
    from airflow.sdk import BaseNotifier

log = logging.getLogger(__name__)


class Via(StrEnum):
    """How a channel is reached."""

    SMTP = "smtp"
    SNS = "sns"
    SLACK = "slack"


LONGEST = {Via.SMTP: 200_000, Via.SNS: 200_000, Via.SLACK: 30_000}
"""Bytes of the text of one message: SNS refuses more than 256 KiB, Slack cuts after 40,000 characters."""


class Channel(Record):
    """One place where alerts go. Its server and credentials are those of an Airflow connection."""

    name: str
    via: Via
    connection: str
    """Airflow connection of type `smtp`, `aws` or `slackwebhook`."""
    to: tuple[str, ...] = ()
    """SMTP: who gets the mail."""
    sender: str | None = Field(None, alias="from")
    """SMTP: whom the mail is from; by default the connection's `from_email`."""
    topic: str | None = None
    """SNS: the topic's ARN."""
    kinds: tuple[AlertKind, ...] = tuple(AlertKind)
    """Which alerts; all, if the file names none."""
    immediately: tuple[Severity, ...] = (Severity.CRITICAL,)
    """Which severities are reported when they are found; the others come with the daily digest."""
    accounts: tuple[str, ...] = ()
    """Of which accounts; of all, if the file names none. An alert that belongs to no account always goes."""
    client: str | None = None
    """The client who reads here: only alerts of that client's accounts go, and none that belongs to no account."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.via is Via.SMTP and not self.to:
            raise ValueError(f"channel {self.name!r} sends mail and has nobody under 'to'")
        if self.via is Via.SNS and not self.topic:
            raise ValueError(f"channel {self.name!r} goes to SNS and has no 'topic'")
        return self

    def wants(self, alert: Alert) -> bool:
        """Whether an alert goes here."""
        if alert.kind not in self.kinds:
            return False
        if self.client:
            return alert.account in self.accounts
        return not self.accounts or alert.account is None or alert.account in self.accounts


def load_channels(path: Path, clients: Mapping[str, Sequence[str]] | None) -> tuple[Channel, ...]:
    """Read the file of channels; there is none if there is no such file.

    :param clients: the accounts of each client; the channel of a client is given them. None: they are not known, and the
        channels of clients are left out.
    :raises ValueError: naming the file and the channel that is not understood.
    """
    if not path.exists():
        return ()
    entries = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("channels")
    if not isinstance(entries, list):
        raise ValueError(f"{path}: there is no list under 'channels:'; see include/config/alerts.example.yaml")
    channels: dict[str, Channel] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            channel = Channel.model_validate(entry)
        except ValueError as error:
            raise ValueError(
                f"{path}: channel {number} is not understood; see include/config/alerts.example.yaml: {error}"
            ) from error
        if channel.name in channels:
            raise ValueError(f"{path}: channel {channel.name!r} stands there twice")
        if channel.client is None:
            channels[channel.name] = channel
        elif clients is not None:
            channels[channel.name] = _of_client(path, channel, clients)
    return tuple(channels.values())


def _of_client(path: Path, channel: Channel, clients: Mapping[str, Sequence[str]]) -> Channel:
    """The channel with the accounts of its client, or those of them that it names itself."""
    own = clients.get(channel.client or "")
    if own is None:
        raise ValueError(
            f"{path}: channel {channel.name!r} is of the client {channel.client!r}, whom the accounts file lacks"
        )
    if foreign := set(channel.accounts) - set(own):
        raise ValueError(f"{path}: channel {channel.name!r} names {min(foreign)!r}, which is not of {channel.client!r}")
    return channel.model_copy(update={"accounts": channel.accounts or tuple(own)})


def send(channel: Channel, subject: str, text: str) -> None:
    """Send one message; whatever the server or the connection has against it is raised."""
    _notifier(channel, subject, text).notify({})  # all is filled in: nothing is rendered


def _notifier(channel: Channel, subject: str, text: str) -> BaseNotifier:
    # Here, since each takes a while to import and every DAG file imports this package.
    if channel.via is Via.SMTP:
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        return SmtpNotifier(
            smtp_conn_id=channel.connection,
            to=list(channel.to),
            from_email=channel.sender,
            subject=subject,
            html_content=f"<pre>{html.escape(text)}</pre>",
        )
    if channel.via is Via.SNS:
        from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

        assert channel.topic is not None
        return SnsNotifier(aws_conn_id=channel.connection, target_arn=channel.topic, subject=subject, message=text)
    from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier

    return SlackWebhookNotifier(
        slack_webhook_conn_id=channel.connection, text=f"*{_mrkdwn(subject)}*\n```{_mrkdwn(text)}```"
    )


def _mrkdwn(text: str) -> str:
    """Slack takes these three characters for markup of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
