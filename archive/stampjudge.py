"""Does one kept stamp hold, and of what is it? A token of an authority, a proof of OpenTimestamps; no I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive import ots, stamps
from archive.errors import BadStamp
from archive.finding import Check, Finding
from archive.stamped import Line, spelled


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the stamps of one journal.

    roots: of the authorities that are trusted. now: UTC. renewals: how many lines of the journal a renewing token covers, and
    the time it states; tokens that renew are added, so they are judged first. block: a Bitcoin block's header, where it is at
    hand.
    """

    check: Check
    roots: stamps.Certificates
    now: datetime
    renewals: list[tuple[int, datetime]]
    block: Callable[[int], bytes | None] | None

    def token(
        self,
        where: str,
        line: tuple[int, Line],
        subject: bytes,
        octets: Mapping[str, bytes | None],
        lists: Sequence[bytes],
        covers: int | None,
    ) -> Iterator[Finding]:
        """line: number from 0, and line of the journal. octets: of the files beside it. covers: lines that it renews.

        lists: whom its authority's issuer has revoked.
        """
        number, kept = line
        name = kept.file.rpartition("/")[2].removesuffix(".tsr")
        reply, asked = octets[f"{name}.tsr"], octets.get(f"{name}.tsq")
        assert reply is not None
        try:
            extra = stamps.certificates(octets.get(f"{name}.pem") or b"")
            token = stamps.opened(reply, extra)
            if (kept.states, kept.ends) != (spelled(token.at), spelled(token.ends)):
                raise BadStamp(f"it states {token.at:%Y-%m-%dT%H:%M:%SZ}, and the journal has {kept.states}")
            if hashlib.new(token.hash, subject).digest() != token.imprint:
                raise BadStamp("it is a token over other octets")
            if not self.roots:
                yield from self.check.skip(where, f"{token.authority} states {spelled(token.at)}; no root is trusted here")
                return
            stamps.holds(reply, subject, self.roots, asked=asked, extra=extra)
            since = stamps.revoked(token, lists, (*extra, *self.roots))
        except BadStamp as exc:
            yield from self.check.fail(where, str(exc))
            return
        if since is not None and since <= token.at:
            yield from self.check.fail(where, f"its certificate was revoked on {since:%Y-%m-%d}, before it signed")
            return
        if covers is not None:
            self.renewals.append((covers, token.at))
        if token.ends < self.now and not any(number < count and at <= token.ends for count, at in self.renewals):
            why = f"its certificate ended on {token.ends:%Y-%m-%d}, and nothing renewed it before: it held until then"
            yield from self.check.skip(where, why)
            return
        self.check.looked += 1

    def proof(self, where: str, octets: bytes, subject: bytes) -> Iterator[Finding]:
        try:
            proof = ots.Proof.parse(octets)
            if proof.hash != "sha256" or proof.digest != hashlib.sha256(subject).digest():
                raise BadStamp("it is a proof of other octets")
            open_: list[str] = []
            proved = False
            for path in proof.paths:
                header = self.block(path.height) if path.kind == "bitcoin" and self.block is not None else None
                if path.kind == "bitcoin" and header is not None and path.commitment is not None:
                    ots.block_time(path.commitment, header)
                    proved = True
                elif path.kind == "bitcoin":
                    open_.append(f"it leads to Bitcoin block {path.height}, whose header is not at hand")
                elif path.kind == "pending":
                    open_.append(f"it is pending at {path.uri}")
                else:
                    open_.append(f"it leads to an attestation of kind {path.kind}")
        except BadStamp as exc:
            yield from self.check.fail(where, str(exc))
            return
        if proved:
            self.check.looked += 1
        else:
            yield from self.check.skip(where, "; ".join(dict.fromkeys(open_)) or "it leads nowhere")
