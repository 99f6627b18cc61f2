"""Carries notices to those who want them: webhooks (signed, Standard Webhooks) and mail (SMTP); failures are tried again.

A receiver that answers slowly or never holds up nobody: each try has a deadline, and one channel's deliveries keep their order
without waiting for another's.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable, Iterable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import httpx

from archive.door import visible
from crawler.errors import BadSettings
from schedules.channels import Channel, Mail, Webhook
from schedules.notices import Notice, body, signature
from schedules.outbox import Delivery, Outbox

DEADLINE = 30.0  # seconds for one delivery
LOOKED = 5.0  # seconds between two looks at the outbox


class NotTaken(Exception):
    """The receiver did not take it; the text says why."""


class Notifier:
    """Delivers what is due. clock: the wall clock, UTC. note: told what a person should know.

    carried: told instead what became of each try: why it was not taken, None where it was, and whether it is tried again.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Callable[[], datetime],
        note: Callable[[str], None],
        carried: Callable[[Delivery, str | None, bool], None] | None = None,
    ) -> None:
        self._outbox, self._clock, self._note, self._carried = outbox, clock, note, carried

    async def once(self, channels: Iterable[Channel]) -> int:
        """Each delivery that is due is tried; how many were taken."""
        named = {channel.name: channel for channel in channels}
        due = await asyncio.to_thread(self._outbox.due, self._clock())
        by_channel: dict[str, list[Delivery]] = {}
        for delivery in due:
            by_channel.setdefault(delivery.channel, []).append(delivery)
        taken = await asyncio.gather(*(self._carry(named.get(name), each) for name, each in by_channel.items()))
        return sum(taken)

    async def _carry(self, channel: Channel | None, deliveries: list[Delivery]) -> int:
        """One channel's, in order; after the first that is not taken the others wait for their own next try."""
        taken = 0
        for delivery in deliveries:
            try:
                if channel is None:
                    raise NotTaken("the plan no longer names this receiver")
                await asyncio.wait_for(_sent(channel, delivery.notice, self._clock()), DEADLINE)
            except (NotTaken, BadSettings, TimeoutError) as exc:
                why = str(exc) or "no answer in time"
                again = await asyncio.to_thread(self._outbox.failed, delivery, why, self._clock())
                if self._carried is not None:
                    self._carried(delivery, why, again)
                    continue
                end = "it is tried again" if again else "given up"
                self._note(f"notice {delivery.notice.id} for {visible(delivery.channel)}: {why}; {end}")
            else:
                await asyncio.to_thread(self._outbox.delivered, delivery)
                taken += 1
                if self._carried is not None:
                    self._carried(delivery, None, False)
        return taken


async def _sent(channel: Channel, notice: Notice, now: datetime) -> None:
    """Raises NotTaken, BadSettings."""
    if isinstance(channel, Webhook):
        await _post(channel, notice, now)
    else:
        await asyncio.to_thread(_mail, channel, notice)


async def _post(hook: Webhook, notice: Notice, now: datetime) -> None:
    octets, at = body(notice), int(now.timestamp())
    fields = {"content-type": "application/json", "webhook-id": notice.id, "webhook-timestamp": str(at)}
    if hook.secret is not None:
        fields["webhook-signature"] = signature(_secret(hook.secret), notice.id, at, octets)
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE) as client:
            answer = await client.post(hook.url, content=octets, headers=fields)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
        raise NotTaken(f"{type(exc).__name__}: {exc}") from exc
    if not 200 <= answer.status_code < 300:
        raise NotTaken(f"answered {answer.status_code}")


def _mail(mail: Mail, notice: Notice) -> None:
    message = EmailMessage()
    message["From"], message["To"] = mail.sender, mail.to
    message["Subject"] = visible(f"[kartoteka] {notice.title}")
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = f"<{notice.id}@kartoteka.invalid>"
    shown = "".join(f"\n  crawl restore {capture} -o folder" for capture in notice.captures)
    message.set_content(f"{visible(notice.title)}\n\n{visible(notice.text)}\n\n{visible(notice.subject)}\n\nShown by:{shown}\n")
    host, _, port = mail.smtp.rpartition(":")
    try:
        with smtplib.SMTP(host, int(port), timeout=DEADLINE) as server:
            if mail.starttls:
                server.starttls(context=ssl.create_default_context())
            if mail.user is not None and mail.password is not None:
                server.login(mail.user, _secret(mail.password).decode())
            server.send_message(message)
    except (smtplib.SMTPException, OSError, ValueError) as exc:
        raise NotTaken(f"{mail.smtp}: {type(exc).__name__}: {exc}") from exc


def _secret(path: Path) -> bytes:
    """The octets of a file for its owner alone, without the line's end. Raises BadSettings."""
    try:
        if path.stat().st_mode & 0o077:
            raise BadSettings(f"{path} is open to others: chmod 600 it")
        return path.read_bytes().strip()
    except OSError as exc:
        raise BadSettings(f"{path}: {exc.strerror}; write the secret into it, for its owner alone") from exc
