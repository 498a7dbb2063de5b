"""A filter of system calls for workers that must go on opening the files of their store.

The store opens a table when it first needs it, so a worker on disk cannot be left without free
descriptors. The kernel is told instead (seccomp, with `prctl(2)` and `seccomp(2)` through ctypes;
the maintained bindings need a C library that is not on every machine): no socket, no other
program, no other process's memory, and for a reader no file opened to be written, made, moved or
removed. Linux on x86-64 and AArch64; elsewhere nothing is installed and the caller is told.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from dataclasses import dataclass
from typing import Final

_NO_NEW_PRIVILEGES: Final = 38
_SET_FILTER: Final = 1
_ALL_THREADS: Final = 1

_LOAD: Final = 0x20
_EQUAL: Final = 0x15
_AT_LEAST: Final = 0x35
_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050001
"""The call fails with EPERM."""

_NUMBER: Final = 0
_ARCHITECTURE: Final = 4
_ARGUMENTS: Final = 16
"""Offsets in `struct seccomp_data`."""
_FOREIGN: Final = 0x40000000
"""Calls from here on have another way to pass arguments (x32), and no use here."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """Numbers of system calls: `seccomp` itself, what nobody may do, what changes names of files,
    and what opens a file, with the place of its flags among the arguments."""

    audit: int
    seccomp: int
    outside: tuple[int, ...]
    names: tuple[int, ...]
    opening: tuple[tuple[int, int], ...]


_MACHINES: Final = {
    # socket connect accept bind listen socketpair accept4; execve execveat ptrace
    # process_vm_writev io_uring_setup openat2 mount setns unshare
    "x86_64": _Machine(
        0xC000003E,
        317,
        (41, 42, 43, 49, 50, 53, 288, 59, 322, 101, 311, 425, 437, 165, 308, 272),
        # creat link unlink symlink rename mkdir rmdir truncate mknod chmod chown lchown, the same
        # with …at, renameat2
        (
            *(85, 86, 87, 88, 82, 83, 84, 76, 133, 90, 92, 94),
            *(265, 263, 266, 264, 258, 259, 268, 260, 316),
        ),
        ((2, 1), (257, 2)),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        277,
        (198, 203, 202, 200, 201, 199, 242, 221, 281, 117, 271, 425, 437, 40, 268, 97),
        (37, 35, 36, 38, 34, 45, 33, 53, 54, 276),
        ((56, 2),),
    ),
}


def confine(*, may_write: bool) -> bool:
    """Install the filter in all threads of this process; whether that could be done."""
    machine = _MACHINES.get(platform.machine())
    if machine is None or not sys.platform.startswith("linux"):
        return False
    program = _program(machine, may_write)
    library = ctypes.CDLL(None, use_errno=True)
    held = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HL", len(program) // 8, ctypes.addressof(held))
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    call = ctypes.c_long(machine.seccomp)
    return bool(library.syscall(call, _SET_FILTER, _ALL_THREADS, described) == 0)


def _program(machine: _Machine, may_write: bool) -> bytes:
    """Return the filter for the kernel's virtual machine."""
    refused = machine.outside if may_write else machine.outside + machine.names
    lines = [
        _line(_LOAD, _ARCHITECTURE),
        _line(_EQUAL, machine.audit, 1, 0),
        _line(_RETURN, _REFUSE),
        _line(_LOAD, _NUMBER),
        _line(_AT_LEAST, _FOREIGN, 0, 1),
        _line(_RETURN, _REFUSE),
    ]
    for number in refused:
        lines += [_line(_EQUAL, number, 0, 1), _line(_RETURN, _REFUSE)]
    if not may_write:
        writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
        for number, place in machine.opening:
            lines += [
                _line(_EQUAL, number, 0, 4),
                _line(_LOAD, _ARGUMENTS + 8 * place),
                _line(_ANY_BIT, writes, 0, 1),
                _line(_RETURN, _REFUSE),
                _line(_RETURN, _ALLOW),
            ]
    lines.append(_line(_RETURN, _ALLOW))
    return b"".join(lines)


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
