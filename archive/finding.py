"""What a check found: PASS, FAIL or NOT CHECKED, on one subject, with the reason; values and counting, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

# Numbered here, in the words of `verify`'s and `logcheck`'s docstrings, and in their code.
CHECKS = (
    "1 format and files",
    "2 gzip members",
    "3 records and block digests",
    "4 payload digests",
    "5 manifests",
    "6 sequence without gaps",
    "7 revisits",
    "8 index rows",
    "9 ledger values",
    "10 versions",
    "11 log entries",
    "12 log tiles",
    "13 log checkpoint",
    "14 captures in the log",
    "15 outside time",
)
MOST = 1000  # failures of one check that are told one by one


class Verdict(StrEnum):
    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    NOT_CHECKED = "NOT CHECKED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome on one subject. check: number and name; subject: a file and offset, a capture, a value."""

    check: str
    subject: str
    outcome: Verdict
    detail: str

    def row(self) -> dict[str, str]:
        """The keys of CONTRACT."""
        return {"check": self.check, "subject": self.subject, "outcome": self.outcome.value, "detail": self.detail}


def status(findings: Iterable[Finding]) -> int:
    """CONTRACT's exit status: 4 where a check failed, 5 where nothing was checked, else 0."""
    outcomes = {finding.outcome for finding in findings}
    if Verdict.FAIL in outcomes:
        return 4
    return 0 if Verdict.PASS in outcomes else 5


@dataclass(slots=True)
class Check:
    """One check while it runs: how much of what it looked at, how often it failed, and why it did not look."""

    name: str
    of: str
    looked: int = 0
    failed: int = 0
    why_not: str = "nothing of the kind is kept"
    carried: str = ""  # how much of that an earlier run has looked at, in words

    def fail(self, subject: str, detail: str) -> Iterator[Finding]:
        self.failed += 1
        if self.failed <= MOST:
            yield Finding(self.name, subject, Verdict.FAIL, detail)

    def skip(self, subject: str, why: str) -> Iterator[Finding]:
        """This subject was met and not looked into."""
        yield Finding(self.name, subject, Verdict.NOT_CHECKED, why)

    def sum(self, subject: str) -> Iterator[Finding]:
        """After all of it: PASS only where something was looked at and nothing failed."""
        if self.failed > MOST:
            yield Finding(self.name, subject, Verdict.FAIL, f"{self.failed - MOST} failures more, not told one by one")
        elif not self.failed and self.looked:
            yield Finding(self.name, subject, Verdict.PASS, f"{self.looked} {self.of}{self.carried}")
        elif not self.failed:
            yield Finding(self.name, subject, Verdict.NOT_CHECKED, self.why_not)
