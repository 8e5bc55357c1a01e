"""Views and the patches between them."""

import json
from copy import deepcopy
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
from attrs import define, field, fields, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, to_builtins

from gamesrv.core.game import GameError, as_plain
from gamesrv.core.views import Audience, View, merge, merged, prune

# Few keys and few values, so that two views often have something in common.
leaves = st.none() | st.integers(0, 3) | st.sampled_from(["", "a", "b"]) | st.booleans() | st.just(0.5)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=8,
)
views = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


def diff(old: View, new: View) -> View:
    """What somebody is told who has seen the old view."""
    audience = Audience()
    audience.change(old)
    return audience.change(new) or {}


def says_none(view: View) -> bool:
    """Whether a map in it, not counting those in lists, has a `None`."""
    return any(v is None or (isinstance(v, dict) and says_none(v)) for v in view.values())


@given(views, views)
def test_a_patch_leads_from_one_view_to_the_next(old: View, new: View) -> None:
    assert merge(prune(deepcopy(old)), diff(old, new)) == prune(new)


@given(views, views)
def test_a_patch_says_so_on_the_wire_too(old: View, new: View) -> None:
    patch = json.loads(json.dumps(diff(old, new)))
    assert merge(prune(deepcopy(old)), patch) == prune(new)


@given(st.lists(views, min_size=1, max_size=5))
def test_whoever_follows_sees_what_a_newcomer_sees(history: list[View]) -> None:
    audience, seen = Audience(), View()
    for view in history:
        seen = merge(seen, audience.change(view) or {})
        assert seen == prune(audience.view) == prune(view)


@given(views, views)
def test_diff_and_prune_change_nothing(old: View, new: View) -> None:
    before = deepcopy((old, new))
    diff(old, new)
    prune(new)
    assert (old, new) == before


@given(views, views, views)
def test_what_is_merged_into_a_view_stays_as_it_was(target: View, patch: View, more: View) -> None:
    before = deepcopy(patch)
    merge(merge(target, patch), more)
    assert patch == before


@given(views, views)
def test_merging_anew_comes_to_the_same_and_changes_nothing(view: View, patch: View) -> None:
    before = deepcopy((view, patch))
    new = merged(view, patch)
    assert (view, patch) == before
    assert new == merge(deepcopy(view), patch)
    merge(new, {"a": {"a": 1}, "b": None})
    assert patch == before[1]


@given(views)
def test_the_same_view_needs_no_patch(view: View) -> None:
    assert diff(view, deepcopy(view)) == {}
    assert diff(view, prune(view)) == diff(prune(view), view) == {}


@given(views)
def test_prune_leaves_nothing_that_counts_as_absent(view: View) -> None:
    pruned = prune(view)
    assert not says_none(pruned)
    assert prune(pruned) == pruned
    assert says_none(view) or pruned == view


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {}, {"a": None}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ({"a": None}, {}, {}),
        ({}, {"a": None}, {}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": 3}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 3}}, {"a": {"y": 3}}),
        ({"a": {"x": 1}}, {"a": {}}, {"a": {"x": None}}),
        ({"a": {}}, {}, {"a": None}),
        ({"a": 1}, {"a": {}}, {"a": {}}),
        ({}, {"a": {"x": None}}, {"a": {}}),
        ({"a": {"x": None}}, {"a": {}}, {}),
        ({"a": [1]}, {"a": {"x": None, "y": {"z": None}}}, {"a": {"y": {}}}),
        ({"a": {"x": 1}}, {"a": [1]}, {"a": [1]}),
        ({"a": [1, 2]}, {"a": [1, 3]}, {"a": [1, 3]}),
        ({"a": [{"x": 1}]}, {"a": [{"x": None}]}, {"a": [{"x": None}]}),
        ({"a": 1}, {"a": True}, {}),
    ],
)
def test_patches_say_what_changed_and_no_more(old: View, new: View, patch: View) -> None:
    assert diff(old, new) == patch


