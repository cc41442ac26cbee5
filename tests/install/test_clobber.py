from hypothesis import given
from hypothesis import strategies as st

from hognose.install.clobber import ClobberedPath, clobber_path, resolve_clobbers


def test_packages_that_do_not_meet_have_no_clobbers():
    assert resolve_clobbers([("a", ["x/1"]), ("b", ["x/2"])]) == ()


def test_the_last_package_wins_a_path():
    found = resolve_clobbers([("a", ["x"]), ("b", ["x"]), ("c", ["x", "y"])])
    assert found == (ClobberedPath("x", "c", ("a", "b")),)


def test_a_later_file_beats_the_folder_in_its_place():
    found = resolve_clobbers([("a", ["x/1", "x/2"]), ("b", ["x"])])
    assert found == (
        ClobberedPath("x/1", None, ("a",)),
        ClobberedPath("x/2", None, ("a",)),
    )


def test_a_later_folder_beats_the_file_in_its_place():
    found = resolve_clobbers([("a", ["x"]), ("b", ["x/1"])])
    assert found == (ClobberedPath("x", None, ("a",)),)


def test_a_folder_that_wins_may_hold_a_contest_of_its_own():
    found = resolve_clobbers([("a", ["x"]), ("b", ["x/1"]), ("c", ["x/1", "x/1.txt"])])
    assert found == (
        ClobberedPath("x", None, ("a",)),
        ClobberedPath("x/1", "c", ("b",)),
    )


def test_losers_are_kept_below_their_names():
    assert clobber_path("a", "bin/x") == "__clobbers__/a/bin/x"


def _without_nesting(paths):
    """Leave out paths below another one: no package ships a file inside a file."""
    return [path for path in paths if not any(path.startswith(f"{other}/") for other in paths)]


PATHS = st.lists(
    st.sampled_from(["a", "b", "a/a", "a/b", "b/a", "a/a/a", "a/a/b", "b/a/a"]), unique=True
).map(_without_nesting)


def _staying(packages):
    named = [(f"p{rank}", paths) for rank, paths in enumerate(packages)]
    losing = {(name, item.path) for item in resolve_clobbers(named) for name in item.losers}
    return [[path for path in paths if (name, path) not in losing] for name, paths in named]


@given(st.lists(PATHS, max_size=5))
def test_what_is_left_fits_into_one_tree(packages):
    left = [path for paths in _staying(packages) for path in paths]
    assert sorted(set(left)) == sorted(left)
    assert not [path for path in left if any(other.startswith(f"{path}/") for other in left)]


@given(st.lists(PATHS, min_size=1, max_size=5))
def test_the_last_package_never_loses(packages):
    assert packages[-1] == _staying(packages)[-1]
