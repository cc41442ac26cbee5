import pytest

from hognose.errors import TransactionError
from support.package_maker import File

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
