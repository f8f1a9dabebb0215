"""Compose, Kubernetes and systemd: each by its own rules, and all of one mind with core, proxy and image."""

import ipaddress
import json
import mmap
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from pydantic_settings import BaseSettings

import display_client.settings
import kiosk_client.settings
import queue_service.settings
from queue_service import __version__
from queue_service.infra.server import stop_s_max
from queue_service.settings import Settings
from tests.deploy.containerfile import steps
from tests.deploy.manifests import DEPLOY, KUBERNETES, SYSTEMD, compose, environment, kubernetes, unit
from tests.system.routes import routes

SCHEMAS = Path(__file__).parent / "schemas"
CHROMIUM = Path("/usr/lib/chromium/chromium")
"""The program itself; what stands in the path is a script."""
OPERATORS = {"/healthz", "/readyz", "/metrics"}
EXPOSURE_MAX = {"queue-core": 2.0, "queue-kiosk": 2.0, "queue-display": 2.0, "queue-browser@kiosk": 8.0}
"""By `systemd-analyze security`: 0 is closed, 10 is open. A browser with its own sandbox needs most of what is left."""
TRUSTED_PREFIX_MIN = 24
"""No network wider than this is believed who asks: whoever else is in it could say to be anybody."""
BACKUPS = "/backups"
MARGIN_S_MIN = 5
"""Between the end of a drain as the core limits it and the moment when it is killed."""


def _known(kind: type[BaseSettings]) -> set[str]:
    return {f"{kind.model_config['env_prefix']}{name}".upper() for name in kind.model_fields}


KNOWN = (
    _known(queue_service.settings.Settings)
    | _known(kiosk_client.settings.Settings)
    | _known(display_client.settings.Settings)
)


def _core(told: dict[str, str]) -> Settings:
    """The core's settings, which these make; what is not told has its default."""
    assert set(told) <= KNOWN
    own = {name.removeprefix("QUEUE_").lower(): value for name, value in told.items()}
    return Settings.model_validate(own)


def _faults(schema: dict[str, Any], value: Any) -> list[str]:
    return [
        f"{'/'.join(map(str, fault.instance_path))}: {fault.message}"
        for fault in jsonschema_rs.validator_for(schema).iter_errors(value)
    ]


def test_compose_is_as_the_specification_says() -> None:
    assert _faults(json.loads((SCHEMAS / "compose.json").read_text()), compose()) == []


def test_compose_asks_as_the_image_does() -> None:
    (image,) = (step.rest for step in steps() if step.word == "HEALTHCHECK")
    asked = compose()["services"]["core"]["healthcheck"]
    assert ["CMD", *json.loads(image.partition("CMD ")[2])] == asked["test"]
    times = dict(re.findall(r"--([a-z-]+)=(\w+)", image))
    assert times == {name.replace("_", "-"): str(value) for name, value in asked.items() if name != "test"}


