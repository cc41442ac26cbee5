"""Lock files: read and written without a network, for several platforms and environments.

`LockFile` is the document, `Environment` one set of packages in it. Solving an environment is
`hognose.solve`, installing one `hognose.install`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hognose._lazy import attach

if TYPE_CHECKING:
    from hognose.lock.environment import Environment as Environment
    from hognose.lock.environment import LockChannel as LockChannel
    from hognose.lock.environment import LockPlatform as LockPlatform
    from hognose.lock.location import without_secrets as without_secrets
    from hognose.lock.lock_file import LockFile as LockFile
    from hognose.lock.locked_package import CondaLockedBinaryPackage as CondaLockedBinaryPackage
    from hognose.lock.locked_package import CondaLockedPackage as CondaLockedPackage
    from hognose.lock.locked_package import CondaLockedSourcePackage as CondaLockedSourcePackage
    from hognose.lock.locked_package import LockedPackage as LockedPackage
    from hognose.lock.locked_package import PackageHashes as PackageHashes
    from hognose.lock.locked_package import PypiLockedPackage as PypiLockedPackage
    from hognose.lock.yaml_document import load_yaml as load_yaml

__all__ = (
    "CondaLockedBinaryPackage",
    "CondaLockedPackage",
    "CondaLockedSourcePackage",
    "Environment",
    "LockChannel",
    "LockFile",
    "LockPlatform",
    "LockedPackage",
    "PackageHashes",
    "PypiLockedPackage",
    "load_yaml",
    "without_secrets",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "environment": ("Environment", "LockChannel", "LockPlatform"),
        "location": ("without_secrets",),
        "lock_file": ("LockFile",),
        "locked_package": (
            "CondaLockedBinaryPackage",
            "CondaLockedPackage",
            "CondaLockedSourcePackage",
            "LockedPackage",
            "PackageHashes",
            "PypiLockedPackage",
        ),
        "yaml_document": ("load_yaml",),
    },
)
