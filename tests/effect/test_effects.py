"""`squall doctor` is right, for root and for an ordinary user: each fault that it says can be injected takes effect, in
the way that it says, and one that it says cannot is named with what it lacks, in a run that is inconclusive and never
passes."""
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import effects  # noqa: E402


class TheDoctorIsRight(unittest.TestCase):
    def check(self, uid):
        for effect in effects.effects(uid):
            with self.subTest(fault=effect.fault):
                self.assertEqual(effect.wrong, "", effect.output)

    @unittest.skipIf(os.geteuid() != 0, "not root")
    def test_for_root(self):
        self.check(0)

    def test_for_an_ordinary_user(self):
        self.check(effects.users()["ordinary user"])


if __name__ == "__main__":
    unittest.main()
