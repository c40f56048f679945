"""One short play that is let die at a chosen instant, what `squall heal` makes of it, and whether anything is left."""
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import uuid

import host

SQUALL = os.environ["SQUALL"]
BUILD = pathlib.Path(SQUALL).resolve().parent.parent
STATE = BUILD / "test-state"  # that of tests/integration/cli/squall.py: it outlives a test that is broken off
HANG_SECONDS = 30

# An example of each fault, with what it needs beside it to take effect, and whether that is the proxy; without one a new
# fault would go untested, and the tests fail.
EXAMPLES = {
    "cpu-cap": ("{fault: cpu-cap, cores: 0.02 -> 0.01 over 300ms}", False),
    "cpu-contention": ("{fault: cpu-contention, workers: 4}", False),
    "cpu-starvation": ("{fault: cpu-starvation, threads: 50%}", False),
    "duplicate": ("{fault: duplicate, duplicates: 20%}", False),
    "fd-limit": ("{fault: fd-limit, headroom: 4}, {fault: handshake-flood, rate: 100/s, then: stay}", False),
    "freeze": ("{fault: freeze, for: 100ms, every: 200ms, every_jitter: 50ms}", False),
    "half-open": ("{fault: half-open, cohort: sse, state: peer-vanished}", False),
    "handshake-flood": ("{fault: handshake-flood, rate: 100/s, then: stay}", True),
    "kill": ("{fault: kill, restart_after: 50ms, times: 3, uptime: 50ms, backoff: 2}", False),
    "latency": ("{fault: latency, delay: 20ms, jitter: 10ms}", True),
    "malformed-frames": ("{fault: malformed-frames, kind: oversized}", False),
    "mass-disconnect": ("{fault: mass-disconnect, how: vanish}", False),
    "memory-cap": ("{fault: memory-cap, headroom: 64MiB}", False),
    "mtu-black-hole": ("{fault: mtu-black-hole, cohort: sse, mtu: 300B}", False),
    "nat-forget": ("{fault: nat-forget, cohort: sse, answer: reset}", False),
    "no-pong": ("{fault: no-pong, share: 50%}", False),
    "packet-loss": ("{fault: packet-loss, loss: 10%}", False),
    "partition": ("{fault: partition, cohort: sse}", False),
    "proxy-bandwidth": ("{fault: proxy-bandwidth, rate: 10KiB/s}", True),
    "proxy-buffering": ("{fault: proxy-buffering, bytes: 4KiB}", True),
    "proxy-cut": ("{fault: proxy-cut, bytes: 3KB, by: rst}", True),
    "proxy-gzip": ("{fault: proxy-gzip, flush: 50ms}, {fault: subscribe-churn, rate: 50/s}", True),
    "proxy-half-close": ("{fault: proxy-half-close, direction: to-subscriber, share: 50%}", True),
    "proxy-idle-timeout": ("{fault: proxy-idle-timeout, after: 200ms, by: silence}", True),
    "proxy-latency": ("{fault: proxy-latency, delay: 100ms, jitter: 50ms, share: 0.5}", True),
    "proxy-max-age": ("{fault: proxy-max-age, age: 200ms}", True),
    "proxy-reload": ("{fault: proxy-reload, drain: 300ms}", True),
    "proxy-reset": ("{fault: proxy-reset, within: 100ms}", True),
    "proxy-slicer": ("{fault: proxy-slicer, size: 7B}", True),
    "proxy-slow-accept": ("{fault: proxy-slow-accept, rate: 20/s}, {fault: subscribe-churn, rate: 50/s}", True),
    "proxy-upgrade-refused": ("{fault: proxy-upgrade-refused, answer: none}, {fault: subscribe-churn, rate: 50/s}", True),
    "rate-limit": ("{fault: rate-limit, rate: 50KB/s, direction: both}", False),
    "reorder": ("{fault: reorder, late: 10%, delay: 5ms}", False),
    "slow-reader": ("{fault: slow-reader, cohort: sse, mode: stopped}", False),
    "slowloris": ("{fault: slowloris, interval: 20ms}", False),
    "subscribe-churn": ("{fault: subscribe-churn, rate: 50/s, how: reset}", False),
    "syn-drop": ("{fault: syn-drop, loss: 50%}, {fault: subscribe-churn, rate: 50/s}", False),
}

