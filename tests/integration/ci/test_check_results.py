"""ci/check-results: the end of what a failed test said, then a line a build, and the exit code."""
import os
import pathlib
import subprocess
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
PASSED = '<testcase name="sound" time="1.4" status="run"><system-out>all is well</system-out></testcase>'
FAILED = ('<testcase name="flawed" time="2" status="fail"><failure message="{message}"/><system-out>{output}</system-out>'
          '</testcase>')
SKIPPED = '<testcase name="unable" time="0" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>'


class CheckResults(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="squall-test-")))

    def build(self, name, *cases):
        path = self.directory / f"{name}.xml"
        if cases:
            path.write_text(f"<testsuite>{''.join(cases)}</testsuite>")
        return path

    def check(self, *files, may_skip="0"):
        return subprocess.run([REPOSITORY / "ci/check-results", *files], text=True, capture_output=True,
                              env=dict(os.environ, SQUALL_MAY_SKIP=may_skip))

    def test_what_passed_is_a_line(self):
        process = self.check(self.build("dev", PASSED, PASSED))
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertEqual(process.stdout, "dev: 2 tests, 0 failed, 0 skipped, 3 s of tests\n")

    def test_the_end_of_what_failed_stands_before_the_lines_of_all_builds(self):
        said = "\n".join(f"line {i} &lt;" for i in range(100))
        process = self.check(self.build("asan", FAILED.format(message="", output=said), PASSED), self.build("tsan", PASSED))
        self.assertEqual(process.returncode, 1)
        lines = process.stdout.splitlines()
        self.assertEqual(lines[:3], ["--- asan: failed after 2 s: flawed", "(40 lines before)", "line 40 <"])
        self.assertEqual(lines[61:], ["line 99 <", "", "asan: failed: flawed",
                                      "asan: 2 tests, 1 failed, 0 skipped, 3 s of tests",
                                      "tsan: 1 tests, 0 failed, 0 skipped, 1 s of tests"])
        self.assertNotIn("all is well", process.stdout)

    def test_what_ctest_says_of_a_failure_is_the_end_of_its_output(self):
        process = self.check(self.build("asan", FAILED.format(message="Segfault", output="")))
        self.assertEqual(process.stdout.splitlines()[:2], ["--- asan: failed after 2 s: flawed", "Segfault"])

    def test_a_build_without_tests_fails_and_does_not_hide_the_others(self):
        process = self.check(self.build("asan"), self.build("tsan", FAILED.format(message="", output="why")))
        self.assertEqual(process.returncode, 1)
        self.assertEqual(process.stdout.splitlines()[:2], ["--- tsan: failed after 2 s: flawed", "why"])
        self.assertIn("asan: no test was run", process.stdout)

    def test_what_was_skipped_fails_unless_it_may(self):
        file = self.build("dev", PASSED, SKIPPED)
        process = self.check(file)
        self.assertEqual(process.returncode, 1)
        self.assertIn("dev: skipped: unable", process.stdout)
        self.assertEqual(self.check(file, may_skip="1").returncode, 0)


if __name__ == "__main__":
    unittest.main()
