"""What is told of the requests that went by the gateway."""

from __future__ import annotations

from agent_hub.connections.traffic import HOSTS, MINUTES, Traffic
from agent_hub.models import GatewayRoute


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def route(traffic: Traffic, host: str, connected: bool = True) -> GatewayRoute:
    (found,) = (known for known in traffic.routes({host: connected}) if known.host == host)
    return found


def test_a_route_counts_its_requests_its_errors_and_the_median_delay() -> None:
    traffic = Traffic(Clock())
    for seconds in (0.1, 0.2, 0.9):
        traffic.note("api.example.com", True, seconds)
    assert route(traffic, "api.example.com") == GatewayRoute(
        host="api.example.com", state="ok", requests=3, errors=0, median_ms=200.0
    )
    traffic.note("api.example.com", False, problem="refused")
    found = route(traffic, "api.example.com")
    assert (found.state, found.requests, found.errors, found.problem) == ("trouble", 4, 1, "refused")
    traffic.note("api.example.com", True, 0.1)
    found = route(traffic, "api.example.com")
    assert (found.state, found.errors, found.problem) == ("ok", 1, "")


def test_what_is_older_than_a_quarter_of_an_hour_is_not_told() -> None:
    clock = Clock()
    traffic = Traffic(clock)
    traffic.note("api.example.com", False, problem="refused")
    clock.now += 60 * (MINUTES - 1)
    assert route(traffic, "api.example.com").errors == 1
    clock.now += 120
    found = route(traffic, "api.example.com")
    assert (found.state, found.requests, found.errors, found.median_ms, found.problem) == ("idle", 0, 0, None, "")
    assert route(traffic, "api.example.com", connected=False).state == "not_connected"


def test_any_number_of_requests_takes_no_more_memory_and_all_are_counted() -> None:
    traffic = Traffic(Clock())
    for _ in range(20_000):
        traffic.note("busy", True, 0.001)
    for number in range(2 * HOSTS):
        traffic.note(f"host-{number}", True, 0.001)
    assert len(traffic.routes({})) == HOSTS
    for _ in range(20_000):
        traffic.note("busy", True, 0.001)
    assert route(traffic, "busy").requests == 20_000


def test_an_answer_that_breaks_off_is_an_error_of_the_request_that_was_counted() -> None:
    traffic = Traffic(Clock())
    traffic.note("api.example.com", True, 0.1)
    traffic.break_off("api.example.com", "it broke off")
    found = route(traffic, "api.example.com")
    assert (found.state, found.requests, found.errors, found.problem) == ("trouble", 1, 1, "it broke off")
