"""Why a connection ended: one number, the same on every transport."""

from enum import IntEnum

__all__ = ["CloseCode"]


class CloseCode(IntEnum):
    """Close codes: RFC 6455 section 7.4.1 where one fits, 4000-4999 of our own where none does.

    The private ones follow HTTP's numbers plus 4000 so that they can be read without a table.
    """

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013

    LEFT = 4000
    SHUTTING_DOWN = 4001
    TOO_SLOW = 4008
    BAD_MESSAGE = 4400
    BAD_TOKEN = 4401
    KICKED = 4403
    NO_SUCH_ROOM = 4404
    IDLE = 4408
    REPLACED = 4409
    ROOM_OVER = 4410
    RATE_LIMIT = 4429
    ROOM_FAILED = 4500
    FULL = 4503

    @property
    def retry(self) -> bool:
        """Whether a client may come back with the same token by itself, after a pause."""
        return self in _MAY_RETRY


_MAY_RETRY = frozenset(
    {
        CloseCode.GOING_AWAY,
        CloseCode.INTERNAL_ERROR,
        CloseCode.SERVICE_RESTART,
        CloseCode.TRY_AGAIN_LATER,
        CloseCode.SHUTTING_DOWN,
        CloseCode.TOO_SLOW,
        CloseCode.IDLE,
        CloseCode.RATE_LIMIT,
        CloseCode.FULL,
    }
)
