"""What is asked over HTTP and answered in JSON: how it is read, how it is answered, what is said no to."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, ClassVar, TypeVar

import msgspec
from attrs import define, field
from msgspec import Struct
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import (
    BAD_REQUEST,
    INTERNAL_SERVER_ERROR,
    NOT_ALLOWED,
    NOT_FOUND,
    OK,
    SERVICE_UNAVAILABLE,
)
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from twisted.web.static import NoRangeStaticProducer

from gamesrv.core.plain import explain
from gamesrv.server.gate import Gate
from gamesrv.server.limits import TokenBucket
from gamesrv.storage.archive import Archive
from gamesrv.storage.errors import NotFound, StoreError

__all__ = ["HEADERS", "Endpoint", "Nothing", "Problem", "Questions"]

HEADERS = {
    # A page may run WebAssembly, for its Python is that, but no text as a program.
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; "
        b"img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-cache",
}
"""Of all that the site answers, pages and all else."""
READING = (b"GET", b"HEAD")
PIECE = 32 * 1024
"""Bytes that are sent at once; of more than that, a next piece when the one before is read."""
MOST_ASKED = 4
"""Questions to the store at a time: they are answered between two commits, and players wait for those."""
ASKED_A_SECOND, ASKED_AT_ONCE = 50.0, 100.0
"""And in a row: one takes the store's thread up to two milliseconds."""

Answer = TypeVar("Answer")


class Complaint(Struct, frozen=True, omit_defaults=True):
    """The body of an answer that says no."""

    code: str
    message: str
    field: str | None = None


class Problem(Exception):
    """Raise it to say no: ``code`` is for programs, ``message`` for people, ``field`` names a parameter."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.complaint = Complaint(code, message, field)


@define(eq=False)
class Questions:
    """The way of web pages to what is kept. A flood of questions is turned away and holds up no game."""

    _gate: Gate
    _waiting: int = field(default=0, init=False)
    _bucket: TokenBucket = field(factory=lambda: TokenBucket(ASKED_A_SECOND, ASKED_AT_ONCE), init=False)

    def ask(self, question: Callable[[Archive], Answer]) -> Deferred[Answer]:
        """What ``question`` finds in the archive. Raises `Problem` where nothing is kept here, where the
        store fails, and where too many ask.
        """
        books = self._gate.books
        if books is None:
            raise Problem(NOT_FOUND, "not_kept", "this server keeps no results")
        if books.trouble is not None:
            raise store_failed()
        if self._waiting >= MOST_ASKED or not self._bucket.take(self._gate.now()):
            raise Problem(SERVICE_UNAVAILABLE, "busy", "too many ask at once: try again in a moment")
        self._waiting += 1
        return books.store.ask(question).addBoth(self._answered)

    def _answered(self, answer: Any) -> Any:
        self._waiting -= 1
        return answer


class Endpoint(Resource):
    """One kind of question. A subclass says in `find` what the answer is, and in `Parameters` what may be
    asked for behind the ``?``: each once, as its type wants it.
    """

    Parameters: ClassVar[type[Struct]] = msgspec.defstruct("Parameters", [], forbid_unknown_fields=True)
    _log = Logger()

    def find(self, given: Any) -> object:
        """The answer to these `Parameters`, to be said in JSON, or a `Deferred` of it. May raise `Problem`;
        `StoreError` is understood too.
        """
        raise NotImplementedError

    def render(self, request: Request) -> int:
        """Answers now or later; a fault is ours, and logged."""
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        answer = maybeDeferred(self._find, request).addCallback(msgspec.json.encode)
        answer.addCallbacks(lambda body: (OK, body), self._refused)
        answer.addCallback(lambda told: None if gone else _write(request, *told))
        return NOT_DONE_YET

    def getChild(self, path: bytes, request: Request) -> Resource:
        """There is nothing beyond."""
        return Nothing()

    def _find(self, request: Request) -> object:
        if request.method not in READING:
            raise Problem(NOT_ALLOWED, "bad_method", "this is for reading only: GET or HEAD")
        return self.find(_parameters(self.Parameters, request))

    def _refused(self, failure: Failure) -> tuple[int, bytes]:
        problem = failure.value
        if isinstance(problem, NotFound):
            problem = Problem(NOT_FOUND, "not_found", str(problem))
        elif isinstance(problem, StoreError):
            problem = store_failed()
        elif not isinstance(problem, Problem):
            self._log.failure("A question could not be answered", failure)
            problem = Problem(INTERNAL_SERVER_ERROR, "internal_error", "the server failed at this question")
        return problem.status, msgspec.json.encode(problem.complaint)


class Nothing(Endpoint):
    """What is not there."""

    def find(self, given: Any) -> object:
        raise Problem(NOT_FOUND, "not_found", "there is nothing here")


def store_failed() -> Problem:
    """What is said while the store can't answer."""
    return Problem(SERVICE_UNAVAILABLE, "store_failed", "what is kept can't be read now: try again later")


def _parameters(wanted: type[Struct], request: Request) -> Struct:
    given: dict[str, str] = {}
    for key, values in (request.args or {}).items():
        name = key.decode(errors="replace")
        if len(values) > 1:
            raise Problem(BAD_REQUEST, "bad_argument", "it is given twice", name)
        given[name] = values[0].decode(errors="replace")
    try:
        return msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        message, path = explain(error)
        raise Problem(BAD_REQUEST, "bad_argument", message, path) from None


def _write(request: Request, status: int, body: bytes) -> None:
    request.setResponseCode(status)
    for name, value in HEADERS.items():
        request.setHeader(name, value)
    request.setHeader(b"content-type", b"application/json")
    request.setHeader(b"content-length", b"%d" % len(body))
    if status == NOT_ALLOWED:
        request.setHeader(b"allow", b", ".join(READING))
    if status == SERVICE_UNAVAILABLE:
        request.setHeader(b"retry-after", b"1")
    if len(body) <= PIECE or request.method == b"HEAD":
        request.write(body)
        request.finish()
    else:
        NoRangeStaticProducer(request, BytesIO(body)).start()
