"""Reports: everything is inside the page, what they show is what the file holds, and a browser draws it."""

import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from brian2 import Hz

from neurosim import Network, Population, Recorder, simulate
from neurosim.cli import main
from neurosim.experiment import find_experiment, new_run
from neurosim.neurons import Poisson
from neurosim.report import report
from neurosim.store import Writer
from neurosim.sweep import make_sweep, planned
from neurosim.sweep.work import work

pytest.importorskip("bokeh")
pytestmark = pytest.mark.usefixtures("toy")


class Page(HTMLParser):
    """The headings and texts of a page, its tags, and all that it would load."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.headings, self.loads, self.tags, self._open = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._open.append(tag)
        names = {"src"} if tag != "a" else set()
        names |= {"href"} if tag == "link" else set()
        self.loads += [v for k, v in attributes if k in names and not v.startswith("data:")]

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self._open):
            self.texts.append(data.strip())
            if "h2" in self._open:
                self.headings.append(data)

    @property
    def text(self):
        return " ".join(filter(None, self.texts))


@pytest.fixture
def run(tmp_path):
    return new_run(find_experiment("toy"), out=tmp_path / "toy.h5", seed=3).execute()


@pytest.fixture
def sweep(tmp_path):
    made = make_sweep(tmp_path / "s", planned("toy", [0, 1], ["size=1,2", "breaks=no,yes"]))
    for planned_run in made.runs[:6]:
        work(planned_run, str(made.folder))
    return made


def test_the_page_of_a_run(run):
    page = Page(report(run.path))
    assert page.loads == []
    assert page.headings == [
        "Claims",
        "Figure",
        "What was recorded",
        "Settings",
        "Citations",
        "Where it comes from",
        "Versions",
    ]
    for shown in (
        "toy, quick, seed 3, complete; claims: 1 holds, 1 fails, 1 not tested",
        "The walk starts at zero.",
        "✓ holds",
        "✗ fails",
        "needs an animal",
        ">= 1e+06",
        "size of a step",
        "Toy rule 1901",
        "numpy",
    ):
        assert shown in page.text
    assert page.tags.count("img") == 1


def test_the_page_of_recordings_draws_the_network(tmp_path):
    network = Network("wired").add(Population("input", 5, Poisson(rate=1 * Hz)), Recorder("input"))
    # Nothing needs to have run for its network to be drawn.
    path = simulate(network, engine="brian2").recordings().save(tmp_path / "r.h5")
    page = Page(report(path))
    assert page.headings[:2] == ["Network", "What was recorded"] and "svg" in page.tags


def test_the_page_of_a_sweep(sweep):
    page = Page(report(sweep.folder))
    assert page.loads == []
    assert page.headings[:4] == ["Claims", "Measured values", "Failures", "Settings"]
    assert "8 runs: 4 complete, 2 failed, 2 open" in page.text
    assert "start 1.0 False 2 0 0 0 ± 0.1 0 mV 0 to 0" in page.text
    assert "size=1.0-breaks=True-seed0: walk: v is not finite" in page.text


def test_text_of_a_file_is_never_html(tmp_path):
    evil = "<script>alert(1)</script>"
    claim = {"id": "a", "statement": evil, "source": evil, "kind": "own", "expected": evil, "measured": evil}
    with Writer(tmp_path / "r.h5") as writer:
        writer.write("a/x", [1.0, 2.0], ("time",), evil, evil)
        writer.set_attributes(
            status="complete",
            title=evil,
            claims=[{**claim, "verdict": evil, "unit": evil, "note": evil}],
            citations=[evil],
            versions={evil: evil},
            config={evil: evil},
        )
    assert evil not in report(tmp_path / "r.h5")


def test_a_study_that_is_not_installed_here_is_reported_without_its_figure(tmp_path):
    with Writer(tmp_path / "r.h5") as writer:
        writer.set_attributes(status="complete", experiment="gone", config={"tau": 5.0})
    page = Page(report(tmp_path / "r.h5"))
    assert (
        "The figure cannot be drawn here: unknown experiment 'gone'" in page.text and "tau 5.0" in page.text
    )


def test_the_command(run, sweep, tmp_path, capsys):
    assert main(["report", "toy.h5"]) == 0
    assert capsys.readouterr().out == "report:  toy.html\n"
    assert main(["report", "s", "--out", "s.html"]) == 0
    assert (tmp_path / "s.html").read_text().startswith("<!doctype html>")
    for words, message in (
        (["toy.h5"], "toy.html exists"),
        (["toy.h5", "--out", "toy.txt"], "ends in '.html'"),
        (["nowhere.h5"], "no such file"),
        (["."], "is no sweep"),
    ):
        capsys.readouterr()
        assert main(["report", *words]) in (1, 2)
        said = capsys.readouterr()
        assert message in said.err and said.err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium")
def test_a_browser_draws_the_plots(run, sweep, tmp_path):
    for path, plots in ((run.path, 2), (sweep.folder, 2)):
        (tmp_path / "page.html").write_text(report(path))
        words = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000", "--dump-dom"]
        done = subprocess.run(
            ["chromium", *words, f"file://{tmp_path / 'page.html'}"],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        page = Page(done.stdout)
        assert done.stdout.count('class="bk-Figure"') == plots and "canvas" in done.stdout and page.headings
