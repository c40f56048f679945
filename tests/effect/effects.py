"""Plays the example of each fault, as root and as an ordinary user: did it take effect, how soon, and did the doctor know?"""
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

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/crash"))
import play  # noqa: E402

NOBODY = 65534
PLAYS_AT_ONCE = 4  # they wait most of the time
PRESSURE = "1500ms"
# In place of an example that a target survives untouched.
TO_BITE = {"memory-cap": "{fault: memory-cap, headroom: 0B}, {fault: slow-reader, mode: stopped}"}

# The reference server has one thread: confined to one CPU, it waits no longer than before.
NEEDS_THREADS = {"cpu-starvation"}

# `doctor`: it says that the fault can be injected here. `error`: why it was not. Times are in milliseconds since the
# injection; `seen` is None where there was no effect.
Effect = collections.namedtuple("Effect", "fault doctor error bit evidence not_before seen exit output")


class User:
    """Somebody who runs squall from a directory of their own, with programs and profiles that they can read."""

    def __init__(self, directory, uid):
        self.uid = uid
        self.directory = pathlib.Path(directory)
        self.directory.chmod(0o755)
        build = pathlib.Path(play.SQUALL).resolve().parent
        for program in ("squall", "squall-reference-server"):
            shutil.copy(build / program, self.directory)
        shutil.copytree(REPOSITORY / "suites/profiles", self.directory / "share/profiles")
        (self.directory / "home").mkdir()
        os.chown(self.directory / "home", uid, uid)

    def squall(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.directory / "home"),
                       "SQUALL_STATE_DIR": str(self.directory / "home/state"),
                       "SQUALL_SHARE": str(self.directory / "share")}
        identity = {} if self.uid == os.geteuid() else {"user": self.uid, "group": self.uid, "extra_groups": []}
        return subprocess.run([self.directory / "squall", *map(str, arguments)], env=environment, text=True, timeout=120,
                              cwd=self.directory / "home", capture_output=True, **identity)

    def doctor(self):
        """Fault -> whether it can be injected here."""
        _, _, faults = self.squall("doctor").stdout.partition("\nfaults\n")
        rows = (line.split() for line in faults.splitlines() if line.startswith("  ") and line[2:5] in ("yes", "no "))
        return {row[1]: row[0] == "yes" for row in rows}

    def play(self, fault):
        runs = self.directory / "home" / fault
        scenario = self.directory / f"{fault}.yaml"
        scenario.write_text(play.scenario(fault, PRESSURE, TO_BITE.get(fault)))
        process = self.squall("run", scenario, "--plain", "--out", runs)
        facts = [json.loads(file.read_text())["facts"] for file in runs.glob("*/facts.json")]
        return process, facts[0]["injections"][0] if facts and facts[0]["injections"] else None


def effect(user, doctor, fault):
    process, injection = user.play(fault)
    output = process.stdout + process.stderr
    if injection is None:
        return Effect(fault, doctor.get(fault), "the run has no facts", False, "", None, None, process.returncode, output)

    def since(key):
        at = injection[key]
        return None if at is None else (at - injection["injected_at_ns"]) / 1e6

    return Effect(fault, doctor.get(fault), injection["error"], injection["witness"]["bit"],
                  injection["witness"]["evidence"], since("effect_not_before_ns"), since("effect_seen_at_ns"),
                  process.returncode, output)


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
        played = list(pool.map(lambda fault: effect(somebody, doctor, fault), faults))
    return sorted(played, key=lambda one: one.fault)


def users():
    """Those that can be played here: name -> uid."""
    return {"root": 0, "ordinary user": NOBODY} if os.geteuid() == 0 else {"ordinary user": os.geteuid()}
