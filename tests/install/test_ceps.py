"""What CEPs 17, 20, 32 and 34 ask of installing, where no other test has it.

`docs/reference/conformance-install.md` says which test holds which statement, and
`docs/reference/install-differences.md` where hognose departs from one.
"""

import json
import os
import re
import sys

import pytest

from hognose.errors import HognoseError
from hognose.install import (
    ExecutionOptions,
    LinkOptions,
    execute_transaction,
    plan_transaction,
    read_history,
)
from hognose.types import Platform, PrefixRecord
from support.environment import LINUX, QUIET
from support.exact_state import exact_state
from support.package_maker import PLACEHOLDER, File, Link, make_package, make_python

posix = pytest.mark.skipif(os.name == "nt", reason="shell scripts and links")

MODULE = {"site-packages/m.py": "x = 1\n"}


def document(environment, name):
    (path,) = (environment.prefix / "conda-meta").glob(f"{name}-*.json")
    return json.loads(path.read_text())


# CEP 17


def test_modules_go_where_the_python_of_the_environment_says(environment):
    path = "lib/python3.13t/site-packages"
    python = make_python(environment.channel, "3.13.0", python_site_packages_path=path)

    environment.install(python, environment.package("m", noarch="python", files=MODULE))

    assert "x = 1\n" == environment.read(f"{path}/m.py")


def test_without_a_path_modules_go_to_the_default(environment):
    python = make_python(environment.channel, "3.13.0")

    environment.install(python, environment.package("m", noarch="python", files=MODULE))

    assert "x = 1\n" == environment.read("lib/python3.13/site-packages/m.py")


def test_the_default_is_another_one_for_windows(environment):
    windows = Platform("win-64")
    python = make_package(environment.channel, "python", "3.13.0", subdir="win-64")

    environment.install(
        python, environment.package("m", noarch="python", files=MODULE), platform=windows
    )

    assert "x = 1\n" == environment.read("Lib/site-packages/m.py")


def test_only_the_package_called_python_says_where_modules_go(environment):
    python = make_python(environment.channel, "3.13.0")
    other = environment.package("pypy", python_site_packages_path="lib/pypy/site-packages")

    environment.install(python, other, environment.package("m", noarch="python", files=MODULE))

    assert "x = 1\n" == environment.read("lib/python3.13/site-packages/m.py")


def test_the_path_of_the_channel_counts_before_that_of_the_package(environment):
    python = make_python(environment.channel, "3.13.0", python_site_packages_path="lib/wrong")
    python.python_site_packages_path = "lib/right"

    environment.install(python, environment.package("m", noarch="python", files=MODULE))

    assert "x = 1\n" == environment.read("lib/right/m.py")


@pytest.mark.parametrize("path", ["/outside", "../outside", "lib/../../outside", "link/x"])
def test_modules_outside_the_environment_are_refused_and_nothing_is_written(environment, path):
    if os.name == "nt" and path.startswith("link"):
        pytest.skip("makes a symbolic link")
    environment.install(environment.package("a"))
    if path.startswith("link"):
        (environment.prefix / "link").symlink_to(environment.prefix.parent)
    before = exact_state(environment.prefix)
    python = make_python(environment.channel, "3.13.0", python_site_packages_path=path)

    with pytest.raises(HognoseError, match=r"outside|leads|leaves"):
        environment.install(python, environment.package("m", noarch="python", files=MODULE))

    assert before == exact_state(environment.prefix)


def test_modules_move_when_the_path_of_python_changes(environment):
    module = environment.package("m", noarch="python", files=MODULE)
    old, new = (
        make_python(
            environment.channel, "3.13.0", build=str(n), python_site_packages_path=f"lib/{n}"
        )
        for n in (1, 2)
    )
    environment.install(old, module)

    environment.install(new, module)

    assert not (environment.prefix / "lib/1").exists()
    assert "x = 1\n" == environment.read("lib/2/m.py")


# CEP 20


