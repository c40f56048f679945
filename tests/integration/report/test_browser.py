"""Opens reports in Chromium: with scripts, without them, as CI servers serve artefacts, on paper, on a telephone."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from browser import Browser, Served  # noqa: E402
from saved_run import certificate, saved_run  # noqa: E402

SQUALL = os.environ["SQUALL"]
NO_SCRIPTS = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
NEITHER_SCRIPTS_NOR_STYLE = "sandbox; default-src 'none'; style-src 'self'; img-src 'self'"  # what Jenkins sends
DRAWN = "document.querySelectorAll('figure svg.chart-in path').length"
TOO_WIDE = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, pre, nav, svg, .skip') &&
  e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120))"""


class InChromium(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="squall-report-")))
        saved_run(cls.directory / "run")
        cls.squall("report", "run", "--html", "run.html")
        saved_run(cls.directory / "hour", seconds=3600)
        cls.squall("report", "hour", "--html", "hour.html")
        for server in ("alpha", "beta"):
            certificate(cls.directory / "certificates" / server, server)
        saved_run(cls.directory / "certificates" / "alpha" / "runs" / "one")
        cls.squall("report", "certificates")
        cls.squall("compare", "run", "run", "--html", "compare.html")
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    @classmethod
    def squall(cls, *arguments):
        done = subprocess.run([SQUALL, *arguments], cwd=cls.directory, text=True, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def open(self, page, width=1200, dark=False, policy=""):
        self.browser.scripts(True)
        self.browser.window(width, dark=dark)
        served = Served(self.directory, policy)
        self.addCleanup(served.close)
        self.browser.open(f"{served.address}/{page}")
        return [line for line in self.browser.complaints() if "favicon" not in line]

    def ask(self, expression):
        return self.browser.ask(expression)

    def assert_fits(self):
        self.assertEqual(self.ask(TOO_WIDE), [])
        self.assertLessEqual(self.ask("document.documentElement.scrollWidth"), self.ask("innerWidth"))

    def test_nothing_is_complained_of_and_nothing_is_too_wide(self):
        for page in ("run.html", "hour.html", "compare.html", "certificates/index.html",
                     "certificates/alpha/certificate.html", "certificates/alpha/cases/1.1-sse.html",
                     "certificates/alpha/runs/one/report.html"):
            for width in (1200, 360):
                with self.subTest(page=page, width=width):
                    self.assertEqual(self.open(page, width), [])
                    self.assert_fits()

    def test_every_link_of_the_index_leads_somewhere(self):
        self.open("certificates/index.html")
        links = self.ask("[...document.querySelectorAll('a[href]')].map(a => new URL(a.href).pathname)")
        self.assertGreater(len(links), 4)
        for link in links:
            self.assertTrue((self.directory / link.lstrip("/")).is_file(), link)

    def test_plots_are_there_without_scripts_and_without_style(self):
        self.open("run.html")
        drawn = self.ask(DRAWN)
        self.assertGreater(drawn, 12)
        for policy in (NO_SCRIPTS, NEITHER_SCRIPTS_NOR_STYLE):
            with self.subTest(policy=policy):
                self.open("run.html", policy=policy)
                self.assertEqual(self.ask(DRAWN), drawn)
                self.assertGreater(self.ask("document.querySelector('.chart-in').getBoundingClientRect().width"), 200)
                self.assertTrue(self.ask("document.querySelector('.tools').hidden"), "no word of what does not work")

    def test_record_and_replay_lie_over_each_other_and_are_told_apart(self):
        for dark in (False, True):
            self.open("run.html", dark=dark)
            for plot in (1, 2, 3):
                paths = f"[...document.querySelectorAll('#plot-record-{plot} svg.lines path')]"
                style = ".map(line => getComputedStyle(line))"
                self.assertEqual(self.ask(paths + ".length"), 2)
                self.assertEqual(self.ask(f"new Set({paths}{style}.map(s => s.stroke)).size"), 2)
                self.assertEqual(self.ask(f"new Set({paths}{style}.map(s => s.strokeDasharray)).size"), 2)
                self.assertEqual(self.ask(f"document.querySelectorAll('#plot-record-{plot} .key').length"), 2)
        rows = self.ask("[...document.querySelectorAll('#record > .scroll tbody tr')].map(row => row.innerText)")
        self.assertEqual(len(rows), 4)
        self.assertIn("the replay has samples at 0 of 2 instants", rows[3])

    def test_dark_is_dark_and_light_is_light(self):
        for dark in (False, True):
            self.open("run.html", dark=dark)
            red = ".match(/\\d+/g).map(Number)[0]"
            shade = self.ask("getComputedStyle(document.body).backgroundColor" + red)
            text = self.ask("getComputedStyle(document.querySelector('.chart text')).fill" + red)
            self.assertEqual(shade < 64, dark)
            self.assertEqual(text > 128, dark)

    def test_values_are_read_by_keyboard(self):
        self.open("run.html")
        self.ask("document.querySelector('#plot-memory').focus()")
        for _ in range(2):
            self.browser.cdp("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight")
        self.assertIn("MiB", self.ask("document.querySelector('#plot-memory .reading').textContent"))
        self.browser.cdp("Input.dispatchKeyEvent", type="keyDown", key="Escape")
        self.assertIsNone(self.ask("document.querySelector('.reading')"))

    def test_a_stretch_is_looked_at_more_closely(self):
        self.open("run.html")
        box = self.ask("(() => { const svg = document.querySelector('#plot-memory .chart-in'); svg.scrollIntoView();"
                       " const b = svg.getBoundingClientRect(); return [b.left, b.top, b.width]; })()")
        y = box[1] + 80
        for kind, share in (("mousePressed", 0.25), ("mouseMoved", 0.5), ("mouseReleased", 0.75)):
            self.browser.cdp("Input.dispatchMouseEvent", type=kind, x=box[0] + share * box[2], y=y, button="left",
                             buttons=1, clickCount=1)
        shown = "document.querySelector('#plot-memory .lines').getAttribute('viewBox')"
        view = self.ask(shown + ".split(' ').map(Number)")
        self.assertAlmostEqual(view[0], 250, delta=5)
        self.assertAlmostEqual(view[2], 500, delta=5)
        self.assertEqual(self.browser.complaints(), [])
        self.ask("document.querySelector('#whole').click()")
        self.assertEqual(self.ask(shown), "0 0 1000 150")

    def test_everything_has_a_name_and_can_be_reached(self):
        self.open("run.html")
        pictures = "[...document.querySelectorAll('svg[role=img]')]"
        self.assertEqual(self.ask(pictures + ".filter(picture => !picture.ariaLabel).length"), 0)
        self.assertEqual(self.ask("[...document.querySelectorAll('nav a, a.skip')].filter("
                                  "a => !document.querySelector(a.hash)).length"), 0)
        self.assertEqual(self.ask("document.querySelectorAll('figure.plot:not(.still) table').length"),
                         self.ask("document.querySelectorAll('figure.plot[tabindex]').length"))

    def test_it_prints(self):
        self.open("run.html")
        self.browser.pdf(self.directory / "run.pdf")
        self.assertGreater((self.directory / "run.pdf").stat().st_size, 20_000)

    def test_what_the_scenario_calls_things_is_text(self):
        self.open("run.html")
        self.assertEqual(self.ask("document.querySelectorAll('img, iframe, a[href^=\"javascript\"]').length"), 0)
        self.assertIn("<img src=x onerror=", self.ask("document.body.textContent"))

    def test_an_hour_is_not_large(self):
        self.assertLess((self.directory / "hour.html").stat().st_size, 1_000_000)


if __name__ == "__main__":
    unittest.main()
