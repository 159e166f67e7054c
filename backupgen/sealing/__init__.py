"""Secrets: which values they need, whether they are sealed as they should be, and how they get sealed.

Input: the plan, the values file, sops' rules, what lies in out/. Output: findings, and the texts of sealed Secrets. It
decides; sops itself and bcrypt are behind the protocols of `sealer`, which the adapters implement. Never: a plaintext
in a finding, in a name, in the representation of an object.
"""

from backupgen.sealing.codes import CODES

__all__ = ["CODES"]
