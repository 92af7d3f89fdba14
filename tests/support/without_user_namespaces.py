"""Run a command with new user namespaces refused, as a container engine's seccomp profile does: `FILE COMMAND...`."""

import ctypes
import os
import struct
import sys

LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
UNSHARE = {"x86_64": 272, "aarch64": 97}
CLONE_NEWUSER, REFUSE, ALLOW = 0x10000000, 0x00050001, 0x7FFF0000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def forbid():
    """From now on unshare(CLONE_NEWUSER) is EPERM, here and in everything started from here."""
    steps = (
        (LOAD, 0, 0, 0),  # the call's number
        (EQUAL, 0, 3, UNSHARE[os.uname().machine]),
        (LOAD, 0, 0, 16),  # its first argument
        (ANY_BIT, 0, 1, CLONE_NEWUSER),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    )
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = Program(len(steps), ctypes.addressof(packed))
    library = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, FILTER, ctypes.byref(program))):
        if library.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid()
    os.execvp(sys.argv[1], sys.argv[1:])
