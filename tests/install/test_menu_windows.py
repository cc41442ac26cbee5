"""What Windows gets: scripts for `cmd`, shortcuts as bytes, and the registry."""

import json
import struct

import pytest

from hognose.errors import InvalidPackageFileError
from hognose.install import MenuPlaces, remove_menus
from hognose.install.menu_scripts import quote_for_cmd
from support.desktop import WINDOWS, Desktop, FakeRegistry, Warnings, item

COMMAND = "shell\\open\\command"


def properties(link):
    """Return the texts of a shortcut's property store, by the first bytes of group and number."""
    start = link.index(struct.pack("<I", 0xA0000009)) + 4
    found = {}
    while size := struct.unpack_from("<I", link, start)[0]:
        assert b"1SPS" == link[start + 4 : start + 8]
        _, number, _, kind, length = struct.unpack_from("<IIBII", link, start + 24)
        text = link[start + 41 : start + 41 + 2 * length].decode("utf-16-le")
        found[link[start + 8 : start + 12].hex(), number] = (kind, text)
        start += size
    return found


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a&b", '"a&b"'),
        ("a|b>c", '"a|b>c"'),
        ("a^b", '"a^b"'),
        ("C:\\a&b\\", '"C:\\a&b\\\\"'),
        ("C:\\dir\\", "C:\\dir\\"),
        ("100%", "100%%"),
        ("%1x", "%%1x"),
        ("%SystemRoot%\\cmd.exe", '"%SystemRoot%\\cmd.exe"'),
        ('"C:\\a b\\x.bat"', '"C:\\a b\\x.bat"'),
        ('say "a&b"', '^"say \\^"a^&b\\^"^"'),
    ],
)
def test_cmd_passes_every_word_on_whole(word, expected):
    assert expected == quote_for_cmd(word)


def test_a_script_with_letters_beyond_ascii_says_what_they_are(tmp_path):
    desktop = Desktop(tmp_path, name="Jürgen")
    desktop.write(items=[item("win")])
    desktop.install(WINDOWS)

    assert ["@echo off", "chcp 65001 >nul", "setlocal"] == desktop.script().splitlines()[:3]


def test_a_script_of_plain_letters_leaves_the_window_as_it_is(desktop):
    desktop.write(items=[item("win")])
    desktop.install(WINDOWS)

    assert "chcp" not in desktop.script()


def test_variables_are_set_as_they_are(desktop):
    variables = {"A": 'x" & calc & "', "B": "100%", "C": "***unset***"}
    (desktop.prefix / "conda-meta/state").write_text(json.dumps({"env_vars": variables}))
    desktop.write(items=[item("win")])
    desktop.install(WINDOWS)

    lines = desktop.script().splitlines()
    assert '@SET "A=x" ^& calc ^& ""' in lines
    assert '@SET "B=100%%"' in lines
    assert '@SET "C="' in lines


def test_the_precommand_comes_before_activation(desktop):
    desktop.write(items=[item("win", precommand="set A=1\nset B=2")])
    desktop.install(WINDOWS)

    lines = desktop.script().splitlines()
    assert ["set A=1", "set B=2"] == lines[2:4]
    assert lines[4].startswith('@SET "CONDA_PREFIX=')


def test_windows_are_grouped_by_what_the_document_says(desktop):
    desktop.write(items=[item("win", app_user_model_id="Me.App")])
    desktop.install(WINDOWS)

    link = (desktop.home / "apps/Tools (my env)/My App.lnk").read_bytes()
    # PKEY_AppUserModel_ID, as VT_LPWSTR with its NUL.
    assert (0x1F, "Me.App\0") == properties(link)["55284c9f", 5]


def test_what_starts_nothing_before_it_is_started_itself(desktop):
    command = ["%SystemRoot%\\system32\\cmd.exe", "/K", '"C:\\a b\\activate.bat"']
    desktop.write(items=[item("win", command=command, activate=False, terminal=True)])
    desktop.install(WINDOWS)

    link = (desktop.home / "apps/Tools (my env)/My App.lnk").read_bytes()
    assert '/K "C:\\a b\\activate.bat"'.encode("utf-16-le") in link
    assert "%COMSPEC%".encode("utf-16-le") not in link


def test_the_registry_is_as_it_was_after_removal(desktop):
    registry = FakeRegistry()
    registry.write(".app\\OpenWithProgids", "Other.app", "")
    before = dict(registry.values)
    desktop.write(items=[item("win", file_extensions=[".app"], url_protocols=["myapp"])])

    desktop.install(WINDOWS, registry=registry)
    command = registry.read(f"myapp\\{COMMAND}", "")
    assert command.endswith('\\conda-meta\\menus\\app.1.bat" "%1"')
    assert "" == registry.read(".app\\OpenWithProgids", "My App.AssocFile.app")
    remove_menus(desktop.prefix, registry=registry)

    assert before == registry.values
    # Once for what came, once for what went.
    assert 2 == registry.times_told


def test_a_url_scheme_of_another_program_stays_its_own(desktop):
    registry, warnings = FakeRegistry(), Warnings()
    registry.write(f"mailto\\{COMMAND}", "", "theirs")
    before = dict(registry.values)
    desktop.write(items=[item("win", url_protocols=["mailto"])])

    desktop.install(WINDOWS, registry=registry, reporter=warnings)
    assert ["My App: URLs mailto: are left to the program that has them"] == warnings.messages
    remove_menus(desktop.prefix, registry=registry)

    assert before == registry.values


