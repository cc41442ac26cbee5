"""What a forecast says of contested paths is what the change then finds."""

import pytest

from hognose.errors import TransactionError
from hognose.install import ClobberedPath, LinkOptions, forecast_clobbers, plan_transaction
from hognose.net import Client
from hognose.types import PrefixRecord
from support.environment import LINUX
from support.package_maker import make_python


def forecast(environment, *wanted):
    plan = plan_transaction(PrefixRecord.collect(environment.prefix), wanted, platform=LINUX)
    return forecast_clobbers(plan, environment.prefix, environment.cache)


def fetch(environment, *packages):
    with Client() as client:
        for package in packages:
            environment.cache.fetch(package, client)


def agree(environment, *wanted):
    """Return what both the forecast and the change say where a contested path is an error."""
    with pytest.raises(TransactionError) as foretold:
        forecast(environment, *wanted).judge("error")
    with pytest.raises(TransactionError) as found:
        environment.install(*wanted, link_options=LinkOptions(clobber="error"))
    assert foretold.value.message == found.value.message
    warnings = forecast(environment, *wanted).judge("warn")
    result = environment.install(*wanted, link_options=LinkOptions(clobber="warn"))
    assert warnings == list(result.outcome.warnings)
    return foretold.value.message


def test_two_packages_that_come_share_a_file(environment):
    one = environment.package("one", files={"share/x": "1", "share/one": "1"})
    two = environment.package("two", files={"share/x": "2"}, depends=["one"])
    fetch(environment, one, two)

    assert "several packages ship share/x: one, two" == agree(environment, one, two)


def test_a_package_that_comes_shares_a_file_with_one_that_stays(environment):
    one = environment.package("one", files={"share/x": "1"})
    two = environment.package("two", files={"share/x": "2"}, depends=["one"])
    environment.install(one)
    fetch(environment, two)

    assert "several packages ship share/x: one, two" == agree(environment, one, two)


@pytest.mark.parametrize("there", [0, 1, 2])
def test_a_folder_of_one_package_is_a_file_of_another(environment, there):
    one = environment.package("one", files={"share/x": "1"})
    two = environment.package("two", files={"share/x/y": "2"}, depends=["one"])
    fetch(environment, one, two)
    environment.install(*[[], [one], [two]][there])

    message = agree(environment, one, two)

    assert "one package has a file where another has a folder: share/x of one" == message


def test_a_module_that_only_python_knows_the_place_of(environment):
    python = make_python(environment.channel, "3.12.1")
    one = environment.package("one", noarch="python", files={"site-packages/x.py": "1"})
    two = environment.package(
        "two", files={"lib/python3.12/site-packages/x.py": "2"}, depends=["one"]
    )
    fetch(environment, python, one, two)

    message = agree(environment, python, one, two)

    assert "several packages ship lib/python3.12/site-packages/x.py: one, two" == message


def test_a_command_of_an_entry_point_is_a_file_as_well(environment):
    python = make_python(environment.channel, "3.12.1")
    one = environment.package(
        "one",
        noarch="python",
        files={"site-packages/x.py": "1"},
        entry_points=["tool = x:main"],
    )
    two = environment.package("two", files={"bin/tool": "2"}, depends=["one"])
    fetch(environment, python, one, two)

    assert "several packages ship bin/tool: one, two" == agree(environment, python, one, two)


def test_a_file_of_nobody_is_in_the_way(environment):
    one = environment.package("one", files={"share/x": "1"})
    environment.install()
    fetch(environment, one)
    (environment.prefix / "share").mkdir()
    (environment.prefix / "share/x").write_text("mine")

    message = agree(environment, one)

    assert "one ships share/x, which belongs to no package" == message


def test_a_file_of_nobody_is_where_a_folder_has_to_be(environment):
    one = environment.package("one", files={"share/x/y": "1", "share/x/z": "1"})
    environment.install()
    fetch(environment, one)
    (environment.prefix / "share").mkdir()
    (environment.prefix / "share/x").write_text("mine")

    assert "one ships share/x, which belongs to no package" == agree(environment, one)


@pytest.mark.parametrize("was_there", [False, True])
@pytest.mark.parametrize("policy", ["ignore", "warn", "error"])
def test_a_folder_of_somebodys_is_refused_whatever_the_policy(environment, policy, was_there):
    environment.install(
        *([environment.package("one", "0", files={"share/x": "0"})] if was_there else [])
    )
    (environment.prefix / "share/x").unlink(missing_ok=True)
    one = environment.package("one", files={"share/x": "1"})
    fetch(environment, one)
    (environment.prefix / "share/x").mkdir(parents=True)
    (environment.prefix / "share/x/notes").write_text("mine")

    with pytest.raises(TransactionError) as foretold:
        forecast(environment, one).judge(policy)
    with pytest.raises(TransactionError) as found:
        environment.install(one, link_options=LinkOptions(clobber=policy))
    assert foretold.value.message == found.value.message


def test_what_is_not_in_the_cache_is_named_and_no_winner_is(environment):
    one = environment.package("one", files={"share/x": "1"})
    two = environment.package("two", files={"share/x": "2"}, depends=["one"])
    three = environment.package("three", files={"share/x": "3"}, depends=["two"])
    fetch(environment, one, two)

    found = forecast(environment, one, two, three)

    assert ("three",) == found.unknown
    assert (ClobberedPath("share/x", "two", ("one",)),) == found.clobbered
    assert ["several packages ship share/x: one, two"] == found.judge("warn")
    assert [] == found.judge("ignore")


def test_what_the_packages_of_an_environment_share_already_is_not_told_again(environment):
    one = environment.package("one", files={"share/x": "1"})
    two = environment.package("two", files={"share/x": "2"}, depends=["one"])
    other = environment.package("other", files={"share/other": "1"})
    environment.install(one, two)
    fetch(environment, other)

    assert () == forecast(environment, one, two, other).clobbered


def test_a_new_version_with_the_same_files_contests_nothing(environment):
    environment.install(environment.package("one", files={"share/x": "1"}))
    newer = environment.package("one", "2", files={"share/x": "2"})
    fetch(environment, newer)

    found = forecast(environment, newer)

    assert ((), ()) == (found.clobbered, found.in_the_way)


def test_a_package_that_is_damaged_in_the_cache_is_one_that_is_not_known(environment):
    one = environment.package("one", files={"share/x": "1"})
    fetch(environment, one)
    (environment.cache.lookup(one) / "info/paths.json").write_text("{")

    assert ("one",) == forecast(environment, one).unknown


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"transaction": []}, "`transaction` takes a value of the kind Transaction, not list"),
        ({"cache": "pkgs"}, "`cache` takes a value of the kind PackageCache, not str"),
    ],
)
def test_a_forecast_is_of_a_plan_and_a_cache(environment, given, message):
    arguments = {"transaction": plan_transaction([], []), "cache": environment.cache, **given}
    with pytest.raises(TypeError, match=message):
        forecast_clobbers(prefix=environment.prefix, **arguments)
