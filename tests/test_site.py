"""The documentation as a site: it builds without a warning, and its own search answers what users ask."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="needs the extra docs")
ROOT = Path(__file__).parents[1]

QUESTIONS = {
    "how do I plot a weight matrix": "how-to.html#plot-a-weight-matrix",
    "how do I plot a population rate": "how-to.html#plot-the-rate-of-a-population-over-time",
    "how do I run a sweep": "sweep.html",
    "how do I record a weight over time": "how-to.html#record-a-weight-over-time",
    "how do I make spatial connectivity": "how-to.html#make-spatial-connectivity",
    "how do I use notebooks": "notebooks.html",
    "how do I export spikes": "export.html",
    "how do I come from Brian2": "from-brian2.html",
    "how do I come from NEST": "from-nest.html",
    "how do I add a rule": "add-a-rule.html",
    "weight matrix": "how-to.html#plot-a-weight-matrix",
    "population rate": "how-to.html#plot-the-rate-of-a-population-over-time",
    "sweep": "sweep.html",
    "spatial connectivity": "how-to.html#make-spatial-connectivity",
    "export": "export.html",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site as a reader gets it; a link that leads nowhere or a page without a place fails."""
    folder = tmp_path_factory.mktemp("site")
    # Not --quiet, which hides warnings from --strict as well.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_there_and_nothing_is_fetched_from_elsewhere(site):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    built = {path.relative_to(site) for path in site.rglob("*.html")}
    assert {Path(str(page).replace("README", "index")) for page in pages} <= built
    text = (site / "index.html").read_text("utf-8")
    assert 'src="http' not in text and 'stylesheet" href="http' not in text


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_questions_of_users_are_answered_in_the_first_three_hits(site):
    command = ["node", str(ROOT / "tests" / "site_search.js"), str(site)]
    asked = "\n".join(QUESTIONS)
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    answers = [json.loads(line)[:3] for line in done.stdout.splitlines()]
    missed = {
        question: [sections[0] for sections in pages]
        for (question, wanted), pages in zip(QUESTIONS.items(), answers, strict=True)
        if not any(section.startswith(wanted) for sections in pages for section in sections)
    }
    assert missed == {}
