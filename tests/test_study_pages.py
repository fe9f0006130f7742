"""What pages say came out of a study is what a run of it gives."""

import re
import shlex
from pathlib import Path

import pytest

from neurosim.cli import main
from neurosim.experiment.catalogue import experiment_names
from neurosim.markdown import marked
from neurosim.report.claims import claims_mark, claims_section
from neurosim.store import open_results
from tests.documented import NUMBER

PAGES = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))
TEXTS = {path.name: path.read_text("utf-8") for path in PAGES}
PLACES = {
    name: page
    for page, text in TEXTS.items()
    for name in re.findall(r"<!-- claims of (\w+): begin -->", text)
}


def shown(study):
    """Return what the page of a study shows between its marks."""
    found = marked(TEXTS[PLACES[study]], f"claims of {study}")
    assert found is not None, f"{PLACES[study]}: marks of {study}"
    return found


def rows(section):
    """Return what a section says of each claim: its text without numbers, its numbers, its verdict."""
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return [
        (re.sub(r"\s+", " ", NUMBER.sub("#", line)), [*map(float, NUMBER.findall(line))]) for line in lines
    ]


def test_every_study_shows_what_came_out():
    assert set(PLACES) == set(experiment_names())


def test_the_command_of_a_page_says_all_that_was_chosen(toy, monkeypatch):
    words = ["run", "toy", "--quiet", "--out", "a.h5", "--seed", "3", "--set", "size=3 mV", "--engine=brian2"]
    monkeypatch.setattr("sys.argv", ["neurosim", *words])
    assert main(words) == 0
    with open_results("a.h5") as results:
        command = claims_section(results).split(": ")[0]
    assert command == "`neurosim run toy --preset quick --seed 3 --set 'size=3 mV' --engine=brian2`"


@pytest.mark.slow
@pytest.mark.parametrize("study", sorted(PLACES))
def test_a_run_gives_what_the_page_shows(study, tmp_path, monkeypatch):
    """Verdicts are the same; numbers are within 5 %, since another processor rounds otherwise."""
    monkeypatch.chdir(tmp_path)
    command = re.match(r"`neurosim (run [^`]*)`", shown(study))
    assert command, f"{PLACES[study]}: no command"
    assert main([*shlex.split(command[1]), "--quiet", "--out", "run.h5"]) == 0
    with open_results("run.h5") as results:
        assert claims_mark(results) == f"claims of {study}"
        found = claims_section(results)
    assert [text for text, _ in rows(found)] == [text for text, _ in rows(shown(study))]
    for (text, ours), (_, page) in zip(rows(found), rows(shown(study)), strict=True):
        if "processor time" in text:  # it depends on what else the machine does; the verdict is compared
            continue
        assert ours == pytest.approx(page, rel=0.05, abs=1e-6), text
