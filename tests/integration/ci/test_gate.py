"""What users copy into their pipelines: ci/gate by itself, and the steps of the GitHub action and of the GitLab template as a
runner would give them to a shell."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

from squall import REPOSITORY, SQUALL, SquallTest, skip_without_root

CI = REPOSITORY / "ci"
MUTANTS = pathlib.Path(os.environ["REFERENCE_SERVER_DIR"]) / "mutants"
ONE_CASE = "--", "--filter", "heartbeats-as-declared"  # what the suite finds is not the gate's business


class Gate(SquallTest):
    def setUp(self):
        super().setUp()
        programs = self.directory / "bin"
        programs.mkdir()
        (programs / "squall").symlink_to(SQUALL)
        (programs / "squall-gate").symlink_to(CI / "gate")
        self.environment["PATH"] = f"{programs}:{os.environ['PATH']}"

    def gate(self, *arguments, **environment):
        return subprocess.run(["squall-gate", *map(str, arguments)], cwd=self.directory,
                              env={**self.environment, **environment}, text=True, capture_output=True, timeout=300)

    def flawed(self, mutant):
        """A profile of the same name, so that its certificate is a later one of the same server."""
        profile = yaml.safe_load((REPOSITORY / "suites/profiles/reference-server.yaml").read_text())
        profile["launch"]["command"][0] = str(MUTANTS / mutant)
        return self.write(yaml.safe_dump(profile), "flawed.yaml")

    def test_wrong_input_is_refused_before_anything_is_played(self):
        for arguments, word in (([], "--target is missing"), (["--target"], "takes a value"), (["--turget"], "--target, --suite"),
                                (["--target", "reference-server", "--suite", "core", "--baseline", "."], "--suite certification"),
                                (["--target", "reference-server", "--baseline", "nowhere"], "no such certificate")):
            with self.subTest(arguments):
                process = self.gate(*arguments)
                self.assertEqual(process.returncode, 2)
                self.assertIn(word, process.stderr)

    def test_what_is_no_verdict_is_none(self):
        stale = self.directory / "squall-results/certificates/old"
        stale.mkdir(parents=True)
        (stale / "certificate.json").write_text("{}")
        killed = self.write('#!/bin/sh\n[ "$1" = doctor ] || exit 137\n', "killed")
        pathlib.Path(killed).chmod(0o755)
        for squall in (killed, "/nonexistent/squall"):
            with self.subTest(squall):
                process = self.gate("--target", "reference-server", "--baseline", self.directory, SQUALL=squall)
                self.assertEqual(process.returncode, 4, process.stdout + process.stderr)
        self.assertFalse(stale.exists(), "an earlier result is nobody's verdict")

    @skip_without_root()
    def test_without_a_baseline_everything_has_to_hold(self):
        summary = self.directory / "summary.md"
        process = self.gate("--target", "reference-server", *ONE_CASE, GITHUB_STEP_SUMMARY=str(summary))
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        results = self.directory / "squall-results"
        for file in ("junit.xml", "summary.md", "certificates/index.html"):
            self.assertTrue((results / file).exists(), file)
        self.assertIn("reference-server", summary.read_text())

    @skip_without_root()
    def test_what_got_worse_since_the_baseline_fails_and_nothing_else_does(self):
        good = self.gate("--target", "reference-server", "--out", "before", *ONE_CASE)
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        before = self.directory / "before/certificates/reference-server"
        flawed = self.flawed("no-heartbeat")
        worse = self.gate("--target", flawed, "--baseline", before, "--out", "after", *ONE_CASE)
        self.assertEqual(worse.returncode, 1, worse.stdout + worse.stderr)
        self.assertIn("5.1", (self.directory / "after/comparison.md").read_text())
        renamed = pathlib.Path(flawed).read_text().replace("name: reference-server", "name: another")
        other = self.gate("--target", self.write(renamed, "another.yaml"), "--baseline", before, "--out", "other", *ONE_CASE)
        self.assertEqual(other.returncode, 2, "a gate is for one server: " + other.stdout + other.stderr)
        as_bad = self.gate("--target", flawed, "--baseline", self.directory / "after/certificates/reference-server",
                           "--out", "again", *ONE_CASE)
        self.assertEqual(as_bad.returncode, 0, as_bad.stdout + as_bad.stderr)


class Templates(unittest.TestCase):
    def test_the_action_gives_the_gate_what_it_was_told(self):
        action = yaml.safe_load((CI / "github/action.yml").read_text())
        step = action["runs"]["steps"][-1]
        inputs = {name: spec.get("default", "my-server.yaml") for name, spec in action["inputs"].items()}
        environment = {name: re.fullmatch(r"\$\{\{ inputs\.(\w+) }}", value)[1] for name, value in step["env"].items()}
        self.assertEqual(self.told(step["run"], {name: inputs[key] for name, key in environment.items()}),
                         ["--target", "my-server.yaml", "--suite", "certification", "--baseline", "", "--out", "squall-results"])
        self.assertNotIn("${{", "".join(each["run"] for each in action["runs"]["steps"]), "inputs are no shell code")

    def test_the_template_gives_the_gate_what_it_was_told(self):
        job = yaml.safe_load((CI / "gitlab/squall.yml").read_text())[".squall"]
        self.assertEqual(self.told("\n".join(job["script"]), job["variables"]),
                         ["--target", "my-server.yaml", "--suite", "certification", "--baseline", "", "--out", "squall-results"])

    def told(self, script, variables):
        """The words that squall-gate gets from this script."""
        stub = 'squall-gate() { printf "%s\\n" "$@"; }\n'
        said = subprocess.run(["bash", "-euc", stub + script], env={**os.environ, **variables}, text=True, capture_output=True,
                              check=True).stdout
        return said.split("\n")[:-1]

    def test_examples_are_yaml_and_name_what_there_is(self):
        github = yaml.safe_load((CI / "examples/github.yml").read_text())
        used = [step["uses"] for step in github["jobs"]["push-service"]["steps"] if "uses" in step]
        self.assertIn("OWNER/squall/ci/github@main", used)
        self.assertTrue((CI / "github/action.yml").exists())
        gitlab = yaml.safe_load((CI / "examples/gitlab.yml").read_text())
        self.assertEqual(gitlab["push-service"]["extends"], ".squall")

    def test_an_installed_squall_needs_no_library_but_those_of_the_packages_listed(self):
        lines = [line.split() for line in (CI / "packages").read_text().splitlines() if not line.startswith("#")]
        listed = {package for kind, package in lines if kind == "run"} | {"libc6", "libstdc++6", "libgcc-s1"}
        for program in (SQUALL, os.environ["REFERENCE_SERVER_DIR"] + "/squall-reference-server"):
            headers = subprocess.run(["objdump", "-p", program], text=True, capture_output=True, check=True).stdout
            for library in re.findall(r"NEEDED +(\S+)", headers):
                place = subprocess.run(["dpkg-query", "-S", f"*/{library}"], text=True, capture_output=True, check=True).stdout
                packages = {line.split(":")[0] for line in place.splitlines()}
                self.assertTrue(packages & listed, f"{library} of {packages}: a line `run PACKAGE` is missing in ci/packages")


if __name__ == "__main__":
    unittest.main()
