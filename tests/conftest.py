"""What every test is watched by: the guard that catches what pytest-twisted lets pass."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from twisted.internet import reactor
from twisted.logger import LogEvent, globalLogPublisher

from tests.world import TRANSPORTS, World

# The same examples in every run, and no verdict on how long one takes: that is for the benchmarks.
settings.register_profile("gamesrv", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("gamesrv")

BROWSER = "tests/browser/test_"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``-n`` each process takes a file at a time, for what its tests share is made once; and half of the
    alphabet where they share the browsers.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Shared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(BROWSER):
                return BROWSER + ("a-l" if nodeid.removeprefix(BROWSER) < "m" else "m-z")
            return nodeid.partition("::")[0]

    return Shared(config, log)


@pytest.fixture(autouse=True)
def logged_failures() -> Iterator[list[LogEvent]]:
    """Fails a test that leaves a logged failure or a delayed call behind.

    Without it an unhandled failed Deferred, a delayed call that raises later and a dead LoopingCall all pass.
    A test that expects a failure takes it out of the list.
    """
    before = set(reactor.getDelayedCalls())  # type: ignore[attr-defined]
    failures: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_failure") is not None:
            failures.append(event)

    globalLogPublisher.addObserver(observe)
    gc.freeze()  # what is there already need not be searched again
    yield failures
    gc.collect()
    gc.unfreeze()
    globalLogPublisher.removeObserver(observe)
    leaked = [call for call in reactor.getDelayedCalls() if call not in before]  # type: ignore[attr-defined]
    for call in leaked:
        call.cancel()
    assert not failures, [str(event["log_failure"]) for event in failures]
    assert not leaked, leaked


@pytest.fixture
def world() -> Iterator[World]:
    """A server in memory, stopped and searched for leftovers after the test."""
    made = World()
    yield made
    made.stop()


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """Each way to reach the server that carries messages."""
    return str(request.param)
