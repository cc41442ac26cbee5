"""Packages that pip put into an environment, beside conda's and in the place of them."""

import pytest

from hognose.install import (
    diagnose,
    find_foreign_losses,
    find_foreign_packages,
    plan_transaction,
)
from hognose.types import PrefixRecord
from support.environment import LINUX
from support.foreign_installer import install_as_pip
from support.package_maker import make_python

SITE = "lib/python3.11/site-packages"
OURS = {
    "site-packages/idna/__init__.py": "version = '3.10'\n",
    "site-packages/idna/py.typed": "",
    "site-packages/idna/old.py": "old = 1\n",
    "site-packages/idna-3.10.dist-info/INSTALLER": "conda\n",
    "site-packages/idna-3.10.dist-info/RECORD": (
        "idna/__init__.py,,\nidna/py.typed,,\nidna/old.py,,\n"
        "idna-3.10.dist-info/RECORD,,\nidna-3.10.dist-info/INSTALLER,,\n"
    ),
}
THEIRS = {"idna/__init__.py": "version = '3.7'\n", "idna/py.typed": ""}


@pytest.fixture
def python(environment):
    return make_python(environment.channel, "3.11.4")


@pytest.fixture
def idna(environment):
    return environment.package("idna", "3.10", noarch="python", files=OURS, depends=["python"])


@pytest.fixture
def replaced(environment, python, idna):
    """Return an environment whose idna pip has replaced by an older one."""
    environment.install(python, idna)
    install_as_pip(environment.prefix / SITE, "idna", "3.7", THEIRS)
    return environment


def plan(environment, *wanted, **options):
    installed = PrefixRecord.collect(environment.prefix)
    return plan_transaction(installed, wanted, platform=LINUX, **options)


def faults(environment):
    found = diagnose(environment.prefix, platform=LINUX).faults
    return [(fault.kind, fault.package) for fault in found]


def test_the_files_of_pip_stay_when_the_package_that_it_replaced_goes(replaced, python):
    replaced.install(python)

    assert "version = '3.7'\n" == replaced.read(f"{SITE}/idna/__init__.py")
    assert "" == replaced.read(f"{SITE}/idna/py.typed")
    assert [] == faults(replaced)


def test_a_plan_tells_whose_files_stay(replaced, python):
    losses = find_foreign_losses(replaced.prefix, plan(replaced, python))

    assert [("idna", "idna 3.7 (pip)", 2)] == [
        (item.package, str(item.foreign), len(item.paths)) for item in losses.staying
    ]
    assert () == losses.to_install_again


def test_a_plan_tells_whose_files_are_lost(replaced, python, idna):
    losses = find_foreign_losses(replaced.prefix, plan(replaced, python, idna, reinstall=["idna"]))

    assert ["idna"] == [item.package for item in losses.overwritten]
    assert ["idna==3.7"] == [package.requirement for package in losses.to_install_again]


def test_a_plan_tells_what_the_next_python_does_not_find(replaced, idna):
    newer = make_python(replaced.channel, "3.12.1")

    losses = find_foreign_losses(replaced.prefix, plan(replaced, newer, idna))

    assert (["idna"], "3.12") == ([package.name for package in losses.stranded], losses.python)


def test_a_change_that_touches_no_foreign_package_has_no_losses(replaced, python, idna):
    other = replaced.package("other")
    replaced.install(python, idna, other)

    assert find_foreign_losses(replaced.prefix, plan(replaced, python, idna)) is None


def test_pip_loses_its_files_where_the_package_is_linked_again(replaced, python, idna):
    replaced.install(python, idna, reinstall=["idna"])

    assert "version = '3.10'\n" == replaced.read(f"{SITE}/idna/__init__.py")
    assert [] == faults(replaced)
    assert not (replaced.prefix / SITE / "idna-3.7.dist-info").exists()


def test_what_is_left_of_a_damaged_package_of_pip_goes_as_well(replaced, python, idna):
    (replaced.prefix / SITE / "idna/__init__.py").write_text("version = 'mine'\n")
    assert "idna" in diagnose(replaced.prefix, platform=LINUX).damaged_packages

    replaced.install(python, idna, reinstall=["idna"])

    assert [] == faults(replaced)


@pytest.fixture
def editable(environment, python, idna):
    """Return an environment whose idna pip has replaced by a link to its sources."""
    environment.install(python, idna)
    for module in environment.prefix.glob(f"{SITE}/idna/*"):
        module.unlink()
    install_as_pip(environment.prefix / SITE, "idna", "4.0", {"idna.pth": "/src\n"})
    return environment


def test_an_editable_package_in_the_place_of_condas_is_no_damage(editable):
    assert [("replaced", "idna")] == faults(editable)
    assert () == diagnose(editable.prefix, platform=LINUX).damaged_packages


def test_an_editable_package_goes_where_condas_is_linked_again(editable, python, idna):
    losses = find_foreign_losses(editable.prefix, plan(editable, python, idna, reinstall=["idna"]))
    assert [f"{SITE}/idna.pth"] == [
        path for path in losses.overwritten[0].paths if "-info" not in path
    ]

    editable.install(python, idna, reinstall=["idna"])

    assert not (editable.prefix / SITE / "idna.pth").exists()
    assert [] == faults(editable)


