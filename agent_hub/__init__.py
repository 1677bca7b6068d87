"""Coding agents in isolated containers, inside Jupyter."""
