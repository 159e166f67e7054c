"""A pod's own network: a namespace with one interface, as every pod of a cluster has it."""

import subprocess
from collections.abc import Mapping

from backupgen.adapters.rehearsal.enclosure import Enclosure, pipe_of


class Network:
    """The network of one pod, at an address that ends with `.2`; the enclosure is at its `.1`."""

    def __init__(self, enclosure: Enclosure, address: str, programs: Mapping[str, str]) -> None:
        """Make it. Raises EnclosureError."""
        self._nsenter = programs["nsenter"]
        # As in Kubernetes, a process that does nothing holds it for the pod's containers.
        pause = (programs["unshare"], "--net", "--", "sh", "-c", 'echo "$$"; exec sleep 2147483647')
        holder = enclosure.start(pause, stdout=subprocess.PIPE)
        with pipe_of(holder.stdout) as told:
            self._pid = int(told.readline())
        prefix = address.rpartition(".")[0]
        link = f"pod{prefix.rpartition('.')[2]}"
        enclosure.script(
            [
                ["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(self._pid)],
                ["ip", "address", "add", f"{prefix}.1/24", "dev", link],
                ["ip", "link", "set", link, "up"],
                [*self.entrance, "ip", "link", "set", "lo", "up"],
                [*self.entrance, "ip", "address", "add", f"{address}/24", "dev", "eth0"],
                [*self.entrance, "ip", "link", "set", "eth0", "up"],
            ]
        )

    @property
    def entrance(self) -> tuple[str, ...]:
        """What a command in the enclosure is put behind to run in it."""
        return (self._nsenter, f"--net=/proc/{self._pid}/ns/net", "--")
