"""What holds for every test."""

import os

from hypothesis import settings

# No test asks a person's key ring; those about key rings set up their own.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

# In CI a change is judged by what it does, so the laws are tried on the same examples each time;
# everywhere else each run tries new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
