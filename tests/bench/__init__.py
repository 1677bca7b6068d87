"""What the hub costs beside raw Docker, measured in one run: ``python -m tests.bench``."""
