"""validate, list, explain, doctor, schema: what they print is true of what is there."""
import json
import unittest

import jsonschema
import yaml

from squall import REPOSITORY, SquallTest, scenario

CATALOGUE = REPOSITORY / "suites/catalogue"


class Tools(SquallTest):
    def test_the_catalogue_is_valid(self):
        process = self.squall("validate", CATALOGUE)
        self.assertEqual(process.returncode, 0, process.stderr)

    def test_profiles_are_validated_too(self):
        process = self.squall("validate", REPOSITORY / "suites/profiles")
        self.assertEqual(process.returncode, 0, process.stderr)
        wrong = self.write("name: mine\nsummary: s\naddress: 127.0.0.1:1\nsse: {paht: /}\n", "mine.yaml")
        process = self.squall("validate", wrong)
        self.assertEqual(process.returncode, 2, process.stdout)
        self.assertRegex(process.stderr, r"mine\.yaml:4:\d+: .*no key 'paht'; did you mean 'path'")

    def test_the_schema_accepts_the_catalogue_and_refuses_a_typo(self):
        schema = json.loads(self.squall("schema").stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        files = sorted(CATALOGUE.rglob("*.yaml"))
        self.assertGreater(len(files), 10)
        for file in files:
            with self.subTest(file.name):
                validator.validate(yaml.safe_load(file.read_text()))
        typo = yaml.safe_load(scenario())
        typo["cohorts"][0]["protocl"] = "sse"
        with self.assertRaises(jsonschema.ValidationError):
            validator.validate(typo)

    def test_the_committed_schema_is_the_one_printed(self):
        committed = REPOSITORY / "docs/reference/scenario.schema.json"
        self.assertEqual(self.squall("schema").stdout, committed.read_text(),
                         f"write it anew: squall schema > {committed.relative_to(REPOSITORY)}")

    def test_every_fault_is_listed_explained_and_has_a_page(self):
        listed = [line.split()[0] for line in self.squall("list", "faults").stdout.splitlines()[1:]]
        self.assertGreaterEqual(len(listed), 4)
        for fault in listed:
            with self.subTest(fault):
                explained = self.squall("explain", fault)
                self.assertEqual(explained.returncode, 0)
                for word in ("witness", "healing", "needs"):
                    self.assertIn(word, explained.stdout)
                self.assertTrue((REPOSITORY / f"docs/reference/faults/{fault}.md").exists())

    def test_every_scenario_is_explained(self):
        for line in self.squall("list", "scenarios").stdout.splitlines()[1:]:
            self.assertEqual(self.squall("explain", line.split()[0]).returncode, 0)

    def test_doctor_knows_every_fault(self):
        doctor = self.squall("doctor")
        self.assertIn(doctor.returncode, (0, 3))
        for fault in ("cpu-cap", "half-open", "proxy-idle-timeout", "slow-reader"):
            self.assertIn(fault, doctor.stdout)

    def test_what_does_not_exist_is_refused(self):
        self.assertEqual(self.squall("explain", "no-such-thing").returncode, 2)


if __name__ == "__main__":
    unittest.main()
