"""`python -m hognose.cli` is `hognose`."""

import sys

from hognose.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
