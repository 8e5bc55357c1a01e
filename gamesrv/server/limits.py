"""What protects the server from its peers: numbers, and the counters that enforce rates."""

from math import inf
from typing import Any

import attrs
from attrs import define, field, frozen

__all__ = ["Limits", "TokenBucket"]


def _limit(default: Any, told: str) -> Any:
    return field(default=default, metadata={"help": told})


@frozen
class Limits:
    """Every limit, with its default. Each is an option of the command line too, made from this class."""

    grace: float = _limit(30.0, "seconds that the seat of a lost connection is held")
    message_size: int = _limit(16 * 1024, "bytes of one incoming WebSocket message")
    fragments: int = _limit(64, "frames that one incoming WebSocket message may come in")
    head_size: int = _limit(8 * 1024, "bytes of the head of an HTTP request")
    head_fields: int = _limit(100, "fields in the head of an HTTP request")
    handshake_timeout: float = _limit(5.0, "seconds to finish a WebSocket handshake, and then to say hello")
    ping_interval: float = _limit(15.0, "seconds between two pings on a WebSocket")
    ping_timeout: float = _limit(10.0, "seconds to answer a ping")
    bot_wait: float = _limit(
        10.0, "seconds after which bots take the empty seats of a public room that waits"
    )
    reservation: float = _limit(15.0, "seconds that a matched player has to take the seat")
    packet_size: int = _limit(2048, "bytes of one incoming packet, its head included")
    packet_timeout: float = _limit(10.0, "seconds to finish a packet that was begun")
    packet_idle: float = _limit(60.0, "seconds of silence after which a packet connection is closed")
    line_size: int = _limit(1024, "bytes of one line over telnet")
    name_timeout: float = _limit(120.0, "seconds to say a name over telnet")
    telnet_idle: float = _limit(1800.0, "seconds of silence after which a telnet connection is closed")
    message_rate: float = _limit(60.0, "messages a second that one connection may send")
    message_burst: int = _limit(120, "messages it may send at once")
    udp_rate: float = _limit(200.0, "datagrams a second that one session may send")
    udp_burst: int = _limit(400, "datagrams it may send at once")
    udp_unproved_rate: float = _limit(
        20.0, "datagrams a second looked into from an address that is not proved"
    )
    udp_timeout: float = _limit(10.0, "seconds of silence after which a session gets no more datagrams")
    udp_key: float = _limit(30.0, "seconds that a key for datagrams may go unused")
    connections_per_address: int = _limit(20, "connections open at a time from one address")
    joins_per_address: float = _limit(5.0, "rooms joined or opened per second from one address")
    bad_tokens_per_address: int = _limit(5, "wrong tokens a minute from one address")
    max_connections: int = _limit(10_000, "connections open at a time")
    max_rooms: int = _limit(10_000, "rooms open at a time")
    soft_buffer: int = _limit(64 * 1024, "unsent bytes above which a connection gets no updates")
    hard_buffer: int = _limit(256 * 1024, "unsent bytes above which a connection is closed")
    slow_timeout: float = _limit(10.0, "seconds a connection may stay above its soft buffer")
    close_timeout: float = _limit(1.0, "seconds a peer has to take our goodbye")
    drain: float = _limit(30.0, "seconds that peers have to take their last messages when the server stops")
    step_budget: float = _limit(0.5, "share of its tick that a room may take before the log names it")
    step_patience: float = _limit(
        60.0, "seconds after which a room ends whose every step takes longer than its tick"
    )
    step_timeout: float = _limit(5.0, "seconds after which game code that does not return is broken off")
    events_kept: int = _limit(256, "events a room keeps for those who come back")
    inputs_kept: int = _limit(10_000, "inputs a room's journal keeps")

    def __attrs_post_init__(self) -> None:
        for item in attrs.fields(Limits):
            value = getattr(self, item.name)
            if not 0 < value < inf:
                raise ValueError(f"{item.name} must be above 0, got {value}")
        if self.hard_buffer < self.soft_buffer:
            raise ValueError("hard_buffer must not be below soft_buffer")


@define(eq=False)
class TokenBucket:
    """A rate with a burst: holds up to ``burst`` tokens and gains ``rate`` a second."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    filled: float = field(default=0.0, init=False)
    """When it was last looked at, in seconds."""

    def __attrs_post_init__(self) -> None:
        self.tokens = self.burst

    def take(self, now: float) -> bool:
        """Takes a token; `False` where there is none."""
        tokens = self.tokens + (now - self.filled) * self.rate
        if tokens > self.burst:
            tokens = self.burst
        self.filled = now
        enough = tokens >= 1.0
        self.tokens = tokens - 1.0 if enough else tokens
        return enough

    def level(self, now: float) -> float:
        """How many tokens there are."""
        tokens = self.tokens + (now - self.filled) * self.rate
        self.filled = now
        self.tokens = min(self.burst, tokens)
        return self.tokens
