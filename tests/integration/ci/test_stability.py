"""ci/stability: stopped in the middle, gone on with, and what it reports."""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from squall import REPOSITORY, SQUALL, SquallTest, skip_without_root  # noqa: E402
sys.path.insert(0, str(REPOSITORY / "ci"))
import stability_report  # noqa: E402

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
        self.assertIn("SSE delivers within the SLO", [finding["name"] for finding in outcome["findings"]])
        self.assertIn(f"| {CASE} | {int(outcome['verdict'] == 'pass')} |", page.read_text())
        kept = [path for path in runs.iterdir() if path.name in outcome["directory"]]
        self.assertEqual(bool(kept), outcome["verdict"] != "pass", "kept are runs that did not pass")

        with open(self.directory / "results/outcomes.jsonl", "a") as file:
            file.write('{"case": "steady-st')
        again = self.stability("1")
        self.assertEqual(again.returncode, 0 if outcome["verdict"] == "pass" else 1, again.stdout + again.stderr)
        self.assertNotIn("round 1", again.stdout, "it has been played")
        self.assertEqual(len(self.outcomes()), 1, "half a line is no outcome")

        earlier = dict(outcome, scenario="of an earlier version", verdict="fail")
        with open(self.directory / "results/outcomes.jsonl", "a") as file:
            file.write(json.dumps(earlier) + "\n")
        changed = self.stability("0")
        self.assertIn(f"{CASE} has changed: 1 of its outcomes", changed.stdout)
        self.assertIn("1 plays: 0 failed", changed.stdout)

        other = self.stability("1", "--memory", "1")
        self.assertEqual(other.returncode, 2)
        self.assertIn("of another noise", other.stderr)
        self.assertIn("--anew", other.stderr)

    def test_nothing_played_is_an_error(self):
        process = self.stability("0")
        self.assertEqual(process.returncode, 2, process.stdout)
        self.assertIn("there are no outcomes", process.stderr)


def plays(case="a", findings=(), **verdicts):
    return [{"case": case, "round": i, "verdict": verdict, "findings": list(findings)}
            for verdict, count in verdicts.items() for i in range(count)]


class Report(unittest.TestCase):
    def test_a_failure_and_too_many_inconclusive_plays_are_not_acceptable(self):
        self.assertTrue(stability_report.acceptable(plays(**{"pass": 49, "inconclusive": 1})))
        self.assertFalse(stability_report.acceptable(plays(**{"pass": 48, "inconclusive": 2})))
        self.assertFalse(stability_report.acceptable(plays(**{"pass": 49, "fail": 1})))
        self.assertFalse(stability_report.acceptable(plays(**{"pass": 49, "error": 1})))
        self.assertFalse(stability_report.acceptable([]))

    def test_a_case_that_is_often_inconclusive_does_not_hide_behind_the_others(self):
        others = plays(**{"pass": 1000})
        self.assertTrue(stability_report.acceptable(others + plays("b", **{"pass": 9, "inconclusive": 1})))
        self.assertFalse(stability_report.acceptable(others + plays("b", **{"pass": 8, "inconclusive": 2})))
        self.assertTrue(stability_report.acceptable(others + plays("b", **{"pass": 98, "inconclusive": 2})))
        self.assertFalse(stability_report.acceptable(others + plays("b", **{"pass": 97, "inconclusive": 3})))

    def test_margins_are_of_bounds_that_were_told(self):
        def finding(name, expected, margin, verdict="pass"):
            return {"name": name, "verdict": verdict, "expected": expected, "measured": "", "margin": margin, "detail": ""}

        outcomes = plays(findings=[finding("in time", "p99(delivery.latency) <= 20ms always", 0.5),
                                   finding("nobody leaves", "count(disconnects) == 0 always", 0.0)], **{"pass": 2})
        outcomes += plays(findings=[finding("in time", "p99(delivery.latency) <= 20ms always", 0.1, "inconclusive")],
                          inconclusive=1)
        with tempfile.TemporaryDirectory() as directory:
            page = pathlib.Path(directory) / "stability.md"
            stability_report.write_page(page, outcomes, {"cpu": 0.15, "disk": 1, "memory": 256})
            text = page.read_text()
        self.assertIn("| a | 2 | 0 | 1 | 0 | +50% | in time |", text)
        self.assertIn("| a | in time | +50% | +50% | +50% |", text)
        self.assertNotIn("nobody leaves", text, "an equality has no margin")


if __name__ == "__main__":
    unittest.main()