def test_a_package_of_pip_that_only_shares_a_file_keeps_the_rest(replaced, python, idna):
    install_as_pip(replaced.prefix / SITE, "other", "1", {"idna/py.typed": "", "other.py": ""})

    replaced.install(python, idna, reinstall=["idna"])

    assert (replaced.prefix / SITE / "other.py").exists()
    assert (replaced.prefix / SITE / "other-1.dist-info/RECORD").exists()


def test_a_list_of_files_takes_nothing_but_python_packages_along(replaced, python, idna):
    with (replaced.prefix / SITE / "idna-3.7.dist-info/RECORD").open("a") as file:
        file.write("../../../conda-meta/history,,\nidna/more.py,,\n")
    (replaced.prefix / SITE / "idna/more.py").write_text("")

    replaced.install(python, idna, reinstall=["idna"])

    assert (replaced.prefix / "conda-meta/history").exists()
    assert not (replaced.prefix / SITE / "idna/more.py").exists()


def test_what_pip_lost_goes_with_the_package_that_took_it(replaced, python, idna):
    replaced.install(python, idna, reinstall=["idna"])

    replaced.install(python)

    assert not (replaced.prefix / SITE / "idna").exists()


def test_a_replaced_package_is_one_fault_and_not_one_for_each_file(replaced):
    assert [("replaced", "idna")] == faults(replaced)


def test_a_replaced_package_has_nothing_to_repair(replaced):
    assert () == diagnose(replaced.prefix, platform=LINUX).damaged_packages


def test_a_file_of_a_replaced_package_that_is_not_of_pip_can_be_damaged(environment, python):
    idna = environment.package(
        "idna", "3.10", noarch="python", files={**OURS, "share/idna": "text\n"}
    )
    environment.install(python, idna)
    install_as_pip(environment.prefix / SITE, "idna", "3.7", THEIRS)
    (environment.prefix / "share/idna").unlink()
    (environment.prefix / "share/idna").write_text("another\n")

    assert [("altered", "idna"), ("replaced", "idna")] == faults(environment)


def test_the_same_version_from_pip_is_foreign(environment, python, idna):
    environment.install(python, idna)
    install_as_pip(environment.prefix / SITE, "idna", "3.10", THEIRS)

    found = find_foreign_packages(
        environment.prefix, PrefixRecord.collect(environment.prefix), SITE
    )

    assert ["idna 3.10 (pip)"] == [str(package) for package in found]


def test_a_conda_package_that_pip_installed_at_build_time_is_not_foreign(environment, python):
    files = {**OURS, "site-packages/idna-3.10.dist-info/INSTALLER": "pip\n"}
    idna = environment.package("idna", "3.10", noarch="python", files=files)
    environment.install(python, idna)
    installed = PrefixRecord.collect(environment.prefix)

    assert () == find_foreign_packages(environment.prefix, installed, SITE)


def test_packages_of_pip_for_another_python_are_stranded(environment, python):
    environment.install(python)
    install_as_pip(environment.prefix / SITE, "click", "8", {"click.py": ""})
    environment.install(make_python(environment.channel, "3.12.1"))

    assert [("stranded", "click")] == faults(environment)


def test_files_that_a_package_of_pip_lacks_are_a_fault(environment, python):
    environment.install(python)
    install_as_pip(environment.prefix / SITE, "click", "8", {"click.py": "", "more.py": ""})
    (environment.prefix / SITE / "more.py").unlink()

    (fault,) = diagnose(environment.prefix, platform=LINUX).faults

    assert ("broken", f"{SITE}/more.py") == (fault.kind, fault.path)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ('{"url": "file:///src", "dir_info": {"editable": true}}', "-e file:///src"),
        ('{"url": "file:///src", "dir_info": {}}', "click @ file:///src"),
        (
            '{"url": "https://h/r.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
            "click @ git+https://h/r.git@abc",
        ),
        ("not json", "click==8"),
        ("[]", "click==8"),
    ],
)
def test_a_requirement_says_where_a_package_is_from(tmp_path, origin, expected):
    site = tmp_path / "lib/site-packages"
    install_as_pip(site, "click", "8", {"click.py": ""}, dist_info={"direct_url.json": origin})

    (package,) = find_foreign_packages(tmp_path, [], "lib/site-packages")

    assert expected == package.requirement


def test_a_file_list_does_not_lead_out_of_the_environment(environment, python):
    outside = environment.prefix.parent / "outside"
    outside.write_text("")
    environment.install(python)
    site = environment.prefix / SITE
    install_as_pip(site, "click", "8", {"click.py": ""})
    with (site / "click-8.dist-info/RECORD").open("a") as file:
        file.write(f"../../../../outside,,\n{outside},,\n../../../gone,,\n")

    (fault,) = diagnose(environment.prefix, platform=LINUX).faults

    assert "gone" == fault.path


def test_an_empty_folder_of_metadata_is_no_package(environment, python):
    environment.install(python)
    (environment.prefix / SITE / "idna-3.10.dist-info").mkdir(parents=True)

    records = PrefixRecord.collect(environment.prefix)

    assert () == find_foreign_packages(environment.prefix, records, SITE)
