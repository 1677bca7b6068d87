"""The GPUs of this machine, as NVIDIA's driver names them."""

from __future__ import annotations

from agent_hub.models import Gpu


def local_gpus() -> tuple[Gpu, ...]:
    """Every GPU of this machine; none where there is no driver, or no library to ask it. Blocks."""
    try:
        import pynvml
    except ImportError:
        return ()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()
    try:
        return tuple(_gpu(index) for index in range(pynvml.nvmlDeviceGetCount()))
    except pynvml.NVMLError:
        return ()
    finally:
        pynvml.nvmlShutdown()


def _gpu(index: int) -> Gpu:
    import pynvml

    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    return Gpu(
        index=index,
        uuid=_text(pynvml.nvmlDeviceGetUUID(handle)),
        name=_text(pynvml.nvmlDeviceGetName(handle)),
        memory=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
    )


def _text(value: str | bytes) -> str:
    # Old releases of the library answer in bytes.
    return value.decode() if isinstance(value, bytes) else value
