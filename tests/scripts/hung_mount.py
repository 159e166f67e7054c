"""A mount that hangs: `python hung_mount.py FOLDER COMMAND [ARG...]` mounts it, runs the command, ends with its code.

A file system in user space (linux/fuse.h) that knows its root folder and answers nothing else, as NFS does whose server
is gone: whoever looks into it waits without end and cannot be killed.
"""

import ctypes
import errno
import os
import struct
import subprocess
import sys
import threading

GETATTR, INIT, ACCESS, FORGET = 3, 26, 34, 2
_IN = struct.Struct("<IIQQIIII")
_FOLDER = struct.pack("<QII6Q3I7I", 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40755, 2, 0, 0, 0, 512, 0)
_INIT = struct.pack("<IIIIHHIIHH8I", 7, 31, 65536, 0, 12, 9, 65536, 1, 0, 0, *([0] * 8))


def serve(device: int) -> None:
    """Answer what has to be answered for the mount to stand."""
    while True:
        try:
            request = os.read(device, 1 << 20)
        except OSError:
            return
        _, opcode, unique, *_ = _IN.unpack_from(request)
        answers = {INIT: (0, _INIT), GETATTR: (0, _FOLDER), ACCESS: (-errno.ENOSYS, b"")}
        if opcode in answers:
            error, body = answers[opcode]
            os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


def main(folder: str, *command: str) -> int:
    """Mount, run, and let go of the mount."""
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    if ctypes.CDLL(None, use_errno=True).mount(b"hung", folder.encode(), b"fuse.hung", 0, options):
        raise OSError(ctypes.get_errno(), "mount")
    threading.Thread(target=serve, args=(device,), daemon=True).start()
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
