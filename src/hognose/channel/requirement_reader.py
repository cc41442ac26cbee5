"""Read PyPI's requirements, versions and markers with the `packaging` library inside pip.

pip has to be there to resolve wheels, and it brings a complete implementation of the PyPI
standards. So a small program (`requirement_script`) runs in pip's interpreter and answers in JSON;
there is no second parser to keep right. Markers are evaluated for that interpreter and its machine.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hognose.errors import ChannelBuildError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

_SCRIPT = Path(__file__).with_name("requirement_script.py")

NO_PIP_HINT = (
    "run in an environment that has pip, or add it: `python -m ensurepip` (in an environment made "
    "by uv: `uv pip install pip`)"
)


class Specifier(msgspec.Struct, frozen=True, gc=False):
    """One clause of a version specifier (PEP 440), its version normalised.

    Attributes:
        operator: Such as `>=`.
        version: Such as `1.2` or `1.2.*`.
        family: For `~=` the versions it stays in, such as `1.*`.
    """

    operator: str
    version: str
    family: str = ""


class MarkerOutcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a requirement's marker says, and where it says the same.

    Attributes:
        applies: Whether the requirement applies.
        lowest_minor: The lowest Python 3 minor version with the same outcome, None if all below.
        highest_minor: The highest one, None if all above.
        needs_system: Whether it differs on other operating systems.
        needs_machine: Whether it differs on other machines.
    """

    applies: bool
    lowest_minor: int | None
    highest_minor: int | None
    needs_system: bool
    needs_machine: bool


class Requirement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One `Requires-Dist` line (PEP 508), its marker evaluated.

    Attributes:
        name: As it is written.
        canonical_name: Normalised as PyPI does.
        extras: The extras asked for, normalised.
        url: Where to get it, instead of a version.
        specifiers: The versions that fit.
        outcomes: What the marker says without extras, then with each extra of the distribution.
    """

    name: str
    canonical_name: str
    extras: tuple[str, ...]
    url: str | None
    specifiers: tuple[Specifier, ...]
    outcomes: tuple[MarkerOutcome, ...]


class DistributionQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The texts of a distribution's metadata that have to be understood."""

    name: str
    version: str
    requires_python: str | None
    extras: tuple[str, ...]
    requirements: tuple[str, ...]


class DistributionRequirements(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a distribution is and needs.

    Attributes:
        canonical_name: The name, normalised as PyPI does.
        version: The version, normalised (PEP 440).
        extras: The names of its extras, in the order of `Requirement.outcomes`.
        requires_python: The versions of Python that fit, None if it does not say.
        requirements: What it needs.
        sys_platform: The `sys.platform` that markers were evaluated for.
    """

    canonical_name: str
    version: str
    extras: tuple[str, ...]
    requires_python: tuple[Specifier, ...] | None
    requirements: tuple[Requirement, ...]
    sys_platform: str


class _Answer(msgspec.Struct):
    answer: DistributionRequirements | None = None
    error: str | None = None


def read_requirements(
    questions: Sequence[DistributionQuestion],
    *,
    interpreter: str | os.PathLike[str] = sys.executable,
) -> list[DistributionRequirements]:
    """Understand the requirements of distributions, all in one subprocess.

    Args:
        questions: The metadata of each distribution.
        interpreter: A Python that has pip. Markers are evaluated for it.

    Returns:
        One answer per question, in the same order.

    Raises:
        ChannelBuildError: The interpreter has no pip, or metadata breaks the standards.
    """
    if not questions:
        return []
    try:
        process = subprocess.run(
            [interpreter, "-I", "-B", "-W", "ignore", _SCRIPT],
            input=msgspec.json.encode(questions),
            capture_output=True,
            check=True,
            timeout=300,
        )
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        if "No module named 'pip" in last:
            message = f"`{interpreter}` has no pip, which reads and resolves wheels"
            raise ChannelBuildError(message, hint=NO_PIP_HINT) from error
        message = f"the metadata of wheels cannot be read: {last}"
        raise ChannelBuildError(message) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"`{interpreter}` does not answer: {error}"
        raise ChannelBuildError(message) from error
    answers: list[DistributionRequirements] = []
    for question, reply in zip(
        questions, msgspec.json.decode(process.stdout, type=list[_Answer]), strict=True
    ):
        if reply.answer is None:
            message = f"the metadata of `{question.name}` cannot be read: {reply.error}"
            raise ChannelBuildError(message)
        answers.append(reply.answer)
    return answers
