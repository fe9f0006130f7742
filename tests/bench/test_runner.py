"""One measurement from end to end: processes, summary, verdicts, tables, figure, command."""

import io
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from neurosim.bench import catalogue, runner
from neurosim.bench.figure import draw
from neurosim.bench.markdown import MARK, section
from neurosim.bench.report import tables
from neurosim.bench.runner import measure
from neurosim.bench.session import Session
from neurosim.bench.targets import judged
from neurosim.bench.workload import Case
from neurosim.cli import main
from neurosim.errors import DescriptionError, RunFailed, UnknownNameError
from neurosim.markdown import marks


@pytest.fixture(scope="module")
def measured():
    """W5 at a tiny size against numpy, and against a peer that is not installed."""
    workload = catalogue.workload("w5")
    case = replace(workload.cases[0], n=40, duration=0.02)
    absent = replace(catalogue.PEERS["torch"], modules=("no_such_module",))
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalogue.PEERS, "torch", absent)
        result = measure(workload, ["numpy", "torch", "nest"], 2, [case], said.append)
    return result, said


def test_a_measurement_is_complete_and_is_json(measured):
    result, said = measured
    assert json.loads(json.dumps(result)) == result
    (case,) = result["cases"]
    assert list(case["contenders"]) == ["fused", "numpy"]  # NEST does not describe this workload
    assert case["missing"] == {"torch": "no_such_module is not installed"}
    ours, peer = case["contenders"].values()
    assert set(ours["build"]) == {"cold", "warm"} and ours["build"]["cold"]["wall"] > 0
    assert ours["ratio"] == 1.0 and len(peer["rounds"]["ratio"]) == 2
    assert peer["ratio"] == pytest.approx(sum(peer["rounds"]["ratio"]) / 2)
    assert peer["agreement"]["error"]["recurrent_w"] < 1e-9
    assert ours["bytes_per_plastic_synapse"] >= 8 and ours["bytes_held"] >= 8 * 40 * 40
    (part,) = case["floor"]["parts"]
    assert part["moved"] == 20 * 2 * 8 * 40**2
    floor = case["floor"]
    assert floor["seconds"] == pytest.approx(np.mean(floor["rounds"]["seconds"]))
    assert floor["share"] == pytest.approx(
        np.mean(np.array(floor["rounds"]["seconds"]) / ours["rounds"]["cpu"])
    )
    speeds = part["moved"] / np.array(floor["rounds"]["seconds"])
    assert part["bandwidth"] == pytest.approx(np.mean(speeds))
    assert said[0].startswith("w5, 1,000 units, float64: fused: first step after")


def test_verdicts_say_what_was_wanted_and_measured(measured):
    result, _ = measured
    verdicts = {target["what"]: target for target in result["targets"]}
    assert verdicts["start cold"]["high"] == 8.0 and verdicts["start cold"]["holds"] is True
    assert verdicts["error of recurrent_w to numpy"]["holds"] is True
    assert verdicts["ratio to torch"]["holds"] is None


def test_a_target_that_is_missed_fails(measured):
    result, _ = measured
    case = {**result["cases"][0]}
    case["contenders"] = {**case["contenders"]}
    slow = {
        **case["contenders"]["numpy"],
        "agreement": {"spikes": 3, "identical": False, "error": {"w": 1e-3}, "distance": {}},
    }
    case["contenders"]["numpy"] = slow
    case["floor"] = {"share": 0.4}
    verdicts = {t["what"]: t["holds"] for t in judged(catalogue.workload("w5"), [case])}
    assert verdicts["share of the floor"] is False
    assert verdicts["identical to numpy"] is False and verdicts["error of w to numpy"] is False


def test_growth_is_that_from_case_to_case(measured):
    result, _ = measured
    case = result["cases"][0]
    ours = {**case["contenders"]["fused"], "cpu": 1.0, "memory": 100}
    cases = [
        {**case, "label": f"{n:,} neurons", "contenders": {"fused": {**ours, "cpu": cpu, "memory": memory}}}
        for n, cpu, memory in ((10_000, 1.0, 100), (20_000, 2.0, 206))
    ]
    verdicts = {(t["label"], t["what"]): t for t in judged(catalogue.workload("w7"), cases)}
    assert verdicts["20,000 neurons", "time per doubling"]["measured"] == 2.0
    assert verdicts["20,000 neurons", "time per doubling"]["holds"] is True
    assert verdicts["20,000 neurons", "memory per doubling"]["holds"] is False


