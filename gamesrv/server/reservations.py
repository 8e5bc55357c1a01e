"""Seats that are promised: between being matched and arriving, a ticket holds one for a few seconds."""

from __future__ import annotations

import secrets
from hashlib import sha256
from hmac import compare_digest

from attrs import define, field, frozen

from gamesrv.core.game import Refused
from gamesrv.server.interfaces import Now

__all__ = ["Reservations"]


@frozen
class _Reservation:
    digest: bytes
    until: float


@define(eq=False)
class Reservations:
    """The tickets of one room, by seat. Each is good once, for ``within`` seconds."""

    _now: Now
    _within: float
    _by_seat: dict[int, _Reservation] = field(factory=dict, init=False)

    def __contains__(self, seat: int) -> bool:
        return seat in self._by_seat

    def __len__(self) -> int:
        return len(self._by_seat)

    def make(self, seat: int) -> str:
        """A ticket for a seat; one that was given out before is worth nothing any more."""
        ticket = secrets.token_urlsafe(24)
        self._by_seat[seat] = _Reservation(_digest(ticket), self._now() + self._within)
        return ticket

    def take(self, ticket: str) -> int:
        """The seat that a ticket is good for, and no more after that; raises `Refused` (``bad_ticket``)."""
        digest, now = _digest(ticket), self._now()
        for seat, reservation in self._by_seat.items():
            if compare_digest(reservation.digest, digest) and now <= reservation.until:
                del self._by_seat[seat]
                return seat
        raise Refused("the ticket is unknown, used or expired", "bad_ticket", "ticket")

    def drop(self, seat: int) -> None:
        """Gives a promise up."""
        self._by_seat.pop(seat, None)

    def expire(self) -> None:
        """Forgets the tickets that nobody came with in time."""
        now = self._now()
        for seat in [seat for seat, reservation in self._by_seat.items() if now > reservation.until]:
            del self._by_seat[seat]


def _digest(ticket: str) -> bytes:
    return sha256(ticket.encode()).digest()
