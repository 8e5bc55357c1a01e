"""What the kernel tells about processes and cores (Linux), and where they are pinned."""

import os
import platform
import resource
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from shutil import which

__all__ = [
    "LOAD_CORE",
    "SERVER_CORE",
    "busy_seconds",
    "cpu_seconds",
    "describe",
    "pin",
    "raise_file_limit",
    "resident_bytes",
]

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
FILES_NEEDED = 8192
PACKAGES = ("twisted", "autobahn", "msgspec", "picows", "websockets")


def pin(core: int) -> None:
    """Keeps this process, and those it starts, on one core."""
    os.sched_setaffinity(0, {core})


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all its threads together."""
    return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) gives


def busy_seconds() -> float:
    """Time that all cores together have worked, or that the host took from them."""
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM now."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        line = next(line for line in rollup if line.startswith("Rss:"))
    return int(line.split()[1]) * 1024


def raise_file_limit() -> None:
    """As many sockets as we may open, here and in the children; raises OSError if that is too few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < FILES_NEEDED:
        raise OSError(f"at most {most} open files are allowed here, {FILES_NEEDED} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def describe() -> str:
    """One line on where the figures come from."""
    versions = [f"Python {platform.python_version()}", *map(_version, PACKAGES), _node_version()]
    return f"{', '.join(filter(None, versions))}; {len(CORES)} cores, {_processor()}"


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _node_version() -> str:
    if which("node") is None:
        return ""
    return "Node " + subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()


def _processor() -> str:
    with open("/proc/cpuinfo") as cpuinfo:
        names = [line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")]
    return names[0] if names else platform.machine()
