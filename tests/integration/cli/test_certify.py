"""squall certify from one end to the other, by a suite of the test's own; and that the suite that ships is as it is told."""
import json
import os
import pathlib
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "certification"))

import cases_table
from squall import REPOSITORY, SquallTest

CASE = """\
name: {name}
summary: A second of messages.
certify: {{id: "{id}", source: none, level: {level}, quick: {quick}}}
cohorts: [{{name: all, protocol: {protocol}, connections: 10}}]
publishers: [{{name: ticker, via: any, arrivals: {{process: constant, rate: 20/s}}}}]
phases: [{{name: only, duration: 1s}}]
invariants:
  - {{name: everybody is there, expect: {expect}, requirement: {requirement}}}
"""


def case(name, id, expect="count(connects) == 10 always", requirement="must", protocol="any", quick="true", level="delivers"):
    return CASE.format(**locals())


class Certify(SquallTest):
    def certify(self, *cases, arguments=(), profile="reference-server"):
        for text in cases:
            name = text.split("\n", 1)[0].removeprefix("name: ")
            (self.directory / "suite").mkdir(exist_ok=True)
            self.write(text, f"suite/{name}.yaml")
        process = self.squall("certify", "--target", profile, "--suite", "suite", *arguments)
        file = self.directory / "certificates" / "reference-server" / "certificate.json"
        certificate = json.loads(file.read_text()) if file.exists() else None
        return process, certificate

    def verdicts(self, certificate):
        return {(one["id"], one["protocol"]): one["verdict"] for one in certificate["cases"]}

    def test_a_certificate_has_a_verdict_a_case_and_protocol(self):
        process, certificate = self.certify(
            case("good", "1.1"), case("bad", "1.2", "count(connects) == 11 always", "should", protocol="sse"),
            case("late", "9.1", "count(connects) == 11 always", protocol="websocket", level="survives"),
            arguments=["--junit", "c.xml", "--json", "all.json"])
        self.assertIsNotNone(certificate, process.stdout + process.stderr)
        self.assertEqual(process.returncode, 1, process.stdout + process.stderr)
        self.assertEqual(self.verdicts(certificate), {("1.1", "sse"): "OK", ("1.1", "websocket"): "OK",
                                                      ("1.2", "sse"): "NON-STRICT", ("9.1", "websocket"): "FAILED"})
        levels = {level["name"]: level for level in certificate["levels"]}
        self.assertEqual((levels["delivers"]["cases"], levels["delivers"]["reached"]), (["1.1", "1.2"], True))
        self.assertFalse(levels["survives"]["reached"])
        self.assertFalse(levels["honest"]["reached"], "a level without cases")
        for one in certificate["cases"]:
            run = self.directory / "certificates" / "reference-server" / one["run"]
            facts = json.loads((run / "facts.json").read_text())["facts"]
            self.assertEqual(facts["chosen_protocol"]["subscribe"], one["protocol"] if one["name"] == "good" else "sse")
            judged = self.squall("judge", run)
            self.assertEqual(judged.returncode, {"pass": 0, "fail": 1}[one["judgement"]], judged.stdout)
        suite = xml.etree.ElementTree.parse(self.directory / "c.xml").getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors")), ("4", "1", "0"))
        everything = json.loads((self.directory / "all.json").read_text())
        self.assertEqual((everything["exit_code"], everything["certificates"]), (1, [certificate]))

    def test_what_cannot_be_put_to_the_server_is_said_without_a_play(self):
        profile = self.write("""\
name: reference-server
summary: Runs somewhere, and has nothing.
address: 127.0.0.1:9
sse: {path: /events}
publish: {http: {request: POST /publish}}
declares: {ping_interval: 25s}
""", "poor.yaml")
        long = "max(silence) < 2 * setting.ping_interval from only.start + setting.ping_interval"
        process, certificate = self.certify(
            case("ready", "12.1", "min(target.ready) == 1 always"),
            case("memory", "3.1", "max(target.memory) <= 1GiB always"),
            case("pings", "5.1", long).replace("cohorts:", "target: {settings: {ping_interval: 100ms}}\ncohorts:"),
            profile=profile)
        self.assertIsNotNone(certificate, process.stdout + process.stderr)
        self.assertEqual(process.returncode, 3, "nothing was played: " + process.stdout + process.stderr)
        self.assertEqual(self.verdicts(certificate), {("3.1", "sse"): "INCONCLUSIVE", ("5.1", "sse"): "INFORMATIONAL",
                                                      ("12.1", "sse"): "UNIMPLEMENTED"})
        self.assertEqual([one["run"] for one in certificate["cases"]], ["", "", ""])
        for one in certificate["cases"]:
            self.assertTrue(one["reason"], one)

    def test_part_of_the_cases_reaches_no_level(self):
        process, certificate = self.certify(case("good", "1.1"), case("slow", "1.2", quick="false"),
                                            arguments=["--filter", "1.1", "--protocol", "sse"])
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.assertEqual(self.verdicts(certificate), {("1.1", "sse"): "OK"})
        self.assertFalse(any(level["reached"] for level in certificate["levels"]))

    def test_mistakes_are_said_before_anything_is_played(self):
        process, certificate = self.certify(case("good", "1.1"), case("same", "1.1"), arguments=["--protocol", "tcp"])
        self.assertEqual(process.returncode, 2)
        self.assertIn("same.yaml: certify: id: '1.1' is another case's, too", process.stderr)
        self.assertIn("tcp: --protocol: expected sse or websocket", process.stderr)
        self.assertIsNone(certificate)
        self.assertEqual(self.squall("certify", "--target", "reference-server", "--suite", "core").returncode, 2)


class Suite(unittest.TestCase):
    def test_the_documentation_has_these_cases(self):
        text = cases_table.PAGE.read_text()
        self.assertEqual(cases_table.page_with_table(text), text, "run tests/certification/cases_table.py --write")

    def test_every_group_has_a_case_and_every_file_is_named_as_its_case(self):
        groups = {scenario["certify"]["id"].split(".")[0] for scenario in cases_table.cases()}
        self.assertEqual(groups, {str(group) for group in range(1, 14)})
        names = {scenario["name"] for scenario in cases_table.cases()}
        self.assertEqual({file.stem for file in cases_table.SUITE.glob("*.yaml")}, names)
        others = {file.stem for file in (REPOSITORY / "suites/catalogue/core").glob("*.yaml")}
        self.assertEqual(names & others, set(), "squall run NAME takes the first of that name")

    def test_every_flaw_that_a_case_names_exists(self):
        known = {file.stem for file in (REPOSITORY / "reference-server/mutants").glob("*.patch")}
        named = {mutant for scenario in cases_table.cases() for mutant in scenario.get("catches", {})}
        self.assertEqual(named - known, set())


if __name__ == "__main__":
    unittest.main()
