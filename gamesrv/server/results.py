"""Who plays a game, in all their games, and how they came out of this one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from gamesrv.core.bot import Bot
from gamesrv.core.machine import Machine
from gamesrv.server.seating import Seating
from gamesrv.storage.interfaces import BOT, JournalBegan, Standing

__all__ = ["players_of", "standings_of"]


def players_of(machine: Machine, seating: Seating) -> dict[int, str]:
    """Who sits where; bots are all one player that are of one grade."""
    policy = machine.game_type.rules.bot or Bot
    bot = f"{BOT}{policy.grade(machine.game.options)}"
    return {seat: member.session.player or bot for seat, member in seating.seats.items()}


def standings_of(machine: Machine, began: JournalBegan, seating: Seating) -> tuple[Standing, ...]:
    """How those came out who began the game, or who are there where it began without players: from the best
    to the last.

    Whoever has left for good is behind all who stayed, whatever became of the seat, so that nobody does
    better by leaving. Raises `GameError` for standings that make no sense.
    """
    there = players_of(machine, seating)
    ranks: dict[tuple[bool, int], list[Standing]] = {}
    for seat, place in machine.standings().items():
        player = began.players.get(seat) or there.get(seat)
        if player is not None:
            name = began.names.get(seat) or seating.seats[seat].name
            standing = Standing(player, seat, name, place)
            ranks.setdefault((player != there.get(seat), place), []).append(standing)
    return tuple(_numbered([ranks[rank] for rank in sorted(ranks)]))


def _numbered(ranks: Iterable[list[Standing]]) -> Iterator[Standing]:
    place = 1
    for level in ranks:
        yield from (replace(standing, place=place) for standing in level)
        place += len(level)
