"""What a run could leave behind on the host, and whose it is."""
import os
import pathlib
import subprocess


def output(*command):
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def snapshot():
    """What bears no run's name and has to be the same before and after."""
    return {"links": [line.split(":")[1] for line in output("ip", "-o", "link").splitlines()],
            "addresses": output("ip", "-o", "address"), "qdiscs": output("tc", "qdisc", "show"),
            "nftables": output("nft", "list", "ruleset"), "named namespaces": output("ip", "netns", "list"),
            "mounts": pathlib.Path("/proc/self/mountinfo").read_text()}


def processes(variable):
    """Pids of those that bear NAME=value in their environment: namespaces without a name live no longer than these."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or is another user's
        if variable.encode() in words:
            found.append(int(entry.name))
    return sorted(found)


def groups(run_ids):
    """The target's, and those beside it that bear the run's name as well."""
    wanted = tuple(f"squall-{run_id}" for run_id in run_ids)
    return sorted(os.path.join(path, name) for path, names, _ in os.walk("/sys/fs/cgroup") for name in names
                  if name.startswith(wanted))


def namespaces(pid):
    """Network namespaces that it holds open: {name: file}."""
    held = {}
    for descriptor in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = os.readlink(descriptor)
        except FileNotFoundError:
            continue  # closed meanwhile
        if name.startswith("net:["):
            held[name] = str(descriptor)
    return held


def filters(pid):
    """nftables tables in its namespaces, counters and elements aside."""
    return sorted(line for file in namespaces(pid).values()
                  for line in output("nsenter", f"--net={file}", "nft", "list", "tables").splitlines())
