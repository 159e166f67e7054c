"""backupgen: one fleet.yaml in, a restic backup fleet for Kubernetes out."""

__version__ = "0.1.0"
