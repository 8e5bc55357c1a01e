"""The common case of WebSocket input: small, whole, masked messages, straight from the bytes.

Whatever is not of that kind is left to a complete implementation of RFC 6455.
"""

__all__ = ["split_small_frames"]

_MASKED = 0x80
_HEAD = 6
"""Bytes before the payload: opcode, length, and a mask of four (RFC 6455 section 5.2)."""
_SMALL = 125
_MASKS = 32
"""So many are as long as a payload at least."""


def split_small_frames(data: bytes, first_byte: int, limit: int) -> tuple[list[bytes], int]:
    """Takes frames off the front of ``data``, as long as each is complete, masked, begins with ``first_byte``
    (the opcode with FIN set) and has at most 125 bytes, and at most ``limit``.

    Returns their unmasked payloads, and how many bytes of ``data`` they were.
    """
    end = len(data)
    if _HEAD <= end <= _HEAD + _SMALL and data[1] == end - _HEAD + _MASKED and data[0] == first_byte:
        size = end - _HEAD
        if size <= limit:  # one that came alone, as most do
            return [_unmask(data[_HEAD:], data[2:_HEAD], size)], end
    payloads = []
    start = 0
    longest = min(limit, _SMALL)
    while end - start >= _HEAD and data[start] == first_byte:
        size = data[start + 1] - _MASKED
        stop = start + _HEAD + size
        if not 0 <= size <= longest or stop > end:
            break
        payloads.append(_unmask(data[start + _HEAD : stop], data[start + 2 : start + _HEAD], size))
        start = stop
    return payloads, start


def _unmask(payload: bytes, mask: bytes, size: int) -> bytes:
    """Section 5.3, all bytes at once: as one long number each."""
    return (_number(payload, "little") ^ _number((mask * _MASKS)[:size], "little")).to_bytes(size, "little")


_number = int.from_bytes