def test_a_url_scheme_that_another_program_took_over_stays_its_own(desktop):
    registry = FakeRegistry()
    desktop.write(items=[item("win", url_protocols=["myapp"])])
    desktop.install(WINDOWS, registry=registry)
    registry.write(f"myapp\\{COMMAND}", "", "theirs")

    remove_menus(desktop.prefix, registry=registry)

    assert "theirs" == registry.read(f"myapp\\{COMMAND}", "")
    assert registry.read("myapp", "HognoseItem") is None


def test_a_url_scheme_of_another_environment_stays_its_own(desktop):
    registry = FakeRegistry()
    desktop.write(items=[item("win", url_protocols=["myapp"])])
    desktop.install(WINDOWS, registry=registry)
    before = dict(registry.values)
    second = Desktop(desktop.root, name="second")
    second.write(items=[{**item("win", url_protocols=["myapp"]), "name": "Other"}])

    second.install(WINDOWS, registry=registry)
    remove_menus(second.prefix, registry=registry)

    assert before == registry.values


@pytest.mark.parametrize("key", ["..\\Microsoft", "a\\b", ".txt", "", "CLSID"])
def test_a_note_deletes_no_key_that_is_not_ours(desktop, key):
    registry = FakeRegistry()
    registry.write(key, "", "theirs")
    registry.write(f"{key}\\{COMMAND}", "", "x")
    before = dict(registry.values)
    note = {
        "package": "app",
        "token": "0123456789abcdef",
        "associations": [{"key": key, "command": "x"}],
    }
    (desktop.prefix / "conda-meta/menus").mkdir()
    (desktop.prefix / "conda-meta/menus/app.json").write_text(json.dumps(note))

    if key == "CLSID":
        remove_menus(desktop.prefix, registry=registry)
    else:
        with pytest.raises(Exception, match="names what is none of it"):
            remove_menus(desktop.prefix, registry=registry)

    assert before == registry.values


@pytest.mark.parametrize(
    "options",
    [
        {"file_extensions": 5},
        {"file_extensions": ["app"]},
        {"file_extensions": [".a\\b"]},
        {"url_protocols": ["a\\b"]},
        {"url_protocols": ["c"]},
        {"desktop": "yes"},
        {"command": ["a\nb"]},
    ],
    ids=str,
)
def test_what_cannot_be_written_is_refused_before_anything_is_made(desktop, options):
    registry = FakeRegistry()
    desktop.write(items=[item("win", **options)])

    with pytest.raises(InvalidPackageFileError, match=r"Menu/app\.json"):
        desktop.install(WINDOWS, registry=registry)

    assert {} == registry.values
    assert not (desktop.home / "apps").exists()


def test_folders_are_those_of_the_variables_that_are_given():
    places = MenuPlaces.of_system(WINDOWS, {"PROGRAMDATA": "C:/pd", "PUBLIC": "C:/pub"})

    assert "C:/pd/Microsoft/Windows/Start Menu/Programs" == places.applications
    assert "C:/pub/Desktop" == places.desktop


def write_legacy(desktop, **changes):
    document = {
        "menu_name": "Tools${PY_VER}",
        "menu_items": [{"name": "Prompt", "desktop": True, **changes}],
    }
    (desktop.prefix / "Menu/old.json").write_text(json.dumps(document))


def test_a_document_of_the_old_form_gets_its_shortcuts(desktop):
    write_legacy(
        desktop,
        pywscript="${PYTHON_SCRIPTS}/app-script.py --x",
        workdir="${PERSONALDIR}",
        icon="${MENU_DIR}/app.ico",
    )

    desktop.install(WINDOWS, base_prefix=desktop.root)

    link = (desktop.home / "apps/Tools/Prompt (my env).lnk").read_bytes()
    back = str(desktop.prefix).replace("/", "\\")
    assert f"{back}\\Menu\\app.ico".encode("utf-16-le") in link
    assert link == (desktop.home / "Desktop/Prompt (my env).lnk").read_bytes()
    assert not (desktop.home / "quick").exists()
    last = desktop.script().splitlines()[-1]
    assert f'"{back}\\pythonw.exe" "{back}\\Scripts/app-script.py" --x %*' == last


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"system": "${PREFIX}/app.exe", "scriptargument": "a b"}, '\\app.exe" "a b" %*'),
        ({"script": "app", "scriptarguments": ["x", "y"]}, "app x y %*"),
        ({"pyscript": "m.py"}, '\\python.exe" m.py %*'),
        ({"webbrowser": "https://x/?a&b"}, '\\pythonw.exe" -m webbrowser -t "https://x/?a&b" %*'),
    ],
    ids=str,
)
def test_the_old_form_has_several_ways_to_say_a_command(desktop, changes, expected):
    write_legacy(desktop, **changes)

    desktop.install(WINDOWS)

    assert desktop.script().splitlines()[-1].endswith(expected)
    assert (desktop.home / "apps/Tools/Prompt.lnk").exists()


@pytest.mark.parametrize("changes", [{}, {"system": 5}, {"system": ""}, {"name": "a\x01"}], ids=str)
def test_a_document_of_the_old_form_that_makes_no_sense_is_refused(desktop, changes):
    write_legacy(desktop, **changes)

    with pytest.raises(InvalidPackageFileError, match=r"Menu/old\.json"):
        desktop.install(WINDOWS)
