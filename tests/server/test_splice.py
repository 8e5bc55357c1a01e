"""Maps made of pieces that were encoded before."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.core.messages import Update
from gamesrv.net.websocket import SUBPROTOCOLS
from gamesrv.server.splice import splice_for
from gamesrv.server.terminal import Terminal
from gamesrv.wire.packets import PACKETS

FORMATS = [*SUBPROTOCOLS.values(), PACKETS]
values = (
    st.none()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=3)
    | st.dictionaries(st.text(max_size=2), st.integers(-(2**53), 2**53))
)
maps = st.dictionaries(st.text(max_size=4), values, max_size=40)


def decoded(fmt: Any, raw: msgspec.Raw) -> Any:
    form = msgspec.json if getattr(fmt, "binary", True) is False else msgspec.msgpack
    return form.decode(raw)


@given(st.sampled_from(FORMATS), maps, st.lists(st.integers(0, 40), max_size=5))
def test_pieces_make_the_map_that_they_are_pieces_of(
    fmt: Any, whole: dict[str, Any], cuts: list[int]
) -> None:
    splice = splice_for(fmt)
    assert splice is not None
    items, ends = [*whole.items()], [*sorted(cuts), 41]
    pieces = [splice.piece(dict(items[a:b])) for a, b in zip([0, *ends], ends, strict=False)]
    assert decoded(fmt, splice.join(pieces)) == decoded(fmt, msgspec.Raw(splice.encode(whole)))


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("size", [0, 1, 15, 16, 65_535, 65_536])
def test_of_any_size(fmt: Any, size: int) -> None:
    splice = splice_for(fmt)
    assert splice is not None
    half = {str(n): n for n in range(size)}, {f"x{n}": n for n in range(size)}
    assert decoded(fmt, splice.join(map(splice.piece, half))) == half[0] | half[1]


def test_a_text_window_is_told_in_plain_maps_and_hears_nothing_of_the_question() -> None:
    window = Terminal({})
    assert splice_for(window) is None
    assert window.encode(Update(1, 1, delta={"a": 1})) == b""
