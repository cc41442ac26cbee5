"""Which names are one, on file systems that do not look at everything in a name."""

from unicodedata import normalize

import pytest

from hognose.install.path_spelling import PathSpelling, find_fold

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def linux(one, other):
    return one == other


def ntfs(one, other):
    return [letter.upper() for letter in one] == [letter.upper() for letter in other]


def apfs(one, other):
    one, other = normalize("NFD", one), normalize("NFD", other)
    return one.casefold() == other.casefold()


def apfs_with_case(one, other):
    return normalize("NFD", one) == normalize("NFD", other)


def test_nothing_is_folded_where_every_name_is_one_of_its_own():
    assert find_fold(linux) is None


@pytest.mark.parametrize("makes_one", [ntfs, apfs, apfs_with_case])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lib/a", "lib/b"),
        ("lib/a", "Lib/A"),
        (COMPOSED, DECOMPOSED),
        (COMPOSED, COMPOSED.upper()),
        ("stra\u00dfe", "strasse"),
        ("\u01c6", "\u01c4"),
    ],
)
def test_names_are_folded_as_the_file_system_takes_them(makes_one, one, other):
    fold = find_fold(makes_one)
    assert makes_one(one, other) is (fold(one) == fold(other))


def test_who_comes_first_decides_how_a_name_is_written():
    spelling = PathSpelling([f"share/{COMPOSED}/a"], fold=find_fold(apfs))
    assert f"share/{COMPOSED}/b" == spelling.settle(f"Share/{DECOMPOSED}/b")
