"""What holds for every test."""

import os

from hypothesis import settings

# In CI a change is judged by what it does, so the laws are tried on the same examples each time;
# everywhere else each run tries new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
