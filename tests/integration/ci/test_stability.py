"""ci/stability: stopped in the middle, gone on with, and what it reports."""
import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from squall import REPOSITORY, SQUALL, SquallTest, skip_without_root  # noqa: E402

CASE = "steady-state"


@skip_without_root()
class Stability(SquallTest):
    def command_line(self, *arguments):
        return [REPOSITORY / "ci/stability", *arguments, "--filter", CASE, "--squall", SQUALL, "--results",
                self.directory / "results"]

    def stability(self, *arguments):
        return subprocess.run(self.command_line(*arguments), env=self.environment, cwd=self.directory, text=True,
                              capture_output=True, timeout=120)

    def outcomes(self):
        file = self.directory / "results/outcomes.jsonl"
        return file.read_text().splitlines() if file.exists() else []

    def test_it_is_stopped_and_goes_on(self):
        process = subprocess.Popen(self.command_line("1"), env=self.environment, cwd=self.directory, text=True,
                                   stdout=subprocess.PIPE)
        runs = self.directory / "results/runs"
        until = time.monotonic() + 30
        while not list(runs.glob("*/target.log")) and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, output)
        self.assertIn("goes on from here", output)
        self.assertEqual(self.outcomes(), [], "a play that was broken off counts")
        self.assertIn("nothing to heal", self.squall("heal").stdout)

        page = self.directory / "stability.md"
        self.stability("1", "--write-docs", page)
        outcome = json.loads(self.outcomes()[0])
        self.assertEqual((outcome["case"], outcome["round"]), (CASE, 0))
        margins = {finding["name"]: finding["margin"] for finding in outcome["findings"]}
        self.assertIsNotNone(margins["SSE delivers within the SLO"])
        text = page.read_text()
        self.assertRegex(text, rf"\| {CASE} \| {int(outcome['verdict'] == 'pass')} \|")
        self.assertIn("| SSE delivers within the SLO |", text)
        self.assertNotIn("| nobody is disconnected |", text, "an equality has no margin")
        kept = [path for path in runs.iterdir() if path.name in outcome["directory"]]
        self.assertEqual(bool(kept), outcome["verdict"] != "pass", "kept are runs that did not pass")

        with open(self.directory / "results/outcomes.jsonl", "a") as file:
            file.write('{"case": "steady-st')
        again = self.stability("1")
        self.assertEqual(again.returncode, 0 if outcome["verdict"] == "pass" else 1, again.stdout + again.stderr)
        self.assertNotIn("round 1", again.stdout, "it has been played")
        self.assertEqual(len(self.outcomes()), 1, "half a line is no outcome")

        other = self.stability("1", "--memory", "1")
        self.assertEqual(other.returncode, 2)
        self.assertIn("of another noise", other.stderr)
        self.assertIn("--anew", other.stderr)

    def test_a_failure_and_too_many_inconclusive_plays_are_not_acceptable(self):
        sys.path.insert(0, str(REPOSITORY / "ci"))
        import stability_report
        plays = lambda **verdicts: [{"case": "a", "round": i, "verdict": verdict, "findings": []}
                                    for verdict, count in verdicts.items() for i in range(count)]
        self.assertTrue(stability_report.acceptable(plays(**{"pass": 49, "inconclusive": 1})))
        self.assertFalse(stability_report.acceptable(plays(**{"pass": 48, "inconclusive": 2})))
        self.assertFalse(stability_report.acceptable(plays(**{"pass": 49, "fail": 1})))
        self.assertFalse(stability_report.acceptable(plays(**{"pass": 49, "error": 1})))


if __name__ == "__main__":
    unittest.main()
