"""Runs that are killed while a fault is in force, then `squall heal`: the host is as it was before."""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration" / "cli"))
from squall import REPOSITORY, SquallTest, scenario, skip_without_root  # noqa: E402

import host  # noqa: E402
import play  # noqa: E402

# Hides the control groups, as on a host where an unprivileged user has none.
WITHOUT_GROUPS = ["unshare", "-m", "--propagation", "private", "sh", "-c",
                  "for m in $(awk '$3 ~ /^cgroup/ {print $2}' /proc/mounts | sort -r); do umount -l $m; done; exec \"$@\"",
                  "sh"]


@skip_without_root()
class Heal(SquallTest):
    def setUp(self):
        super().setUp()
        self.mark = f"CRASH_TEST={uuid.uuid4().hex}"
        self.environment.update([self.mark.split("=")])
        self.before = host.snapshot()

    def start(self, fault, *arguments, prefix=(), **changes):
        example, proxy = play.EXAMPLES[fault]
        path = self.write(scenario(example, duration="60s", proxy=str(proxy).lower(), **changes))
        process = subprocess.Popen([*prefix, *self.command("run", path, "--plain", *arguments)], cwd=self.directory,
                                   env=self.environment, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        for line in process.stderr:
            if "in force" in line:
                return process
        self.fail(f"the fault never came into force; exit code {process.wait()}")

    def injectable(self):
        """What this host can do, by the doctor."""
        _, _, faults = self.squall("doctor").stdout.partition("\nfaults\n")
        able = {line.split()[1] for line in faults.splitlines() if line.startswith("  yes ")}
        return [fault for fault in play.registered_faults() if fault in able]

    def run_ids(self):
        return {"-".join(path.name.split("-")[:3]) for path in (self.directory / "runs").iterdir()}

    def assert_nothing_is_left(self):
        """Processes that were told to die take a moment to go."""
        until = time.monotonic() + 5
        while host.processes(self.mark) and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(host.processes(self.mark), [])
        self.assertEqual(host.groups(self.run_ids()), [])
        self.assertEqual(host.snapshot(), self.before)

    def assert_healed(self):
        healed = self.squall("heal")
        self.assertEqual(healed.returncode, 0, healed.stdout + healed.stderr)
        self.assertIn("healed", healed.stdout)
        self.assert_nothing_is_left()
        self.assertIn("nothing to heal", self.squall("heal").stdout)

    def test_kill_9_during_each_fault(self):
        for fault in self.injectable():
            with self.subTest(fault):
                process = self.start(fault)
                until = time.monotonic() + 20  # the target may be on its way back
                while len(host.processes(self.mark)) <= 1 and time.monotonic() < until:
                    time.sleep(0.01)
                self.assertGreater(len(host.processes(self.mark)), 1)
                self.assertNotEqual(host.groups(self.run_ids()), [])
                process.kill()
                process.wait()
                self.assert_healed()

    def test_the_next_run_heals_as_well(self):
        process = self.start("cpu-cap")
        process.kill()
        process.wait()
        following, _, _ = self.run_scenario(scenario())
        self.assertEqual(following.returncode, 0, following.stdout + following.stderr)
        self.assertIn("healed what run", following.stderr)
        self.assert_nothing_is_left()

    def test_a_living_run_is_not_touched(self):
        process = self.start("half-open")
        during = host.groups(self.run_ids()), host.processes(self.mark), host.filters(process.pid)
        self.assertIn("nothing to heal", self.squall("heal").stdout)
        self.assertEqual((host.groups(self.run_ids()), host.processes(self.mark), host.filters(process.pid)), during)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 3, "an interrupted run is inconclusive")

    def test_sigterm_heals_on_the_way_out_and_what_was_not_played_is_no_failure(self):
        process = self.start("cpu-cap", invariant="count(messages.published) >= 1000000 always")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 3)
        self.assert_nothing_is_left()
        self.assertIn("nothing to heal", self.squall("heal").stdout)

    def test_a_heal_that_is_killed_is_gone_on_with_by_the_next(self):
        """Killed at its first call that changes something, then at its second, and so on until it gets through."""
        process = self.start("cpu-cap")
        process.kill()
        process.wait()
        shim = play.build_shim(self.directory)
        for call in range(1, 100):
            healer = subprocess.Popen(self.command("heal"), stdout=subprocess.DEVNULL,
                                      env=dict(self.environment, LD_PRELOAD=str(shim), AT_CALL=str(call)))
            ended = os.waitid(os.P_PID, healer.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT).si_code != os.CLD_STOPPED
            healer.kill()
            code = healer.wait()
            if ended:
                break
        self.assertEqual((ended, code), (True, 0))
        self.assertGreater(call, 3, "it was never in the middle of it")
        self.assert_nothing_is_left()
        self.assertIn("nothing to heal", self.squall("heal").stdout)

    def test_what_a_wrapper_script_started_is_found_without_a_control_group(self):
        profile = (REPOSITORY / "suites/profiles/reference-server.yaml").read_text()
        wrapped = profile.replace("command: [squall-reference-server, --listen, \"{address}:{port}\", \"{settings}\"]",
                                  "command: [sh, -c, 'setsid squall-reference-server --listen {address}:{port} \"$@\" & "
                                  "wait', sh, \"{settings}\"]")
        self.assertNotEqual(profile, wrapped)
        self.environment["PATH"] = os.environ["REFERENCE_SERVER_DIR"] + ":" + self.environment["PATH"]
        process = self.start("slow-reader", "--target", self.write(wrapped, "wrapped.yaml"), prefix=WITHOUT_GROUPS)
        self.assertEqual(host.groups(self.run_ids()), [])
        process.kill()
        process.wait()
        self.assertNotEqual(host.processes(self.mark), [], "nothing was left, so nothing is shown")
        self.assert_healed()


if __name__ == "__main__":
    unittest.main()