@posix
def test_a_noarch_python_package_in_a_platforms_folder_is_linked_as_one(environment):
    python = make_python(environment.channel, f"3.{sys.version_info.minor}.0", runs=True)
    package = environment.package(
        "abi", noarch="python", subdir="linux-64", files=MODULE, entry_points=["run = m:f"]
    )

    environment.install(python, package, compile_byte_code=True)

    folder = f"lib/python3.{sys.version_info.minor}/site-packages"
    assert "x = 1\n" == environment.read(f"{folder}/m.py")
    assert "from m import f" in environment.read("bin/run")
    assert any(path.endswith(".pyc") for path in document(environment, "abi")["files"])


def test_a_package_in_the_noarch_folder_that_is_none_of_pythons_is_linked_as_it_is(environment):
    environment.install(environment.package("plain", noarch="generic", files=MODULE))

    assert "x = 1\n" == environment.read("site-packages/m.py")


# CEP 32: what is recorded

TYPES = {
    "build": str,
    "build_number": int,
    "channel": str,
    "constrains": list,
    "depends": list,
    "extracted_package_dir": str,
    "files": list,
    "fn": str,
    "link": dict,
    "md5": str,
    "name": str,
    "paths_data": dict,
    "requested_specs": list,
    "sha256": str,
    "size": int,
    "subdir": str,
    "timestamp": int,
    "url": str,
    "version": str,
}


def test_a_record_has_the_keys_of_the_standard(environment):
    environment.install(environment.package("a", files={"x": "x"}), requested_specs=["a"])

    found = document(environment, "a")

    assert TYPES == {key: type(found[key]) for key in TYPES}
    assert {"source": found["extracted_package_dir"], "type": 1} == found["link"]
    assert f"{found['channel'].rstrip('/')}/{found['subdir']}/{found['fn']}" == found["url"]


@pytest.mark.parametrize(("number", "is_allowed"), [(1, None), (3, False)])
def test_the_way_of_linking_has_the_number_of_the_standard(environment, number, is_allowed):
    options = LinkOptions(clobber="ignore", allow_hard_links=is_allowed, allow_ref_links=is_allowed)

    environment.install(environment.package("a", files={"x": "x"}), link_options=options)

    assert number == document(environment, "a")["link"]["type"]


@posix
def test_generated_files_are_recorded_with_their_kind(environment):
    minor = sys.version_info.minor
    python = make_python(environment.channel, f"3.{minor}.0", runs=True)
    module = environment.package("m", noarch="python", files=MODULE, entry_points=["run = m:f"])
    environment.install(python, module, compile_byte_code=True)

    found = document(environment, "m")

    folder = f"lib/python3.{minor}/site-packages"
    kinds = {
        "bin/run": "unix_python_entry_point",
        f"{folder}/__pycache__/m.cpython-3{minor}.pyc": "pyc_file",
        f"{folder}/m.py": "hardlink",
    }
    entries = {item["_path"]: item["path_type"] for item in found["paths_data"]["paths"]}
    assert kinds == entries
    assert sorted(kinds) == sorted(found["files"])


def test_a_file_with_a_replaced_prefix_has_both_hashes(environment):
    environment.install(environment.package("a", files={"x": File(PLACEHOLDER, prefix="text")}))

    entries = {item["_path"]: item for item in document(environment, "a")["paths_data"]["paths"]}

    assert entries["x"]["sha256"] != entries["x"]["sha256_in_prefix"]
    assert PLACEHOLDER == entries["x"]["prefix_placeholder"]


def test_what_the_channel_says_counts_before_what_the_package_says(environment):
    record = environment.package("a", depends=["old"])
    record.depends, record.constrains = ("new >=2",), ("other <3",)

    environment.install(record, environment.package("new", "2"))

    found = document(environment, "a")
    stored = json.loads((environment.cache.root / "a-1-0/info/repodata_record.json").read_text())
    for each in (found, stored):
        assert (["new >=2"], ["other <3"]) == (each["depends"], each["constrains"])


