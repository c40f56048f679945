"""The ways in which a run comes to an early end: what each needs before it starts, and how it strikes."""
import fcntl
import os
import pathlib
import pty
import resource
import signal
import subprocess
import sys
import termios

MEMORY = pathlib.Path("/sys/fs/cgroup/memory")
MIB = 1 << 20


class Death:
    """`exits`: codes of squall's that are right; None: it is killed. `graceful`: it heals by itself."""
    name = ""
    exits = frozenset()
    graceful = True

    def available(self):
        return True

    def prepare(self, errors):
        """Keyword arguments of Popen. `errors`: a file that may take standard error."""
        return {"stdout": subprocess.DEVNULL, "stderr": errors}

    def started(self):
        """Once squall runs."""

    def read_errors(self, errors):
        """What has been printed on standard error so far."""
        return pathlib.Path(errors.name).read_text(errors="replace")

    def strike(self, process):
        raise NotImplementedError

    def problems(self, play, code):
        """What is wrong with how it ended."""
        return []

    def clean(self):
        pass


class Signalled(Death):
    def __init__(self, number):
        self.number = number
        self.name = number.name
        self.graceful = number != signal.SIGKILL
        # Before squall handles it, and after it has judged, a signal has its usual effect or none.
        self.exits = frozenset({0, 3, -number})

    def strike(self, process):
        os.kill(process.pid, self.number)


class LostTerminal(Death):
    """The master of the pseudo-terminal is closed: EIO, and SIGHUP where it is the controlling one."""
    exits = frozenset({0, 3, 4, -signal.SIGHUP})

    def __init__(self, controlling):
        self.controlling = controlling
        self.name = "lost terminal" if controlling else "lost output terminal"

    def prepare(self, errors):
        self.master, self.slave = pty.openpty()
        os.set_blocking(self.master, False)
        self.text = b""
        take = lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) if self.controlling else None
        return {"stdin": self.slave, "stdout": self.slave, "stderr": self.slave, "start_new_session": True,
                "preexec_fn": take}

    def started(self):
        os.close(self.slave)

    def read_errors(self, errors):
        try:
            while chunk := os.read(self.master, 65536):
                self.text += chunk
        except (BlockingIOError, OSError):
            pass  # nothing more yet, or squall has closed its end
        return self.text.decode(errors="replace")

    def strike(self, process):
        os.close(self.master)
        self.master = None

    def clean(self):
        if self.master is not None:
            os.close(self.master)


class LostReader(Death):
    """Whoever read standard output and standard error goes away: EPIPE."""
    name = "lost reader"
    exits = frozenset({4})

    def prepare(self, errors):
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.text = b""
        return {"stdout": self.writer, "stderr": self.writer}

    def started(self):
        os.close(self.writer)

    def read_errors(self, errors):
        try:
            while chunk := os.read(self.reader, 65536):
                self.text += chunk
        except BlockingIOError:
            pass
        return self.text.decode(errors="replace")

    def strike(self, process):
        os.close(self.reader)
        self.reader = None

    def clean(self):
        if self.reader is not None:
            os.close(self.reader)


HOG = "import os\nblock = bytearray(int(os.environ['HOG']))\nfor i in range(0, len(block), 4096): block[i] = 1\n"


class OutOfMemory(Death):
    """The kernel's killer, in a memory control group of the test's own."""
    name = "out of memory"
    exits = frozenset({0, 3, -signal.SIGKILL})
    graceful = False

    def available(self):
        return (MEMORY / "memory.limit_in_bytes").exists() and os.access(MEMORY, os.W_OK)

    def prepare(self, errors):
        self.group = MEMORY / f"crash-test-{os.getpid()}"
        self.group.mkdir(exist_ok=True)
        join = lambda: (self.group / "cgroup.procs").write_text(str(os.getpid()))
        return {"stdout": subprocess.DEVNULL, "stderr": errors, "preexec_fn": join}

    def strike(self, process):
        pathlib.Path(f"/proc/{process.pid}/oom_score_adj").write_text("1000")  # squall, not its target
        used = int((self.group / "memory.usage_in_bytes").read_text())
        (self.group / "memory.limit_in_bytes").write_text(str(used + 8 * MIB))
        hog = subprocess.Popen([sys.executable, "-S", "-c", HOG], env=dict(os.environ, HOG=str(64 * MIB)),
                               preexec_fn=lambda: (self.group / "cgroup.procs").write_text(str(os.getpid())))
        hog.wait()

    def clean(self):
        self.group.rmdir()


class NoMemory(Death):
    """No further address space: every allocation that needs some fails."""
    name = "allocations fail"
    exits = frozenset({0, 3, 4})
    graceful = False

    def strike(self, process):
        size = int(pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(process.pid, resource.RLIMIT_AS, (size, size))


class FullDisk(Death):
    """All but a few bytes of the file system are taken by somebody else."""
    exits = frozenset({0, 3, 4})

    def __init__(self, what, disk, room):
        """`what`: the run directories or the state directory; `disk`: where a small file system is mounted for it."""
        self.name = f"full disk ({what})"
        self.what = what
        self.disk = disk
        self.room = room

    def strike(self, process):
        filler = self.disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 65536):
                    pass
            except OSError:
                pass  # full
            os.truncate(filler, max(0, file.tell() - self.room))


class FailingCall(Death):
    """One write, sync or rename fails; at_call.c does it, and logs what squall did after that."""
    exits = frozenset({0, 3, 4})

    def __init__(self, number, log):
        self.error = os.strerror(number)
        self.name = f"a write fails ({self.error})"
        self.log = log

    def prepare(self, errors):
        return {"stdout": errors, "stderr": errors}

    def problems(self, play, code):
        calls = [line.split(" ", 2) for line in self.log.read_text().splitlines()]
        failed = next((i for i, (number, *_) in enumerate(calls) if number == play.environment["AT_CALL"]), None)
        if failed is None:
            return []  # it took another turn, and had fewer calls
        _, call, path = calls[failed]
        found = []
        if self.error not in self.read_errors(play.errors):
            found.append(f"{call} of {path} failed, and squall does not say so: {self.read_errors(play.errors)}")
        touched = [f"{name} {what}" for _, name, what in calls[failed:] if name == "mkdir" and "/cgroup/" in what]
        if path.endswith(".journal") and touched:
            found.append(f"{call} of {path} failed, and the kernel was touched all the same: {touched}")
        return [f"{problem} (call {calls[failed]})" for problem in found]


def all_deaths(random, disks):
    """`disks`: directory for the mount points of small disks."""
    deaths = [Signalled(number) for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    deaths += [LostTerminal(True), LostTerminal(False), LostReader(), OutOfMemory(), NoMemory()]
    deaths += [FullDisk(what, disks / what, random.choice([0, 0, 100, 4096, 8192, 20000])) for what in ("runs", "state")]
    return [death for death in deaths if death.available()]
