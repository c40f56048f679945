"""Runs the squall that was built, in a run directory of the test's own."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

SQUALL = os.environ["SQUALL"]
REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
# Outlives a test that is broken off, so that the next one heals what it left.
STATE = pathlib.Path(SQUALL).resolve().parent.parent / "test-state"

QUICK = """\
name: quick
summary: A few seconds of everything.
seed: 42
proxy: {proxy}
target:
  settings: {{heartbeat_interval: 1s, ping_interval: 1s, pong_deadline: 1s, handshake_deadline: 20s}}
cohorts:
  - {{name: sse, protocol: sse, connections: 20, receive_buffer: 4KiB}}
  - {{name: websocket, protocol: websocket, connections: 20, receive_buffer: 4KiB}}
publishers:
  - {{name: ticker, arrivals: {{process: constant, rate: 50/s}}, size: 1KiB}}
phases:
  - {{name: baseline, duration: 1s}}
  - name: pressure
    duration: {duration}
    {faults}
invariants:
  - {invariant}
"""


def scenario(fault="", invariant="count(connects) == 40 always", duration="2s", proxy="false"):
    faults = f"faults: [{fault}]" if fault else ""
    return QUICK.format(faults=faults, invariant=invariant, duration=duration, proxy=proxy)


class SquallTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="squall-test-")))
        self.environment = dict(os.environ, SQUALL_STATE_DIR=str(STATE))
        healed = self.squall("heal")
        self.assertEqual(healed.returncode, 0, "what an earlier test left cannot be healed: " + healed.stdout)

    def write(self, text, name="scenario.yaml"):
        path = self.directory / name
        path.write_text(text)
        return str(path)

    def command(self, *arguments):
        return [SQUALL, *map(str, arguments)]

    def squall(self, *arguments, **options):
        return subprocess.run(self.command(*arguments), cwd=self.directory, env=self.environment, text=True,
                              capture_output=True, timeout=300, **options)

    def run_scenario(self, text, *arguments):
        """(process, findings by name, verdict)"""
        report = self.directory / "report.json"
        process = self.squall("run", self.write(text), "--json", report, *arguments)
        if not report.exists():
            return process, {}, None
        run = json.loads(report.read_text())["runs"][0]
        return process, {finding["name"]: finding for finding in run["findings"]}, run


def skip_without_root():
    return unittest.skipIf(os.geteuid() != 0, "control groups need root here")
