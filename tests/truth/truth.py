"""Plays squall against truth-target, and reads what squall measured beside what the target really did."""
import collections
import csv
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import weakref

SQUALL = os.environ["SQUALL"]
TRUTH_TARGET = os.environ["TRUTH_TARGET"]
PROTOCOLS = ("sse", "websocket")
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
SUBSCRIBERS = 4  # of each protocol

PROFILE = """\
name: truth-target
summary: A server whose latency is known.
launch:
  command: [{program}, --listen, "{{address}}:{{port}}", --log, "{{directory}}/truth.csv", {options}]
  stop: {{signal: TERM, grace: 5s}}
ready: {{path: /ready}}
sse: {{path: "/events?topic={{topic}}"}}
websocket: {{path: "/ws?topic={{topic}}"}}
publish:
  http: {{request: "POST /publish?topic={{topic}}"}}
  websocket: {{path: "/ws?topic={{topic}}&publish=only"}}
"""

SCENARIO = """\
name: truth
summary: Latencies of a server that says what they are.
cohorts:
  - {{name: sse, protocol: sse, connections: {subscribers}}}
  - {{name: websocket, protocol: websocket, connections: {subscribers}}}
publishers:
  - {{name: ticker, via: {via}, arrivals: {{process: constant, rate: {rate}/s}}, during: [steady]}}
phases:
  - {{name: before, duration: {before}s}}
  - {{name: steady, duration: {seconds}s}}
  - {{name: after, duration: {after}s}}
invariants:
{invariants}
"""


class Played:
    """A run: squall's record of it, the target's record of it, and squall's findings."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.facts = json.loads((self.directory / "facts.json").read_text())["facts"]
        verdict = json.loads((self.directory / "verdict.json").read_text())
        self.verdict = verdict["verdict"]
        self.findings = {finding["name"]: finding for finding in verdict["findings"]}
        self.deliveries, self.freezes, self.used, self.allocated = [], [], [], None
        with open(self.directory / "truth.csv", encoding="utf-8", newline="") as file:
            for what, *fields in csv.reader(file):
                if what == "delivery":
                    self.deliveries.append(Delivery(fields[0], *map(int, fields[1:])))
                elif what == "freeze":
                    self.freezes.append(tuple(map(int, fields)))
                elif what == "used":
                    self.used.append(tuple(map(int, fields)))
                elif what == "allocated":
                    self.allocated = tuple(map(int, fields))

    def lines(self, name):
        with open(self.directory / name, encoding="utf-8") as file:
            next(file)  # the format
            yield from map(json.loads, file)

    def histogram(self, metric, **labels):
        buckets = collections.Counter()
        for line in self.lines("distributions.jsonl"):
            if line["metric"] == metric and labels.items() <= line["labels"].items():
                buckets.update({bucket: count for bucket, count in line["buckets"]})
        return buckets

    def untimed_share(self, protocol):
        """Of the messages: those that came while the rig could not look, and have an upper bound for a latency."""
        untimed = self.histogram("delivery.latency_at_most", protocol=protocol).total()
        return untimed / self.histogram("delivery.latency", protocol=protocol).total()

    def calm(self):
        """The host let rig and target alone, as far as the record tells."""
        taken = [value for _, value in self.gauge("target.stolen")]
        return measured(self.histogram("rig.loop_lag"), 0.99) < 2e6 and sum(taken) < 0.05 * len(taken)

    def count(self, metric, **labels):
        return sum(line["value"] for line in self.lines("events.jsonl")
                   if line["metric"] == metric and labels.items() <= line["labels"].items())

    def gauge(self, metric):
        """[(instant in nanoseconds since the run's start, value)]"""
        return [tuple(point) for line in self.lines("gauges.jsonl") if line["metric"] == metric
                for point in line["points"]]

    def span(self, name):
        spans = json.loads((self.directory / "facts.json").read_text())["spans"]
        return next((span["start"], span["end"]) for span in spans if span["name"] == name)

    def origin(self):
        """The run's start on CLOCK_MONOTONIC, without asking squall: no message arrived before it was due."""
        return min(d.arrived - d.scheduled for d in self.deliveries)


Delivery = collections.namedtuple("Delivery", "protocol sequence scheduled arrived due sent sent_after")


def upper_end(bucket):
    """docs/reference/metrics.md, "Buckets": the largest value that the bucket holds."""
    if bucket < 512:
        return bucket
    power, part = divmod(bucket - 512, 256)
    return ((257 + part) << (power + 1)) - 1


def measured(histogram, share):
    """Nearest rank, in nanoseconds."""
    rank, seen = math.ceil(share * histogram.total() - 1e-9), 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= rank:
            return upper_end(bucket)
    return None


def percentile(values, share):
    """Nearest rank."""
    return sorted(values)[math.ceil(share * len(values) - 1e-9) - 1]


def rig_cpus():
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[:len(cpus) // 2] or cpus


def target_cpus():
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[len(cpus) // 2:]


class Neighbours:
    """Processes that want all of some CPUs, four to each; they end by themselves should the test be killed."""

    SPIN = "import os,time; os.sched_setaffinity(0,{cpus}); end=time.monotonic()+{seconds}\nwhile time.monotonic()<end: pass"

    def __init__(self, cpus, seconds):
        program = self.SPIN.format(cpus=set(cpus), seconds=seconds)
        self.processes = [subprocess.Popen([sys.executable, "-S", "-c", program]) for _ in range(4 * len(cpus))]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


def play(options, *, seconds=8, rate=200, via="http", before=0.5, after=1.2, subscribers=SUBSCRIBERS, wrap=()):
    """Plays once. `options`: of truth-target. The run's directory lives as long as what is returned."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="squall-truth-"))
    invariants = [f"  - {name}(delivery.latency{{protocol={protocol}}}) <= 1m always"
                 for protocol in PROTOCOLS for name in PERCENTILES]
    scenario = SCENARIO.format(subscribers=subscribers, via=via, rate=rate, seconds=seconds, before=before, after=after,
                               invariants="\n".join(invariants))
    (home / "scenario.yaml").write_text(scenario)
    quoted = ", ".join(json.dumps(str(option)) for option in options)
    (home / "target.yaml").write_text(PROFILE.format(program=TRUTH_TARGET, options=quoted))
    process = subprocess.run([*wrap, SQUALL, "run", "scenario.yaml", "--target", "target.yaml", "--plain", "--out", "runs"],
                             cwd=home, env=dict(os.environ, SQUALL_STATE_DIR=str(home / "state")), text=True,
                             capture_output=True, timeout=120)
    runs = list((home / "runs").glob("*/verdict.json")) if (home / "runs").exists() else []
    if len(runs) != 1 or not (runs[0].parent / "truth.csv").exists():
        raise RuntimeError(f"the run did not take place: {process.stdout}{process.stderr}")
    played = Played(runs[0].parent)
    weakref.finalize(played, shutil.rmtree, home)
    return played
