"""Runners on this machine: what executes one story, how it is started, and how it is ended."""
