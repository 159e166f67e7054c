"""The codes about values, sealed Secrets and sops: BG561, BG563, and BG571 and up."""

from typing import Final

from backupgen.diagnostics import CodeInfo, Severity, declared

_SEALED: Final = "ENC[AES256_GCM,data:…,type:str]"

SEALED_KEYS_DIFFER: Final = CodeInfo(
    code="BG561",
    slug="sealed-keys-differ",
    severity=Severity.ERROR,
    summary="A sealed Secret lacks a key that its jobs read, or has one that none reads.",
    why="A job that lacks a credential fails at its next run; a credential that none reads is only a risk.",
    fix="Run `backupgen render` where the key is; one sealed by hand you seal again, with the keys that are needed.",
    bad="# a new variable, not sealed yet\ntargets:\n  wiki:\n    credentials: {DB_PASSWORD: wiki-db}\n",
    good="# sealed again\ntargets:\n  wiki:\n    credentials: {DB_PASSWORD: wiki-db}\n",
)
SECRETS_UNSEALED: Final = CodeInfo(
    code="BG563",
    slug="secrets-unsealed",
    severity=Severity.INFO,
    summary="Secrets hold placeholders, not sealed values.",
    why="Their jobs cannot start: a placeholder is not a password.",
    fix="Run `backupgen secrets`, which begins the values file and says what comes next.",
    bad="# a Secret of out/\nstringData:\n  RESTIC_PASSWORD: '<backupgen value: restic-password>'\n",
    good=f"# a Secret of out/\nstringData:\n  RESTIC_PASSWORD: {_SEALED}\n",
)
VALUE_MISSING: Final = CodeInfo(
    code="BG571",
    slug="value-missing",
    severity=Severity.ERROR,
    summary="The values file lacks a value that fleet.yaml refers to.",
    why="The Secret that needs it cannot be sealed; with a misspelt name it never would be.",
    fix="Correct the name; or run `backupgen secrets`, which adds it, and `backupgen secrets edit` to fill it in.",
    bad="targets:\n  wiki:\n    credentials: {DB_PASSWORD: wiki-bd}\n",
    good="targets:\n  wiki:\n    credentials: {DB_PASSWORD: wiki-db}\n",
)
VALUE_UNUSED: Final = CodeInfo(
    code="BG572",
    slug="value-unused",
    severity=Severity.WARNING,
    summary="A value that nothing in fleet.yaml refers to.",
    why="A credential that nobody needs is only a risk; or its name is misspelt, and the one that is meant is empty.",
    fix="Remove it with `backupgen secrets edit`, and revoke it where it is accepted.",
    bad=f"# fleet.values.enc.yaml\nrestic-pasword: {_SEALED}\n",
    good=f"# fleet.values.enc.yaml\nrestic-password: {_SEALED}\n",
)
VALUE_EMPTY: Final = CodeInfo(
    code="BG573",
    slug="value-empty",
    severity=Severity.WARNING,
    summary="A value is not filled in yet.",
    why="The Secrets that need it keep their placeholders, and their jobs cannot start.",
    fix="Run `backupgen secrets edit`, then `backupgen render`.",
    bad='# fleet.values.enc.yaml\nrestic-password: ""\n',
    good=f"# fleet.values.enc.yaml\nrestic-password: {_SEALED}\n",
)
VALUE_UNUSABLE: Final = CodeInfo(
    code="BG574",
    slug="value-unusable",
    severity=Severity.ERROR,
    summary="A value cannot be used as it is.",
    why="A number loses its spelling (`0123` becomes 83), and a list or mapping is not a credential.",
    fix="Write it as one text, in quotes, with `backupgen secrets edit`.",
    bad="# in the editor\nrestic-password: 0123\n",
    good='# in the editor\nrestic-password: "0123"\n',
)
VALUE_IN_PLAINTEXT: Final = CodeInfo(
    code="BG575",
    slug="value-in-plaintext",
    severity=Severity.ERROR,
    summary="A value stands in the values file without encryption.",
    why="Whoever can read the repository can read it, and Git never forgets it.",
    fix="If it was ever committed or shared, take it as known to everybody: choose another. Remove the line, and write "
    "the value with `backupgen secrets edit`.",
    bad="# fleet.values.enc.yaml\nrestic-password: correct horse\n",
    good=f"# fleet.values.enc.yaml\nrestic-password: {_SEALED}\n",
)
SECRET_IN_PLAINTEXT: Final = CodeInfo(
    code="BG576",
    slug="secret-in-plaintext",
    severity=Severity.ERROR,
    summary="A credential stands in out/ without encryption.",
    why="Whoever can read the repository can read it, and Git never forgets it.",
    fix="If it was ever committed, take it as known to everybody: choose another. Delete the file, and run `backupgen "
    "render`.",
    bad="# a Secret of out/\nstringData:\n  RESTIC_PASSWORD: correct horse\n",
    good=f"# a Secret of out/\nstringData:\n  RESTIC_PASSWORD: {_SEALED}\n",
)
SECRET_UNKNOWN: Final = CodeInfo(
    code="BG577",
    slug="secret-unknown",
    severity=Severity.ERROR,
    summary="A Secret in out/ that backupgen did not write.",
    why="Nothing checks whom it is sealed for, or whether it holds what its name says.",
    fix="Keep your own Secrets in a folder beside out/.",
    bad="# out/media/my-own.enc.yaml\nkind: Secret\n",
    good="# apps/media/my-own.enc.yaml\nkind: Secret\n",
)
SEALED_FOR_OTHERS: Final = CodeInfo(
    code="BG578",
    slug="sealed-for-others",
    severity=Severity.ERROR,
    summary="A file is sealed for other recipients, or by another rule, than .sops.yaml says.",
    why="The cluster cannot decrypt it; or somebody still can who should not.",
    fix="Run `backupgen render` with a key: it wraps the data key anew, and keeps the ciphertext of the values.",
    bad="# .sops.yaml was changed since\nage: age1new…\n",
    good="# .sops.yaml was changed, and `backupgen render` run\nage: age1new…\n",
)
SEALED_OUTDATED: Final = CodeInfo(
    code="BG579",
    slug="sealed-outdated",
    severity=Severity.ERROR,
    summary="A sealed Secret is not what fleet.yaml and the values file say today.",
    why="Its jobs go on with the old credential, which fails as soon as that is revoked.",
    fix="Run `backupgen render` with a key and commit what it writes.",
    bad="# a value was changed with `backupgen secrets edit`, and out/ not rendered\n",
    good="# changed, rendered, and committed together\n",
)
SEALED_CHANGED: Final = CodeInfo(
    code="BG580",
    slug="sealed-changed",
    severity=Severity.ERROR,
    summary="It is not known what a sealed Secret holds: backupgen did not seal it, or it was changed since.",
    why="It may be damaged or hold something else, and without a key nobody can tell.",
    fix=(
        "Restore the file from Git; or run `backupgen render` with a key, which takes over what holds the right values."
    ),
    bad="# one byte of a sealed Secret was changed\n",
    good="# as `backupgen render` wrote it\n",
)
_RULE: Final = r"""# .sops.yaml
creation_rules:
  - path_regex: \.enc\.yaml$
    encrypted_regex: ^(data|stringData)$
"""
SOPS_RULES: Final = CodeInfo(
    code="BG581",
    slug="sops-rules",
    severity=Severity.ERROR,
    summary="The rules of sops do not fit the rendered Secrets.",
    why="Without a rule sops seals for nobody. One that leaves `stringData` out writes passwords in plaintext; one "
    "that covers `metadata` hides the names from kustomize and the cluster.",
    fix="Let backupgen write .sops.yaml (`sops:` in fleet.yaml), or mend your own as the finding says.",
    bad=_RULE.replace("(data|stringData)", "data"),
    good=_RULE,
)
SOPS_UNAVAILABLE: Final = CodeInfo(
    code="BG582",
    slug="sops-unavailable",
    severity=Severity.ERROR,
    summary="The program sops is not installed, or is too old.",
    why="Secrets are sealed by sops alone: backupgen does not encrypt anything itself.",
    fix="Install sops 3.10 or later (https://getsops.io) and put it on PATH.",
    bad="# sops 3.8.1\n",
    good="# sops 3.11.0\n",
)
NO_KEY: Final = CodeInfo(
    code="BG583",
    slug="no-key",
    severity=Severity.ERROR,
    summary="No key at hand opens a sealed file.",
    why="What is sealed cannot be compared or changed.",
    fix="Give sops the key of one of the recipients: SOPS_AGE_KEY_FILE, a GnuPG secret key, or the cloud's "
    "credentials. Without one, `backupgen render` still renders, and keeps what is sealed.",
    bad="# SOPS_AGE_KEY_FILE names the key of somebody else\n",
    good="# SOPS_AGE_KEY_FILE names the key of a recipient\n",
)
SOPS_REFUSED: Final = CodeInfo(
    code="BG584",
    slug="sops-refused",
    severity=Severity.ERROR,
    summary="The program sops refuses what it is asked for.",
    why="Nothing is sealed as long as one Secret cannot be; what is in out/ stays as it was.",
    fix="The finding repeats what sops said.",
    bad=f"{_RULE}    age: age1-not-a-recipient\n",
    good=f"{_RULE}    age: age1l33kuavzswruf692c4pl9cuqz72npyzn3gjmmqdujqf3vkl22e6s6zdk58\n",
)
SEALED_DAMAGED: Final = CodeInfo(
    code="BG585",
    slug="sealed-damaged",
    severity=Severity.ERROR,
    summary="A sealed file was changed after it was sealed, or is damaged.",
    why="sops' own seal over the whole file is broken: no key opens it any more, and Flux or KSOPS will refuse it too.",
    fix="Restore it from Git. A Secret of out/ can also be deleted: `backupgen render` seals it anew.",
    bad="# a key of a sealed Secret was renamed in an editor\n",
    good="# changed with `backupgen secrets edit`, then rendered\n",
)
SEALING_POSTPONED: Final = CodeInfo(
    code="BG586",
    slug="sealing-postponed",
    severity=Severity.WARNING,
    summary="Secrets wait to be sealed, although their values are there.",
    why="New ones hold placeholders, and sealed ones are as they were: their jobs have no credentials, or old ones.",
    fix="Run `backupgen secrets seal` where sops and a key are, and commit what it writes.",
    bad="# rendered on a machine without the key\n",
    good="# rendered where SOPS_AGE_KEY_FILE names the key of a recipient\n",
)
SEALED_DIFFERENT: Final = CodeInfo(
    code="BG587",
    slug="sealed-different",
    severity=Severity.ERROR,
    summary="A sealed Secret holds other values than the values file.",
    why="backupgen did not seal it, so what it holds may exist nowhere else: `render` does not overwrite it.",
    fix="Put the right value into the values file (`backupgen secrets edit`), or delete the Secret, and render.",
    bad="# sealed by hand, with another password than the values file's\n",
    good="# deleted, and sealed by `backupgen render`\n",
)
SEALED_FROM_ENVIRONMENT: Final = CodeInfo(
    code="BG588",
    slug="sealed-from-environment",
    severity=Severity.INFO,
    summary="A Secret was sealed from values of the environment.",
    why="They leave no trace that could be compared without a key.",
    fix="Nothing, if it is meant. `backupgen secrets status` compares with a key and the same environment.",
    bad="# BACKUPGEN_VALUE_RESTIC_PASSWORD=… backupgen render\n",
    good="# restic-password stands in the values file\n",
)

CODES: Final = declared(globals())
