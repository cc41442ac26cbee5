"""Every setting that is understood has an effect somewhere, or `config list` says that it has none."""

import re
from pathlib import Path

import pytest

import hognose
from hognose.config.settings import SETTINGS

SOURCES = Path(hognose.__file__).parent
TEXT = "\n".join(
    path.read_text(encoding="utf-8")
    for path in SOURCES.rglob("*.py")
    if path != SOURCES / "config/settings.py"
)


@pytest.mark.parametrize("field", [setting.field for setting in SETTINGS if not setting.no_effect])
def test_a_setting_is_read_by_somebody(field):
    assert re.search(rf'\b(?:config|self)\.{field}\b|pop\("{field}"', TEXT)
