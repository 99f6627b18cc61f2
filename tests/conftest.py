"""What every test shares: where real data would lie, and the rule that nothing skips unsaid."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# What guards the main branch must not depend on the draw: there the examples are always the same, elsewhere always new. Nor on
# how busy the machine is: there hypothesis's own alarm for slow drawing is no finding of ours.
hypothesis.settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

MAY_SKIP = {"real", "root"}


@pytest.fixture(scope="session", autouse=True)
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A keyring for all tests: none of them, and no process that they start, writes into the user's own."""
    folder = tmp_path_factory.mktemp("keyring")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KARTOTEKA_KEYS", str(folder))
        yield folder


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Saved pages and files of the real world, beside the checkout; the test skips where they are not."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "realdata"
    if not folder.is_dir():
        pytest.skip("no real data beside this checkout")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In CI only tests on real data and tests that need root may skip: any other skip is a failure, and is named."""
    skipped = terminalreporter.stats.get("skipped", [])
    wrong = [report.nodeid for report in skipped if not MAY_SKIP & set(report.keywords)]
    for nodeid in wrong:
        terminalreporter.write_line(f"SKIPPED WITHOUT LEAVE: {nodeid}", red=True)
    if wrong and os.environ.get("CI"):
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED  # type: ignore[attr-defined]
