"""The files of `deploy/` as values."""

import re
import shlex
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SYSTEMD = DEPLOY / "systemd"


def compose() -> dict[str, Any]:
    """The compose file, merges done."""
    told: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    return told


def kubernetes() -> dict[tuple[str, str], dict[str, Any]]:
    """Every object by kind and name, those of the ingress controller too."""
    told = [
        document
        for path in sorted(KUBERNETES.glob("*.yaml"))
        if path.name != "kustomization.yaml"
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]
    return {(document["kind"], document["metadata"]["name"]): document for document in told}


def unit(name: str) -> dict[str, list[str]]:
    """A unit's settings of all sections by name, each with its values in order."""
    text = (SYSTEMD / name).read_text(encoding="utf-8").replace("\\\n", " ")
    told: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE):
        told.setdefault(key, []).append(value.strip())
    return told


def environment(path: Path) -> dict[str, str]:
    """An environment file as systemd reads it."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return dict(shlex.split(line)[0].split("=", 1) for line in lines)
