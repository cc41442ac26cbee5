import json
import os
import stat
import sys

import pytest

from hognose.cache import PackageCache
from hognose.errors import (
    FrozenEnvironmentError,
    HognoseError,
    InstallerError,
    LinkError,
    NetworkError,
    TransactionError,
    UnsafeArchiveError,
)
from hognose.install import (
    ExecutionOptions,
    LinkOptions,
    PrefixLock,
    execute_transaction,
    freeze,
    install,
    plan_transaction,
    read_history,
)
from hognose.net import Client
from hognose.types import Platform, PrefixRecord, RepoDataRecord
from support.package_maker import PLACEHOLDER, File, Link, make_package, make_python

LINUX = Platform("linux-64")
QUIET = LinkOptions(clobber="ignore")


class Environment:
    def __init__(self, root):
        self.channel = root / "channel"
        self.prefix = root / "environment"
        self.cache = PackageCache(root / "cache")

    def install(self, *records, **options):
        options.setdefault("link_options", QUIET)
        options.setdefault("platform", LINUX)
        with Client() as client:
            return install(records, self.prefix, cache=self.cache, client=client, **options)

    def package(self, name, version="1", **options):
        return make_package(self.channel, name, version, **options)

    def install_unpacked(self, *packages, **link_options):
        """Install packages from folders that never were archives: extraction refuses a lot."""
        folders = {}
        for record, files in packages:
            folder = self.prefix.parent / "unpacked" / str(record.name)
            for path, content in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                if (folder / path).is_symlink():
                    continue
                if isinstance(content, Link):
                    (folder / path).symlink_to(content.target)
                else:
                    (folder / path).write_text(content)
            entries = [
                {
                    "_path": path,
                    "path_type": "softlink" if isinstance(files[path], Link) else "hardlink",
                }
                for path in files
            ]
            (folder / "info").mkdir(parents=True, exist_ok=True)
            (folder / "info/paths.json").write_text(json.dumps({"paths": entries}))
            folders[record.file_stem] = folder
        plan = plan_transaction(
            PrefixRecord.collect(self.prefix), [record for record, _ in packages], platform=LINUX
        )
        return execute_transaction(
            plan,
            self.prefix,
            lambda record: folders[record.file_stem],
            options=ExecutionOptions(link_options=LinkOptions(**link_options)),
        )

    def files(self):
        return sorted(
            path.relative_to(self.prefix).as_posix()
            for path in self.prefix.rglob("*")
            if not path.is_dir() and "conda-meta" not in path.parts
        )

    def read(self, path):
        return (self.prefix / path).read_text()


def bare(name, **fields):
    return RepoDataRecord.create(name=name, version="1", build="0", subdir="linux-64", **fields)


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path)


def test_an_environment_has_the_files_the_records_and_a_history(environment):
    result = environment.install(
        environment.package(
            "a", files={"bin/a": File("a", executable=True), "lib/a": Link("../bin/a")}
        ),
        requested_specs=["a >=1"],
        command="hognose create -p x a",
    )
    assert [item.kind for item in result.operations] == ["install"]
    assert environment.files() == ["bin/a", "lib/a"]
    (record,) = PrefixRecord.collect(environment.prefix)
    assert record.files == ("bin/a", "lib/a")
    assert record.requested_specs == ("a >=1",)
    (block,) = read_history(environment.prefix)
    assert block.command == "hognose create -p x a"
    assert block.linked == (f"{environment.channel.as_uri()}/linux-64::a-1-0",)
    assert block.update_specs == ("a >=1",)
    assert sorted(os.listdir(environment.prefix / "conda-meta")) == ["a-1-0.json", "history"]


def test_files_are_hard_links_unless_the_package_forbids(environment):
    environment.install(
        environment.package("a", files={"x": "x", "y": File("y", no_link=True)}),
        link_options=LinkOptions(allow_ref_links=False),
    )
    assert [(environment.prefix / name).stat().st_nlink for name in "xy"] == [2, 1]


def test_files_can_be_copies(environment):
    options = LinkOptions(allow_hard_links=False, allow_ref_links=False)
    environment.install(
        environment.package("a", files={"x": File("x", executable=True)}), link_options=options
    )
    status = (environment.prefix / "x").stat()
    assert (status.st_nlink, stat.S_IMODE(status.st_mode), status.st_mtime) == (
        1,
        0o755,
        1_700_000_000,
    )
    (record,) = PrefixRecord.collect(environment.prefix)
    assert record.link.type == 3


def test_links_become_copies_where_there_are_none(environment):
    environment.install(
        environment.package("a", files={"x": "content", "y": Link("x")}),
        link_options=LinkOptions(allow_symbolic_links=False),
    )
    assert not (environment.prefix / "y").is_symlink()
    assert environment.read("y") == "content"


