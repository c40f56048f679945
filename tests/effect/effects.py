"""Plays the example of each fault: did it take effect, how soon, and did the doctor know? As root and as an ordinary user,
on this host and in the kernel lab."""
import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import typing

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests/crash"), str(REPOSITORY / "tests/lab")]
import lab  # noqa: E402
import play  # noqa: E402

NOBODY = 65534
PLAYS_AT_ONCE = 4  # they wait most of the time
PRESSURE = "1500ms"
PROGRAMS = ("squall", "squall-reference-server")
# In place of an example that a target may survive untouched.
TO_BITE = {"memory-cap": "{fault: memory-cap, headroom: 0B}, {fault: slow-reader, mode: stopped}",
           "cpu-contention": "{fault: cpu-contention, workers: 4, weight: 1000}",
           "cpu-starvation": "{fault: cpu-starvation}"}

# The reference server has one thread: confined to one CPU, it would wait no longer than before.
BUSY_TARGET = {"cpu-starvation"}
BUSY_PROFILE = """\
name: busy-server
summary: the reference server, with a process beside it that does not stop
launch:
  command: [sh, -c, "while :; do :; done & exec squall-reference-server \\"$@\\"", sh, --listen, "{address}:{port}"]
ready: {path: /readyz, within: 10s}
sse: {path: "/events?topic={topic}"}
websocket: {path: "/ws?topic={topic}"}
publish:
  http: {request: "POST /publish?topic={topic}"}
"""

# `kernel`, `cpus`: where. `by_user`: name -> the Effects of that user.
Played = collections.namedtuple("Played", "kernel cpus by_user")

# What the doctor says: whether it can be injected, by which mechanism, and, where that is the second best, for want of what.
Outlook = collections.namedtuple("Outlook", "possible mechanism lacks", defaults=("", ""))

class Effect(typing.NamedTuple):
    fault: str
    doctor: Outlook  # None: it does not know the fault
    error: str  # why it was not injected
    mechanism: str
    bit: bool
    evidence: str
    not_before: float  # milliseconds since the injection; None where there was no effect, as is `seen`
    seen: float
    exit: int
    output: str

    @property
    def wrong(self):
        """What the doctor did not know; "" if it was right."""
        if self.doctor is None:
            return "the doctor does not know it"
        if self.doctor.possible:
            if self.error or not self.bit or self.seen is None:
                return self.error or self.evidence or "no effect"
            return "" if self.mechanism == self.doctor.mechanism else f"not as the doctor says: {self.mechanism}"
        if "this host lacks" in self.error and not self.bit and self.exit == 3:
            return ""
        return f"the doctor says that it cannot be: {self.error or self.evidence}, exit {self.exit}"


def doctor_of(output):
    """Fault -> Outlook."""
    _, _, faults = output.partition("\nfaults\n")
    rows = (line.split(maxsplit=2) for line in faults.splitlines() if line.startswith(("  yes ", "  no ")))
    return {fault: outlook(word == "yes", how) for word, fault, how in rows}


def outlook(possible, how):
    if not possible:
        return Outlook(False)
    if how.startswith("without "):
        lacks, _, mechanism = how.removeprefix("without ").partition(": ")
        return Outlook(True, mechanism, lacks)
    return Outlook(True, how)


def scenario(fault):
    return play.scenario(fault, PRESSURE, TO_BITE.get(fault))


def effect_of(fault, doctor, exit_code, output, facts):
    """`facts`: the text of the run's facts.json; "" if there is none."""
    injections = json.loads(facts)["facts"]["injections"] if facts else []
    if not injections:
        return Effect(fault, doctor.get(fault), "the run has no facts", "", False, "", None, None, exit_code, output)
    injection = injections[0]

    def since(key):
        at = injection[key]
        return None if at is None else (at - injection["injected_at_ns"]) / 1e6

    return Effect(fault, doctor.get(fault), injection["error"], injection["mechanism"], injection["witness"]["bit"],
                  injection["witness"]["evidence"], since("effect_not_before_ns"), since("effect_seen_at_ns"), exit_code,
                  output)


