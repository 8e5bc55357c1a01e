"""The stream that protects: published values of its handshake, records, rekeying, and everything forged."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gamesrv.wire import noise
from gamesrv.wire.cipher import CipherError
from gamesrv.wire.frames import FrameError
from gamesrv.wire.noise import (
    RECORD,
    CipherState,
    Handshake,
    NoiseClient,
    NoiseServer,
    public_bytes,
    public_key,
)
from tests.wire.ciphered import SECRET, noise_pair, private

# Noise_NX_25519_ChaChaPoly_SHA256 of the test values of cacophony (Unlicense), a Haskell library.
VECTOR: dict[str, Any] = {
    "prologue": "4a6f686e2047616c74",
    "init_ephemeral": "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
    "resp_static": "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
    "resp_ephemeral": "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
    "handshake_hash": "6959d38aed4b70824a50c722b47c07e00e88eb3eb14f351c11cbee4f56dac33b",
    "messages": [
        (
            "4c756477696720766f6e204d69736573",
            "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944"
            "4c756477696720766f6e204d69736573",
        ),
        (
            "4d757272617920526f746862617264",
            "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"
            "0da8899553a0e2d18bb3bcdf632634e25dd60e400ecc50c371de2cd83257c763"
            "6c5913e463b6bd3f3efe3eb1c9e92f10dde5d45c312e42ff98cfadd9f9e92b01"
            "ec7604e5d2150eef5db0aed53ab203",
        ),
        ("462e20412e20486179656b", "deefd230bea16077f1ceecaad5e4284c3bf2c564e20f694a61b9d4"),
        ("4361726c204d656e676572", "6bfa60de93cf432f460dcc86cf66716c22ffb502125832433808c0"),
        (
            "4a65616e2d426170746973746520536179",
            "9c9608d8fc3ef689ae393775e8bb60c16f28ab12ff5c94015961e54addb3d64983",
        ),
        (
            "457567656e2042f6686d20766f6e2042617765726b",
            "2490983755cc8a904f08a5876acb67db6821de003421b2f72f9f2389b21105ed4d43c4c799",
        ),
    ],
}


def key_of(name: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(VECTOR[name]))


def test_the_published_values() -> None:
    prologue = bytes.fromhex(VECTOR["prologue"])
    client = Handshake(prologue, lambda: key_of("init_ephemeral"))
    server = Handshake(prologue, lambda: key_of("resp_ephemeral"))
    (hello, hello_sent), (answer, answer_sent), *rest = [
        (bytes.fromhex(payload), bytes.fromhex(sent)) for payload, sent in VECTOR["messages"]
    ]
    assert client.hello(hello) == hello_sent
    assert server.answer(hello_sent, key_of("resp_static"), answer) == answer_sent
    assert client.finish(answer_sent) == public_bytes(key_of("resp_static"))
    assert client.hash.hex() == server.hash.hex() == VECTOR["handshake_hash"]
    ours, theirs = client.split(), server.split()
    for number, (payload, sent) in enumerate(rest):
        assert ours[number % 2].encrypt(payload) == sent
        assert theirs[number % 2].decrypt(sent) == payload


# ---------------------------------------------------------------------- the handshake


def server(number: int = 8) -> NoiseServer:
    return NoiseServer(X25519PrivateKey.from_private_bytes(SECRET), lambda: private(number))


def met(trusted: bytes) -> NoiseClient:
    """A client that trusts one key and has had the server's answer."""
    client, host = NoiseClient(lambda key: key == trusted), server()
    host.feed(client.encrypt(b""))
    host.read(1)
    client.feed(host.encrypt(b""))
    return client


def test_a_client_is_told_the_servers_key_and_decides() -> None:
    client = met(public_key(SECRET))
    assert client.read(1) == b"" and client.ready
    client = met(public_key(bytes(32)))
    with pytest.raises(CipherError, match="not the one we trust"):
        client.read(1)
    assert not client.ready
    assert client.encrypt(b"a secret") == b""


def test_before_there_are_keys_nothing_is_said() -> None:
    host = server()
    assert host.encrypt(b"hello") == b""
    assert not host.ready
    client = NoiseClient(lambda key: True)
    assert len(client.encrypt(b"hello")) == 2 + 32
    assert client.encrypt(b"hello") == b""


@pytest.mark.parametrize(
    "hello",
    [bytes(17), bytes(31), private(1).public_key().public_bytes_raw() + b"x", bytes(48), bytes(1000)],
)
def test_a_hello_of_another_size_is_refused(hello: bytes) -> None:
    host = server()
    host.feed(len(hello).to_bytes(2, "big") + hello)
    with pytest.raises(CipherError):
        host.read(1)
    assert host.encrypt(b"what") == b""


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31)])
def test_a_key_that_would_make_every_secret_the_same_is_refused(point: bytes) -> None:
    host = server()
    host.feed(b"\x00\x20" + point)
    with pytest.raises(CipherError, match="no key"):
        host.read(1)
    assert host.encrypt(b"what") == b""