@pytest.mark.parametrize(
    ("original", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_as_in_appendix_a_of_rfc_7396(original: Any, patch: Any, result: Any) -> None:
    """Some of its documents are no maps; within one they all have their place."""
    merged = merge({"it": deepcopy(original)}, {"it": patch})
    assert merged == ({} if result is None else {"it": result})
    if isinstance(original, dict) and isinstance(patch, dict):
        assert merge(deepcopy(original), patch) == result


def test_merge_works_in_place_and_answers_the_target() -> None:
    target = {"a": {"x": 1}}
    inner = target["a"]
    assert merge(target, {"a": {"y": 2}}) is target
    assert target["a"] is inner


def test_merge_takes_no_maps_of_the_patch_for_its_own() -> None:
    patch: View = {"a": {"x": {"y": 1}}}
    target = merge({}, patch)
    merge(target, {"a": {"x": {"y": 2}}})
    assert patch == {"a": {"x": {"y": 1}}}


@given(st.lists(views, max_size=5))
def test_versions_follow_one_another(history: list[View]) -> None:
    audience = Audience()
    for view in history:
        before = audience.version
        changed = audience.change(view) is not None
        assert audience.version == before + changed


def test_an_audience_that_sees_the_same_is_told_nothing() -> None:
    audience = Audience()
    assert audience.change({}) is audience.change({"b": None}) is None
    assert (audience.view, audience.version) == ({}, 0)
    assert audience.change({"a": 1}) == {"a": 1}
    assert audience.change({"a": 1, "b": None}) is None
    assert (audience.view, audience.version) == ({"a": 1}, 1)
    assert audience.change({"b": 2}) == {"a": None, "b": 2}
    assert (audience.view, audience.version) == ({"b": 2}, 2)
    assert audience.change({}) == {"b": None}


# ---------------------------------------------------------------------- authors' objects


class Suit(Enum):
    CLUBS = "clubs"
    HEARTS = "hearts"


@define
class Avatar:
    x: Any = 0
    inside: Any = None
    _plan: Any = None


@define
class Other:
    x: Any = 0


@frozen
class Coin:
    """Can't change."""

    worth: int = 0
    face: str | None = None


@frozen
class Chest:
    """Can't change itself, but what is in it can."""

    inside: Any = None


class Sealed(Struct, frozen=True):
    """No attrs class, but msgspec knows what to do."""

    x: Any = None


objects = st.recursive(
    leaves | st.sampled_from(Suit) | st.builds(Coin, st.integers(0, 2), st.sampled_from([None, "a"])),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b", 1, 2]), inner, max_size=3)
        | st.builds(Avatar, inner, inner, inner)
        | st.builds(Other, inner)
        | st.builds(Chest, inner)
        | st.builds(Sealed, st.dictionaries(st.sampled_from("ab"), inner, max_size=2))
    ),
    max_leaves=8,
)
worlds = st.dictionaries(st.sampled_from("abc"), objects, max_size=3) | st.builds(Avatar, objects, objects)


def turned(now: Any, then: Any) -> Any:
    """``then``, made of the objects of ``now`` where they can be changed, as a game makes it."""
    if type(now) is not type(then):
        return then
    if isinstance(now, dict):
        before = dict(now)
        now.clear()
        now.update((key, turned(before.get(key), value)) for key, value in then.items())
    elif isinstance(now, list):
        now[:] = then
    elif isinstance(now, Avatar | Other):
        for item in fields(type(now)):
            setattr(now, item.name, turned(getattr(now, item.name), getattr(then, item.name)))
    elif isinstance(now, Chest):
        return now if now.inside is turned(now.inside, then.inside) else then
    else:
        return now if now == then else then
    return now


@settings(max_examples=150)
@given(st.lists(worlds, min_size=1, max_size=5))
def test_patches_follow_objects_that_change_from_within(history: list[Any]) -> None:
    """What is seen is what `as_plain` makes of it all anew: the slow and sure way."""
    audience, seen, world = Audience(), View(), None
    for then in history:
        world = turned(world, then)
        patch = audience.change(world) or {}
        merge(seen, json.loads(json.dumps(patch)))
        assert seen == audience.view == json.loads(json.dumps(prune(as_plain(world, "view()"))))
        assert audience.change(world) is None


@given(worlds)
def test_looking_changes_no_object(world: Any) -> None:
    before = deepcopy(world)
    audience = Audience()
    audience.change(world)
    merge(audience.view, {"a": {"b": 1}})
    assert world == before


def test_what_was_told_does_not_change_later() -> None:
    avatar = Avatar(1, {"a": {"b": 1}, "c": [1]})
    audience = Audience()
    first = audience.change({"avatar": avatar})
    avatar.inside["a"]["b"] = 2
    avatar.inside["c"].append(2)
    second = audience.change({"avatar": avatar})
    avatar.inside["a"]["b"] = 3
    audience.change({"avatar": avatar})
    assert first == {"avatar": {"x": 1, "inside": {"a": {"b": 1}, "c": [1]}}}
    assert second == {"avatar": {"inside": {"a": {"b": 2}, "c": [1, 2]}}}


def test_an_object_of_another_class_takes_a_place_with_what_differs() -> None:
    audience = Audience()
    audience.change({"it": Avatar(1, 2)})
    assert audience.change({"it": Other(1)}) == {"it": {"inside": None}}
    assert audience.change({"it": MappingProxyType({"x": 1})}) is None
    assert audience.change({"it": Sealed({"x": 2})}) == {"it": {"x": {"x": 2}}}
    assert audience.change({"it": 5}) == {"it": 5}


@frozen
class Loose:
    """Equal whatever its second field says."""

    a: int
    b: int = field(eq=False)


@frozen
class Folded:
    """Equal in capitals and in small letters."""

    a: str = field(eq=str.lower)


@frozen
class Alike:
    """Its author finds them all the same."""

    a: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike)

    def __hash__(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        (Loose(1, 1), Loose(1, 2), {"b": 2}),
        (Folded("x"), Folded("X"), {"a": "X"}),
        (Alike(1), Alike(2), {"a": 2}),
    ],
)
def test_objects_may_differ_that_their_author_calls_equal(old: Any, new: Any, patch: View) -> None:
    assert diff({"it": old}, {"it": new}) == {"it": patch}
    assert diff({"it": [old]}, {"it": [new]}).keys() == {"it"}


@pytest.mark.parametrize("view", [None, 3, "text", [1], (1, 2), Suit.CLUBS])
def test_a_view_must_be_a_map(view: Any) -> None:
    audience = Audience()
    with pytest.raises(GameError, match="a view must be a map, got"):
        audience.change(view)
    audience = Audience()
    audience.change({"a": 1})
    with pytest.raises(GameError, match="a view must be a map, got"):
        audience.change(view)


@pytest.mark.parametrize("view", [{"a": object()}, {"a": [object()]}, {(1, 2): 3}, {"a": {None: 1}}])
def test_a_view_must_be_plain(view: Any) -> None:
    with pytest.raises(GameError, match="made of plain data and attrs objects"):
        Audience().change(view)


def test_keys_are_named_as_msgspec_names_them() -> None:
    keys = {1: 0, 2.5: 0, Suit.CLUBS: 0, "a": 0}
    assert Audience().change({"keys": keys}) == {"keys": to_builtins(keys, str_keys=True)}
