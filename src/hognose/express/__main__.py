"""`python -m hognose.express`: the `cx` command."""

import sys

from hognose.express.dispatch import main

sys.exit(main())