def test_the_archive_is_recorded_where_another_program_keeps_it_in_the_cache(environment):
    record = environment.package("a")
    environment.install(record)
    assert "package_tarball_full_path" not in document(environment, "a")
    archive = environment.cache.root / record.file_name
    archive.write_bytes((environment.channel / "linux-64" / record.file_name).read_bytes())

    environment.install(record, reinstall=["a"])

    assert str(archive) == document(environment, "a")["package_tarball_full_path"]


def test_a_record_of_condas_that_is_made_anew_has_the_channel_alone(environment):
    environment.install(environment.package("a"))
    path = environment.prefix / "conda-meta/a-1-0.json"
    found = json.loads(path.read_text())
    channel = found["channel"].rstrip("/")
    path.write_text(json.dumps(found | {"channel": f"{channel}/linux-64"}))

    environment.install(*PrefixRecord.collect(environment.prefix), reinstall=["a"])

    assert channel == document(environment, "a")["channel"].rstrip("/")


def test_keys_that_nobody_knows_are_passed_over_and_kept(environment):
    a = environment.package("a")
    environment.install(a)
    path = environment.prefix / "conda-meta/a-1-0.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"of_tomorrow": {"x": 1}}))

    environment.install(a, requested_specs=["a"])

    assert {"x": 1} == document(environment, "a")["of_tomorrow"]


BLOCK = re.compile(
    r"""==>[ ]\d{4}-\d\d-\d\d[ ]\d\d:\d\d:\d\d[ ]<==\n
    \#[ ]cmd:[ ].+\n
    \#[ ]\S+[ ]version:[ ].+\n
    (-\S+/linux-64::\S+-\S+-\S+\n)+
    (\+\S+/linux-64::\S+-\S+-\S+\n)+
    \#[ ]update[ ]specs:[ ]\['a[ ]==2',[ ]'b'\]\n""",
    re.VERBOSE,
)


def test_a_change_is_logged_in_the_syntax_of_the_standard(environment):
    environment.install(environment.package("a", "1"))
    log = environment.prefix / "conda-meta/history"
    before = len(log.read_text())

    environment.install(
        environment.package("a", "2"), requested_specs=["a 2", "b"], command="hognose install a=2"
    )

    assert BLOCK.fullmatch(log.read_text()[before:])


def test_an_environment_without_packages_has_a_log(environment):
    environment.install()

    assert () == read_history(environment.prefix)
    assert (environment.prefix / "conda-meta/history").is_file()


# CEP 34: what a package says of its files


def test_what_paths_json_lacks_has_the_defaults_of_the_standard(environment):
    package = environment.package(
        "a",
        files={"x": f"a {PLACEHOLDER}", "y": "y"},
        paths=[{"_path": "x", "prefix_placeholder": PLACEHOLDER}, {"_path": "y"}],
    )

    environment.install(package)

    assert f"a {environment.prefix}" == environment.read("x")
    assert 2 == (environment.prefix / "y").stat().st_nlink
    entries = document(environment, "a")["paths_data"]["paths"]
    assert ["hardlink", "hardlink"] == [entry["path_type"] for entry in entries]


def test_paths_json_counts_before_the_older_lists(environment):
    package = environment.package(
        "a",
        files={"x": f"a {PLACEHOLDER}", "unlisted": "no"},
        paths=[{"_path": "x", "path_type": "hardlink"}],
        extra_info={
            "files": b"x\nunlisted\n",
            "has_prefix": f"{PLACEHOLDER} text x\n".encode(),
            "no_link": b"x\n",
        },
    )

    environment.install(package)

    assert f"a {PLACEHOLDER}" == environment.read("x")
    assert 2 == (environment.prefix / "x").stat().st_nlink


