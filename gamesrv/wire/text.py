"""Text for people at a telnet window: bytes to lines and back, whatever the window sends in between.

Commands are those of RFC 854, negotiation is RFC 855's. We want no option, and say so once for each of them.
"""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from gamesrv.wire.close import CloseCode

__all__ = ["LineTooLong", "TelnetDecoder", "clean", "encode_line"]

NUL, BS, LF, CR, DEL = 0, 8, 10, 13, 127
IP, EC, EL, SB, WILL, WONT, DO, DONT, IAC = 244, 247, 248, 250, 251, 252, 253, 254, 255
TIMING_MARK = 6

_REFUSALS = {DO: WONT, WILL: DONT}
_PLAIN = re.compile(rb"[^\x08\n\r\x7f\xff]+")
_ESCAPE = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*[ -/]*[@-~]"  # a control sequence: colours, arrow keys
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # a control string: window titles and worse
    r"|O[@-~]"  # a function key
    r"|[ -/]*[0-~]?)"
)


class LineTooLong(Exception):
    """No end of line where there should have been one long ago.

    Attributes:
        close: the code to close the connection with.
    """

    close = CloseCode.TOO_BIG


def clean(text: str) -> str:
    """Takes out all that would do something to a terminal instead of being shown by it.

    That is escape sequences, control characters, and invisible ones such as marks that turn the direction of
    writing; any kind of white space becomes a plain space.
    """
    if text.isprintable():
        return text
    return "".join(_shown(char) for char in _ESCAPE.sub("", text))


def encode_line(text: str) -> bytes:
    """One line for a telnet window, cleaned.

    UTF-8 has no byte 255, so there is never an IAC to be doubled.
    """
    return clean(text).encode() + b"\r\n"


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else ""


_State: TypeAlias = Callable[[], str | None]


class TelnetDecoder:
    """Gives back the lines of a stream, however it was chopped, and what to answer to telnet's own commands::

        for line in decoder.feed(data): ...
        send(decoder.replies())

    Lines come cleaned, with bad UTF-8 replaced. They end with CR LF, CR NUL, LF or CR alone; backspace and
    DEL rub out (windows in character mode leave that to us). The lines before a fault are delivered, then
    `LineTooLong` is raised, and again at every further try. To stop half-way is fine: what was not looked at
    waits for the next call.
    """

    def __init__(self, max_line: int = 1024) -> None:
        """``max_line`` is in bytes.

        Four times as many may pass, commands and what was rubbed out included, before a line must have
        ended: that bounds the work that a flood of them makes.
        """
        self._max_line = max_line
        self._data = b""
        self._at = 0
        self._line = bytearray()
        self._passed = 0
        """Bytes since the last end of line."""
        self._state: _State = self._text
        self._verb = 0
        self._refused: set[tuple[int, int]] = set()
        self._replies = bytearray()
        self._error: LineTooLong | None = None

    def feed(self, data: bytes) -> Iterator[str]:
        """Takes what came, at once, and yields the lines that are whole by now."""
        if self._error is None:
            self._data = self._data[self._at :] + data
            self._at = 0
        return self._lines()

    def replies(self) -> bytes:
        """What the peer is to be sent for what was read so far. Each is given once."""
        replies = bytes(self._replies)
        self._replies.clear()
        return replies

    def _lines(self) -> Iterator[str]:
        if self._error is not None:
            raise self._error.with_traceback(None)
        # All state is kept in self before each yield: others may feed, or leave, meanwhile.
        while self._at < len(self._data):
            before = self._at
            line = self._state()
            self._passed += self._at - before
            if line is not None:
                self._passed = 0
                yield line
            elif len(self._line) > self._max_line or self._passed > 4 * self._max_line:
                raise self._fail()

    def _fail(self) -> LineTooLong:
        self._error = LineTooLong(f"line longer than {self._max_line} bytes")
        self._data = b""
        self._line.clear()
        return self._error

    # The states: each takes from the data what it understands, and sets the next. A line, if one ends.

    def _text(self) -> str | None:
        # No further than it takes to see that the line is too long.
        if plain := _PLAIN.match(self._data, self._at, self._at + self._max_line + 1):
            self._line += plain[0]
            self._at = plain.end()
            return None
        byte = self._take()
        if byte == IAC:
            self._state = self._command
        elif byte in (BS, DEL):
            self._rub_out()
        else:
            return self._end(byte)
        return None

    def _after_cr(self) -> None:
        if self._data[self._at] in (LF, NUL):
            self._at += 1
        self._state = self._text

    def _command(self) -> None:
        command = self._take()
        self._state = self._text
        if command == IAC:
            self._line.append(IAC)
        elif command in (WILL, WONT, DO, DONT):
            self._verb = command
            self._state = self._option
        elif command == SB:
            self._state = self._subnegotiation
        elif command == EC:
            self._rub_out()
        elif command in (EL, IP):
            self._line.clear()

    def _option(self) -> None:
        option = self._take()
        self._state = self._text
        refusal = _REFUSALS.get(self._verb)
        # WONT and DONT want no answer: they change nothing. A timing mark (RFC 860) is asked for anew each
        # time, after ^C for one, and the window stays mute until the answer.
        if refusal and ((refusal, option) not in self._refused or option == TIMING_MARK):
            self._refused.add((refusal, option))
            self._replies += bytes((IAC, refusal, option))

    def _subnegotiation(self) -> None:
        end = self._data.find(IAC, self._at)
        if end < 0:
            self._at = len(self._data)
        else:
            self._at = end + 1
            self._state = self._subnegotiation_iac

    def _subnegotiation_iac(self) -> None:
        following = self._data[self._at]
        if following == IAC:
            self._at += 1
            self._state = self._subnegotiation
        else:
            # SE, as it should be; or any other command: then the SE was forgotten.
            self._state = self._command

    def _take(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _end(self, byte: int) -> str:
        if byte == CR:
            self._state = self._after_cr
        line = clean(self._line.decode("utf-8", "replace"))
        self._line.clear()
        return line

    def _rub_out(self) -> None:
        """Removes the last character: in UTF-8, continuation bytes (10xxxxxx) and what leads them."""
        while self._line and self._line.pop() & 0xC0 == 0x80:
            pass
