"""The README's commands do what it shows, and its scenario is the file that it names."""
import pathlib
import re
import subprocess
import unittest

from squall import REPOSITORY, SquallTest

PLAYS_MAX = 4  # where the host was in the way, and squall says so
README = (REPOSITORY / "README.md").read_text()


class Readme(SquallTest):
    def test_the_scenario_is_the_file(self):
        shown = re.search(r"```yaml\n# (\S+)\n(.*?)```", README, re.S)
        self.assertEqual(shown[2], (REPOSITORY / shown[1]).read_text())

    def test_the_commands_end_as_shown(self):
        blocks = re.findall(r"```\n\$ squall (run \S+)\n(.*?)```", README, re.S)
        self.assertEqual(len(blocks), 2)
        for command, shown in blocks:
            with self.subTest(command):
                def findings(text):
                    return [line.split("|")[0].rstrip() for line in text.splitlines()
                            if re.match(r"  (pass|fail|inconclusive|error) ", line)]
                for _ in range(PLAYS_MAX):
                    process = self.squall("run", REPOSITORY / command.split()[1])
                    if not any(finding.startswith("  inconclusive") for finding in findings(process.stdout)):
                        break
                self.assertEqual(findings(process.stdout), findings(shown), process.stdout + process.stderr)
                verdict = re.search(r"verdict: (\w+)", shown)[1]
                self.assertEqual(process.returncode, {"pass": 0, "fail": 1}[verdict])

    def test_the_edit_of_the_tutorial_changes_the_bound(self):
        text = (REPOSITORY / "docs/tutorial/first-run.md").read_text()
        case, edit = re.search(r"^cp (\S+) mine\.yaml\n(sed .*)$", text, re.M).groups()
        before = (REPOSITORY / case).read_text()
        mine = pathlib.Path(self.write(before, "mine.yaml"))
        subprocess.run(["sh", "-c", edit], cwd=self.directory, check=True)
        self.assertEqual(before.count("baseline during"), 0)
        self.assertEqual(mine.read_text().count("baseline during"), 2)

    def test_every_link_leads_somewhere(self):
        pages = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md")]
        for page in pages:
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                with self.subTest(page=page.name, link=link):
                    self.assertTrue((page.parent / link).exists())

    def test_every_fault_is_in_the_table(self):
        listed = [line.split()[0] for line in self.squall("list", "faults").stdout.splitlines()[1:]]
        for fault in listed:
            self.assertIn(f"| `{fault}` |", README)


if __name__ == "__main__":
    unittest.main()
