"""Asks NVIDIA's driver for its CUDA version and the devices' compute capabilities.

NVML answers without making a CUDA context. The questions are asked in a thread, because a driver
in trouble can keep its callers for minutes: after the time limit the machine counts as one without
CUDA, and the thread, a daemon, is left behind.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable, Iterable

__all__ = ("CudaFacts", "detect_cuda")

_TIME_LIMIT = 10.0
# The driver's version is MAJOR * 1000 + MINOR * 10; anything outside is memory nobody wrote.
_PLAUSIBLE = range(1000, 100_000)


class CudaFacts(msgspec.Struct, frozen=True, gc=False):
    """What the driver says.

    Attributes:
        version: The newest CUDA version that the driver supports, `MAJOR.MINOR`.
        lowest_capability: The lowest compute capability of the devices, `MAJOR.MINOR`, or None
            where there is no device.
    """

    version: str | None = None
    lowest_capability: str | None = None


def detect_cuda(
    *, time_limit: float = _TIME_LIMIT, ask: Callable[[], CudaFacts] | None = None
) -> CudaFacts:
    """Ask the driver; a machine without one, or with one that does not answer, has no CUDA.

    Costs a few microseconds where there is no driver library.

    Args:
        time_limit: How long to wait for an answer, in seconds.
        ask: What asks, in place of the driver's own library.
    """
    answers: list[CudaFacts] = []

    def work() -> None:
        answers.append((ask or _ask_driver)())

    thread = threading.Thread(target=work, name="hognose-cuda", daemon=True)
    thread.start()
    thread.join(time_limit)
    return answers[0] if answers else CudaFacts()


def _ask_driver() -> CudaFacts:
    nvml = _load(("nvml.dll",) if sys.platform == "win32" else ("libnvidia-ml.so.1",))
    if nvml is not None:
        facts = _ask_nvml(nvml)
        if facts.version is not None:
            return facts
    cuda = _load(
        ("nvcuda.dll",)
        if sys.platform == "win32"
        else ("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1")
    )
    return CudaFacts() if cuda is None else CudaFacts(_ask_number(cuda, "cuDriverGetVersion"))


def _load(names: Iterable[str]) -> ctypes.CDLL | None:
    if sys.platform == "darwin":
        return None
    import ctypes

    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def _ask_number(library: ctypes.CDLL, function: str) -> str | None:
    import ctypes

    number = ctypes.c_int(0)
    try:
        failed = getattr(library, function)(ctypes.byref(number))
    except AttributeError:
        return None
    if failed or number.value not in _PLAUSIBLE:
        return None
    return f"{number.value // 1000}.{number.value % 1000 // 10}"


def _ask_nvml(nvml: ctypes.CDLL) -> CudaFacts:
    is_ready = nvml.nvmlInit_v2() == 0
    try:
        version = _ask_number(nvml, "nvmlSystemGetCudaDriverVersion_v2") or _ask_number(
            nvml, "nvmlSystemGetCudaDriverVersion"
        )
        capabilities = _capabilities(nvml) if is_ready else []
    finally:
        if is_ready:
            nvml.nvmlShutdown()
    lowest = min(capabilities, default=None)
    return CudaFacts(version, None if lowest is None else f"{lowest[0]}.{lowest[1]}")


def _capabilities(nvml: ctypes.CDLL) -> list[tuple[int, int]]:
    import ctypes

    count = ctypes.c_uint(0)
    if nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)):
        return []
    found = []
    for index in range(count.value):
        device = ctypes.c_void_p()
        major, minor = ctypes.c_int(0), ctypes.c_int(0)
        failed = nvml.nvmlDeviceGetHandleByIndex_v2(
            ctypes.c_uint(index), ctypes.byref(device)
        ) or nvml.nvmlDeviceGetCudaComputeCapability(
            device, ctypes.byref(major), ctypes.byref(minor)
        )
        if not failed and major.value > 0:
            found.append((major.value, minor.value))
    return found
