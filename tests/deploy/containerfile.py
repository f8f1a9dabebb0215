"""Follows `deploy/container/Containerfile` without a container engine: its very commands, in a folder of their own.

What stands at a fixed place of the image (`/opt/…`, `/source`, `/var/lib/…`) lies below that folder instead, its owner
is whoever runs the test, and the base image's Python is a fresh venv of this machine's. All else is as written.
"""

import fnmatch
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CONTAINERFILE = ROOT / "deploy" / "container" / "Containerfile"
PLACES = ("/source", "/opt/queue-service", "/var/lib/queue-service")
COMMAND_S_MAX = 500


@dataclass(frozen=True)
class Step:
    """One instruction: its word and what follows."""

    word: str
    rest: str

    @property
    def command(self) -> list[str]:
        """The words of a command without a shell."""
        words: list[str] = json.loads(self.rest)
        assert all(isinstance(word, str) for word in words)
        return words


def steps() -> list[Step]:
    """The instructions in their order."""
    lines = [line for line in CONTAINERFILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    told = "\n".join(lines).replace("\\\n", " ")
    return [Step(*line.split(maxsplit=1)) for line in told.splitlines() if line.strip()]


def context() -> list[Path]:
    """The files that an engine is given, relative to the project."""
    rules = [
        line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]
    assert rules[0] == "*", "nothing but what is named"
    named = [rule[1:] for rule in rules if rule.startswith("!")]
    never = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]
    files: list[Path] = []
    for name in named:
        path = ROOT / name
        assert path.exists(), f"{name} is let into the image and does not exist"
        files += [path] if path.is_file() else [entry for entry in path.rglob("*") if entry.is_file()]
    relative = [path.relative_to(ROOT) for path in files]
    return [path for path in relative if not any(fnmatch.fnmatch(part, rule) for part in path.parts for rule in never)]


@dataclass
class Image:
    """What the steps make below `folder`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0"
    stop_signal: str = ""
    healthcheck: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    _workdir: Path = Path("/")
    _copied: set[Path] = field(default_factory=set)

    @property
    def context(self) -> Path:
        """What the build was given."""
        return self.folder / "context"

    def build(self) -> None:
        """Every step, the base image's Python first."""
        base = self.folder / "base"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", base], check=True)
        pip = base / "bin" / "pip"
        pip.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pip --python "{base}/bin/python" "$@"\n')
        pip.chmod(0o755)
        for path in context():
            given = self.context / path
            given.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, given)
        for step in steps():
            self._take(step, base)
        unused = {path for path in self._given() if path not in self._copied}
        assert not unused, f"let into the build and not copied: {unused}"

    def moved(self, word: str) -> str:
        """A word of a command with its fixed places below `folder`."""
        return str(self.folder) + word if word.startswith(PLACES) else word

    def started(self, *words: str, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
        """The image's program, with its own command where no words are given; nothing of this machine's environment."""
        command = [*self.entrypoint, *(words or self.command)]
        with log.open("ab") as output:
            return subprocess.Popen(
                self._found(command),
                cwd=self.folder / "var/lib/queue-service",
                env=self.environment | environment,
                stdout=output,
                stderr=output,
            )

    def is_healthy(self, port: int) -> bool:
        """What the image's own health check says; `port` is where 8000 has been moved."""
        (port_of_image,) = self.ports
        command = [word.replace(f":{port_of_image}/", f":{port}/") for word in self.healthcheck]
        return subprocess.run(self._found(command), env=self.environment, check=False).returncode == 0

    def _found(self, command: list[str]) -> list[str]:
        found = shutil.which(command[0], path=self.environment["PATH"])
        assert found, command
        return [found, *command[1:]]

    def _take(self, step: Step, base: Path) -> None:
        match step.word:
            case "ARG" | "LABEL" | "VOLUME":
                pass
            case "FROM":
                self.environment = {"PATH": f"{base}/bin:{os.environ['PATH']}"}
            case "WORKDIR":
                self._workdir = Path(self.moved(step.rest))
                self._workdir.mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(step.rest.split())
            case "RUN":
                self._run(step.command)
            case "ENV":
                for setting in shlex.split(step.rest):
                    name, _, value = setting.partition("=")
                    places = value.replace("$PATH", self.environment["PATH"]).split(":")
                    self.environment[name] = ":".join(self.moved(place) for place in places)
            case "USER":
                self.user = step.rest
            case "EXPOSE":
                self.ports.append(int(step.rest))
            case "STOPSIGNAL":
                self.stop_signal = step.rest
            case "HEALTHCHECK":
                self.healthcheck = json.loads(step.rest.partition("CMD ")[2])
            case "ENTRYPOINT":
                self.entrypoint = step.command
            case "CMD":
                self.command = step.command
            case _:
                raise AssertionError(f"{step.word} is not followed here")

    def _given(self) -> list[Path]:
        return [path.relative_to(self.context) for path in self.context.rglob("*") if path.is_file()]

    def _copy(self, words: list[str]) -> None:
        *sources, target = words
        if sources[0] == "--from=build":
            (source,) = sources[1:]
            assert source == target, "a venv works where it was made"
            assert Path(self.moved(source)).is_dir()
            return
        into = self._workdir / target
        for source in map(Path, sources):
            files = [path for path in self._given() if path == source or source in path.parents]
            assert files, f"{source} is not let into the build"
            for path in files:
                inside = into / path.relative_to(source) if (self.context / source).is_dir() else into / path.name
                inside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.context / path, inside)
            self._copied.update(files)

    def _run(self, command: list[str]) -> None:
        own = {"--owner": os.getuid(), "--group": os.getgid()}
        words = [
            f"{word.partition('=')[0]}={own[word.partition('=')[0]]}" if word.partition("=")[0] in own else word
            for word in map(self.moved, command)
        ]
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            self._found(words),
            cwd=self._workdir,
            env=surroundings | self.environment | {"PIP_NO_COMPILE": "1", "PIP_QUIET": "1"},
            timeout=COMMAND_S_MAX,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
