"""Every mutant is caught by the invariant named for it, and the server without a flaw passes every case."""
import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/cli"))

import matrix
from squall import skip_without_root


class Names(unittest.TestCase):
    """That the invariants in `catches` exist is checked where scenarios are read."""

    def test_every_mutant_is_caught_by_a_case_or_an_incident(self):
        caught = {pair.mutant for pair in matrix.pairs() + matrix.incident_pairs()}
        self.assertEqual(set(matrix.mutants()) - caught, set())

    def test_every_case_catches_a_mutant(self):
        self.assertEqual(set(matrix.cases()) - {pair.case for pair in matrix.pairs()}, set())

    def test_every_mutant_that_a_case_or_an_incident_names_exists(self):
        named = {pair.mutant for pair in matrix.pairs() + matrix.incident_pairs()}
        self.assertEqual(named - set(matrix.mutants()), set())

    def test_every_mutant_was_built(self):
        self.assertEqual([name for name in matrix.mutants() if not os.access(matrix.SERVER / "mutants" / name, os.X_OK)], [])

    def test_every_mutant_says_what_is_wrong(self):
        self.assertEqual([name for name, text in matrix.mutants().items() if text.count(". ") < 1], [])

    def test_the_documentation_has_these_rows_and_texts(self):
        text = matrix.PAGE.read_text()
        advice = "run ci/mutants --write-docs"
        self.assertEqual(matrix.rows_of(text), matrix.expected_rows(), advice)
        self.assertEqual(matrix.flaws_of(text), {name: " ".join(flaw.split()) for name, flaw in matrix.mutants().items()},
                         advice)
        self.assertIn(matrix.incidents_table(), text, advice)


@skip_without_root()
class Matrix(unittest.TestCase):
    def test_cases_pass_without_a_flaw_and_fail_by_the_invariant_named_for_it(self):
        matrix.OUTPUT.mkdir(exist_ok=True)
        with matrix.Player() as player:
            unflawed = matrix.play_unflawed(player, matrix.cases(), matrix.show)
            plays = matrix.play_pairs(player, matrix.pairs(), matrix.show)
        for case, play in unflawed.items():
            with self.subTest(case=case, target="the server itself"):
                self.assertEqual((play.verdict, play.exit_code), ("pass", 0), json.dumps(play.findings, indent=1))
        for pair, play in plays.items():
            with self.subTest(case=pair.case, target=pair.mutant):
                self.assertEqual(matrix.mistake(pair, play), "", pair.invariant)
        if all(not matrix.mistake(pair, play) for pair, play in plays.items()):
            (matrix.OUTPUT / "matrix.md").write_text(matrix.page(plays, unflawed))


if __name__ == "__main__":
    unittest.main()