def test_a_second_call_changes_no_file(environment):
    package = environment.package("a", files={"x": "x"})
    environment.install(package, requested_specs=["a"])
    before = {path: path.stat().st_mtime_ns for path in environment.prefix.rglob("*")}
    assert environment.install(package, requested_specs=["a"]).is_empty
    del before[environment.prefix / "conda-meta"]
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_new_specs_are_recorded_with_packages_that_stay(environment):
    package = environment.package("a", files={"x": "x"})
    environment.install(package, requested_specs=["a"])
    environment.install(package, requested_specs=["a 1.*"])
    assert PrefixRecord.collect(environment.prefix)[0].requested_specs == ("a 1.*",)
    environment.install(package)
    assert PrefixRecord.collect(environment.prefix)[0].requested_specs == ("a 1.*",)
    environment.install(package, requested_specs=[])
    assert PrefixRecord.collect(environment.prefix)[0].requested_specs == ()


def test_another_path_can_be_written_into_the_files(environment):
    text = File(f"{PLACEHOLDER}/x", prefix="text")
    environment.install(
        environment.package("a", files={"x": text}), target_prefix_override="/somewhere/else"
    )
    assert environment.read("x") == "/somewhere/else/x"


def test_a_failing_download_leaves_no_environment_behind(environment):
    present = environment.package("a", files={"x": "x"})
    gone = environment.package("b", files={"y": "y"})
    (environment.channel / "linux-64" / "b-1-0.conda").unlink()
    with pytest.raises(NetworkError):
        environment.install(present, gone)
    assert not environment.prefix.exists()


def test_a_failing_update_leaves_the_environment_as_it_was(environment):
    old = environment.package("a", files={"x": "old", "y": "old"})
    environment.install(old)
    before = {path: path.read_bytes() for path in environment.prefix.rglob("*") if path.is_file()}
    new = environment.package("a", "2", files={"x": "new", "z/z": "new"})
    bad = environment.package(
        "b", files={"z/b": File(PLACEHOLDER[:3], prefix="binary")}, prefix_placeholder="/o"
    )
    with pytest.raises(LinkError, match="too long"):
        environment.install(new, bad)
    after = {path: path.read_bytes() for path in environment.prefix.rglob("*") if path.is_file()}
    assert before == after
    assert not (environment.prefix / "z").exists()


def test_a_cancelled_installation_is_undone(environment):
    asked = []

    def is_cancelled():
        asked.append(None)
        return len(asked) > 1

    packages = [environment.package(name, files={name: name}) for name in "abc"]
    with pytest.raises(InstallerError, match="cancelled"):
        environment.install(*packages, is_cancelled=is_cancelled)
    assert not environment.prefix.exists()


@pytest.mark.parametrize("path", ["../evil", "/evil", "a/../../evil"])
def test_a_path_that_leaves_the_environment_is_refused(environment, path):
    package = environment.package(
        "a", files={"x": "x"}, paths=[{"_path": path, "path_type": "hardlink"}]
    )
    with pytest.raises(UnsafeArchiveError):
        environment.install(package)
    assert not environment.prefix.exists()


@pytest.mark.parametrize("path", ["conda-meta/history", "conda-meta", "__clobbers__/b/x"])
def test_a_path_that_belongs_to_the_environment_is_refused(environment, path):
    with pytest.raises(LinkError, match="belongs to the environment"):
        environment.install_unpacked((bare("a"), {path: "x"}))
    assert not environment.prefix.exists()


