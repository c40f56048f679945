"""Each third-party server that is installed (`ci/install servers`), as its profile starts it: everybody gets everything.

Not here: how fast they are, and what they do under pressure.
"""
import os
import pathlib
import subprocess
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from squall import REPOSITORY, SquallTest

PROFILES = REPOSITORY / "suites" / "profiles"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "squall"

SCENARIO = """\
name: steady
summary: A steady stream, nothing wrong.
seed: 1
target:
  settings: {ping_interval: 1s, pong_deadline: 1s, heartbeat_interval: 1s}
cohorts:
COHORTS
publishers:
  - {name: ticker, via: VIA, arrivals: {process: constant, rate: 20/s}, size: 256B}
phases:
  - {name: steady, duration: 2s}
invariants:
  - count(connects) == CONNECTIONS always
  - count(disconnects) == 0 always
  - accounted(messages) == 100% always
  - accounted(connections) == 100% always
  - count(messages.missed) == 0 always
  - count(messages.duplicated) == 0 always
  - count(messages.reordered) == 0 always
  - count(messages.rejected) == 0 always
  - count(messages.in_flight) == 0 always
  - count(messages.delivered) >= CONNECTIONS always
"""


def scenario(profile, via):
    protocols = [protocol for protocol in ("sse", "websocket") if protocol in profile]
    cohorts = "\n".join(f"  - {{name: {p}, protocol: {p}, connections: 25}}" for p in protocols)
    return (SCENARIO.replace("COHORTS", cohorts).replace("VIA", via)
            .replace("CONNECTIONS", str(25 * len(protocols))))


def why_not(profile):
    """Why it cannot be played here; empty: it can."""
    fill = lambda text: text.replace("{cache}", str(CACHE)).replace("{here}", str(PROFILES))
    environment = {name: fill(value) for name, value in profile["launch"].get("environment", {}).items()}
    command = [fill(argument) for argument in profile["version"]["command"]]
    try:
        said = subprocess.run(command, env={**os.environ, **environment}, text=True, capture_output=True, timeout=60)
    except OSError as error:
        return str(error)
    return "" if said.returncode == 0 else said.stderr.strip().splitlines()[-1]


class Servers(SquallTest):
    def play(self, name):
        profile = yaml.safe_load((PROFILES / f"{name}.yaml").read_text())
        missing = why_not(profile)
        if missing:
            self.skipTest(f"{name} is not installed (ci/install servers): {missing}")
        for via in profile["publish"]:
            with self.subTest(via=via):
                process, findings, run = self.run_scenario(scenario(profile, via), "--target", name)
                self.assertIsNotNone(run, process.stdout + process.stderr)
                failed = {name: finding for name, finding in findings.items() if finding["verdict"] != "pass"}
                self.assertEqual(failed, {}, process.stdout + process.stderr)

    def test_nchan(self):
        self.play("nchan")

    def test_ws(self):
        self.play("ws")

    def test_better_sse(self):
        self.play("better-sse")

    def test_socket_io(self):
        self.play("socket-io")

    def test_fastapi(self):
        self.play("fastapi")

    def test_aiohttp(self):
        self.play("aiohttp")

    def test_websockets(self):
        self.play("websockets")


if __name__ == "__main__":
    unittest.main()
