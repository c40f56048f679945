"""squall reproduce from one end to the other, by incidents of the test's own: what was expected of each server, and what came."""
import json
import pathlib
import unittest
import xml.etree.ElementTree

import jsonschema

from squall import REPOSITORY, SquallTest

# A bound that is the server's setting: which server fails does not depend on how fast the host is.
INCIDENT = """\
name: {name}
summary: Fewer come than were meant.
settle: 100ms
target: {{settings: {{replay_messages: 4}}}}
cohorts: [{{name: all, protocol: sse, connections: 5}}]
phases: [{{name: only, duration: 200ms}}]
invariants:
  - {{name: as many as were meant, expect: count(connects) == setting.replay_messages always}}
  - {{name: those who came, expect: count(connects) <= 4 always, requirement: informational}}
incident:
  number: {number}
  story: Nobody had counted.
  sources: [nobody]
  scale: Small.
  servers:
    - {{name: mistaken, is: flawed, settings: {{replay_messages: {flawed}}}, fails: as many as were meant}}
    {servers}
  figures: [{{figure: came, reported: all, invariant: those who came}}]
"""
MENDED = "- {name: counted, is: mended, settings: {replay_messages: 5}}"
ABSENT = """
    - {name: absent, is: observed, target: absent.yaml}
    - {name: broken, is: observed, target: broken.yaml}"""
PROFILE = """\
name: absent
summary: A server that nobody has installed.
launch: {{command: [{program}]}}
version: {{command: [{program}]}}
sse: {{path: /events}}
"""


def incident(name, number, flawed=6, servers=MENDED):
    return INCIDENT.format(**locals())


class Reproduce(SquallTest):
    def reproduce(self, *arguments, **texts):
        for name, text in texts.items():
            (self.directory / "incidents").mkdir(exist_ok=True)
            self.write(text, f"incidents/{name}.yaml")
        process = self.squall("reproduce", *arguments, "--json", "r.json")
        file = self.directory / "r.json"
        said = process.stdout + process.stderr
        report = json.loads(file.read_text()) if file.exists() else None
        if report:
            schema = json.loads((REPOSITORY / "docs/reference/incidents.schema.json").read_text())
            jsonschema.Draft202012Validator(schema).validate(report)
            self.assertEqual(report["exit_code"], process.returncode, said)
        return process.returncode, said, report

    def test_each_server_is_held_against_what_the_incident_says(self):
        self.write(PROFILE.format(program="no-such-program"), "absent.yaml")
        self.write(PROFILE.format(program="false"), "broken.yaml")
        code, said, report = self.reproduce(
            "incidents", "--junit", "j.xml", "--html", "html",
            as_it_was=incident("as-it-was", 2, servers=MENDED + ABSENT),
            no_longer=incident("no-longer", 1, flawed=5))
        self.assertIsNotNone(report, said)
        self.assertEqual(code, 1, said)
        self.assertIn("1 of 2 incidents as said", said)
        self.assertEqual([one["name"] for one in report["incidents"]], ["no-longer", "as-it-was"], "by number")
        outcomes = {(one["name"], server["name"]): (server["verdict"], server["outcome"])
                    for one in report["incidents"] for server in one["servers"]}
        self.assertEqual(outcomes, {("no-longer", "mistaken"): ("pass", "otherwise"),
                                    ("no-longer", "counted"): ("pass", "as said"),
                                    ("as-it-was", "mistaken"): ("fail", "as said"),
                                    ("as-it-was", "counted"): ("pass", "as said"),
                                    ("as-it-was", "absent"): ("inconclusive", "observed"),
                                    ("as-it-was", "broken"): ("inconclusive", "observed")}, said)
        mistaken, counted, absent, broken = report["incidents"][1]["servers"]
        self.assertEqual(report["incidents"][1]["figures"][0]["replayed"], {"mistaken": "5", "counted": "5", "absent": "", "broken": ""})
        self.assertIn("not played: ", absent["reason"])
        self.assertIn("before it was ready", broken["reason"])
        self.assertEqual(absent["directory"], "")
        for server, verdict in ((mistaken, 1), (counted, 0)):
            self.assertEqual(self.squall("judge", server["directory"]).returncode, verdict)
            facts = json.loads((self.directory / server["directory"] / "facts.json").read_text())["facts"]
            self.assertEqual(facts["settings"], server["settings"])
        suites = xml.etree.ElementTree.parse(self.directory / "j.xml").getroot().findall("testsuite")
        self.assertEqual([(suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in suites],
                         [("2", "1", "0"), ("4", "0", "0")])
        pages = [path.name for path in (self.directory / "html").iterdir()]
        self.assertEqual(len(pages), 5, pages)

    def test_one_server_is_played_again_by_the_command_that_is_printed(self):
        code, said, report = self.reproduce("incidents/alone.yaml", "--server", "counted", "--seed", "7",
                                            alone=incident("alone", 1))
        self.assertEqual(code, 0, said)
        server, = report["incidents"][0]["servers"]
        self.assertIn("reproduce incidents/alone.yaml --seed 7 --server counted", server["command"])
        run = pathlib.Path(self.directory / server["directory"])
        self.assertEqual(json.loads((run / "facts.json").read_text())["facts"]["seed"], 7)

    def test_an_incident_is_a_scenario_that_can_be_played_on_anything(self):
        process, findings, _ = self.run_scenario(incident("alone", 1))
        self.assertEqual(findings["as many as were meant"]["verdict"], "fail", process.stdout + process.stderr)
        self.assertEqual(findings["as many as were meant"]["bound"], "4")
        explained = self.squall("explain", self.directory / "scenario.yaml").stdout
        for words in ("Nobody had counted", "mistaken", "fails by: as many as were meant", "replay_messages: 5"):
            self.assertIn(words, explained)

    def test_what_cannot_be_played_is_said_before_anything_is(self):
        code, said, report = self.reproduce("incidents/wrong.yaml", "steady-state", "--html", "page.html",
                                            wrong=incident("wrong", 1, servers=MENDED + """
    - {name: flaw, is: mended, flaw: no-such-flaw}
    - {name: polite, is: mended, target: no-such-target}"""))
        self.assertEqual((code, report), (2, None), said)
        self.assertRegex(said, r"wrong\.yaml:\d+:1: incident: server flaw: flaw: there is no program of the reference server "
                               r"with the flaw 'no-such-flaw'")
        self.assertIn("no-such-target: there is no such profile", said)
        self.assertRegex(said, r"steady-state\.yaml: is no incident: it has no section 'incident'")
        self.assertIn("page.html: --html: several runs do not fit in one file", said)
        self.assertIn("there is no such profile", self.squall("validate", "incidents/wrong.yaml").stderr)
        code, said, _ = self.reproduce("incidents/right.yaml", "--server", "nobody", right=incident("right", 1))
        self.assertEqual(code, 2)
        self.assertIn("nobody: --server: none is called so; there are counted, mistaken", said)
        self.assertEqual(self.squall("reproduce").returncode, 2)


if __name__ == "__main__":
    unittest.main()
