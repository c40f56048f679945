"""Every kind of death at random instants of every fault, and every file that cannot be written: nothing is left after
heal, and a second squall that is at work all the while notices nothing.

SQUALL_CRASH_SEED chooses the instants (printed), SQUALL_CRASH_PLAYS how many plays die; ci/crash goes on for longer.
"""
import errno
import math
import os
import pathlib
import random
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import companion  # noqa: E402
import series  # noqa: E402

SEED = int(os.environ.get("SQUALL_CRASH_SEED", time.time_ns() % 1_000_000))
PLAYS = int(os.environ.get("SQUALL_CRASH_PLAYS", 0))  # 0: as many as it takes to meet every fault and every kind


@unittest.skipIf(os.geteuid() != 0, "control groups and mounts need root here")
class Deaths(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"SQUALL_CRASH_SEED={SEED}", file=sys.stderr, flush=True)
        series.recover()
        cls.directory = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="squall-crash-series-"))
        cls.random = random.Random(SEED)
        cls.series = series.Series(SEED, cls.directory)
        cls.beside = companion.Companions()
        cls.addClassCleanup(cls.beside.stop)

    @classmethod
    def tearDownClass(cls):
        if problems := cls.beside.finish():
            raise AssertionError("\n".join(problems))

    def check(self, outcome):
        print(f"  {outcome.fault}: {outcome.death}, {outcome.phase} at {outcome.at} s: exit {outcome.exit}, "
              f"healed by {outcome.healed}", file=sys.stderr, flush=True)
        self.assertEqual(outcome.problems + self.beside.check(), [], outcome.log)

    def test_every_fault_has_an_example(self):
        self.assertEqual(series.check_examples(), "")

    def test_deaths_of_every_kind(self):
        """Each fault and each kind at least once, in another combination each time."""
        kinds = self.series.kinds()
        faults = series.play.registered_faults()
        first = self.random.randrange(len(kinds))
        for i in range(PLAYS or max(20, len(faults))):
            fault, kind = faults[i % len(faults)], kinds[(first + i + i // math.lcm(len(faults), len(kinds))) % len(kinds)]
            with self.subTest(play=i, fault=fault, kind=kind):
                self.check(self.series.die(fault, self.series.death(kind)))

    def test_whatever_cannot_be_written_is_said_and_healed(self):
        """ENOSPC or EIO at a sample of the calls that write journal and run directory."""
        faults = series.play.registered_faults()
        for i in range(max(10, PLAYS // 2)):
            fault = faults[i % len(faults)]
            with self.subTest(play=i, fault=fault):
                self.check(self.series.fail_some_call(
                    fault, self.random.choice([errno.ENOSPC, errno.EIO]), self.random.randrange(1000)))


if __name__ == "__main__":
    unittest.main()
