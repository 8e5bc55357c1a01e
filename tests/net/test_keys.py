"""Keys in files: the server's own, and those that a client has seen."""

import stat
from pathlib import Path

import pytest

from gamesrv.net.keys import KnownServers, server_key


def test_a_key_is_made_once_for_nobody_else_to_read(tmp_path: Path) -> None:
    path = tmp_path / "key"
    secret = server_key(path)
    assert len(secret) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert server_key(path) == secret
    assert server_key(tmp_path / "other") != secret


@pytest.mark.parametrize("text", ["", "\n", "00" * 31, "00" * 33, "zz" * 32, "00" * 32 + "\n" + "00" * 1000])
def test_a_file_without_a_key_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        server_key(path)
    assert path.read_text() == text


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    server_key(path)
    path.chmod(mode)
    with pytest.raises(ValueError, match="chmod 600"):
        server_key(path)


def test_a_place_where_no_file_can_be(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        server_key(tmp_path / "nowhere" / "key")


def test_a_server_is_trusted_at_first_use_and_then_only_with_that_key(tmp_path: Path) -> None:
    path = tmp_path / "known"
    key, other = bytes(32), b"\1" * 32
    assert KnownServers(path).trusts("a:1", key)
    assert KnownServers(path).trusts("a:1", key)
    assert not KnownServers(path).trusts("a:1", other)
    assert KnownServers(path).trusts("a:2", other)
    assert not KnownServers(path).trusts("a:2", key)
    assert path.read_text() == f"a:1 {key.hex()}\na:2 {other.hex()}\n"


def test_a_line_that_is_no_key_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "known"
    path.write_text("# mine\n\na:1 00\n")
    assert not KnownServers(path).trusts("a:1", bytes(32))
    assert KnownServers(path).trusts("b:1", bytes(32))
