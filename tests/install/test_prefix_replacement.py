import pytest

from hognose.errors import LinkError
from hognose.install.prefix_replacement import (
    is_mach_o,
    replace_binary_prefix,
    replace_text_prefix,
)
from hognose.types import Platform

LINUX, MACOS, WINDOWS = Platform("linux-64"), Platform("osx-arm64"), Platform("win-64")
OLD = "/opt/" + "p" * 60


def text(data, prefix, platform=LINUX):
    return replace_text_prefix(data.encode(), OLD, prefix, platform=platform).decode()


def test_every_occurrence_in_a_text_is_replaced():
    assert text(f"a={OLD}/bin\nb={OLD}:{OLD}\n", "/env") == "a=/env/bin\nb=/env:/env\n"


def test_a_prefix_on_windows_is_written_with_slashes():
    assert text(f'path = "{OLD}"', r"C:\Users\me", WINDOWS) == 'path = "C:/Users/me"'


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_windows_file_in_utf_16_is_replaced_in_its_encoding(encoding):
    data = f"path={OLD}/Lib\r\n".encode(encoding)

    replaced = replace_text_prefix(data, OLD, r"C:\Users\Zoë", platform=WINDOWS)

    assert replaced.decode(encoding) == "path=C:/Users/Zoë/Lib\r\n"


def test_utf_16_stays_as_it_is_elsewhere():
    data = OLD.encode("utf-16")
    assert replace_text_prefix(data, OLD, "/env", platform=LINUX) == data


def test_a_short_shebang_is_kept():
    assert text(f"#!{OLD}/bin/python -E\nx\n", "/env") == "#!/env/bin/python -E\nx\n"


def test_a_python_shebang_with_a_space_becomes_a_shell_script():
    expected = "#!/bin/sh\n'''exec' \"/my env/bin/python3.11\" -E \"$0\" \"$@\" #'''\nx\n"
    assert text(f"#!{OLD}/bin/python3.11 -E\nx\n", "/my env") == expected


def test_another_shebang_with_a_space_is_looked_up_on_the_path():
    assert text(f"#!{OLD}/bin/perl -w\n", "/my env") == "#!/usr/bin/env perl -w\n"


def test_a_shebang_that_does_not_name_the_prefix_is_left_alone():
    assert text(f"#!/bin/sh\ncd {OLD}\n", "/my env") == "#!/bin/sh\ncd /my env\n"


@pytest.mark.parametrize(("platform", "limit"), [(LINUX, 127), (MACOS, 512)])
def test_a_shebang_may_be_as_long_as_the_kernel_reads(platform, limit):
    fits = "/" + "e" * (limit - len("#!/") - len("/bin/python"))
    assert text(f"#!{OLD}/bin/python\n", fits, platform) == f"#!{fits}/bin/python\n"
    longer = fits + "e"
    expected = f"#!/bin/sh\n'''exec' \"{longer}/bin/python\" \"$0\" \"$@\" #'''\n"
    assert text(f"#!{OLD}/bin/python\n", longer, platform) == expected


def test_a_script_of_one_line_without_an_end_is_replaced_too():
    assert text(f"#!{OLD}/bin/python", "/env") == "#!/env/bin/python"


def test_a_first_line_that_is_no_text_is_kept_byte_by_byte():
    data = b"#!/bin/sh \xff\xfe\n" + OLD.encode()
    assert replace_text_prefix(data, OLD, "/e", platform=LINUX) == b"#!/bin/sh \xff\xfe\n/e"


def test_a_c_string_is_padded_at_its_end():
    data = b"head\0" + OLD.encode() + b"/lib\0tail"
    expected = b"head\0/env/lib" + bytes(len(OLD) - 4) + b"\0tail"
    assert replace_binary_prefix(data, OLD, "/env") == expected


def test_a_c_string_with_several_occurrences_is_padded_once():
    data = f"{OLD}/a:{OLD}/b".encode() + b"\0rest"
    expected = b"/env/a:/env/b" + bytes(2 * (len(OLD) - 4)) + b"\0rest"
    assert replace_binary_prefix(data, OLD, "/env") == expected


def test_a_placeholder_at_the_end_of_the_file_needs_no_terminator():
    data = b"\1" + OLD.encode()
    assert replace_binary_prefix(data, OLD, "/env") == b"\1/env" + bytes(len(OLD) - 4)


def test_text_before_the_placeholder_in_the_same_string_stays():
    data = b"-L" + OLD.encode() + b"/lib\0"
    assert replace_binary_prefix(data, OLD, "/e") == b"-L/e/lib" + bytes(len(OLD) - 2) + b"\0"


def test_a_binary_without_the_placeholder_is_the_same():
    assert replace_binary_prefix(b"nothing\0here", OLD, "/env") == b"nothing\0here"


def test_a_prefix_as_long_as_the_placeholder_fits_and_a_longer_one_does_not():
    same = "/" + "x" * (len(OLD) - 1)
    assert replace_binary_prefix(OLD.encode() + b"\0", OLD, same) == same.encode() + b"\0"
    with pytest.raises(LinkError, match="1 bytes too long") as caught:
        replace_binary_prefix(b"", OLD, same + "x")
    assert caught.value.path == same + "x"


def test_the_length_counts_bytes_not_letters():
    with pytest.raises(LinkError, match="too long"):
        replace_binary_prefix(b"", "/" + "p" * 9, "/" + "ж" * 5)


def test_macos_binaries_are_told_by_their_first_bytes():
    assert is_mach_o(bytes.fromhex("cffaedfe07000001"))
    assert is_mach_o(bytes.fromhex("cafebabe00000002"))
    assert not is_mach_o(b"\x7fELF")
    assert not is_mach_o(b"")


def test_a_class_of_java_is_no_macos_binary():
    assert not is_mach_o(bytes.fromhex("cafebabe00000041"))
