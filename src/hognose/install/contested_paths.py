"""What is said, and refused, where a path is several packages', or was somebody's before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose.errors import TransactionError
from hognose.install.foreign_packages import find_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

    from hognose.install.arrangement import Arrangement
    from hognose.install.package_linker import LinkedPackage

__all__ = ("ContestedPaths",)


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
        came = {str(package.record.name) for package in self._linked}
        for item in arrangement.clobbered:
            owners = [*item.losers, *([item.winner] if item.winner else [])]
            if not came.intersection(owners):
                continue
            if item.winner:
                message = f"several packages ship {item.path}: {', '.join(owners)}"
                outcome = f"the file of {item.winner} is used"
            else:
                message = f"another package has a folder where {', '.join(owners)} has {item.path}"
                outcome = "the folder is used"
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
            owner = find_owner(self._prefix, path)
            whose = f"which {owner} installed" if owner else "which belongs to no package"
            message = f"{self._shipper(path)} ships {path}, {whose}"
            if self._policy == "error":
                raise TransactionError(message, path=path)
            self._warn(f"{message}: it is replaced")

    def refuse_folder(self, folder: str, files: Sequence[str]) -> None:
        """Refuse a file at the place of a folder with files of no package, whatever the policy.

        A file can be replaced by one of the same name; a whole folder of somebody's work cannot.

        Raises:
            TransactionError: Always.
        """
        message = (
            f"{self._shipper(folder)} ships the file {folder}, where a folder holds what belongs "
            f"to no package: {files[0]}"
        )
        raise TransactionError(message, path=folder, hint="move the folder away")

    def _shipper(self, path: str) -> str:
        """Return the name of the package that comes and has a file at a path, or below it."""
        for package in self._linked:
            for entry in package.entries:
                if f"{entry.relative_path}/".startswith(f"{path}/"):
                    return str(package.record.name)
        return "a package"
