"""Where ci/check.sh puts the tools and libraries that the clients and the page's samples need.

Everything lies below `.cache/` of this clone; ci/check.sh fills it. Both check.py and seed/run.py
build and run programs only through this file.
"""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
CLIENTS = ROOT / "clients"

PYTHON = str(CACHE / "venv" / "bin" / "python")
JAVA_LIBRARIES = str(CACHE / "java" / "*")
JAVA_CLASSES = CACHE / "build" / "java"
GO_CLIENT = CACHE / "build" / "sunsweep-client"

BUILD_TIMEOUT_SECS = 180


class CannotBuild(Exception):
    """A compiler said no; the message is what it said."""


def environment(**extra):
    """The environment of every program that we start: our caches, and no proxy to loopback."""
    return {
        **os.environ,
        "GOMODCACHE": str(CACHE / "go" / "mod"),
        "GOCACHE": str(CACHE / "go" / "build"),
        "GOFLAGS": "-modcacherw -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "NODE_PATH": str(CACHE / "node" / "node_modules"),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        **extra,
    }


def build(command, directory):
    """Runs a compiler; raises `CannotBuild` with its complaints."""
    try:
        done = subprocess.run(
            [str(word) for word in command], cwd=directory, env=environment(), text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=BUILD_TIMEOUT_SECS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuild(str(error)) from error
    if done.returncode != 0:
        raise CannotBuild(done.stdout + done.stderr)


def build_java(sources, classes):
    """Compiles `sources` against OkHttp and Gson into the directory `classes`."""
    classes.mkdir(parents=True, exist_ok=True)
    build(["javac", "-d", classes, "-cp", JAVA_LIBRARIES, *sources], classes)


def java(classes, main):
    """The command that runs the class `main`."""
    # One small program a process: the second compiler and a parallel collector only cost time.
    return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
            "-cp", f"{classes}{os.pathsep}{JAVA_LIBRARIES}", main]


def build_go(directory, binary):
    """Builds the module in `directory`; its go.sum must already name everything."""
    binary.parent.mkdir(parents=True, exist_ok=True)
    build(["go", "build", "-o", binary, "."], directory)
