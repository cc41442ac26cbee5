"""The order in which packages are linked, which decides who owns a contested path, is rattler's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hognose.types import PackageRecord, sort_topologically

rattler = pytest.importorskip("rattler")
BuildString = pytest.importorskip("rattler.package.build_string").BuildString

NAMES = "abcdefg"
GRAPHS = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(
        st.lists(st.sampled_from([*NAMES, "__glibc"]), max_size=4, unique=True),
        st.sampled_from([None, "python", "generic"]),
    ),
    max_size=7,
)


@given(GRAPHS)
def test_packages_are_ordered_like_rattler_does(graph):
    ours = [
        PackageRecord.create(name=name, version="1", build="0", depends=depends, noarch=noarch)
        for name, (depends, noarch) in graph.items()
    ]
    theirs = [
        rattler.PackageRecord(
            name=name,
            version="1",
            build=BuildString("0"),
            build_number=0,
            subdir="linux-64",
            noarch=rattler.NoArchType(noarch),
            depends=depends,
        )
        for name, (depends, noarch) in graph.items()
    ]
    expected = [
        record.name.normalized for record in rattler.PackageRecord.sort_topologically(theirs)
    ]
    assert expected == [str(record.name) for record in sort_topologically(ours)]