def test_compose_mounts_what_is_there() -> None:
    """All but what the document has the installer make."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^cd deploy/compose\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    made = {words[-1] for words in map(shlex.split, block.splitlines()) if {"mkdir", "-d"} & set(words)}
    for service in compose()["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert source.removeprefix("./") in made or (DEPLOY / "compose" / source).exists(), source
            else:
                assert source in compose()["volumes"]
    for secret in compose()["secrets"].values():
        assert secret["file"].split("/")[1] in made


def test_kubernetes_knows_every_field() -> None:
    schema = json.loads((SCHEMAS / "kubernetes.json").read_text())
    for document in kubernetes().values():
        kind = f"{document['apiVersion']}/{document['kind']}"
        assert _faults({"$ref": schema["kinds"][kind], "$defs": schema["$defs"]}, document) == [], kind
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8"))
    beside = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml", "ingress-controller.yaml"}
    assert set(kustomization["resources"]) == beside
    (image,) = kustomization["images"]
    for name in ("queue-core", "queue-admin"):
        pods = kubernetes()["Deployment", name]["spec"]["template"]["spec"]
        containers = pods["containers"] + pods.get("initContainers", [])
        assert {container["image"] for container in containers} == {image["name"]}
    assert image["newTag"] == __version__


def test_each_release_has_a_place_of_its_own() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^release=(.*)$", text, re.MULTILINE)) == {__version__}
    images = {service["image"] for service in compose()["services"].values() if "build" in service}
    assert images == {f"localhost/queue-service:{__version__}"}
    programs = {
        re.findall(r"/opt/queue-service/\S+?/bin/", line)[0]
        for path in SYSTEMD.iterdir()
        for line in path.read_text(encoding="utf-8").splitlines()
        if "/opt/queue-service" in line
    }
    assert programs == {"/opt/queue-service/current/bin/"}


@pytest.mark.parametrize("name", EXPOSURE_MAX)
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    """Programs that this machine lacks are stood in for by one that it has."""
    source = re.sub(r"@\w+", "@", name)
    text = (SYSTEMD / f"{source}.service").read_text(encoding="utf-8")
    path = tmp_path / f"{name}.service"
    path.write_text(re.sub(r"^(Exec\w+=)/\S+", rf"\1{shutil.which('true')}", text, flags=re.MULTILINE))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", path],
        capture_output=True,
        text=True,
        check=False,
    )
    (exposure,) = re.findall(r"exposure level for \S+: ([\d.]+)", judged.stdout)
    assert float(exposure) <= EXPOSURE_MAX[name]


def test_systemd_makes_the_users_of_the_units(tmp_path: Path) -> None:
    asked = ["systemd-sysusers", "--dry-run", f"--root={tmp_path}", SYSTEMD / "queue-service.sysusers.conf"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True)
    made = set(re.findall(r"Creating user '([\w-]+)'", told.stdout + told.stderr))
    assert {user for path in SYSTEMD.glob("*.service") for user in unit(path.name).get("User", [])} == made


def test_every_variable_is_a_setting() -> None:
    settings = kubernetes()["ConfigMap", "queue-settings"]["data"]
    core = compose()["services"]["core"]["environment"]
    _core(settings)
    _core(core | {"QUEUE_BASE_URL": "https://queue.example.org"})
    of_units = [
        assignment.partition("=")[0]
        for path in SYSTEMD.glob("*.service")
        for line in unit(path.name).get("Environment", [])
        for assignment in line.split()
    ]
    of_image = [name for step in steps() if step.word == "ENV" for name in re.findall(r"\b([A-Z_]+)=", step.rest)]
    assert set(of_units) <= KNOWN
    assert set(of_image) - {"PATH"} <= KNOWN
    _core(environment(SYSTEMD / "core.env"))
    assert set(environment(SYSTEMD / "kiosk.env")) | set(environment(SYSTEMD / "display.env")) <= KNOWN


def test_processes_listen_where_the_proxy_looks() -> None:
    machine, containers = environment(SYSTEMD / "core.env"), compose()["services"]["core"]["environment"]
    for proxied, scraped, told in (
        ("proxy/queue/processes.conf", "prometheus/prometheus.yaml", machine),
        ("compose/processes.conf", "compose/figures/prometheus.yaml", containers),
    ):
        first, count = int(told["QUEUE_PROCESS_PORT_FIRST"]), int(told["QUEUE_PROCESSES"])
        for path, places in ((proxied, r"server ([\w.]+:\d+) "), (scraped, r'"([\w.]+:\d+)"')):
            named = re.findall(places, (DEPLOY / path).read_text(encoding="utf-8"))
            assert [int(place.rpartition(":")[2]) for place in named] == list(range(first, first + count)), path


def test_a_drain_ends_before_the_kill() -> None:
    pods = kubernetes()["Deployment", "queue-core"]["spec"]["template"]["spec"]
    seconds = re.compile(r"(\d+)s?")
    for killed_after, told in (
        (str(pods["terminationGracePeriodSeconds"]), kubernetes()["ConfigMap", "queue-settings"]["data"]),
        (compose()["services"]["core"]["stop_grace_period"], {}),
        (unit("queue-core.service")["TimeoutStopSec"][0], environment(SYSTEMD / "core.env")),
    ):
        core, found = _core(told), seconds.fullmatch(killed_after)
        assert found
        assert int(found[1]) >= stop_s_max(core) + MARGIN_S_MIN


def test_pods_are_asked_what_the_core_answers() -> None:
    pods = kubernetes()["Deployment", "queue-core"]["spec"]["template"]["spec"]
    (container,) = pods["containers"]
    (port,) = container["ports"]
    image = {step.word: step.rest for step in steps()}
    assert str(port["containerPort"]) == image["EXPOSE"]
    assert f"{pods['securityContext']['runAsUser']}:{pods['securityContext']['runAsGroup']}" == image["USER"]
    # What ends a pod is what a restart mends; a database that is gone is not.
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["readinessProbe"]["timeoutSeconds"] > Settings().ready_wait_s_max
    secret = kubernetes()["ConfigMap", "queue-settings"]["data"]["QUEUE_DATABASE_PASSWORD_FILE"]
    for one in (container, *pods["initContainers"]):
        (mount,) = one["volumeMounts"]
        assert secret == f"{mount['mountPath']}/password"
        assert one["securityContext"]["readOnlyRootFilesystem"]
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    labels = kubernetes()["Deployment", "queue-core"]["spec"]["template"]["metadata"]["labels"]
    service = kubernetes()["Service", "queue-core"]["spec"]
    assert service["selector"] == labels
    assert kubernetes()["PodDisruptionBudget", "queue-core"]["spec"]["selector"]["matchLabels"] == labels
    assert kubernetes()["NetworkPolicy", "queue-core"]["spec"]["podSelector"]["matchLabels"] == labels


def test_nobody_is_believed_but_the_proxy() -> None:
    for told in (
        environment(SYSTEMD / "core.env"),
        compose()["services"]["core"]["environment"],
        kubernetes()["ConfigMap", "queue-settings"]["data"],
    ):
        for place in told["QUEUE_TRUSTED_PROXIES"].split(","):
            assert ipaddress.ip_network(place).prefixlen >= TRUSTED_PREFIX_MIN


def test_a_command_is_run_as_the_service_is(tmp_path: Path) -> None:
    """By a stand-in for `systemd-run`, which writes down its words."""
    told = tmp_path / "told"
    stand_in = tmp_path / "systemd-run"
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}\nexit 3\n')
    stand_in.chmod(0o755)
    command = ["sh", SYSTEMD / "queue-service.sh", "device", "add", "--name", "Kiosk by the door"]
    ended = subprocess.run(command, env={"PATH": f"{tmp_path}:/usr/bin:/bin", "LANG": "zh_CN.UTF-8"}, check=False)
    assert ended.returncode == 3
    words = told.read_text().splitlines()
    core = unit("queue-core.service")
    folder = core["StateDirectory"][0]
    program = core["ExecStart"][0].split()[0]
    place = words.index(program)
    assert words[place + 1 :] == ["device", "add", "--name", "Kiosk by the door"]
    options = set(words[:place])
    assert {f"--uid={core['User'][0]}", f"--gid={core['Group'][0]}", "--pipe", "--pty", "--wait"} <= options
    assert {f"--working-directory=/var/lib/{folder}", f"--setenv=QUEUE_DATA_DIR=/var/lib/{folder}"} <= options
    assert "--setenv=LANG=zh_CN.UTF-8" in options
    for name in ("StateDirectory", "StateDirectoryMode", "UMask", "EnvironmentFile"):
        assert f"--property={name}={core[name][0]}" in options


def test_a_backup_stays_where_the_commands_leave_it() -> None:
    """The document's names are relative, so they lie in the folder that the command runs in."""
    text = (DEPLOY / "operations.md").read_text(encoding="utf-8")
    files = re.findall(r"^queue-service (?:backup|restore) (?:--\w+ )?(\S+)", text, re.MULTILINE)
    assert files and not any("/" in file for file in files)
    rows = re.findall(r"^\| (systemd|compose|Kubernetes)\b[^|]*\|[^|]*\| `(/\S+)`", text, re.MULTILINE)
    state = unit("queue-core.service")["StateDirectory"][0]
    assert rows == [("systemd", f"/var/lib/{state}"), ("compose", BACKUPS), ("Kubernetes", BACKUPS)]

    admin = compose()["services"]["admin"]
    core = compose()["services"]["core"]
    assert admin["working_dir"] == BACKUPS
    assert f"./backups:{BACKUPS}" in admin["volumes"]
    assert all(admin[name] == core[name] for name in ("image", "environment", "secrets"))
    assert set(admin["depends_on"]) == {"database"}, "not the core, which may be stopped"

    pods = kubernetes()["Deployment", "queue-admin"]["spec"]["template"]["spec"]
    (container,) = pods["containers"]
    (serving,) = kubernetes()["Deployment", "queue-core"]["spec"]["template"]["spec"]["containers"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    claims = {volume["name"]: volume.get("persistentVolumeClaim") for volume in pods["volumes"]}
    assert container["workingDir"] == BACKUPS
    assert claims[mounts[BACKUPS]] == {"claimName": "queue-backups"}
    assert ("PersistentVolumeClaim", "queue-backups") in kubernetes()
    assert container["envFrom"] == serving["envFrom"]
    assert container["securityContext"] == serving["securityContext"]
    assert serving["volumeMounts"][0] in container["volumeMounts"]


def test_the_ingress_leads_to_every_public_route_and_to_no_other() -> None:
    (rule,) = kubernetes()["Ingress", "queue-core"]["spec"]["rules"]
    assert rule["host"] in kubernetes()["ConfigMap", "queue-settings"]["data"]["QUEUE_BASE_URL"]

    def is_led(path: str) -> bool:
        return any(
            path == led["path"] or (led["pathType"] == "Prefix" and path.startswith(f"{led['path']}/"))
            for led in rule["http"]["paths"]
        )

    paths = {route.path for route in routes()}
    assert paths >= OPERATORS
    assert {path for path in paths if not is_led(path)} == OPERATORS


def test_the_ingress_controller_maps_as_the_proxy_does() -> None:
    told = kubernetes()["ConfigMap", "nginx-config"]["data"]
    maps = (DEPLOY / "proxy/queue/maps.conf").read_text(encoding="utf-8")
    ours = re.findall(r"map \$uri \$(\w+) (\{.*?^\})", maps, re.MULTILINE | re.DOTALL)
    theirs = re.findall(r"map \$uri \$(\w+) (\{.*?^\})", told["http-snippets"], re.MULTILINE | re.DOTALL)
    assert theirs == ours
    assert told["log-format"] == "".join(re.findall(r"^    '(.*)';?$", maps, re.MULTILINE))
    annotations = kubernetes()["Ingress", "queue-core"]["metadata"]["annotations"]
    upstream = (DEPLOY / "proxy/queue/processes.conf").read_text(encoding="utf-8")
    assert f"{annotations['nginx.org/lb-method']};" in upstream
    forward = (DEPLOY / "proxy/queue/forward.conf").read_text(encoding="utf-8")
    for name in ("proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout"):
        assert f"{name.replace('-', '_')} {annotations[f'nginx.org/{name}']};" in forward


def test_a_screen_opens_what_its_machine_serves() -> None:
    policy = json.loads((SYSTEMD / "chromium-policy.json").read_text(encoding="utf-8"))
    defaults = {
        "kiosk": kiosk_client.settings.Settings.model_fields["port"].default,
        "display": display_client.settings.Settings.model_fields["port"].default,
    }
    for kind, port in defaults.items():
        screen = environment(SYSTEMD / f"screen-{kind}.env")
        assert screen["SCREEN_ORIGIN"] == f"http://127.0.0.1:{port}"
        assert screen["SCREEN_ORIGIN"] in policy["URLAllowlist"]
    (start,) = unit("queue-browser@.service")["ExecStart"]
    assert "--kiosk" in start
    assert start.endswith("${SCREEN_ORIGIN}${SCREEN_PAGE}")
    assert policy["AutoplayAllowlist"] == [f"http://127.0.0.1:{defaults['display']}"]


def test_chromium_knows_what_a_screen_asks_of_it() -> None:
    """A switch that a browser no longer knows is ignored without a word, and the screen shows what it was to hide."""
    if not CHROMIUM.exists():
        pytest.skip("Debian's Chromium is not installed")
    (start,) = unit("queue-browser@.service")["ExecStart"]
    features = set(re.findall(r"--disable-features=(\S+)", start)[0].split(","))
    switches = set(re.findall(r"--([\w-]+)", start.partition("chromium ")[2]))
    with CHROMIUM.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as program:
        assert {word for word in switches | features if program.find(word.encode() + b"\0") < 0} == set()


def test_the_steps_of_the_document_name_files_that_are_there() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        asks = [line for line in block.splitlines() if "/dev/stdin" in line and "|" not in line]
        assert not asks or block.splitlines() == asks, "what waits for somebody would take the lines after it"
        subprocess.run(["bash", "-n"], input=block, text=True, check=True)
        folder = DEPLOY / "compose" if "cd deploy/compose" in block else DEPLOY.parent
        for word in shlex.split(block, comments=True):
            is_ours = word.startswith("deploy/") and word != "deploy/queue-core"
            assert not is_ours or (folder / word).exists() or (DEPLOY.parent / word).exists(), word
    installed = set(re.findall(r"deploy/systemd/([\w@.-]+)", text))
    of_displays = {path.name for path in SYSTEMD.iterdir() if "display" in path.name}
    assert installed | of_displays == {path.name for path in SYSTEMD.iterdir()}
