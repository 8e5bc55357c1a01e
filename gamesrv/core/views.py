"""Views and what changes in them: RFC 7396 merge patches between maps of plain data."""

from typing import Any, TypeAlias

from attrs import define, field

__all__ = ["Audience", "View", "diff", "merge", "prune"]

View: TypeAlias = dict[str, Any]
"""Plain data with string keys; a value that is `None` counts as absent, as the RFC has it."""


def diff(old: View, new: View) -> View:
    """The merge patch that makes ``new`` of ``old``; empty when nothing changed.

    Lists are compared whole and replaced whole, as the RFC has it. Values that Python finds equal (1, 1.0
    and True) are the same.
    """
    patch: View = {}
    for key, value in new.items():
        before = old.get(key)
        if before == value:
            continue
        if type(value) is not dict:
            patch[key] = value
        elif type(before) is not dict:
            patch[key] = prune(value)
        elif inner := diff(before, value):
            patch[key] = inner
    for key in old.keys() - new.keys():
        if old[key] is not None:
            patch[key] = None
    return patch


def merge(target: View, patch: View) -> View:
    """Applies a patch to ``target``, in place, and returns it."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif type(value) is dict:
            before = target.get(key)
            target[key] = merge(before if type(before) is dict else {}, value)
        else:
            target[key] = value
    return target


def prune(view: View) -> View:
    """A copy without what is `None`: a snapshot says the same as the patches that led to it."""
    return {
        key: prune(value) if type(value) is dict else value
        for key, value in view.items()
        if value is not None
    }


@define(eq=False)
class Audience:
    """Those who see the same: the view they have now, and its version."""

    view: View = field(factory=dict)
    version: int = 0

    def change(self, view: View) -> View | None:
        """Takes a new view; returns the patch to it, `None` where it is the same."""
        patch = diff(self.view, view)
        if not patch:
            return None
        self.view = view
        self.version += 1
        return patch
