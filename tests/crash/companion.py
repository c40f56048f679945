"""A second squall that is at work all the while, in the same state directory, and has to notice nothing."""
import json
import os
import pathlib
import subprocess
import tempfile
import time

import host
import play

SCENARIO = """\
name: companion
summary: A run beside which others die.
proxy: true
target:
  settings: {heartbeat_interval: 1s, ping_interval: 1s, pong_deadline: 1h}
cohorts:
  - {name: sse, protocol: sse, connections: 10}
  - {name: websocket, protocol: websocket, connections: 10}
  - {name: cut-off, protocol: sse, connections: 5}
publishers:
  - {name: ticker, arrivals: {process: constant, rate: 20/s}, size: 512B}
phases:
  - {name: baseline, duration: 500ms}
  - name: pressure
    duration: SECONDSs
    faults: [{fault: half-open, cohort: cut-off, state: peer-vanished}]
  - {name: after, duration: 1s}
invariants:
  - count(connects) == 25 always
  - count(disconnects{cohort=sse}) + count(disconnects{cohort=websocket}) == 0 always
  - count(messages.missed{cohort=sse}) + count(messages.missed{cohort=websocket}) == 0 always
"""


class Companion:
    def __init__(self, seconds):
        self.directory = tempfile.TemporaryDirectory(prefix="squall-companion-")
        path = pathlib.Path(self.directory.name)
        (path / "scenario.yaml").write_text(SCENARIO.replace("SECONDS", str(seconds)))
        self.errors = open(path / "stderr", "w+")
        self.mark = f"CRASH_TEST=companion-{os.getpid()}-{id(self)}"
        name, value = self.mark.split("=")
        self.process = subprocess.Popen(
            [play.SQUALL, "run", "scenario.yaml", "--plain", "--json", "report.json"], cwd=path, text=True,
            stdout=subprocess.PIPE, stderr=self.errors,
            env=dict(os.environ, SQUALL_STATE_DIR=str(play.STATE), **{name: value}))
        for _ in range(600):
            if "fault half-open in force" in (path / "stderr").read_text() or self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.during = self.look()

    def look(self):
        """None: it is on its way out, or has ended."""
        if self.process.poll() is not None or "companion: after" in (
                pathlib.Path(self.directory.name) / "stderr").read_text():
            return None
        runs = list(pathlib.Path(self.directory.name).glob("runs/*"))
        return {"processes": host.processes(self.mark), "namespaces": sorted(host.namespaces(self.process.pid)),
                "filters": host.filters(self.process.pid),
                "control groups": host.groups({"-".join(run.name.split("-")[:3]) for run in runs})}

    def problems(self):
        now = self.look()
        if now is None or now == self.during:
            return []
        return [f"the second squall was touched: {key}: {self.during[key]} became {now[key]}"
                for key in now if now[key] != self.during[key]]

    def finish(self):
        """Problems of its verdict."""
        output, _ = self.process.communicate()
        self.errors.close()
        report = pathlib.Path(self.directory.name) / "report.json"
        passed = self.process.returncode == 0 and json.loads(report.read_text())["verdict"] == "pass"
        self.directory.cleanup()
        return [] if passed else [f"the second squall exits with {self.process.returncode}: {output}"]


class Companions:
    """One after the other, for as long as a series takes."""

    def __init__(self, seconds=20):
        self.seconds = seconds
        self.current = Companion(seconds)

    def check(self):
        if self.current.process.poll() is None:
            return self.current.problems()
        problems = self.current.finish()
        self.current = Companion(self.seconds)
        return problems

    def finish(self):
        return self.current.finish()

    def stop(self):
        """Where the series was broken off before finish()."""
        if self.current.process.poll() is None:
            self.current.process.terminate()
            self.current.process.communicate()
