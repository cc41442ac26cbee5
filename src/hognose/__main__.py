"""`python -m hognose` is `hognose`."""

import sys

from hognose.cli.app import main

if __name__ == "__main__":
    # What logs and locks call this program.
    sys.argv[0] = "hognose"
    sys.exit(main())
