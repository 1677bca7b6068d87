"""What is different for a hub in a container; options of the command line come before it."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.AgentHub.data_dir = "/data/hub"
# Never plain processes: they would be in the container that has the engine's socket.
c.AgentHub.engine_class = "agent_hub.engines.docker.DockerEngine"
c.ServerApp.root_dir = "/work"