def test_tables_and_figure_show_every_contender(measured, tmp_path):
    from rich.console import Console

    result, _ = measured
    console = Console(width=160, record=True, file=io.StringIO())
    for table in tables(result):
        console.print(table)
    text = console.export_text()
    for word in (
        "memory floor",
        "neurosim (fused)",
        "numpy",
        "not measured: no_such_module",
        "share of the floor",
    ):
        assert word in text
    draw([result], tmp_path / "new" / "figure.png")
    assert (tmp_path / "new" / "figure.png").stat().st_size > 1000


def cells(line):
    return [cell.strip() for cell in line.strip("| ").split("|")]


def test_the_page_shows_every_contender_and_where_it_is_better(measured):
    result, _ = measured
    (case,) = result["cases"]
    better = {**case["contenders"]["numpy"], "ratio": 0.5, "memory": 1_000_000}
    worse = {**case["contenders"]["fused"], "memory": 3_000_000}
    changed = {**result, "cases": [{**case, "contenders": {"fused": worse, "numpy": better}}]}
    text = section([changed])
    assert "- numpy is faster than neurosim on W5, 1,000 units, float64: 2.00 times." in text
    assert (
        "- numpy needs less memory than neurosim on W5, 1,000 units, float64: 1 MB instead of 3 MB." in text
    )
    assert "not measured: no_such_module is not installed" in text and "Measured on" in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 3 and all(len({line.count("|") for line in table}) == 1 for table in tables)
    summary = dict(zip(cells(tables[0][0]), cells(tables[0][2]), strict=True))
    assert summary["case"] == "W5, 1,000 units, float64" and summary["numpy"] == "0.5"
    assert float(summary["CPU s"]) == pytest.approx(worse["cpu"], rel=0.01)
    assert sum("share of the floor" in line for line in tables[2]) == 1


def test_the_tables_go_between_the_marks_of_a_page(measured, tmp_path, capsys):
    result, _ = measured
    file, page, figure = (tmp_path / name for name in ("bench.json", "page.md", "figure.png"))
    file.write_text(json.dumps([result]))
    assert main(["bench-report", str(file)]) == 0
    printed = capsys.readouterr().out
    begin, end = marks(MARK)
    page.write_text(f"# A page\n\n{begin}\nold\n{end}\n\nlast\n")
    for _ in range(2):  # again gives the same
        assert main(["bench-report", str(file), "--page", str(page), "--figure", str(figure)]) == 0
        assert page.read_text() == f"# A page\n\n{begin}\n\n{printed}\n{end}\n\nlast\n"
    assert figure.stat().st_size > 1000
    page.write_text("no marks")
    file_of_other = tmp_path / "other.json"
    file_of_other.write_text('{"cases": 1}')
    for words in ([str(file), "--page", str(page)], [str(file_of_other)], [str(tmp_path / "none.json")]):
        assert main(["bench-report", *words]) == 1
        assert capsys.readouterr().err.count("\n") == 1
    assert page.read_text() == "no marks"
    assert main(["bench-report", str(file), "--page", str(tmp_path / "none.md")]) == 1
    assert capsys.readouterr().err.endswith("none.md: cannot be read or written: No such file or directory\n")


def test_no_rounds_and_unknown_names_are_refused():
    with pytest.raises(DescriptionError, match="at least 1"):
        measure(catalogue.workload("w5"), [], 0)
    with pytest.raises(UnknownNameError, match="brian2_cpp"):
        measure(catalogue.workload("w5"), ["brian2_ccp"])
    with pytest.raises(UnknownNameError, match="w99"):
        catalogue.workload("w99")


@pytest.mark.parametrize(
    ("words", "said"),
    [(["w99"], "w99"), (["w1", "--peer", "bryan"], "brian2"), (["w1", "--rounds", "2"], "5")],
)
def test_wrong_usage_is_one_line(words, said, capsys):
    assert main(["bench", *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_process_that_ends_says_why(tmp_path):
    case = replace(catalogue.workload("w5").cases[0], n=10, duration=0.002)
    words = ["neurosim.bench.worker", "numpy", "w5", json.dumps(asdict(case)), str(tmp_path)]
    with pytest.raises(RunFailed, match=r"No such file.*arrays\.npz"):
        Session("numpy", words, tmp_path, tmp_path / "cache")


def test_a_peer_that_fails_is_named_with_its_reason_and_the_rest_goes_on(monkeypatch):
    run = runner._Measurement(catalogue.workload("w5"), Case("a case", 10, 0.002), Path(), lambda text: None)

    def fails(contender):
        raise RunFailed("no memory")

    monkeypatch.setattr(run, "open", fails)
    run.join("numpy")
    assert run.missing == {"numpy": "no memory"} and run.sessions == {}
