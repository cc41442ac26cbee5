"""Start-up: what the commands cost before they do anything.

Input: an empty home, so nothing is bootstrapped. Each command is a process of its own, in turns
with the bare interpreter. conda-express has no command that ends without installing a conda from
conda-forge first, so it cannot run beside these without that channel.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import compare

BIN = Path(sys.executable).parent


def main() -> None:
    """Print the comparison."""
    with tempfile.TemporaryDirectory() as home:
        environ = {"HOME": home, "PATH": os.environ["PATH"]}

        def start(*command: object) -> None:
            words = [str(word) for word in command]
            subprocess.run(words, env=environ, capture_output=True, check=False, timeout=60)

        compare(
            {
                "python -c pass": lambda: start(sys.executable, "-c", "pass"),
                "hognose --help": lambda: start(BIN / "hognose", "--help"),
                "cx --help": lambda: start(BIN / "cx", "--help"),
                "cx status": lambda: start(BIN / "cx", "status"),
            },
            title="start-up, processes of their own",
            repeat=25,
        )


if __name__ == "__main__":
    main()