class User:
    """Somebody who runs squall from a directory of their own, with programs and profiles that they can read."""

    def __init__(self, directory, uid):
        self.uid = uid
        self.directory = pathlib.Path(directory)
        self.directory.chmod(0o755)
        build = pathlib.Path(play.SQUALL).resolve().parent
        for program in PROGRAMS:
            shutil.copy(build / program, self.directory)
        shutil.copytree(REPOSITORY / "suites/profiles", self.directory / "share/profiles")
        (self.directory / "busy-server.yaml").write_text(BUSY_PROFILE)
        (self.directory / "home").mkdir()
        os.chown(self.directory / "home", uid, uid)

    def squall(self, *arguments):
        environment = {"PATH": f"{self.directory}:{os.environ['PATH']}", "HOME": str(self.directory / "home"),
                       "SQUALL_STATE_DIR": str(self.directory / "home/state"),
                       "SQUALL_SHARE": str(self.directory / "share")}
        identity = {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.uid, "extra_groups": []}
        return subprocess.run([self.directory / "squall", *map(str, arguments)], env=environment, text=True, timeout=120,
                              cwd=self.directory / "home", capture_output=True, **identity)

    def doctor(self):
        return doctor_of(self.squall("doctor").stdout)

    def effect(self, doctor, fault):
        runs = self.directory / "home" / fault
        file = self.directory / f"{fault}.yaml"
        file.write_text(scenario(fault))
        target = ["--target", self.directory / "busy-server.yaml"] if fault in BUSY_TARGET else []
        process = self.squall("run", file, *target, "--plain", "--out", runs)
        facts = next((path.read_text() for path in runs.glob("*/facts.json")), "")
        return effect_of(fault, doctor, process.returncode, process.stdout + process.stderr, facts)


@contextlib.contextmanager
def user(uid):
    """Whatever a play leaves behind is put right at the end; what cannot be is an error."""
    with tempfile.TemporaryDirectory(prefix="squall-effect-") as directory:
        somebody = User(directory, uid)
        yield somebody
        healed = somebody.squall("heal")
        if healed.returncode != 0 or "nothing to heal" not in healed.stdout:
            raise RuntimeError(f"plays left something behind: {healed.stdout}{healed.stderr}")


def effects(uid, rounds=1):
    """Of every fault, in order; an Effect for each round."""
    with user(uid) as somebody, concurrent.futures.ThreadPoolExecutor(PLAYS_AT_ONCE) as pool:
        doctor = somebody.doctor()
        faults = play.registered_faults() * rounds
        played = list(pool.map(lambda fault: somebody.effect(doctor, fault), faults))
    return sorted(played, key=lambda one: one.fault)


def users():
    """Those that can be played here: name -> uid."""
    return {"root": 0, "ordinary user": NOBODY} if os.geteuid() == 0 else {"ordinary user": os.geteuid()}


def on_this_host(rounds):
    return Played(os.uname().release, os.cpu_count(), {name: effects(uid, rounds) for name, uid in users().items()})


LAB_SECONDS_MAX = 1800
# With one CPU, neighbours of the target starve whoever loads it, too.
NEED_CPUS = {"cpu-contention", "cpu-starvation"}
LAB_CPUS = 4  # for these; the target gets two of them
LAB_USERS = {"root": False, "ordinary user": True}
FACTS = "effects: facts follow"


def lab_effects(as_user, faults, cpus):
    """(kernel, what the doctor says, Effects) of plays one after the other in the kernel lab."""
    commands = ["uname -r", "squall doctor"]
    for fault in faults:
        target = "--target /plays/busy-server.yaml " if fault in BUSY_TARGET else ""
        commands.append(f"squall run /plays/{fault}.yaml {target}--plain --out /tmp/{fault}; result=$?; "
                        f"echo; echo '{FACTS}'; cat /tmp/{fault}/*/facts.json 2>/dev/null; exit $result")
    files = {f"plays/{fault}.yaml": scenario(fault) for fault in faults} | {"plays/busy-server.yaml": BUSY_PROFILE}
    machine = lab.Lab(pathlib.Path(play.SQUALL).resolve().parent.parent, PROGRAMS, as_user, cpus)
    commands.append("squall heal")
    outcomes = list(machine.outcomes(commands, LAB_SECONDS_MAX, files))
    if len(outcomes) < len(commands):
        raise lab.LabFailure(f"the lab ended, or its time was up, in `{commands[len(outcomes)]}`; see "
                             f"{machine.work}/console.log")
    kernel, doctor, *played, healed = ("\n".join(outcome.output) for outcome in outcomes)
    if "nothing to heal" not in healed:
        raise RuntimeError(f"plays left something behind in the lab: {healed}")
    doctor = doctor_of(doctor)
    effects_seen = []
    for fault, text, outcome in zip(faults, played, outcomes[2:]):
        output, _, facts = text.partition(FACTS)
        effects_seen.append(effect_of(fault, doctor, outcome.exit, output, facts.strip()))
    return kernel.strip(), doctor, effects_seen


def in_the_lab():
    """Once each: the doctor's word is to be tried, on a clock that is not the host's."""
    faults = play.registered_faults()
    by_user = {}
    for name, as_user in LAB_USERS.items():
        kernel, _, one = lab_effects(as_user, [fault for fault in faults if fault not in NEED_CPUS], 1)
        _, _, several = lab_effects(as_user, sorted(NEED_CPUS), LAB_CPUS)
        by_user[name] = sorted(one + several, key=lambda effect: effect.fault)
    return Played(kernel, 1, by_user)
