"""A real Pushgateway that can be restarted, and forgets everything then, as one without a volume does."""

import contextlib
import urllib.request

from tests.scripts.jobs import free_port, served


class Gateway:
    """A Pushgateway at an address that outlives it."""

    def __init__(self, program: str) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._command = [program, f"--web.listen-address={self.address}", "--persistence.file="]
        self._running = contextlib.ExitStack()
        self.url = f"http://{self.address}"
        self._start()

    def _start(self) -> None:
        self._running.enter_context(served(self._command, f"{self.url}/-/ready"))

    def stop(self) -> None:
        self._running.close()

    def restart(self) -> None:
        self.stop()
        self._start()

    def text(self) -> str:
        """What Prometheus scrapes."""
        with urllib.request.urlopen(f"{self.url}/metrics") as answer:  # noqa: S310
            text = answer.read().decode()
        assert isinstance(text, str)
        return text
