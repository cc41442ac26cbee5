import pytest

from hognose.errors import TransactionError
from hognose.install import LinkOptions
from hognose.types import PrefixRecord


def test_files_of_nobody_are_replaced_with_a_warning(environment):
    environment.install()
    (environment.prefix / "x").write_text("mine")
    result = environment.install(
        environment.package("a", files={"x": "theirs"}), link_options=LinkOptions()
    )
    assert result.outcome.replaced_files == ("x",)
    assert result.outcome.warnings == ("a ships x, which belongs to no package: it is replaced",)
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


@pytest.mark.parametrize("last", ["file", "folder"])
@pytest.mark.parametrize("comes", ["file", "folder"])
def test_a_file_in_the_place_of_a_folder_is_told_whoever_comes(environment, last, comes):
    def package(name, files):
        needs = [{"file": "folder", "folder": "file"}[name]] if name == last else []
        return environment.package(name, files=files, depends=needs)

    both = {"file": package("file", {"x": "file"}), "folder": package("folder", {"x/1": "1"})}
    environment.install(*(both[name] for name in both if name != comes))

    with pytest.raises(TransactionError, match="one package has a file where another has a folder"):
        environment.install(*both.values(), link_options=LinkOptions(clobber="error"))
    result = environment.install(*both.values(), link_options=LinkOptions(clobber="warn"))

    message = {
        "file": "one package has a file where another has a folder: x/1 of folder; it is kept aside",
        "folder": "one package has a file where another has a folder: x of file; it is kept aside",
    }[last]
    assert (message,) == result.outcome.warnings


@pytest.mark.parametrize("policy", ["ignore", "warn", "error"])
def test_a_file_does_not_take_the_place_of_a_folder_of_somebody(environment, policy):
    environment.install(environment.package("old", files={"etc/conf/a": "a"}))
    (environment.prefix / "etc/conf/mine").write_text("precious")
    package = environment.package("new", files={"etc/conf": "a file"})

    with pytest.raises(TransactionError, match=r"new ships the file etc/conf, .*: etc/conf/mine"):
        environment.install(package, link_options=LinkOptions(clobber=policy))

    assert ["etc/conf/a", "etc/conf/mine"] == environment.files()


def test_byte_code_that_python_left_is_no_reason_to_keep_a_folder(environment):
    environment.install(environment.package("old", files={"lib/m/__init__.py": ""}))
    (environment.prefix / "lib/m/__pycache__").mkdir()
    (environment.prefix / "lib/m/__pycache__/__init__.cpython-311.pyc").write_text("")

    environment.install(environment.package("old", "2", files={"lib/m": "a file"}))

    assert ["lib/m"] == environment.files()


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_folder_that_somebody_put_in_the_place_of_a_file_is_not_replaced(environment, version):
    environment.install(environment.package("a", files={"lib/x": "1", "lib/y": "1"}))
    (environment.prefix / "lib/x").unlink()
    (environment.prefix / "lib/x").mkdir()
    (environment.prefix / "lib/x/notes").write_text("precious")
    package = environment.package("a", version, files={"lib/x": version, "lib/y": version})

    with pytest.raises(TransactionError, match=r"a ships the file lib/x, .*: lib/x/notes"):
        environment.install(package, reinstall={"a"})

    assert "precious" == environment.read("lib/x/notes")
    assert "1" == environment.read("lib/y")


def test_a_folder_in_the_place_of_a_file_stays_when_the_package_goes(environment):
    environment.install(environment.package("a", files={"lib/x": "1", "lib/y": "1"}))
    (environment.prefix / "lib/x").unlink()
    (environment.prefix / "lib/x").mkdir()
    (environment.prefix / "lib/x/notes").write_text("precious")

    environment.install()

    assert ["lib/x/notes"] == environment.files()
    assert [] == PrefixRecord.collect(environment.prefix)


def test_an_empty_folder_in_the_place_of_a_file_makes_way(environment):
    package = environment.package("a", files={"lib/x": "1"})
    environment.install(package)
    (environment.prefix / "lib/x").unlink()
    (environment.prefix / "lib/x").mkdir()

    environment.install(package, reinstall={"a"})

    assert "1" == environment.read("lib/x")
