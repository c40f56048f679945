"""What `cmake --install` puts under a prefix works there: the command, and the library for GoogleTest in the example project."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

from squall import REPOSITORY, SQUALL, STATE

EXAMPLE = REPOSITORY / "ci/examples/gtest"
MORE = """
using namespace squall::gtest;

TEST(Wrong, InvariantThatIsViolated) {
    const Played run = play({.scenario = "slow-reader.yaml", .target = "reference-server", .seed = 7});
    EXPECT_THAT(run, Violates("count(connects) == 0 always"));
    EXPECT_THAT(run, Holds("count(connects) == 0 always"));  // the one failure that is expected
}
TEST(Wrong, InvariantWithoutData) {
    const Played run = play({.scenario = "slow-reader.yaml", .target = "reference-server"});
    EXPECT_EQ(run.judge("p99(publish.latency{publisher=ticker}) < 1s from load.end").outcome, Outcome::inconclusive);
}
TEST(Wrong, ProtocolThatIsNotOffered) {
    EXPECT_THROW(play({.scenario = "slow-reader.yaml", .target = "ws"}), std::invalid_argument);  // it has no SSE
}
TEST(Wrong, Input) {
    EXPECT_THROW(play({.scenario = "slow-reader.yaml", .target = "no-such-server"}), std::invalid_argument);
    EXPECT_THROW(play({.scenario = "no-such-scenario", .target = "reference-server"}), std::invalid_argument);
}
"""


class Package(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="squall-package-")))
        self.prefix = self.directory / "prefix"
        build = pathlib.Path(SQUALL).resolve().parent.parent
        self.run_command("cmake", "--install", build, "--prefix", self.prefix)
        self.environment = dict(os.environ, SQUALL_STATE_DIR=str(STATE),
                                PATH=f"{self.prefix}/bin:{os.environ['PATH']}")

    def run_command(self, *command, code=0, **options):
        process = subprocess.run([str(word) for word in command], text=True, capture_output=True, timeout=240, **options)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        return process.stdout + process.stderr

    def test_the_command_finds_what_was_installed_with_it(self):
        squall = self.prefix / "bin/squall"
        self.run_command(squall, "validate", "core", env=self.environment)
        (self.prefix / "share/squall/catalogue/core/burst.yaml").unlink()
        self.run_command(squall, "explain", "burst", code=2, env=self.environment)
        self.run_command("squall", "explain", "burst", code=2, env=self.environment)  # found in PATH

    def test_the_flawed_servers_of_incidents_are_installed(self):
        squall = self.prefix / "bin/squall"
        said = self.run_command(squall, "reproduce", "--all", "--without", "nothing", code=2, env=self.environment)
        self.assertEqual(said, "nothing: --without: no such capability; `squall doctor` lists them\n")
        self.run_command("rm", "-r", self.prefix / "libexec/squall/mutants")
        said = self.run_command(squall, "reproduce", "--all", "--without", "nothing", code=2, env=self.environment)
        self.assertIn("there is no program of the reference server with the flaw", said)

    def test_the_example_project_builds_passes_and_can_fail(self):
        project = self.directory / "project"
        self.run_command("cp", "-r", EXAMPLE, project)
        with open(project / "my_server_test.cpp", "a") as tests:
            tests.write(MORE)
        self.run_command("cmake", "-S", project, "-B", project / "build", "-G", "Ninja",
                         f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.run_command("cmake", "--build", project / "build")
        said = self.run_command(project / "build/my-server-tests", code=1, cwd=project, env=self.environment)
        self.assertIn("[  PASSED  ] 4 tests", said)
        self.assertIn("[  FAILED  ] Wrong.InvariantThatIsViolated", said)
        self.assertIn("holds: count(connects) == 0 always", said)
        self.assertIn("measured 22, bound 0", said)


if __name__ == "__main__":
    unittest.main()
