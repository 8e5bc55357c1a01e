"""Packaging: what goes into a wheel and what it needs. Tool settings are in pyproject.toml."""

from pathlib import Path
from shutil import copytree

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

WEB = "web"


class BuildWithWeb(build_py):
    """Carries the web client, which lives beside the package, inside it: as ``gamesrv/web``.

    An editable install skips that: there the server finds the repository's own ``web``.
    """

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            copytree(WEB, Path(self.build_lib, "gamesrv", WEB), dirs_exist_ok=True)

    def get_source_files(self) -> list[str]:
        """Name the web client's files as sources, so that a source distribution has them too."""
        web = [str(path) for path in Path(WEB).rglob("*") if path.is_file()]
        return [*super().get_source_files(), *web]


setup(
    name="gamesrv",
    version="0.1.0",
    description="An authoritative multiplayer game server for people who write games in Python",
    long_description=Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE", "web/vendor/*/LICENSE"],
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Framework :: Twisted",
        "Intended Audience :: Developers",
        "Programming Language :: Python :: 3",
        "Topic :: Games/Entertainment",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    # Without this line an editable install writes an import hook instead of a .pth file, and Twisted, which
    # looks for plugins in the directories of sys.path, does not see ours.
    package_dir={"": "."},
    # twisted.plugins is Twisted's: it has no __init__.py here, so it must be named, and must never get one.
    packages=[*find_packages(include=["gamesrv", "gamesrv.*"]), "twisted.plugins"],
    package_data={"gamesrv": ["py.typed"]},
    cmdclass={"build_py": BuildWithWeb},
    entry_points={"console_scripts": ["gamesrv = gamesrv.cli.main:main"]},
    install_requires=[
        "attrs >= 25.4",
        "autobahn >= 26.7.1",
        "cattrs >= 25.3",
        "cryptography >= 45",
        "msgspec >= 0.21",
        "openskill >= 6.2",
        "twisted >= 26.4",
    ],
    extras_require={
        "client": ["prompt_toolkit >= 3.0.50"],
        "tls": ["twisted[tls] >= 26.4"],
        "test": [
            "coverage >= 7.10",
            "hypothesis >= 6.140",
            "pytest >= 9.0",
            "pytest-twisted >= 1.14.3",
            "pytest-xdist >= 3.8",
            "twisted[tls] >= 26.4",
            "selenium >= 4.40",
            "setuptools >= 77",
        ],
        "lint": ["mypy ~= 2.4", "ruff ~= 0.17.5"],
    },
)