SCENARIO = """\
name: {name}
summary: The whole life of a run with a fault, in a second or so.
settle: 100ms
proxy: {proxy}
target:
  settings: {{heartbeat_interval: 1s, ping_interval: 1s, pong_deadline: 1s}}
cohorts:
  - {{name: sse, protocol: sse, connections: 10, receive_buffer: 4KiB, accept_gzip: true, reconnect: {{policy: fixed, delay: 50ms}}}}
  - {{name: websocket, protocol: websocket, connections: 10, receive_buffer: 4KiB}}
publishers:
  - {{name: ticker, arrivals: {{process: constant, rate: 200/s}}, size: 512B}}
phases:
  - {{name: baseline, duration: 200ms}}
  - name: pressure
    duration: {pressure}
    faults: [{fault}]
  - {{name: after, duration: 200ms}}
invariants:
  - count(connects) >= 20 always
  - accounted(messages) >= 0% always  # half a second is no time for TCP to make good what a fault in the path lost
"""

Instant = collections.namedtuple("Instant", "seconds call")  # one of the two is None
Outcome = collections.namedtuple("Outcome", "fault death phase at exit healed problems seconds log")


def registered_faults():
    text = subprocess.run([SQUALL, "list", "faults"], text=True, capture_output=True, check=True).stdout
    return [line.split()[0] for line in text.splitlines()[1:]]


def scenario(fault, pressure="500ms", example=None):
    usual, proxy = EXAMPLES[fault]
    example = example or usual
    return SCENARIO.format(name=f"dies-{fault}", fault=example, proxy=str(proxy).lower(), pressure=pressure)


def heal(state):
    return subprocess.run([SQUALL, "heal"], env=dict(os.environ, SQUALL_STATE_DIR=str(state)), text=True,
                          capture_output=True, timeout=60)


def build_shim(directory):
    library = pathlib.Path(directory) / "at_call.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    source = pathlib.Path(__file__).with_name("at_call.c")
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


