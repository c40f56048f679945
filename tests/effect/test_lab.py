"""In the kernel lab, as an ordinary user: the doctor says that everything can be injected but what needs several CPUs, and
faults that rest on netem and control groups v2, which this host may not have, take effect there in the way that it says.
All of the faults, and root: ci/effects --lab; their integration tests: ci/kernel-lab."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import effects  # noqa: E402

FAULTS = ["cpu-cap", "cpu-starvation", "latency", "memory-cap", "reorder"]


class TheDoctorIsRightInTheLab(unittest.TestCase):
    def test_for_an_ordinary_user(self):
        _, doctor, played = effects.lab_effects(True, FAULTS, 1)
        self.assertEqual([fault for fault in effects.play.registered_faults() if not doctor[fault].possible],
                         ["cpu-starvation"])
        self.assertEqual([fault for fault, outlook in doctor.items() if outlook.lacks], [], "without a first mechanism")
        for effect in played:
            with self.subTest(fault=effect.fault):
                self.assertEqual(effect.wrong, "", effect.output)


if __name__ == "__main__":
    unittest.main()
