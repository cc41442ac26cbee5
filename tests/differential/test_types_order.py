"""The order of an environment's records is the one that py-rattler chooses, circles included.

Packages are linked in it, so it decides who owns a path that several of them ship.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hognose.types import PackageRecord, sort_topologically

rattler = pytest.importorskip("rattler")

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
def test_records_are_ordered_like_py_rattler_does(graph):
    ours = [
        PackageRecord.create(name=name, version="1", build="0", depends=depends, noarch=noarch)
        for name, (depends, noarch) in graph.items()
    ]
    theirs = [
        rattler.PackageRecord(
            name=name,
            version="1",
            build=rattler.package.BuildString("0"),
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
