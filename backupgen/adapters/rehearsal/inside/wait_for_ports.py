"""Waits until servers take connections: wait_for_ports.py SECONDS ADDRESS:PORT...; exits with 1 if one does not."""

import socket
import sys
import time


def main() -> None:
    """Wait for each of them."""
    seconds, *servers = sys.argv[1:]
    end = time.monotonic() + float(seconds)
    for server in servers:
        address, _, port = server.rpartition(":")
        while True:
            try:
                socket.create_connection((address, int(port)), timeout=1).close()
                break
            except OSError as error:
                if time.monotonic() > end:
                    sys.exit(f"nothing answers at {server}: {error}")
                time.sleep(0.02)


if __name__ == "__main__":
    main()
