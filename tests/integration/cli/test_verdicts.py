"""The four verdicts and the exit codes: what fails, fails by the right name; what cannot be told, is not passed."""
import json
import os
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from squall import REPOSITORY, SquallTest, scenario, skip_without_root

# fault, and the capability that it stands on
FAULTS = {
    "memory-cap": ("{fault: memory-cap, headroom: 64MiB}", "cgroup-memory"),
    "half-open": ("{fault: half-open, cohort: sse, state: peer-vanished}", "nftables"),
    "slow-reader": ("{fault: slow-reader, cohort: sse, mode: stopped}", "socket-diagnostics"),
}


class Verdicts(SquallTest):
    @skip_without_root()
    def test_a_fault_without_its_mechanism_is_inconclusive(self):
        for name, (fault, capability) in FAULTS.items():
            with self.subTest(name):
                process, findings, _ = self.run_scenario(scenario(fault), "--without", capability)
                self.assertEqual(process.returncode, 3, process.stdout + process.stderr)
                self.assertEqual(findings[f"witness: {name}"]["verdict"], "inconclusive")
                self.assertIn(capability, json.dumps(findings[f"witness: {name}"]))

    @skip_without_root()
    def test_the_cases_of_a_fault_without_its_mechanism_are_inconclusive(self):
        """Not fail, either: whoever was not put under pressure cannot have failed under it."""
        for case, capability in (("half-open-idle", "nftables"), ("slow-readers-evict", "socket-diagnostics")):
            with self.subTest(case):
                process = self.squall("run", case, "--without", capability)
                self.assertEqual(process.returncode, 3, process.stdout)

    def test_a_proxy_fault_without_a_proxy_is_a_mistake(self):
        process, _, _ = self.run_scenario(scenario("{fault: proxy-idle-timeout, after: 1s, by: fin}"))
        self.assertEqual(process.returncode, 2, process.stdout + process.stderr)
        self.assertRegex(process.stderr, r"scenario\.yaml:\d+:\d+: fault: proxy-idle-timeout needs .*'proxy: true'")

    def without_control_groups(self, path):
        """Not the option but the real thing: a mount namespace in which no control group is mounted."""
        hide = "for m in $(awk '$3 ~ /^cgroup/ {print $2}' /proc/mounts | sort -r); do umount -l $m; done; exec \"$@\""
        return subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", hide, "sh",
                               *self.command("run", path, "--json", self.directory / "report.json")],
                              cwd=self.directory, env=self.environment, text=True, capture_output=True, timeout=120)

    @skip_without_root()
    def test_a_limit_without_the_controller_is_inconclusive(self):
        process = self.without_control_groups(self.write(scenario(FAULTS["memory-cap"][0])))
        self.assertEqual(process.returncode, 3, process.stdout + process.stderr)
        self.assertIn("witness: memory-cap", process.stdout)

    @skip_without_root()
    def test_a_cap_without_the_controller_is_approximated_and_says_so(self):
        process = self.without_control_groups(self.write(scenario("{fault: cpu-cap, cores: 0.01}")))
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.assertRegex(process.stdout, "this host lacks cgroup-cpu .* What is done instead: An approximation")
        run = json.loads((self.directory / "report.json").read_text())["runs"][0]
        witness = next(finding for finding in run["findings"] if finding["name"] == "witness: cpu-cap")
        self.assertEqual(witness["verdict"], "pass")
        self.assertIn("SIGSTOP and SIGCONT, an approximation", json.dumps(witness))

    @skip_without_root()
    def test_a_fault_that_does_not_bite_is_inconclusive(self):
        process, findings, _ = self.run_scenario(scenario("{fault: cpu-cap, cores: 1.0}"))
        self.assertEqual(process.returncode, 3, process.stdout)
        self.assertEqual(findings["witness: cpu-cap"]["verdict"], "inconclusive")

    def test_an_slo_that_cannot_be_met_fails_and_says_by_how_much_and_since_when(self):
        invariant = "min(delivery.latency) <= 1ns during pressure"
        process, findings, _ = self.run_scenario(scenario(invariant=invariant))
        self.assertEqual(process.returncode, 1, process.stdout + process.stderr)
        finding = findings[invariant]
        self.assertEqual(finding["verdict"], "fail")
        self.assertLess(finding["margin"], -1)
        self.assertGreater(finding["samples"], 1000)
        self.assertIsNotNone(finding["since_ns"])
        self.assertEqual(finding["phase"], "pressure")

    def test_no_data_is_never_a_pass(self):
        process, _, _ = self.run_scenario(scenario(invariant="{expect: p99(delivery.latency) <= 1h during pressure, "
                                                             "samples_min: 100000000}"))
        self.assertEqual(process.returncode, 3, process.stdout)

    def test_every_mistake_of_a_scenario_is_reported_with_its_place(self):
        broken = scenario(invariant="p99(delivery.latncy) <= 20MiB during presure").replace("protocol: sse", "protocl: sse")
        path = self.write(broken)
        process = self.squall("run", path)
        self.assertEqual(process.returncode, 2)
        lines = process.stderr.splitlines()
        self.assertGreaterEqual(len(lines), 3, process.stderr)
        for line in lines:
            self.assertRegex(line, r"scenario\.yaml:\d+:\d+: ")
        for word in ("protocl", "delivery.latncy", "presure"):
            self.assertIn(word, process.stderr)

    def test_usage_errors_exit_with_2(self):
        for arguments in (["run"], ["run", "no-such-suite"], ["frobnicate"], ["run", "core", "--target", "nobody"],
                          ["run", "core", "--filter", "nothing-is-called-this"], ["run", "core", "--without", "magic"]):
            with self.subTest(arguments):
                self.assertEqual(self.squall(*arguments).returncode, 2)

    def test_a_target_that_does_not_start_is_an_error_of_the_rig_with_its_last_words(self):
        profile = self.write("name: broken\nsummary: Ends at once.\nlaunch:\n  command: [sh, -c, 'echo no licence; exit 7']\n"
                             "sse: {path: /}\npublish: {http: {request: POST /}}\n", "broken.yaml")
        process = self.squall("run", self.write(scenario().replace("protocol: websocket", "protocol: sse")),
                              "--target", profile)
        self.assertEqual(process.returncode, 4, process.stdout + process.stderr)
        self.assertIn("no licence", process.stdout)
        self.assertIn("status 7", process.stdout)

    def test_a_target_that_dies_fails(self):
        profile = (REPOSITORY / "suites/profiles/reference-server.yaml").read_text()
        dying = profile.replace("command: [squall-reference-server, --listen, \"{address}:{port}\", \"{settings}\"]",
                                "command: [sh, -c, 'timeout -s KILL 3 squall-reference-server --listen {address}:{port}', \"{settings}\"]")
        self.assertNotEqual(profile, dying)
        self.environment["PATH"] = os.environ["REFERENCE_SERVER_DIR"] + ":" + self.environment["PATH"]
        path = self.write(scenario(duration="6s"))
        process = self.squall("run", path, "--target", self.write(dying, "dying.yaml"))
        self.assertEqual(process.returncode, 1, process.stdout + process.stderr)

    def test_junit_names_findings_and_the_measured_value(self):
        invariant = "min(delivery.latency) <= 1ns during pressure"
        junit = self.directory / "junit.xml"
        self.squall("run", self.write(scenario(invariant=invariant)), "--junit", junit)
        root = ElementTree.parse(junit).getroot()
        self.assertEqual(root.tag, "testsuites")
        case = next(case for case in root.iter("testcase") if case.get("name") == invariant)
        self.assertIn("measured", case.find("failure").get("message"))


if __name__ == "__main__":
    unittest.main()
