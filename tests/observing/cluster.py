"""Stands where kube-state-metrics would, and says of a cluster what its documentation says that it says."""

import contextlib
import http.server
import threading
import time
from collections.abc import Iterator

from tests.observing.observed import Expected, Observed


class Cluster:
    """All CronJobs of a fleet, and what becomes of some of them."""

    def __init__(self, observed: Observed) -> None:
        self._lines: list[str] = []
        self._cronjobs = observed.cronjobs()
        self._gone: set[str] = set()
        self.address = ""

    def lacks(self, job: Expected) -> None:
        """Its CronJob was never applied."""
        self._gone.add(job.cronjob)

    def failed(self, job: Expected) -> None:
        """Its newest Job has failed."""
        of = self._job(job)
        self._lines.append(f"kube_job_status_start_time{{{of}}} {time.time()}")
        self._lines.append(f'kube_job_failed{{{of},condition="true",reason="BackoffLimitExceeded"}} 1')

    def waits(self, job: Expected) -> None:
        """The pod of its newest Job does not start."""
        self._job(job)
        pod = f'namespace="{job.namespace}",pod="{job.cronjob}-1-x7k2p",uid="1"'
        self._lines.append(f'kube_pod_owner{{{pod},owner_kind="Job",owner_name="{job.cronjob}-1"}} 1')
        self._lines += [
            f'kube_pod_status_phase{{{pod},phase="{phase}"}} {int(phase == "Pending")}'
            for phase in ("Pending", "Running")
        ]

    def _job(self, job: Expected) -> str:
        of = f'namespace="{job.namespace}",job_name="{job.cronjob}-1"'
        self._lines.append(f'kube_job_owner{{{of},owner_kind="CronJob",owner_name="{job.cronjob}"}} 1')
        return of

    def text(self) -> str:
        """What Prometheus scrapes."""
        there = [(space, name, suspended) for space, name, suspended in self._cronjobs if name not in self._gone]
        lines = [
            line
            for space, name, suspended in there
            for of in [f'namespace="{space}",cronjob="{name}"']
            for line in (
                f'kube_cronjob_info{{{of},concurrency_policy="Forbid"}} 1',
                f"kube_cronjob_spec_suspend{{{of}}} {int(suspended)}",
            )
        ]
        return "\n".join([*lines, *self._lines, ""])

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        """Answer at `address`."""
        cluster = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = cluster.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield
        server.shutdown()
        thread.join()
        server.server_close()
