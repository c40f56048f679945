"""A machine with Debian's cloud kernel (control groups v2, netem) in QEMU, without KVM: it boots with programs of a build
tree in an initramfs, carries out commands one after the other, and ends. It has no network and no disk."""
import os
import pathlib
import re
import selectors
import shutil
import subprocess
import tempfile
import time
import typing

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
KERNEL = REPOSITORY / "build/kernel"  # the unpacked package; never installed, so that the host's boot menu stays as it is
# Beside them the kernel loads by itself what is asked for, as it does on any host.
MODULES = ("kernel/net", "kernel/crypto", "kernel/lib", "kernel/arch/x86/crypto", "kernel/drivers/net/veth.ko",
           "kernel/drivers/net/ifb.ko")
NANOSECONDS_PER_INSTRUCTION_LOG2 = 2
SECONDS_EACH = 180  # of the lab's own time, for a command


class LabFailure(Exception):
    pass


def run(*command, **options):
    try:
        return subprocess.run([str(word) for word in command], check=True, text=True, capture_output=True, **options).stdout
    except subprocess.CalledProcessError as failure:
        raise LabFailure(f"{' '.join(map(str, command))}: {(failure.stderr or failure.stdout).strip()}") from failure


class Outcome(typing.NamedTuple):
    exit: int
    seconds: int  # of the lab's time
    output: list


class Lab:
    """Of the programs in BUILD/bin; what the kernel says goes to BUILD/lab/console.log. `cpus`: with one, its clock is the
    instructions that it has executed, so that a busy host makes it slow and its tests do not see it; with more, which
    QEMU cannot count, it has the host's clock."""

    def __init__(self, build, programs, as_user=False, cpus=1):
        self.build = pathlib.Path(build).resolve()
        self.programs = programs
        self.as_user = as_user
        self.cpus = cpus
        self.work = self.build / "lab"
        self.work.mkdir(parents=True, exist_ok=True)

    def outcomes(self, commands, seconds_max, files=None):
        """Boots, and yields what came of each command, a line for the lab's shell. `files`: path -> text, besides. Fewer
        than there are commands: the machine died or the time was up."""
        run(REPOSITORY / "ci/install", "lab")
        fetch_kernel()
        self.make_initramfs(commands, files or {})
        deadline = time.monotonic() + seconds_max
        machine = self.boot()
        output = []
        try:
            for line in lines_of(machine, deadline):
                words = line.split()
                if words[:1] == ["lab-begin"]:
                    output = []
                elif words[:1] == ["lab-end"]:
                    yield Outcome(int(words[2]), int(words[3]), output)
                elif words != ["lab-done"]:
                    output.append(line)
        finally:
            machine.kill()
            machine.wait()

    def make_initramfs(self, commands, files):
        root = self.work / "root"
        shutil.rmtree(root, ignore_errors=True)
        self.copy_programs(root)
        copy_modules(root)
        copy_into(root, shutil.which("busybox"), "bin/busybox")
        for name in ("bin/sh", "sbin/modprobe"):
            link = root / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to("/bin/busybox")
        copy_into(root, REPOSITORY / "tests/lab/init", "init")
        for name in ("catalogue", "profiles"):  # where an installed squall looks for them
            shutil.copytree(REPOSITORY / "suites" / name, root / "lab/share/squall" / name)
        files = {**files, "lab/commands": "".join(command + "\n" for command in commands),
                 "lab/settings": f"seconds_each={SECONDS_EACH}\nas_user={self.as_user:d}\n"}
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        with open(self.work / "initramfs", "wb") as archive:
            names = subprocess.run(["find", ".", "-print0"], cwd=root, stdout=subprocess.PIPE, check=True).stdout
            subprocess.run(["cpio", "--null", "--create", "--format=newc", "--owner=0:0", "--quiet"], cwd=root, input=names,
                           stdout=archive, check=True)
        shutil.rmtree(root)

    def copy_programs(self, root):
        for name in self.programs:
            program = self.build / "bin" / name
            if not program.exists():
                raise LabFailure(f"there is no {program}; build it first: ci/build {self.build.name}")
            for line in run("ldd", program).splitlines():
                library = re.search(r"(/\S+) \(0x", line)
                if library:
                    copy_into(root, library[1])
            (root / "lab/bin").mkdir(parents=True, exist_ok=True)
            run("strip", "--strip-debug", "-o", root / "lab/bin" / name, program)

    def boot(self):
        [kernel] = (KERNEL / "boot").glob("vmlinuz-*")
        clock = (["-accel", "tcg", "-icount", f"shift={NANOSECONDS_PER_INSTRUCTION_LOG2},sleep=off"] if self.cpus == 1 else
                 ["-accel", "tcg,thread=multi", "-smp", str(self.cpus)])
        return subprocess.Popen(
            ["qemu-system-x86_64", *clock, "-cpu", "max", "-m", "2048", "-nodefaults", "-display", "none", "-no-reboot",
             "-kernel", kernel, "-initrd", self.work / "initramfs",
             "-append", "console=ttyS0 quiet loglevel=5 panic=-1 nokaslr mitigations=off init=/init",
             "-serial", f"file:{self.work}/console.log", "-serial", "stdio"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def fetch_kernel():
    """Unpacks Debian's package of the current cloud kernel, once."""
    if KERNEL.exists():
        return
    try:
        unpack_kernel()
    except LabFailure:
        if os.geteuid() != 0:
            raise
        run("apt-get", "update", "-qq")  # its index may be old, or not there
        unpack_kernel()


def unpack_kernel():
    depends = run("apt-cache", "depends", "linux-image-cloud-amd64")
    package = re.search(r"Depends: (linux-image-\S+)", depends)
    if not package:
        raise LabFailure("apt knows no linux-image-cloud-amd64; does `apt-get update` help?")
    part = KERNEL.with_name("kernel.part")
    part.parent.mkdir(exist_ok=True)
    shutil.rmtree(part, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="squall-lab-") as directory:
        run("apt-get", "download", "-qq", package[1], cwd=directory)
        run("dpkg-deb", "-x", *pathlib.Path(directory).glob("*.deb"), part)
    part.rename(KERNEL)


def copy_into(root, file, to=None):
    to = root / str(to or file).lstrip("/")
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, to)


def copy_modules(root):
    [tree] = (KERNEL / "lib/modules").iterdir()
    for name in MODULES:
        found = tree / name
        for module in [found] if found.is_file() else found.rglob("*.ko"):
            copy_into(root, module, pathlib.Path("lib/modules", tree.name, module.relative_to(tree)))
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        copy_into(root, tree / name, pathlib.Path("lib/modules", tree.name, name))
    run("busybox", "depmod", "-b", root, tree.name)


def lines_of(machine, deadline):
    """What comes from its second serial port, line by line, until the machine ends or the time is up."""
    selector = selectors.DefaultSelector()
    selector.register(machine.stdout, selectors.EVENT_READ)
    rest = b""
    while time.monotonic() < deadline:
        if not selector.select(timeout=1):
            continue
        got = os.read(machine.stdout.fileno(), 65536)
        if not got:
            break
        *lines, rest = (rest + got).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace").rstrip("\r")
    if rest:
        yield rest.decode(errors="replace")
