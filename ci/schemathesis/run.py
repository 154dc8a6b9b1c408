#!/usr/bin/env python3
"""Runs schemathesis over /openapi.json of a `sunsweep dev`: nothing may be answered with 5xx, and
every answer must be as described.

    run.py PATH_TO_SUNSWEEP [SECONDS]
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance"]


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    seconds = sys.argv[2] if len(sys.argv) > 2 else "60"
    dev = [binary, "dev", "--json", "--listen", "127.0.0.1:0", "--node-listen", "127.0.0.1:0",
           "--block-time-ms", "500", "--log", "error"]
    with tempfile.TemporaryDirectory() as empty:
        running = subprocess.Popen(dev, stdout=subprocess.PIPE, cwd=empty, text=True)
        try:
            world = running.stdout.readline()
            url = json.loads(world)["api_url"]
            environment = dict(os.environ, SUNSWEEP_WORLD=world, SCHEMATHESIS_HOOKS="hooks",
                               PYTHONPATH=str(HERE))
            # The directory has no settings of anybody's that could be picked up.
            checked = subprocess.run(
                [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json",
                 "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing",
                 "--max-examples", "60", "--max-time", seconds, "--seed", "1",
                 "--request-timeout", "20", "--warnings", "off", "--continue-on-failure",
                 "--suppress-health-check", "all"],
                cwd=empty, env=environment, check=False)
            still_there = running.poll() is None
        finally:
            running.terminate()
            running.wait(timeout=30)
    if not still_there:
        raise SystemExit("sunsweep dev ended by itself")
    raise SystemExit(checked.returncode)


main()
