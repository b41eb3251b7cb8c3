"""Local stand-ins for the networks: the process that carries them, and how to start, ask and stop it."""
