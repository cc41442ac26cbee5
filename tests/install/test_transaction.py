import pytest

from hognose.errors import TransactionError
from hognose.install import plan_transaction
from hognose.types import Platform, PrefixRecord, RepoDataRecord

LINUX = Platform("linux-64")


def wanted(name, version="1", build="0", **fields):
    fields.setdefault("subdir", "linux-64")
    return RepoDataRecord.create(name=name, version=version, build=build, **fields)


def installed(name, version="1", build="0", **fields):
    return PrefixRecord.from_repodata_record(wanted(name, version, build, **fields))


def kinds(transaction):
    return [(item.kind, item.name) for item in transaction.operations]


def plan(before, after, **options):
    return plan_transaction(before, after, platform=LINUX, **options)


def test_an_empty_environment_is_filled_dependencies_first():
    transaction = plan([], [wanted("a", depends=["b"]), wanted("b", depends=["c"]), wanted("c")])
    assert kinds(transaction) == [("install", "c"), ("install", "b"), ("install", "a")]
    assert transaction.order == ("c", "b", "a")


def test_an_environment_is_emptied_dependents_first():
    transaction = plan([installed("a", depends=["b"]), installed("b")], [])
    assert kinds(transaction) == [("remove", "a"), ("remove", "b")]


def test_the_same_packages_change_nothing():
    transaction = plan([installed("a", sha256=b"1" * 32)], [wanted("a", sha256=b"1" * 32)])
    assert transaction.is_empty
    assert [record.name for record in transaction.unchanged] == ["a"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"sha256": b"1" * 32}, {"sha256": b"2" * 32}),
        ({"sha256": b"1" * 32, "md5": b"1" * 16}, {"sha256": b"2" * 32, "md5": b"1" * 16}),
        ({"sha256": b"1" * 32, "size": 1}, {"md5": b"1" * 16, "size": 2}),
        ({"md5": b"1" * 16}, {"md5": b"2" * 16}),
        ({"size": 1}, {"size": 2}),
        ({}, {"build": "1"}),
        ({}, {"version": "2"}),
    ],
)
def test_any_difference_in_content_is_a_change(before, after):
    transaction = plan([installed("a", **before)], [wanted("a", **after)])
    assert kinds(transaction) == [("change", "a")]


@pytest.mark.parametrize("hashes", [{"sha256": b"1" * 32}, {"md5": b"1" * 16}])
def test_a_hash_that_one_side_lacks_makes_no_difference(hashes):
    assert plan([installed("a", size=1)], [wanted("a", size=1, **hashes)]).is_empty
    assert plan([installed("a", **hashes)], [wanted("a")]).is_empty


@pytest.mark.parametrize("argument", ["installed", "wanted", "reinstall", "ignored"])
def test_one_value_where_several_are_meant_is_named(argument):
    arguments = {"installed": [], "wanted": [], argument: "numpy"}
    with pytest.raises(TypeError, match=rf"`{argument}` takes several .* write `\['numpy'\]`"):
        plan_transaction(**arguments)


def test_another_channel_with_the_same_hash_is_the_same_package():
    before = installed("a", sha256=b"1" * 32, channel="https://one/")
    assert plan([before], [wanted("a", sha256=b"1" * 32, channel="https://two/")]).is_empty


def test_a_package_can_be_linked_again_on_request():
    assert kinds(plan([installed("a")], [wanted("a")], reinstall={"a"})) == [("reinstall", "a")]


def test_an_ignored_package_stays_wanted_or_not():
    transaction = plan([installed("a"), installed("b")], [wanted("a", "2")], ignored={"a", "b"})
    assert transaction.is_empty
    assert {record.name for record in transaction.unchanged} == {"a", "b"}


def test_a_new_minor_version_of_python_links_noarch_packages_again():
    before = [installed("python", "3.11.4"), installed("tool", noarch="python"), installed("data")]
    after = [wanted("python", "3.12.0"), wanted("tool", noarch="python"), wanted("data")]
    assert sorted(kinds(plan(before, after))) == [("change", "python"), ("reinstall", "tool")]
    patch = [wanted("python", "3.11.5"), *after[1:]]
    assert kinds(plan(before, patch)) == [("change", "python")]


def test_a_new_site_packages_path_links_noarch_packages_again():
    before = [installed("python", "3.13.0", "cp313"), installed("tool", noarch="python")]
    after = [
        wanted("python", "3.13.0", "cp313t", python_site_packages_path="lib/python3.13t/x"),
        wanted("tool", noarch="python"),
    ]
    assert ("reinstall", "tool") in kinds(plan(before, after))


def test_the_table_of_differences_names_the_direction():
    before = [installed("a", "1"), installed("b", "2"), installed("c", "1", "0"), installed("d")]
    after = [wanted("a", "2"), wanted("b", "1"), wanted("c", "1", "1"), wanted("e")]
    assert plan(before, after).differences() == (
        ("a", "1 0", "2 0", "upgrade"),
        ("b", "2 0", "1 0", "downgrade"),
        ("c", "1 0", "1 1", "rebuild"),
        ("d", "1 0", "", "remove"),
        ("e", "", "1 0", "install"),
    )


def test_a_name_that_is_wanted_twice_is_an_error():
    with pytest.raises(TransactionError, match="wanted twice: a-1-0 and a-2-0"):
        plan([], [wanted("a", "1"), wanted("a", "2")])


@pytest.mark.parametrize("build", ["../../evil", "a/b", "a\\b", ""])
def test_a_record_that_cannot_name_its_file_is_an_error(build):
    with pytest.raises(TransactionError, match="cannot name its file"):
        plan([], [wanted("a", build=build)])


def test_only_noarch_packages_fit_into_a_noarch_environment():
    with pytest.raises(TransactionError, match="linux-64/a-1-0"):
        plan_transaction([], [wanted("a")], platform=Platform("noarch"))


def test_a_platform_may_be_a_name():
    assert plan_transaction([], [wanted("a")], platform="linux-64").platform == LINUX


def test_packages_of_another_platform_are_refused_and_what_is_there_may_stay():
    foreign = {"subdir": "win-64"}
    with pytest.raises(TransactionError, match="for linux-64: win-64/a-1-0"):
        plan([], [wanted("a", **foreign), wanted("b", subdir="noarch")])
    assert plan([installed("a", **foreign)], [wanted("a", **foreign)]).is_empty


def test_what_is_to_be_linked_again_has_to_be_wanted():
    with pytest.raises(TransactionError, match="not wanted: nmupy"):
        plan([installed("numpy")], [wanted("numpy")], reinstall={"nmupy"})