class Play:
    """`environment` is added to squall's own, e.g. what at_call.c reads."""

    def __init__(self, fault, death, environment=None, runs=None, state=STATE):
        self.fault = fault
        self.death = death
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="squall-crash-"))
        self.runs = runs or self.directory / "runs"
        self.state = state
        self.mark = f"CRASH_TEST={uuid.uuid4().hex}"
        name, value = self.mark.split("=")
        self.environment = dict(os.environ, SQUALL_STATE_DIR=str(self.state), **{name: value}, **(environment or {}))
        self.journals = self.journal_names()

    def journal_names(self):
        return {path.name for path in self.state.iterdir()} if self.state.exists() else set()

    def start(self):
        path = self.directory / "scenario.yaml"
        path.write_text(scenario(self.fault))
        self.errors = open(self.directory / "stderr", "w")
        options = self.death.prepare(self.errors)
        self.began = time.monotonic()
        self.process = subprocess.Popen([SQUALL, "run", str(path), "--plain", "--out", str(self.runs)],
                                        env=self.environment, cwd=self.directory,
                                        **{"stdin": subprocess.DEVNULL, **options})
        self.death.started()

    def run_directory(self):
        found = sorted(self.runs.glob("r*")) if self.runs.exists() else []
        return found[-1] if found else None

    def run_ids(self):
        """By whatever bears one."""
        ids = {name.removesuffix(".journal") for name in self.journal_names() - self.journals}
        directory = self.run_directory()
        if directory:
            ids.add("-".join(directory.name.split("-")[:3]))
        return ids

    def phase(self):
        """How far it has come, by what can be seen from outside."""
        text = self.death.read_errors(self.errors)
        directory = self.run_directory()
        if directory and (directory / "verdict.json").exists():
            return "saved"
        if directory and any(directory.glob("gauges.jsonl*")):
            return "saving"
        begun, over = (len(re.findall(rf"fault {self.fault}( \(\d+ of \d+\))? {what}", text))
                       for what in ("in force", "over"))
        if over and over == begun:
            targets = [pid for pid in host.processes(self.mark) if pid != self.process.pid]
            return "healed" if targets else "stopped"
        if begun:
            return "in force"
        for mark, phase in ((": pressure (", "injecting"), (": baseline (", "baseline"), (": connect (", "connecting")):
            if mark in text:
                return phase
        return "stage" if directory or self.run_ids() else "start"

    def wait_for(self, instant):
        """True: the instant has come and squall is stopped, so that it stays what is looked at. False: it has ended."""
        until = self.began + (HANG_SECONDS if instant.seconds is None else instant.seconds)
        while True:
            state = os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if state is not None:
                return state.si_code == os.CLD_STOPPED
            if time.monotonic() >= until:
                os.kill(self.process.pid, signal.SIGSTOP)
            time.sleep(0.002)

    def finish(self):
        """Its exit code; None: it hangs."""
        try:
            os.kill(self.process.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass
        try:
            return self.process.wait(HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def clean(self):
        self.errors.close()
        self.death.clean()
        shutil.rmtree(self.directory, ignore_errors=True)


def left_behind(play, run_ids, before):
    """Problems: what is still there some seconds after heal; processes that were told to die take a moment to go."""
    for _ in range(100):
        now = host.snapshot()
        left = {"processes": host.processes(play.mark), "control groups": host.groups(run_ids),
                "journals": sorted(play.journal_names() - play.journals - {"filler"}),
                **{key: now[key] for key in now if now[key] != before[key]}}
        left = {key: value for key, value in left.items() if value}
        if not left:
            break
        time.sleep(0.05)
    return [f"left behind: {key}: {value}" for key, value in left.items()]


def half_files(directory):
    """Files that bear the name of a whole one and are not; a run directory that can be judged, but should not be."""
    if directory is None:
        return []
    problems = []
    for path in sorted(directory.glob("*.json*")):
        if path.suffix == ".partial":
            continue
        try:
            text = path.read_text()
            documents = text.splitlines() if path.suffix == ".jsonl" else [text]
            for document in documents:
                json.loads(document)
            if not text.endswith("\n"):
                problems.append(f"{path.name} does not end its last line")
        except ValueError as error:
            problems.append(f"{path.name} is cut short: {error}")
    judged = subprocess.run([SQUALL, "judge", str(directory)], text=True, capture_output=True, timeout=60)
    whole = (directory / "facts.json").exists()
    if whole != (judged.returncode in (0, 1, 3, 4)):
        problems.append(f"judge exits with {judged.returncode} over a run that is {'' if whole else 'not '}saved: "
                        f"{judged.stdout}{judged.stderr}")
    return problems


def ending_problems(play, struck, phase, code):
    """Of how squall itself ended."""
    if code is None:
        return [f"squall hangs: it was still there {HANG_SECONDS} s later"]
    problems = play.death.problems(play, code)
    unscathed = frozenset() if struck and phase != "saved" else {0, 3}
    if code not in play.death.exits | unscathed:
        problems.append(f"squall exits with {code}, not one of {sorted(play.death.exits)}")
    return problems


def heal_problems(play, run_ids, before, by_itself):
    """(by whom it was put right, problems). `by_itself`: squall was in a position to do it."""
    problems = []
    if by_itself and host.processes(play.mark):
        problems.append("squall ended, and its target did not")
    healed = heal(play.state)
    if healed.returncode != 0:
        problems.append(f"heal exits with {healed.returncode}: {healed.stdout}{healed.stderr}")
    by_heal = "healed" in healed.stdout
    if by_itself and by_heal:
        problems.append(f"squall left it to heal: {healed.stdout}")
    problems += left_behind(play, run_ids, before)
    if "nothing to heal" not in heal(play.state).stdout:
        problems.append("there is still something to heal after heal")
    return "heal" if by_heal else "itself", problems


def let_die(play, instant):
    """Plays, strikes, heals and looks."""
    before = host.snapshot()
    play.start()
    try:
        struck = play.wait_for(instant)
        phase = play.phase() if struck else "ended"
        at = time.monotonic() - play.began
        if struck:
            play.death.strike(play.process)
        code = play.finish()
        problems = ending_problems(play, struck, phase, code)
        by_itself = play.death.graceful and phase != "start" and code in (0, 3, 4)
        healed, left = heal_problems(play, play.run_ids(), before, by_itself)
        problems += left + half_files(play.run_directory())
        log = play.death.read_errors(play.errors)[-2000:] if problems else ""
        return Outcome(play.fault, play.death.name, phase, round(at, 3), code, healed, problems,
                       round(time.monotonic() - play.began, 2), log)
    finally:
        play.clean()
