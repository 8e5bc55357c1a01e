"""Why a command could not be run."""

__all__ = ["Problem"]


class Problem(Exception):
    """Told in one line; the command ends with status 2."""
