"""Games that are broken on purpose, each in its own way, for `gamesrv check` to find out."""

import random
from typing import Annotated, Any, Literal

from attrs import define, field

from gamesrv import Bot, Game, Meta, Refused, Seat, command

COUNTER = [0]

Word = Annotated[str, Meta(min_length=1, max_length=4)]
Steps = Annotated[int, Meta(ge=1, le=3)]


@define
class Sound(Game):
    """Nothing is wrong with it, and it has commands of all kinds."""

    name = "sound"
    seats = (1, 4)
    words: dict[str, int] = field(factory=dict)
    numbers: set[int] = field(factory=set)
    log: list[str] = field(factory=list)

    def on_join(self, seat: Seat) -> None:
        self.after(0.5, self.tock, seat)

    def tock(self, seat: int) -> None:
        self.log.append(f"tock {seat} {self.random.below(6)}")

    @command
    def say(self, seat: Seat, word: Word, loud: bool = False) -> None:
        if loud:
            raise Refused("not so loud")
        self.words[word] = self.random.below(100)
        self.numbers.add(self.random.below(1000))

    @command
    def go(self, seat: Seat, way: Literal["left", "right"], steps: Steps) -> None:
        self.log.append(f"{way} {steps}")

    @command
    def put(self, seat: Seat, at: tuple[int, float], many: list[int | None], data: dict[str, Any]) -> None:
        self.log.append(f"{at} {many} {sorted(data)}")


@define
class LoopsOverASet(Sound):
    """The order of a set of words is another one in each process."""

    name = "loops"

    def tock(self, seat: int) -> None:
        for word in {*self.words}:
            self.log.append(word)


@define
class SetAsItGrew(Sound):
    """The order of a set of numbers hangs on how it came about."""

    name = "grew"

    def tock(self, seat: int) -> None:
        self.log.append(str([*self.numbers]))


@define
class GlobalChance(Sound):
    name = "chance"

    def tock(self, seat: int) -> None:
        self.log.append(str(random.random()))


@define
class GlobalState(Sound):
    """What one game leaves behind, the next one finds."""

    name = "counts"

    def tock(self, seat: int) -> None:
        COUNTER[0] += 1
        self.log.append(str(COUNTER[0]))


@define(slots=False)
class HiddenState(Sound):
    """State that is in no field is lost with the process."""

    name = "hidden"
    seen = 0

    def tock(self, seat: int) -> None:
        self.seen += 1
        self.log.append(str(self.seen))


@define
class TellsASet(Sound):
    """The state is right, what players are told is not."""

    name = "tells"

    def tock(self, seat: int) -> None:
        self.emit("words", words=[*{"one", "two", "three", "four", "five"}])


@define
class Crashes(Sound):
    name = "crashes"

    def tock(self, seat: int) -> None:
        self.log[100] = "nothing there"


@define
class Miscounts(Sound):
    name = "miscounts"

    def tock(self, seat: int) -> None:
        self.finish()

    def standings(self) -> list[list[Seat]]:
        return [[4]]


@define
class Item:
    worth: int = 0


@define
class Unsaveable(Sound):
    """What grows beyond 64 bits can't be saved, which no hint tells."""

    name = "unsaveable"
    items: dict[str, list[Item]] = field(factory=lambda: {"all": [Item(), Item(1)]})

    def tock(self, seat: int) -> None:
        self.items["all"][1].worth = 2**70


@define
class NoHint(Sound):
    name = "nohint"
    thing: object = None


class Parrot(Bot):
    def act(self, view: Any, mine: Any) -> Any:
        return "say", {"word": "hi"}


@define
class Ticking(Sound):
    """A game that ticks, has a bot and waits for players."""

    name = "ticking"
    tick_rate = 10
    begins = "ready"
    bot = Parrot
    ticks: int = 0

    def on_start(self) -> None:
        self.log.append(str(sorted(self.names)))

    def on_tick(self) -> None:
        self.ticks += self.random.below(3)
        if self.ticks > 100:
            self.finish({"ticks": self.ticks})
