"""Plays that die, one after the other, at instants drawn from a seed."""
import contextlib
import pathlib
import random
import subprocess
import time

import deaths
import play

# Mounted at a place that outlives a test which is broken off: what that leaves is healed from here.
DISK = play.BUILD / "test-disk"
DISK_BYTES = 16 << 20


def unmount_disks():
    mounted = pathlib.Path("/proc/self/mounts").read_text().split()
    for what in ("state", "runs"):
        if str(DISK / what) in mounted:
            (DISK / what / "filler").unlink(missing_ok=True)
            play.heal(DISK / "state")
            subprocess.run(["umount", DISK / what], check=True)


def recover():
    """Puts right what an earlier test left that was broken off."""
    healed = play.heal(play.STATE)
    if healed.returncode != 0:
        raise RuntimeError(f"what an earlier test left cannot be healed: {healed.stdout}{healed.stderr}")
    unmount_disks()


@contextlib.contextmanager
def mounted(death):
    """For a full disk its small file system. What Play is to be told: which of its directories is there."""
    if not isinstance(death, deaths.FullDisk):
        yield {}
        return
    death.disk.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", death.disk], check=True)
    try:
        yield {death.what: death.disk}
    finally:
        unmount_disks()


class Series:
    def __init__(self, seed, directory):
        self.random = random.Random(seed)
        self.shim = play.build_shim(directory)
        self.calls_log = pathlib.Path(directory) / "calls"
        self.life = {}
        self.file_calls = {}

    def environment(self, call, **more):
        return {"LD_PRELOAD": str(self.shim), "AT_CALL": str(call), **more}

    def lifetime(self, fault):
        """(seconds, calls) of a run that nothing happens to."""
        if fault not in self.life:
            self.calls_log.unlink(missing_ok=True)
            undisturbed = play.Play(fault, deaths.Death(), self.environment(0, AT_CALL_LOG=str(self.calls_log)))
            undisturbed.start()
            code = undisturbed.finish()
            seconds = time.monotonic() - undisturbed.began
            errors = undisturbed.death.read_errors(undisturbed.errors)
            undisturbed.clean()
            if code not in (0, 3):
                raise RuntimeError(f"{fault}: an undisturbed run exits with {code}: {errors}")
            calls = sum(not line.startswith("-") for line in self.calls_log.read_text().splitlines())
            self.life[fault] = (seconds, calls)
        return self.life[fault]

    def instant(self, fault):
        """By the clock, or at one of squall's own calls: most phases of a life are too short for the clock to hit."""
        seconds, calls = self.lifetime(fault)
        if self.random.random() < 0.5:
            return play.Instant(self.random.uniform(0, 1.05 * seconds), None)
        return play.Instant(None, self.random.randint(1, calls))

    def kinds(self):
        return [death.name for death in deaths.all_deaths(self.random, DISK)]

    def death(self, kind):
        return next(death for death in deaths.all_deaths(self.random, DISK) if death.name == kind)

    def die(self, fault, death):
        instant = self.instant(fault)
        environment = {} if instant.call is None else self.environment(instant.call)
        with mounted(death) as where:
            return play.let_die(play.Play(fault, death, environment, **where), instant)


    def fail_call(self, fault, errno, call):
        """`call`: 1 and up, of those on files of the state and run directories. (outcome, number of calls)"""
        self.calls_log.unlink(missing_ok=True)
        doomed = play.Play(fault, deaths.FailingCall(errno, self.calls_log))
        doomed.environment.update(self.environment(
            call, AT_CALL_ERRNO=str(errno), AT_CALL_LOG=str(self.calls_log),
            AT_CALL_UNDER=f"{doomed.state.resolve()}:{doomed.runs.resolve()}"))
        outcome = play.let_die(doomed, play.Instant(None, call))
        return outcome, sum(not line.startswith("-") for line in self.calls_log.read_text().splitlines())


    def fail_some_call(self, fault, errno, number):
        """Consecutive numbers meet every call, one after the other."""
        if fault not in self.file_calls:
            _, self.file_calls[fault] = self.fail_call(fault, errno, 0)
        outcome, _ = self.fail_call(fault, errno, number % self.file_calls[fault] + 1)
        return outcome


def check_examples():
    """Problem, or empty: every registered fault has its example."""
    missing = sorted(set(play.registered_faults()) - set(play.EXAMPLES))
    return f"no example in tests/crash/play.py for: {', '.join(missing)}" if missing else ""
