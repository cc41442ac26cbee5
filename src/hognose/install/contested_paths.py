"""What is said, and refused, where a path is several packages', or was somebody's before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import TransactionError
from hognose.install.foreign_packages import find_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Literal

    from hognose.install.arrangement import Arrangement
    from hognose.install.clobber import ClobberedPath
    from hognose.install.package_linker import LinkedPackage

__all__ = (
    "ContestedPaths",
    "describe_clobber",
    "describe_refused_folder",
    "describe_replaced",
    "is_contested_by",
)


def describe_clobber(item: ClobberedPath) -> tuple[str, str]:
    """Return who ships a path, and whose file is used."""
    owners = ", ".join([*item.losers, *([item.winner] if item.winner else [])])
    if item.winner:
        message = f"several packages ship {item.path}: {owners}"
        return message, f"the file of {item.winner} is used"
    message = f"one package has a file where another has a folder: {item.path} of {owners}"
    return message, "it is kept aside"


def is_contested_by(item: ClobberedPath, coming: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether packages that come, given with their paths, have a part in a clobbered path.

    Where a file and a folder want one place, those who have something above or below take part.
    """
    if not coming.keys().isdisjoint((*item.losers, item.winner)):
        return True
    return item.winner is None and any(
        path.startswith(f"{item.path}/") or item.path.startswith(f"{path}/")
        for paths in coming.values()
        for path in paths
    )


def describe_replaced(prefix: str, package: str, path: str) -> str:
    """Return whose file is in the way of a package's."""
    owner = find_owner(prefix, path)
    whose = f"which {owner} installed" if owner else "which belongs to no package"
    return f"{package} ships {path}, {whose}"


def describe_refused_folder(package: str, folder: str, inside: str) -> str:
    """Return what is in a folder that is in the way of a package's file."""
    return (
        f"{package} ships the file {folder}, where a folder holds what belongs to no package: "
        f"{inside}"
    )


class ContestedPaths:
    """The judge of the paths that the packages of one transaction claim."""

    def __init__(
        self,
        prefix: str,
        linked: Sequence[LinkedPackage],
        *,
        policy: Literal["ignore", "warn", "error"],
        warn: Callable[[str], None],
    ) -> None:
        """Prepare for the packages that come.

        Args:
            prefix: The environment, absolute.
            linked: The packages that come.
            policy: `LinkOptions.clobber`.
            warn: Takes warnings.
        """
        self._prefix = prefix
        self._linked = linked
        self._policy = policy
        self._warn = warn

    def judge_clobbers(self, arrangement: Arrangement) -> None:
        """Say which packages that come share paths with others.

        Raises:
            TransactionError: Some do, and that is to be an error.
        """
        if self._policy == "ignore" or not arrangement.clobbered:
            return
        coming = {
            str(package.record.name): [entry.relative_path for entry in package.entries]
            for package in self._linked
        }
        for item in arrangement.clobbered:
            owners = [*item.losers, *([item.winner] if item.winner else [])]
            if not is_contested_by(item, coming):
                continue
            message, outcome = describe_clobber(item)
            if self._policy == "error":
                raise TransactionError(message, path=item.path, packages=tuple(owners))
            self._warn(f"{message}; {outcome}")

    def judge_replaced(self, paths: Sequence[str]) -> None:
        """Say which files of no package are replaced, whose they were and whose they will be.

        Raises:
            TransactionError: There are some, and that is to be an error.
        """
        if self._policy == "ignore":
            return
        for path in paths:
            message = describe_replaced(self._prefix, self._shipper(path), path)
            if self._policy == "error":
                raise TransactionError(message, path=path)
            self._warn(f"{message}: it is replaced")

    def refuse_folder(self, folder: str, files: Sequence[str]) -> None:
        """Refuse a file at the place of a folder with files of no package, whatever the policy.

        A file can be replaced by one of the same name; a whole folder of somebody's work cannot.

        Raises:
            TransactionError: Always.
        """
        message = describe_refused_folder(self._shipper(folder), folder, files[0])
        raise TransactionError(message, path=folder, hint="move the folder away")

    def _shipper(self, path: str) -> str:
        """Return the name of the package that comes and has a file at a path, or below it."""
        for package in self._linked:
            for entry in package.entries:
                if f"{entry.relative_path}/".startswith(f"{path}/"):
                    return str(package.record.name)
        return "a package"
