"""Every way to install gives a working ``twistd gamesrv`` from any directory: proved in processes of its own.

An installation has a virtual environment to itself and sees the dependencies of the one that runs the tests
through a path file. Path files found there are not followed, so our own editable install does not leak in.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sysconfig
import threading
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.client import HTTPConnection
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parent.parent
NOT_SOURCE = (".*", "__pycache__", "*.egg-info", "build", "dist", "dropin.cache", "_trial_temp*")
TWISTD = Path(sysconfig.get_path("scripts"), "twistd")
DEPENDENCIES = f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
PATIENCE = 60
"""Seconds after which a process counts as hung."""


@attrs.frozen
class Installation:
    """A virtual environment with gamesrv installed in it from a copy of the source."""

    source: Path
    home: Path

    def python(self, *arguments: str | Path) -> list[str]:
        return [str(self.home / "bin" / "python"), *map(str, arguments)]

    def run(self, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run this environment's Python to its end."""
        command = self.python(*arguments)
        return subprocess.run(
            command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE
        )

    def pip(self, *arguments: str) -> None:
        options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
        done = self.run("-m", "pip", *arguments, *options, cwd=self.source)
        assert done.returncode == 0, done.stderr

    @property
    def packages(self) -> Path:
        return next(self.home.glob("lib/python*/site-packages"))


Installer = Callable[[str], Installation]


def install(way: str, place: Path) -> Installation:
    """A fresh environment, and in it a clean copy of the source, installed that way."""
    installation = Installation(place / "source", place / "venv")
    shutil.copytree(ROOT, installation.source, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    venv.create(installation.home, symlinks=True)
    (installation.packages / "dependencies.pth").write_text(DEPENDENCIES)
    if way == "wheel":
        install_wheel(installation)
    else:
        editable = ("--editable",) if way == "editable" else ()
        installation.pip("install", "--ignore-installed", *editable, ".")
    return installation


def install_wheel(installation: Installation) -> None:
    """Install a wheel made from a source distribution, as a release is."""
    build = "from setuptools.build_meta import build_sdist; build_sdist('dist')"
    assert installation.run("-c", build, cwd=installation.source).returncode == 0
    (archive,) = (installation.source / "dist").iterdir()
    installation.pip("wheel", "--wheel-dir", "dist", str(archive))
    (wheel,) = (installation.source / "dist").glob("*.whl")
    installation.pip("install", "--ignore-installed", str(wheel))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installer:
    """Installs in the way asked for, once for all tests."""
    return cache(lambda way: install(way, tmp_path_factory.mktemp(way)))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def options(**endpoints: str) -> list[str]:
    """The arguments of ``twistd`` for a server in the foreground that listens only where it is told."""
    endpoints = {"web": "", "packets": "", "telnet": "", "store": "memory:"} | endpoints
    return ["-n", "--pidfile=", "gamesrv", *(f"--{name}={value}" for name, value in endpoints.items())]


@contextmanager
def serving(installation: Installation, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server, and the port it has told; killed in the end, and whenever it hangs."""
    command = installation.python(TWISTD, *options(web="tcp:0:interface=127.0.0.1"))
    with subprocess.Popen(
        command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if told := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                    break
            else:
                pytest.fail(f"the server stopped: {said}")
            yield process, int(told[1])
        finally:
            watchdog.cancel()
            process.kill()


def get(port: int, path: str) -> tuple[int, str, bytes]:
    """Status, content type and body of a page."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type", ""), response.read()
    finally:
        connection.close()


each_way = pytest.mark.parametrize("way", ["wheel", "directory", "editable"])


@each_way
def test_twistd_lists_gamesrv_without_importing_it(way: str, installed: Installer, tmp_path: Path) -> None:
    """The first run reads the plugin files, everybody's; later ones know from its cache what is in them."""
    installation = installed(way)
    for folder in (installation.source, installation.packages):
        (folder / "twisted/plugins/dropin.cache").unlink(missing_ok=True)
    for unwanted in ({"gamesrv"}, {"gamesrv", "autobahn", "twisted.internet.reactor"}):
        done = installation.run("-X", "importtime", TWISTD, "--help", cwd=tmp_path)
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert done.returncode == 0
        assert "    gamesrv  " in done.stdout
        assert "twisted.plugins" in imported
        assert not imported & unwanted


@each_way
def test_help_tells_the_options(way: str, installed: Installer, tmp_path: Path) -> None:
    done = installed(way).run(TWISTD, "gamesrv", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert [name for name in ("--web", "--packets", "--telnet", "--game") if name not in done.stdout] == []


@each_way
def test_serves_the_page_and_stops_when_told(way: str, installed: Installer, tmp_path: Path) -> None:
    with serving(installed(way), tmp_path) as (server, port):
        status, kind, page = get(port, "/")
        assert (status, kind.partition(";")[0]) == (200, "text/html")
        assert page == (ROOT / "web" / "index.html").read_bytes()
        server.terminate()
        server.communicate(timeout=PATIENCE)
        assert server.returncode in (0, -signal.SIGTERM)  # twistd ends by the signal that stopped it
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", ["wheel", "directory"])
def test_an_installed_package_is_whole(way: str, installed: Installer) -> None:
    packages = installed(way).packages
    source = installed(way).source
    assert files(packages / "gamesrv") == files(source / "gamesrv") | {
        f"web/{name}": content for name, content in files(source / "web").items()
    }
    assert set(files(packages / "twisted")) - {"plugins/dropin.cache"} == {"plugins/gamesrv_plugin.py"}


def test_an_editable_install_is_a_path_to_the_source(installed: Installer) -> None:
    installation = installed("editable")
    assert not (installation.packages / "gamesrv").exists()
    assert not (installation.source / "gamesrv" / "web").exists()
    paths = [file.read_text().strip() for file in installation.packages.glob("*gamesrv*.pth")]
    assert paths == [str(installation.source)]


def test_twisted_keeps_its_own_package() -> None:
    """An __init__.py of ours there would hide or overwrite Twisted's."""
    assert list((ROOT / "twisted").rglob("__init__.py")) == []


@pytest.mark.parametrize(
    ("culprit", "arguments"),
    [
        ("nonsense", ["--nonsense"]),
        ("carrier-pigeon:1", ["--packets=carrier-pigeon:1"]),
        ("often", ["--tick-rate=often"]),
        ("string:Template", ["--game=string:Template"]),
    ],
)
def test_a_bad_option_is_one_clear_line(
    culprit: str, arguments: list[str], installed: Installer, tmp_path: Path
) -> None:
    done = installed("editable").run(TWISTD, *options(), *arguments, cwd=tmp_path)
    assert_one_clear_line(done, culprit)


@pytest.mark.parametrize("transport", ["web", "packets", "telnet"])
def test_a_port_in_use_is_one_clear_line(transport: str, installed: Installer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        endpoint = {transport: f"tcp:{port}:interface=127.0.0.1"}
        done = installed("editable").run(TWISTD, *options(**endpoint), cwd=tmp_path)
    assert_one_clear_line(done, str(port))


def assert_one_clear_line(done: subprocess.CompletedProcess[str], culprit: str) -> None:
    assert done.returncode not in (0, None)
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert culprit in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