@given(st.integers(0, 95), st.integers(1, 255))
def test_a_client_takes_no_answer_that_was_changed(at: int, by: int) -> None:
    client, host = NoiseClient(lambda key: True, lambda: private(7)), server()
    host.feed(client.encrypt(b""))
    host.read(1)
    answer = bytearray(host.encrypt(b""))
    assert len(answer) == 2 + 32 + 48 + 16
    answer[2 + at] ^= by
    client.feed(bytes(answer))
    with pytest.raises(CipherError):
        client.read(1)
    assert not client.ready


@pytest.mark.parametrize("size", [17, 32, 79, 95])
def test_a_client_takes_no_shorter_answer(size: int) -> None:
    client, host = NoiseClient(lambda key: True), server()
    host.feed(client.encrypt(b""))
    host.read(1)
    answer = host.encrypt(b"")[2 : 2 + size]
    client.feed(size.to_bytes(2, "big") + answer)
    with pytest.raises(CipherError):
        client.read(1)


def test_another_prologue_is_another_protocol() -> None:
    ours, other = Handshake(), Handshake(b"something else")
    answer = other.answer(ours.hello(), private(9))
    with pytest.raises(CipherError):
        ours.finish(answer)


def test_every_stream_has_keys_of_its_own() -> None:
    sent = set()
    for _ in range(3):
        client, host = NoiseClient(lambda key: True), NoiseServer(private(1))
        host.feed(client.encrypt(b""))
        host.read(1)
        client.feed(host.encrypt(b""))
        client.read(1)
        sent.add(client.encrypt(b"hello"))
    assert len(sent) == 3


# ---------------------------------------------------------------------- records


def test_a_long_write_becomes_several_records() -> None:
    client, host = noise_pair()
    said = bytes(index % 251 for index in range(2 * RECORD + 5))
    sent = client.encrypt(said)
    assert len(sent) == len(said) + 3 * (2 + 16)
    host.feed(sent)
    assert b"".join(iter(lambda: host.read(1000), b"")) == said


@pytest.mark.parametrize("length", [0, 1, 15, 16, RECORD + 17, 0xFFFF])
def test_a_record_of_no_possible_size_is_refused(length: int) -> None:
    for host in (server(), noise_pair()[1]):
        host.feed(length.to_bytes(2, "big"))
        with pytest.raises(FrameError):
            host.read(1)


@given(st.data())
def test_no_change_on_the_way_goes_unnoticed(data: st.DataObject) -> None:
    """Records changed, left out, repeated, swapped, or sent back to their sender: no byte of it is read."""
    client, host = noise_pair()
    records = [client.encrypt(bytes([number]) * 20) for number in range(4)]
    forged = records.copy()
    at = data.draw(st.integers(0, 2))
    kind = data.draw(st.sampled_from(["change", "leave out", "repeat", "swap", "reflect"]))
    if kind == "change":
        changed = bytearray(forged[at])
        changed[data.draw(st.integers(2, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
        forged[at] = bytes(changed)
    elif kind == "leave out":
        del forged[at]
    elif kind == "repeat":
        forged.insert(at, forged[at])
        at += 1
    elif kind == "swap":
        forged[at], forged[at + 1] = forged[at + 1], forged[at]
    else:
        forged[at] = host.encrypt(bytes(20))
    host.feed(b"".join(forged))
    for number in range(at):
        assert host.read(20) == bytes([number]) * 20
    with pytest.raises(CipherError):
        host.read(20)


def test_both_sides_change_the_key_at_the_same_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records after the change are not what the old key would have made of them."""
    without, _ = noise_pair()
    plain = [without.encrypt(b"tick") for _ in range(7)]
    monkeypatch.setattr(noise, "REKEY_AFTER", 3)
    client, host = noise_pair()
    records = [client.encrypt(b"tick") for _ in range(7)]
    assert [a == b for a, b in zip(records, plain, strict=True)] == [True] * 3 + [False] * 4
    host.feed(b"".join(records))
    assert [host.read(4) for _ in range(7)] == [b"tick"] * 7
    client.feed(b"".join(host.encrypt(b"tock") for _ in range(7)))
    assert [client.read(4) for _ in range(7)] == [b"tock"] * 7


def test_a_rekey_is_the_one_of_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    """ENCRYPT(k, 2**64 - 1, "", 32 zeros), its first 32 bytes; the count goes on."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    monkeypatch.setattr(noise, "REKEY_AFTER", 1)
    state, key = CipherState(SECRET), SECRET
    for count in range(3):
        nonce = bytes(4) + count.to_bytes(8, "little")
        assert state.encrypt(b"x") == ChaCha20Poly1305(key).encrypt(nonce, b"x", b"")
        key = ChaCha20Poly1305(key).encrypt(bytes(4) + b"\xff" * 8, bytes(32), b"")[:32]