def test_no_file_is_written_through_a_link_of_another_package(environment, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    link = (bare("a"), {"lib": Link(str(outside))})
    environment.install_unpacked(link, (bare("b", depends=["a"]), {"lib/x": "evil"}))
    assert os.listdir(outside) == []
    environment.install_unpacked(link)
    environment.install_unpacked(link, (bare("c"), {"lib/x": "evil"}))
    assert os.listdir(outside) == []


def test_a_folder_that_leads_out_of_the_environment_is_not_entered(environment, tmp_path):
    environment.install()
    outside = tmp_path / "outside"
    outside.mkdir()
    (environment.prefix / "lib").symlink_to(outside)
    with pytest.raises(LinkError, match="leads out of the environment"):
        environment.install(environment.package("a", files={"lib/x": "x"}))
    assert os.listdir(outside) == []


def test_a_link_out_of_the_environment_can_be_refused(environment):
    package = (bare("a"), {"x": Link("/etc/passwd")})
    result = environment.install_unpacked(package)
    assert result.outcome.warnings == ("the link x points out of the environment: /etc/passwd",)
    environment.install()
    with pytest.raises(LinkError, match="points out of the environment"):
        environment.install_unpacked(package, external_symlinks="deny")


def test_files_of_nobody_are_replaced_with_a_warning(environment):
    environment.install()
    (environment.prefix / "x").write_text("mine")
    result = environment.install(
        environment.package("a", files={"x": "theirs"}), link_options=LinkOptions()
    )
    assert result.outcome.replaced_files == ("x",)
    assert result.outcome.warnings == (
        "a package ships x, which belongs to no package: it is replaced",
    )
    assert environment.read("x") == "theirs"


def test_files_of_another_installer_are_replaced_with_its_name(environment):
    environment.install()
    modules = environment.prefix / "lib/python3.11/site-packages"
    (modules / "rich-1.0.dist-info").mkdir(parents=True)
    (modules / "rich-1.0.dist-info/INSTALLER").write_text("pip\n")
    (modules / "rich-1.0.dist-info/RECORD").write_text("rich.py,sha256=x,1\n")
    (modules / "rich.py").write_text("")
    package = environment.package("rich", files={"lib/python3.11/site-packages/rich.py": "new"})
    with pytest.raises(TransactionError, match=r"which rich 1\.0 \(pip\) installed"):
        environment.install(package, link_options=LinkOptions(clobber="error"))
    assert (modules / "rich.py").read_text() == ""


def test_clobbering_can_be_an_error(environment):
    packages = [environment.package(name, files={"x": name}) for name in "ab"]
    with pytest.raises(TransactionError, match="several packages ship x"):
        environment.install(*packages, link_options=LinkOptions(clobber="error"))
    assert not environment.prefix.exists()


def test_a_file_and_a_folder_of_one_name_are_kept_apart_and_restored(environment):
    folder = environment.package("folder", files={"x/1": "1", "x/2": "2"})
    file = environment.package("file", files={"x": "file"}, depends=["folder"])
    environment.install(folder, file)
    assert environment.files() == ["__clobbers__/folder/x/1", "__clobbers__/folder/x/2", "x"]
    environment.install(folder)
    assert environment.files() == ["x/1", "x/2"]
    environment.install(folder, file)
    environment.install(file)
    assert environment.files() == ["x"]


def test_a_package_asks_for_an_empty_folder(environment):
    package = environment.package(
        "a",
        files={"x": "x"},
        paths=[
            {"_path": "x", "path_type": "hardlink"},
            {"_path": "var/empty", "path_type": "directory"},
        ],
    )
    environment.install(package)
    assert (environment.prefix / "var/empty").is_dir()
    environment.install()
    assert not (environment.prefix / "var").exists()


def test_a_frozen_environment_is_changed_only_on_request(environment):
    environment.install()
    freeze(environment.prefix, "for production")
    package = environment.package("a", files={"x": "x"})
    with pytest.raises(FrozenEnvironmentError, match="for production") as caught:
        environment.install(package)
    assert "override_frozen=True" in caught.value.hint
    environment.install(package, override_frozen=True)
    assert environment.files() == ["x"]


def test_two_writers_do_not_meet(environment):
    environment.install()
    with (
        PrefixLock(environment.prefix),
        pytest.raises(InstallerError, match=f"process {os.getpid()}"),
    ):
        environment.install(environment.package("a", files={"x": "x"}), lock_timeout=0)


def test_a_prefix_that_is_a_file_is_named(environment):
    environment.prefix.write_text("")
    with pytest.raises(LinkError, match="is a file"):
        environment.install()
    assert environment.prefix.read_text() == ""


def test_a_prefix_that_is_too_long_is_refused_before_anything_is_fetched(environment, tmp_path):
    environment.prefix = tmp_path / ("p" * 200) / ("q" * 60)
    with pytest.raises(LinkError, match="at most 255"):
        environment.install(environment.package("a", files={"x": "x"}))
    assert not environment.cache.root.exists()
    environment.install(environment.package("b", noarch="generic", files={"x": "x"}))


def test_noarch_python_without_python_is_an_error(environment):
    package = environment.package("a", noarch="python", files={"site-packages/a.py": ""})
    with pytest.raises(TransactionError, match="needs Python"):
        environment.install(package)


def test_modules_are_compiled_recorded_and_removed_with_their_package(environment):
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = make_python(environment.channel, f"{version}.0", runs=True)
    package = environment.package(
        "a",
        noarch="python",
        files={"site-packages/a.py": "x = 1\n", "site-packages/bad.py": "no python\n"},
    )
    result = environment.install(python, package, compile_byte_code=True)
    folder = f"lib/python{version}/site-packages/"
    (compiled,) = [path for path in environment.files() if path.endswith(".pyc")]
    assert compiled.startswith(f"{folder}__pycache__/a.")
    assert [failure.path for failure in result.outcome.compile_failures] == [f"{folder}bad.py"]
    record = PrefixRecord.collect(environment.prefix)[0]
    assert compiled in record.files
    environment.install(python, package, compile_byte_code=True, reinstall={"a"})
    assert compiled in environment.files()
    environment.install(python)
    assert not (environment.prefix / folder).exists()


SCRIPT = File(
    'echo "$PKG_NAME $PKG_VERSION" >> "$PREFIX/log"\necho hello > "$PREFIX/.messages.txt"\n',
    executable=True,
)


def test_link_scripts_are_listed_and_not_run(environment):
    result = environment.install(environment.package("a", files={"bin/.a-post-link.sh": SCRIPT}))
    (script,) = result.outcome.skipped_scripts
    assert (script.package, script.action) == ("a", "post-link")
    assert not (environment.prefix / "log").exists()


def test_link_scripts_run_for_the_packages_that_may(environment):
    packages = [
        environment.package(name, files={f"bin/.{name}-post-link.sh": SCRIPT}) for name in "ab"
    ]
    result = environment.install(*packages, execute_link_scripts={"a"})
    assert environment.read("log") == "a 1\n"
    (outcome,) = result.outcome.scripts
    assert outcome.messages == "hello\n"
    assert not (environment.prefix / ".messages.txt").exists()


def test_pre_link_and_pre_unlink_scripts_run_at_their_time(environment):
    package = environment.package(
        "a",
        files={
            "bin/.a-pre-link.sh": File(
                'test ! -e "$PREFIX/bin" && touch "$PREFIX/before"', executable=True
            ),
            "bin/.a-pre-unlink.sh": File(
                'test -e "$PREFIX/bin" && touch "$PREFIX/last"', executable=True
            ),
        },
    )
    environment.install(package, execute_link_scripts=True)
    assert (environment.prefix / "before").exists()
    environment.install(execute_link_scripts=True)
    assert (environment.prefix / "last").exists()


def test_a_failing_link_script_undoes_everything(environment):
    old = environment.package("a", files={"x": "old"})
    environment.install(old)
    new = environment.package(
        "a",
        "2",
        files={"x": "new", "bin/.a-post-link.sh": File("echo broken; exit 3", executable=True)},
    )
    with pytest.raises(TransactionError, match="status 3: broken"):
        environment.install(new, execute_link_scripts=True)
    assert environment.files() == ["x"]
    assert environment.read("x") == "old"


def test_secrets_in_an_address_are_not_recorded(environment):
    package = environment.package("a", files={"x": "x"})
    environment.install(package)
    package.url = "https://user:pa55@example.com/t/token-1/c/linux-64/a-1-0.conda"
    package.channel = "https://user:pa55@example.com/t/token-1/c/"
    environment.install(package, reinstall={"a"})
    text = (environment.prefix / "conda-meta/a-1-0.json").read_text()
    assert "pa55" not in text
    assert "token-1" not in text


def test_a_plan_made_before_can_be_carried_out(environment):
    package = environment.package("a", files={"x": "x"})
    with Client() as client:
        directory = environment.cache.fetch(package, client).path
    plan = plan_transaction([], [package], platform=LINUX)
    result = execute_transaction(plan, environment.prefix, lambda _: directory)
    assert environment.files() == ["x"]
    assert result.recovered is None
    with pytest.raises(TransactionError, match="has changed since"):
        execute_transaction(plan, environment.prefix, lambda _: directory)


def test_every_event_has_its_end(environment):
    events = []

    class Reporter:
        def __getattr__(self, name):
            if not name.startswith("on_"):
                raise AttributeError(name)
            return lambda *_: events.append(name.removeprefix("on_"))

    environment.install(environment.package("a", files={"x": "x"}), reporter=Reporter())
    environment.install(reporter=Reporter())
    for event in ("transaction", "transaction_operation", "link", "unlink", "populate_cache"):
        assert events.count(f"{event}_start") == events.count(f"{event}_complete") > 0


def test_errors_of_the_verb_are_hognoses(environment):
    package = environment.package("a", files={"x": "x"})
    package.sha256 = b"0" * 32
    with pytest.raises(HognoseError, match="not the package that was promised"):
        environment.install(package)
    assert not environment.prefix.exists()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user that can be refused"
)
def test_a_place_that_may_not_be_written_to_is_named(environment, tmp_path):
    package = environment.package("a", files={"x": "x"})
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(HognoseError, match="not allowed to write"):
            environment.install(package)
    finally:
        tmp_path.chmod(0o700)
    assert not environment.prefix.exists()
