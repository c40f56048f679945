"""kill -9 during each fault, then `squall heal`: the host is as it was before."""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "cli"))
from squall import SquallTest, scenario, skip_without_root  # noqa: E402

FAULTS = {
    "cpu-cap": ("{fault: cpu-cap, cores: 0.2}", "false"),
    "proxy-idle-timeout": ("{fault: proxy-idle-timeout, after: 500ms, by: silence}", "true"),
    "half-open": ("{fault: half-open, cohort: sse, state: peer-vanished}", "false"),
    "slow-reader": ("{fault: slow-reader, cohort: sse, mode: stopped}", "false"),
}


def output(*command):
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def host():
    """Everything that a run could leave behind: namespaces, links, nftables, qdiscs, control groups, processes."""
    cgroups = sorted(str(path) for path in pathlib.Path("/sys/fs/cgroup").rglob("*squall*"))
    processes = []
    namespaces = set()
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name = (entry / "comm").read_text().strip()
            namespaces.add(os.readlink(entry / "ns/net"))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or is the host's own first process in a container
        if "squall" in name:
            processes.append(name)
    return {"namespaces": sorted(namespaces), "named namespaces": output("ip", "netns", "list"),
            "links": [line.split(":")[1] for line in output("ip", "-o", "link").splitlines()],
            "nftables": output("nft", "list", "ruleset"), "qdiscs": output("tc", "qdisc", "show"),
            "cgroups": cgroups, "processes": sorted(processes)}


@skip_without_root()
class Heal(SquallTest):
    def start(self, fault, proxy):
        path = self.write(scenario(fault, duration="60s", proxy=proxy))
        process = subprocess.Popen(self.command("run", path, "--plain"), cwd=self.directory, env=self.environment,
                                   text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        for line in process.stderr:
            if "in force" in line:
                return process
        self.fail(f"the fault never came into force; exit code {process.wait()}")

    def settled(self, before):
        """Processes that were told to die take a moment to go."""
        for _ in range(100):
            now = host()
            if now == before:
                return now
            time.sleep(0.05)
        return now

    def test_kill_9_during_each_fault(self):
        for name, (fault, proxy) in FAULTS.items():
            with self.subTest(name):
                before = host()
                process = self.start(fault, proxy)
                during = host()
                self.assertNotEqual(during["processes"], before["processes"])
                self.assertNotEqual(during["namespaces"], before["namespaces"])
                self.assertNotEqual(during["cgroups"], before["cgroups"])
                process.kill()
                process.wait()
                healed = self.squall("heal")
                self.assertEqual(healed.returncode, 0, healed.stdout + healed.stderr)
                self.assertIn("healed", healed.stdout)
                self.assertEqual(self.settled(before), before)
                self.assertIn("nothing to heal", self.squall("heal").stdout)

    def test_the_next_run_heals_as_well(self):
        before = host()
        process = self.start(*FAULTS["cpu-cap"])
        process.kill()
        process.wait()
        following, _, _ = self.run_scenario(scenario())
        self.assertEqual(following.returncode, 0, following.stdout + following.stderr)
        self.assertIn("healed what run", following.stderr)
        self.assertEqual(self.settled(before), before)

    def test_a_living_run_is_not_touched(self):
        process = self.start(*FAULTS["half-open"])
        during = host()
        self.assertIn("nothing to heal", self.squall("heal").stdout)
        self.assertEqual(host()["cgroups"], during["cgroups"])
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 3, "an interrupted run is inconclusive")

    def test_sigterm_heals_on_the_way_out(self):
        before = host()
        process = self.start(*FAULTS["cpu-cap"])
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        self.assertEqual(self.settled(before), before)
        self.assertIn("nothing to heal", self.squall("heal").stdout)


if __name__ == "__main__":
    unittest.main()
