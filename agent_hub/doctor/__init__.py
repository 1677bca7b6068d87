"""What a hub needs of its machine, looked at without one: ``agent_hub doctor``."""
