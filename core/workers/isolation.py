"""No network in a worker: a seccomp filter on Linux, an audit hook elsewhere.

The filter is set before any native library loads, so it binds those libraries too: `socket(2)` for
anything but a local socket answers EACCES, and so does io_uring, which could open sockets
unseen. The audit hook sees only sockets that Python opens; the documentation says so.

Filter program: linux/filter.h and linux/seccomp.h (uapi); system call numbers from the kernel's
tables for x86-64 and arm64.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct
import sys
from typing import Any

from core.errors import N_, NetworkRefused

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_RET_ALLOW = 0x7FFF0000
_RET_ERRNO = 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _RETURN = 0x20, 0x15, 0x35, 0x06
_OFFSET_NUMBER, _OFFSET_ARCH, _OFFSET_FIRST_ARGUMENT = 0, 4, 16  # struct seccomp_data
_X32_BIT = 0x40000000
_IO_URING_SETUP = 425  # the same on all architectures
# machine -> (AUDIT_ARCH, number of socket(2))
_ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}


def _program(arch: int, socket_number: int) -> bytes:
    """The filter as an array of struct sock_filter. Jumps are relative; the last two lines are the verdicts."""
    lines = [
        (_LOAD, 0, 0, _OFFSET_ARCH),
        (_JUMP_EQUAL, 0, 7, arch),  # another architecture's calls: refuse
        (_LOAD, 0, 0, _OFFSET_NUMBER),
        (_JUMP_GREATER_EQUAL, 5, 0, _X32_BIT),  # x32 calls: refuse
        (_JUMP_EQUAL, 4, 0, _IO_URING_SETUP),  # refuse
        (_JUMP_EQUAL, 0, 2, socket_number),  # any other call: allow
        (_LOAD, 0, 0, _OFFSET_FIRST_ARGUMENT),
        (_JUMP_EQUAL, 0, 1, socket.AF_UNIX),  # another family: refuse
        (_RETURN, 0, 0, _RET_ALLOW),
        (_RETURN, 0, 0, _RET_ERRNO | errno.EACCES),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _refuse_with_seccomp() -> bool:
    if not sys.platform.startswith("linux") or platform.machine() not in _ARCHITECTURES:
        return False
    code = ctypes.create_string_buffer(_program(*_ARCHITECTURES[platform.machine()]))
    program = _FilterProgram((len(code) - 1) // 8, ctypes.cast(code, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _refuse_in_python(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.__new__" and arguments[1] in (socket.AF_INET, socket.AF_INET6):
        raise NetworkRefused("a network address", N_("this process has no network access"))
    if event == "socket.getaddrinfo":
        raise NetworkRefused(str(arguments[0]), N_("this process has no network access"))


def refuse_network() -> str:
    """Cut this process and its future threads off every network, for good. Returns 'seccomp' or 'audit'.

    Call it while the process still has one thread and before native libraries are loaded.
    """
    if _refuse_with_seccomp():
        return "seccomp"
    sys.addaudithook(_refuse_in_python)
    return "audit"
