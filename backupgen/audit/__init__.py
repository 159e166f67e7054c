"""A fleet against the rest of the GitOps tree that it lives in: volumes without a backup, names that lead nowhere.

Knows Kubernetes manifests as other people write them, and what kustomize, Flux and Argo CD make of their namespaces.
"""

from backupgen.audit.codes import CODES

__all__ = ["CODES"]
