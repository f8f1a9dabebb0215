"""Makes the schemas beside it anew from two packages that carry them whole.

    pip download --no-deps kubernetes-validate check-jsonschema
    python -m tests.deploy.schemas.renew kubernetes_validate-*.whl check_jsonschema-*.whl

`kubernetes.json`: of Kubernetes' own definitions (Apache-2.0) those that our kinds reach, strict, without their texts.
`compose.json`: the Compose Specification's schema (Apache-2.0), without descriptions.
"""

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VERSION = "1.37.0"
KINDS = {
    "v1/Namespace": "core.v1.Namespace",
    "v1/ServiceAccount": "core.v1.ServiceAccount",
    "v1/ConfigMap": "core.v1.ConfigMap",
    "v1/Service": "core.v1.Service",
    "v1/PersistentVolumeClaim": "core.v1.PersistentVolumeClaim",
    "apps/v1/Deployment": "apps.v1.Deployment",
    "policy/v1/PodDisruptionBudget": "policy.v1.PodDisruptionBudget",
    "networking.k8s.io/v1/Ingress": "networking.v1.Ingress",
    "networking.k8s.io/v1/NetworkPolicy": "networking.v1.NetworkPolicy",
}


def kubernetes(wheel: Path) -> dict[str, Any]:
    """By kind a reference into the definitions, all in one document."""
    with zipfile.ZipFile(wheel) as archive:
        path = f"kubernetes_validate/kubernetes-json-schema/v{VERSION}-local-strict/_definitions.json"
        document = json.loads(archive.read(path))
    known = document.get("$defs") or document["definitions"]
    reached: dict[str, Any] = {}
    pending = [f"io.k8s.api.{name}" for name in KINDS.values()]
    while pending:
        name = pending.pop()
        if name not in reached:
            reached[name] = _bare(known[name])
            pending += _referred(reached[name])
    return {
        "version": VERSION,
        "kinds": {kind: f"#/$defs/io.k8s.api.{name}" for kind, name in KINDS.items()},
        "$defs": dict(sorted(reached.items())),
    }


def compose(wheel: Path) -> Any:
    """The schema as it is, shorter."""
    with zipfile.ZipFile(wheel) as archive:
        return _bare(json.loads(archive.read("check_jsonschema/builtin_schemas/vendor/compose-spec.json")))


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _bare(item)
        for key, item in value.items()
        if not key.startswith("x-kubernetes-") and not (key == "description" and isinstance(item, str))
    }
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = kept["$ref"].replace("/api/_definitions.json#", "#").replace("_definitions.json#", "#")
    return kept


def _referred(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for item in value for name in _referred(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"].rpartition("/")[2]] if isinstance(value.get("$ref"), str) else []
    return own + [name for item in value.values() for name in _referred(item)]


def main(kubernetes_wheel: str, compose_wheel: str) -> None:
    for name, schema in (
        ("kubernetes.json", kubernetes(Path(kubernetes_wheel))),
        ("compose.json", compose(Path(compose_wheel))),
    ):
        (HERE / name).write_text(json.dumps(schema, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
