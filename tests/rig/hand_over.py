"""Becomes another program and hands it a socket, as systemd does: `hand_over.py FD PROGRAM ARGUMENTS...`."""

import os
import sys

#: Where systemd puts the first socket.
FIRST = 3


def main(fd: int, command: list[str]) -> None:
    if fd != FIRST:
        os.dup2(fd, FIRST)
        os.close(fd)
    os.set_inheritable(FIRST, True)
    os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
