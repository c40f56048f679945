"""A run directory is complete: it is judged again to the same verdict, and to another one by other invariants."""
import json
import pathlib
import shutil
import unittest

from squall import SquallTest, scenario


class SavedRuns(SquallTest):
    def setUp(self):
        super().setUp()
        process, _, self.played = self.run_scenario(scenario())
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.saved = self.directory / self.played["directory"]

    def test_judging_again_gives_the_same_findings(self):
        elsewhere = self.directory / "moved" / "run"
        shutil.move(self.saved, elsewhere)
        again = self.directory / "again.json"
        process = self.squall("judge", elsewhere, "--json", again)
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.assertEqual(json.loads(again.read_text())["findings"], self.played["findings"])

    def test_other_invariants_give_another_verdict(self):
        other = self.write(scenario(invariant="min(delivery.latency) <= 1ns during pressure"), "other.yaml")
        process = self.squall("judge", self.saved, "--scenario", other)
        self.assertEqual(process.returncode, 1, process.stdout)

    def test_damage_is_named(self):
        events = pathlib.Path(self.saved) / "events.jsonl"
        lines = events.read_text().splitlines()
        lines[1] = lines[1][: len(lines[1]) // 2]
        events.write_text("\n".join(lines))
        process = self.squall("judge", self.saved)
        self.assertEqual(process.returncode, 2)
        self.assertIn("events.jsonl:2", process.stderr)

    def test_what_is_no_run_directory_is_refused(self):
        process = self.squall("judge", self.directory / "state")
        self.assertEqual(process.returncode, 2)
        self.assertIn("scenario.yaml", process.stderr)


if __name__ == "__main__":
    unittest.main()
