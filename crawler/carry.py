"""What a crawl does for its proof: what was kept is logged and signed, and the checkpoint carried to those who stamp it.

Crash-only: what a kill left in the outbox is logged by whoever comes next, and a checkpoint without a stamp is stamped then.
Nothing here may cost what was crawled: where the log cannot be written, or no authority is reached, that is told, and waits.
Authorities learn the digest of a signed note, and nothing of what was watched.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import httpx

from archive import ots, stamps
from archive.errors import ArchiveError, BadStamp
from archive.keyring import Keyring
from archive.stamped import NOTE, RENEWAL, RENEWALS, Line, Stamping, outlasting, renewing, time
from archive.store import Store
from crawler.errors import FetchFailed
from crawler.wire import Wire

HOUR = timedelta(hours=1)  # between two stampings that nobody asked for
PATIENCE = 30.0  # seconds for one answer
UPGRADES, YOUNG = 50, timedelta(days=60)  # pending proofs asked after at a time, and as long as calendars may take
LONGEST = 16 * 1024 * 1024  # octets of a list of revoked certificates


@dataclass(frozen=True, slots=True)
class Authority:
    """A time-stamping authority. roots: PEM file of the certificates that a person trusts it by; None: none are."""

    name: str
    url: str
    roots: Path | None = None


class Unanswered(Exception):
    """Somebody could not be asked, or gave no answer that can be used."""


class Carrier:
    """Carries a log's checkpoints out and brings the answers back. Its caller holds the archive's lock.

    network: what requests go over. now: the wall clock, UTC. note: told what a person should know.
    """

    def __init__(
        self,
        store: Store,
        network: Wire,
        authorities: Sequence[Authority],
        calendars: Sequence[str] = (),
        *,
        user_agent: str,
        now: Callable[[], datetime],
        note: Callable[[str], None],
    ) -> None:
        self._authorities, self._calendars = tuple(authorities), tuple(each.rstrip("/") for each in calendars)
        self._now, self._note = now, note
        self._keys = Keyring.of(os.environ)
        self._stamping = Stamping(store.home.path, self._keys, store.disk)
        self._disk = store.disk
        self._client = httpx.AsyncClient(
            transport=cast(httpx.AsyncBaseTransport, network),  # it answers all that httpx asks of one
            trust_env=False,
            headers={"User-Agent": user_agent},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def carry(self, *, at_once: bool = False) -> list[str]:
        """The newest checkpoint stamped by all who have not yet, pending proofs asked after, tokens renewed where it is time.

        at_once: though the last stamping is less than an hour ago. Returns the files that were kept, below `log/`.
        """
        if not self._authorities and not self._calendars:
            return []
        try:
            self._stamping.stands()
            self._trust()
            before = len(self._stamping.lines())
            if at_once or self._due():
                await self._stamp()
                await self._renew()
            await self._upgrade()
            return [f"stamps/{line.file}" for line in self._stamping.lines()[before:]]
        except (ArchiveError, OSError) as exc:
            self._note(f"the log is not stamped: {exc}")
            return []

    def _trust(self) -> None:
        for each in self._authorities:
            if each.roots is not None:
                self._keys.trust(each.name, each.roots.read_bytes(), self._disk)

    def _due(self) -> bool:
        """An hour after the last, and where somebody has not answered yet too: an hour after that was asked."""
        last = max((time(line.at) for line in self._stamping.lines() if line.size is not None), default=None)
        return last is None or self._now() - last >= HOUR

    # -- the newest checkpoint

    async def _stamp(self) -> None:
        signed = self._stamping.log.signed()
        if signed is None or not signed[1].size:
            return
        folder, octets = f"{signed[1].size:012}", bytes(signed[0])
        held = {line.file for line in self._stamping.lines()}
        missing = [each for each in self._authorities if f"{folder}/{each.name}.tsr" not in held]
        proof = self._calendars and not any(file.startswith(f"{folder}/") and file.endswith(".ots") for file in held)
        if not missing and not proof:
            return
        kept = self._stamping.read(f"{folder}/{NOTE}") if f"{folder}/{NOTE}" in held else None
        octets = kept or octets  # a witness may have signed below since
        answers = await asyncio.gather(*(self._asked(each, octets) for each in missing))
        paths = await self._handed_in(octets) if proof else ()
        if not any(answers) and not paths:
            return
        self._keep(f"{folder}/{NOTE}", octets)
        for authority, answer in zip(missing, answers, strict=True):
            if answer is not None:
                self._enter(folder, authority, answer)
        if paths:
            self._keep(f"{folder}/1.ots", bytes(ots.Proof("sha256", _sha256(octets), paths)))

    async def _asked(self, authority: Authority, octets: bytes) -> _Answer | None:
        """An authority's token over these octets; None where there is none, which is told."""
        request = stamps.request(octets)
        try:
            reply = await self._ask(authority.url, request, "application/timestamp-query")
            token = stamps.opened(reply, self._roots(authority))
            if self._roots(authority):
                stamps.holds(reply, octets, self._roots(authority), asked=request)
            elif _sha256(octets) != token.imprint:
                raise BadStamp("it is a token over other octets")
        except (Unanswered, BadStamp) as exc:
            self._note(f"{authority.name} has not stamped the log: {exc}; it is asked again in an hour")
            return None
        return _Answer(request, reply, token, await self._revoked(authority, token))

    async def _revoked(self, authority: Authority, token: stamps.Token) -> bytes | None:
        """Whom its issuer has revoked, the first time in a day that it stamps; a list that cannot be had costs no token."""
        if self._has_list(authority):
            return None
        why = None
        for url in stamps.lists_of(token):  # each of them has the whole list
            try:
                octets = await self._ask(url, None, None)
            except Unanswered as exc:
                why = str(exc)
                continue
            if len(octets) <= LONGEST:
                return octets
            why = f"{url} has {len(octets)} octets"
        if why is not None:
            self._note(f"whom the issuer of {authority.name} has revoked is not known today: {why}")
        return None

    def _enter(self, folder: str, authority: Authority, answer: _Answer) -> None:
        """The answer as it came, with what is needed to check it in twenty years."""
        name = f"{folder}/{authority.name}"
        self._keep(f"{name}.tsq", answer.request)
        if authority.roots is not None:
            self._keep(f"{name}.pem", stamps.pem(self._roots(authority)))
        if answer.revoked is not None:
            self._keep(f"{name}.1.crl", answer.revoked)
        self._keep(f"{name}.tsr", answer.reply, answer.token)

    def _roots(self, authority: Authority) -> stamps.Certificates:
        return stamps.certificates(authority.roots.read_bytes()) if authority.roots is not None else ()

    def _has_list(self, authority: Authority) -> bool:
        """One list a day of each authority is enough: the day's first."""
        today = f"{self._now():%Y-%m-%d}"
        return any(line.list_of == authority.name and line.at.startswith(today) for line in self._stamping.lines())

    # -- tokens whose certificate ends

    async def _renew(self) -> None:
        lines = self._stamping.lines()
        end = renewing(lines, self._now())
        if end is None:
            return
        lasting = [each for each in self._authorities if each.name in outlasting(lines, end)]
        if not lasting:
            self._note(f"a certificate that stamped the log ends on {end:%Y-%m-%d}: name an authority whose own lasts longer")
        folder = f"{RENEWALS}/{sum(line.file.endswith('/' + RENEWAL) for line in lines) + 1:04}"
        octets = self._stamping.renewal()
        answers = await asyncio.gather(*(self._asked(each, octets) for each in lasting))
        if any(answers):
            self._keep(f"{folder}/{RENEWAL}", octets)
        for authority, answer in zip(lasting, answers, strict=True):
            if answer is not None:
                self._enter(folder, authority, answer)

    # -- OpenTimestamps

    async def _handed_in(self, octets: bytes) -> tuple[ots.Path, ...]:
        """Where calendars have the octets' digest pending; what cannot be had is told."""
        operations, commitment = ots.begun(_sha256(octets), secrets.token_bytes(16))
        found: list[ots.Path] = []
        for calendar in self._calendars:
            try:
                reply = await self._ask(f"{calendar}/digest", commitment, "application/x-www-form-urlencoded")
                found += ots.answered(reply, commitment, operations)
            except (Unanswered, BadStamp) as exc:
                self._note(f"{calendar} has not taken the log's digest: {exc}")
        return tuple(found)

    async def _upgrade(self) -> None:
        """Proofs that are pending, the oldest first, are asked after at their calendars; an upgraded one is a new file."""
        newest: dict[str, Line] = {line.folder: line for line in self._stamping.lines() if line.file.endswith(".ots")}
        begun = {line.folder: line for line in self._stamping.lines() if line.file.endswith("/1.ots")}
        asked = 0
        for folder, line in newest.items():
            age = self._now() - time(begun[folder].at)
            octets = self._stamping.read(line.file)
            if octets is None or not HOUR <= age <= YOUNG or asked >= UPGRADES:
                continue
            proof = ots.Proof.parse(octets)
            if any(path.kind == "bitcoin" for path in proof.paths):
                continue
            asked += 1
            more = [upgraded for path in proof.paths for upgraded in await self._after(path)]
            if more:
                number = int(line.file.rpartition("/")[2].removesuffix(".ots")) + 1
                self._keep(f"{folder}/{number}.ots", bytes(proof.also(more)))

    async def _after(self, path: ots.Path) -> Sequence[ots.Path]:
        """What a calendar has made of a pending path: nothing yet, or where it leads now."""
        # Only calendars that a person named are asked: what lies in a file sends us nowhere.
        if path.kind != "pending" or path.commitment is None or path.uri.rstrip("/") not in self._calendars:
            return ()
        try:
            reply = await self._ask(f"{path.uri.rstrip('/')}/timestamp/{path.commitment.hex()}", None, None)
            return [each for each in ots.answered(reply, path.commitment, path.operations) if each.kind != "pending"]
        except (Unanswered, BadStamp):
            return ()  # it has none yet: that is its usual answer for some hours

    # -- the network

    async def _ask(self, url: str, body: bytes | None, media_type: str | None) -> bytes:
        """The body of the answer. Raises Unanswered."""
        fields = {"Content-Type": media_type} if media_type is not None else {}
        try:
            async with asyncio.timeout(PATIENCE + 1):
                answer = await self._client.request(
                    "GET" if body is None else "POST", url, content=body, headers=fields, extensions={"deadline": PATIENCE}
                )
        except (FetchFailed, httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as exc:
            raise Unanswered(str(exc) or type(exc).__name__) from exc
        if answer.status_code != 200:
            raise Unanswered(f"{url} answered {answer.status_code}")
        return answer.content

    def _keep(self, file: str, octets: bytes, token: stamps.Token | None = None) -> None:
        self._stamping.keep(file, octets, self._now().astimezone(UTC), token=token)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What an authority was asked, what it answered, and whom its issuer has revoked; None where that was kept today."""

    request: bytes
    reply: bytes
    token: stamps.Token
    revoked: bytes | None


def _sha256(octets: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(octets).digest()
