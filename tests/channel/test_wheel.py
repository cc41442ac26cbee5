import zipfile

import pytest

from hognose.channel.wheel import Wheel, WheelTags
from hognose.errors import ChannelBuildError
from support.wheel_maker import make_wheel


def test_tags_are_sets():
    name = "a-1.0-1build-py2.py3-none-manylinux1_x86_64.manylinux_2_5_x86_64.whl"
    tags = WheelTags.parse(name)
    assert tags == WheelTags(
        ("py2", "py3"), ("none",), ("manylinux1_x86_64", "manylinux_2_5_x86_64")
    )


@pytest.mark.parametrize("name", ["a.whl", "a-1.0-py3-none.whl", "a-1.0-py3-none-any.zip"])
def test_other_file_names_are_refused(name):
    with pytest.raises(ChannelBuildError, match="not the file name of a wheel"):
        WheelTags.parse(name)


def test_metadata_is_read(tmp_path):
    path = make_wheel(tmp_path, "My.Demo", requires=["b>1"], headers=["License: UNKNOWN"])
    with Wheel(path) as wheel:
        assert (wheel.name, wheel.header("License"), wheel.header("Summary")) == (
            "My.Demo",
            None,
            None,
        )
        assert wheel.question().requirements == ("b>1",)


def test_files_come_in_order_with_record_last(tmp_path):
    with Wheel(make_wheel(tmp_path, files={"b.py": "", "a.py": "", "z.py": ""})) as wheel:
        names = [file.path.removeprefix("demo-1.0.dist-info/") for file in wheel.iter_files()]
    assert names == ["a.py", "b.py", "METADATA", "WHEEL", "z.py", "RECORD"]


def test_entry_points_are_sorted_and_keep_their_case(tmp_path):
    text = "[gui_scripts]\nZed = pkg.gui:main\n[console_scripts]\nAbc = pkg.cli:Cls.run [extra]\n"
    with Wheel(make_wheel(tmp_path, entry_points=text)) as wheel:
        assert [str(point) for point in wheel.entry_points()] == [
            "Abc = pkg.cli:Cls.run",
            "Zed = pkg.gui:main",
        ]


@pytest.mark.parametrize("value", ["module", "module:", "a b:c", "os:system('x')"])
def test_a_broken_entry_point_is_an_error(tmp_path, value):
    path = make_wheel(tmp_path, entry_points=f"[console_scripts]\nx = {value}\n")
    with Wheel(path) as wheel, pytest.raises(ChannelBuildError, match="broken entry point"):
        wheel.entry_points()


def test_a_command_with_a_path_is_an_error(tmp_path):
    path = make_wheel(tmp_path, entry_points="[console_scripts]\n../x = a:b\n")
    with Wheel(path) as wheel, pytest.raises(ChannelBuildError, match="broken entry point"):
        wheel.entry_points()


def test_content_that_record_does_not_promise_is_an_error(tmp_path):
    path = make_wheel(tmp_path, record={"demo.py": "sha256=AAAA"})
    with (
        Wheel(path) as wheel,
        pytest.raises(ChannelBuildError, match="is not what its RECORD promises"),
    ):
        list(wheel.iter_files())


def test_a_truncated_wheel_is_an_error(tmp_path):
    path = make_wheel(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ChannelBuildError, match="cannot be read"):
        Wheel(path)


def test_a_wheel_without_metadata_is_an_error(tmp_path):
    path = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.py", "")
    with pytest.raises(ChannelBuildError, match=r"0 `\.dist-info`"):
        Wheel(path)


def test_a_wheel_of_1980_does_not_tell_its_age(tmp_path):
    with Wheel(make_wheel(tmp_path, date=(1980, 1, 1, 0, 0, 0))) as wheel:
        assert wheel.timestamp_ms is None
    with Wheel(make_wheel(tmp_path)) as wheel:
        assert wheel.timestamp_ms == 1_715_949_000_000


@pytest.mark.parametrize(
    "date", [(2016, 1, 1, 0, 0, 0), (2020, 2, 2, 0, 0, 0), (2024, 0, 0, 0, 0, 0)]
)
def test_a_date_that_says_nothing_is_no_age(tmp_path, date):
    with Wheel(make_wheel(tmp_path, date=date)) as wheel:
        assert wheel.timestamp_ms is None


def test_a_date_that_says_nothing_does_not_hide_an_older_one(tmp_path):
    path = make_wheel(tmp_path, date=(2020, 2, 2, 0, 0, 0))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo("demo-1.0.dist-info/OTHER", (2019, 5, 17, 12, 30, 0)), "")
    with Wheel(path) as wheel:
        assert wheel.timestamp_ms == 1_558_096_200_000
