"""Real stand-ins for the world outside: channel servers, package makers, shared data."""
