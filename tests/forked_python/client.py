"""The program that is started: it has the server at this address run what it is asked for, and ends as that does."""

import json
import os
import socket
import sys


def main() -> None:
    """Start with nothing but the standard library, for speed."""
    _, address, dash_m, module, *arguments = sys.argv
    assert dash_m == "-m"
    umask = os.umask(0)
    os.umask(umask)
    request = {
        "module": module,
        "arguments": arguments,
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "umask": umask,
    }
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        socket.send_fds(connection, [b"-"], [0, 1, 2])
        connection.sendall(json.dumps(request).encode() + b"\n")
        code = connection.recv(16)
    # Nothing is said of one that was killed.
    sys.exit(int(code or 1))


if __name__ == "__main__":
    main()
