"""What llama.cpp can compute on here: its own list of devices, and the backends that are found at run time.

Most builds are made for one processor with at most one kind of graphics card. The portable build holds
several processor variants and backends as files of their own beside the library; llama-cpp-python does not look for
them, so they are loaded here, before anything else is asked of the library.
"""

from __future__ import annotations

import ctypes
import functools
import os
from pathlib import Path

import llama_cpp

from core.engine.messages import Device

LIBRARIES = Path(llama_cpp.__file__).parent / "lib"
# Of the several copies in a wheel, the one that libllama itself opens.
_NAMES = ("libggml.so.0", "libggml.0.dylib", "libggml.dylib", "ggml.dll")
_KINDS = ("cpu", "gpu", "igpu", "accel")  # enum ggml_backend_dev_type
# Each backend's own variable for hiding its devices; the last two keep Vulkan from opening any driver.
_HIDDEN_BY = {
    "GGML_VK_VISIBLE_DEVICES": "",
    "CUDA_VISIBLE_DEVICES": "",
    "HIP_VISIBLE_DEVICES": "",
    "VK_DRIVER_FILES": "none",
    "VK_ICD_FILENAMES": "none",
}


@functools.cache
def _ggml() -> ctypes.CDLL:
    path = next(LIBRARIES / name for name in _NAMES if (LIBRARIES / name).exists())
    library = ctypes.CDLL(str(path))
    for name in ("dev_get", "dev_backend_reg", "reg_get"):
        getattr(library, f"ggml_backend_{name}").restype = ctypes.c_void_p
    for name in ("dev_name", "dev_description", "reg_name"):
        getattr(library, f"ggml_backend_{name}").restype = ctypes.c_char_p
    for name in ("dev_count", "reg_count"):
        getattr(library, f"ggml_backend_{name}").restype = ctypes.c_size_t
    for name in ("dev_get", "reg_get"):
        getattr(library, f"ggml_backend_{name}").argtypes = [ctypes.c_size_t]
    for name in ("dev_name", "dev_description", "dev_type", "dev_backend_reg", "reg_name"):
        getattr(library, f"ggml_backend_{name}").argtypes = [ctypes.c_void_p]
    size = ctypes.POINTER(ctypes.c_size_t)
    library.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size, size]
    return library


def portable() -> bool:
    """Whether this build brings its backends as files of their own."""
    return any(LIBRARIES.glob("*ggml-cpu-*"))


def load(*, graphics: bool = True) -> None:
    """Find the backends of a portable build. Without `graphics`, devices of graphics cards stay hidden.

    Must be called before a model is loaded, once in a process.
    """
    if not graphics:
        os.environ.update(_HIDDEN_BY)
    if portable():
        _ggml().ggml_backend_load_all_from_path(os.fsencode(LIBRARIES))


def devices() -> list[Device]:
    """Every device, with its memory in bytes."""
    library, found = _ggml(), []
    for number in range(library.ggml_backend_dev_count()):
        device = library.ggml_backend_dev_get(number)
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        library.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        kind = library.ggml_backend_dev_type(device)
        found.append(
            Device(
                library.ggml_backend_dev_name(device).decode(errors="replace"),
                library.ggml_backend_dev_description(device).decode(errors="replace").strip(),
                _KINDS[kind] if kind < len(_KINDS) else "other",
                total.value,
                free.value,
            )
        )
    return found


def graphics() -> list[Device]:
    """The devices that layers can be moved to."""
    return [device for device in devices() if device.graphics]


def backends() -> list[str]:
    """Names of the backends that are loaded, such as 'cpu' and 'vulkan'."""
    library = _ggml()
    names = (
        library.ggml_backend_reg_name(library.ggml_backend_reg_get(number))
        for number in range(library.ggml_backend_reg_count())
    )
    return [name.decode(errors="replace").lower() for name in names]


def variant() -> str:
    """Which processor's code the portable build took, such as 'zen4'; '' for other builds.

    llama.cpp does not say it, so it is read off the libraries that this process has open (Linux only).
    """
    try:
        opened = Path("/proc/self/maps").read_text()
    except OSError:
        return ""
    for path in LIBRARIES.glob("libggml-cpu-*.so"):
        if str(path) in opened:
            return path.stem.removeprefix("libggml-cpu-")
    return ""
