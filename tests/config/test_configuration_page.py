"""The page on settings has each of them, as the code has it."""

from __future__ import annotations

from pathlib import Path

from hognose.config.setting_kinds import NO_FLAG
from hognose.config.setting_names import BY_CONDA_KEY, BY_KEY
from hognose.config.settings import SETTINGS, SHARED_KEYS

PAGE = Path(__file__).parents[2] / "docs/reference/configuration.md"


def rows_of(heading: str) -> list[str]:
    """Return the rows of the table in a section."""
    _, _, section = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")
    lines = section.partition("\n## ")[0].splitlines()
    return [line for line in lines if line.startswith("| `")]


def test_every_setting_is_in_the_table():
    expected = []
    for setting in SETTINGS:
        shared = "yes" if is_shared(setting.key) else ""
        conda = f"`{setting.conda_key}`" if setting.conda_key else ""
        effect = setting.effect or f"nothing: {setting.no_effect}"
        expected.append(
            f"| `{setting.key}` | {conda} | {setting.kind.words} | {shared} | {effect} |"
        )
    assert expected == rows_of("All settings")


def test_every_other_name_is_in_its_table():
    expected = []
    for table in (BY_KEY, BY_CONDA_KEY):
        for key, setting in table.items():
            if key not in {setting.key, setting.conda_key}:
                turned = ", the other way round" if setting.kind is NO_FLAG else ""
                expected.append(f"| `{key}` | `{setting.key}`{turned} |")
    assert expected == rows_of("Other names")


def is_shared(key: str) -> bool:
    """`tls-no-verify` is the shared name of `ssl-verify`."""
    return key in {BY_KEY[name].key for name in SHARED_KEYS}