def test_the_older_lists_count_where_there_is_no_paths_json(environment):
    short = "/opt/anaconda1anaconda2anaconda3"
    folder = environment.prefix.parent / "unpacked"
    (folder / "info").mkdir(parents=True)
    for name, content in {
        "info/files": "x\ny\nz\n",
        "info/has_prefix": f"x\n{PLACEHOLDER} text y\n",
        "info/no_link": "z\n",
        "x": short,
        "y": PLACEHOLDER,
        "z": "z",
        "unlisted": "no",
    }.items():
        (folder / name).write_text(content)
    plan = plan_transaction([], [environment.package("a")], platform=LINUX)

    execute_transaction(
        plan,
        environment.prefix,
        lambda _: folder,
        options=ExecutionOptions(link_options=QUIET),
    )

    prefix = str(environment.prefix)
    assert [prefix, prefix, "z"] == [environment.read(name) for name in "xyz"]
    assert 1 == (environment.prefix / "z").stat().st_nlink
    assert not (environment.prefix / "unlisted").exists()


def test_nothing_of_info_comes_into_the_environment(environment):
    environment.install(environment.package("a", files={"x": "x"}))

    assert ["conda-meta", "x"] == sorted(os.listdir(environment.prefix))


@posix
@pytest.mark.parametrize("text", ["run=pack.age:main", "run = pack.age:main"])
def test_entry_points_are_read_with_and_without_spaces(environment, text):
    environment.install(
        make_python(environment.channel),
        environment.package("m", noarch="python", files=MODULE, entry_points=[text]),
    )

    assert "from pack.age import main" in environment.read("bin/run")


# CEP 34: scripts

SAY = """\
printf '%s\\n' "$PKG_NAME" "$PKG_VERSION" "$PKG_BUILDNUM" "$ROOT_PREFIX" \
    "$PREFIX" "$SOURCE_DIR" "${PATH%%:*}" > "$PREFIX/../ACTION"
"""


@posix
def test_scripts_have_the_variables_of_the_standard(environment):
    scripts = {
        f"bin/.a-{action}.sh": File(SAY.replace("ACTION", action), executable=True)
        for action in ("pre-link", "post-link", "pre-unlink")
    }
    package = environment.package("a", "2.0", build="h_7", build_number=7, files=scripts)
    environment.install(package, execute_link_scripts=True)
    environment.install(execute_link_scripts=True)

    prefix, unpacked = str(environment.prefix), str(environment.cache.root / "a-2.0-h_7")
    facts = ["a", "2.0", "7", "", prefix]
    for action, source in (
        ("post-link", prefix),
        ("pre-unlink", prefix),
        # As in conda, which the standard does not follow in this.
        ("pre-link", unpacked),
    ):
        said = (environment.prefix.parent / action).read_text().split("\n")[:-1]
        assert [*facts, source, f"{source}/bin"] == said


@posix
def test_scripts_run_in_the_order_of_what_needs_what(environment):
    def script(action):
        return File(f'echo "$PKG_NAME {action}" >> "$PREFIX/../order"', executable=True)

    packages = [
        environment.package(
            name,
            depends=depends,
            files={
                f"bin/.{name}-{action}.sh": script(action)
                for action in ("post-link", "pre-unlink", "post-unlink")
            },
        )
        for name, depends in (("a", ["c"]), ("b", []), ("c", ["b"]))
    ]
    environment.install(*packages, execute_link_scripts=True)
    environment.install(execute_link_scripts=True)

    *came, _, _, _ = said = (environment.prefix.parent / "order").read_text().splitlines()
    assert ["b post-link", "c post-link", "a post-link"] == came
    assert ["a pre-unlink", "c pre-unlink", "b pre-unlink"] == said[3:]


@posix
def test_a_script_runs_before_the_files_of_its_package_go(environment):
    script = File('cat "$PREFIX/x" > "$PREFIX/../seen"', executable=True)
    environment.install(
        environment.package("a", files={"x": "still here", "bin/.a-pre-unlink.sh": script})
    )

    environment.install(execute_link_scripts=True)

    assert "still here" == (environment.prefix.parent / "seen").read_text()


def test_a_link_in_a_package_stays_one(environment):
    if os.name == "nt":
        pytest.skip("makes a symbolic link")
    environment.install(environment.package("a", files={"x": "x", "l": Link("x")}))

    assert "x" == os.readlink(environment.prefix / "l")
