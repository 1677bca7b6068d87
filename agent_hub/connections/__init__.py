"""Whose accounts the hub uses, and the secrets that this takes; no container sees one."""
