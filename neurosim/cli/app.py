"""The commands and their options; the work is done in the other modules of this package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _option(text: str) -> Any:
    """Return an option that says in words what happens without it."""
    return typer.Option(help=text, show_default=False)


Debug = Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _experiments(incomplete: str) -> list[str]:
    from neurosim.experiment.catalogue import experiment_names

    return [name for name in experiment_names() if name.startswith(incomplete)]


Name = Annotated[
    str,
    typer.Argument(
        help="A listed experiment, file.py, file.py:name or module:name.",
        metavar="NAME",
        autocompletion=_experiments,
    ),
]
Study = Annotated[
    str | None,
    _option("The experiment of the run, if it is not installed: file.py, file.py:name or module:name."),
]
File = Annotated[Path, typer.Argument(help="A result file (.h5).", metavar="FILE")]


@app.callback(invoke_without_command=True)
def neurosim(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Debug = False,
) -> None:
    """A biologically inspired learning simulator: run published studies and check their claims."""
    if version:
        from importlib import metadata

        print(f"neurosim {metadata.version('neurosim')}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


@app.command("list")
def list_names(
    kind: Annotated[
        str, typer.Argument(help="experiments, rules, engines, models or circuits.", metavar="KIND")
    ] = "experiments",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List what can be run and what it is built from."""
    from neurosim.cli.listing import show_list

    show_list(kind, as_json=as_json)


@app.command()
def settings(
    name: Name,
    preset: Annotated[
        str | None,
        _option("Show the values of this preset (default: the first)."),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show the settings of an experiment, which --set changes."""
    from neurosim.cli.listing import show_settings

    show_settings(name, preset, as_json=as_json)


@app.command()
def run(
    name: Name,
    seed: Annotated[int | None, _option("Seed of every random stream (default: 0).")] = None,
    preset: Annotated[str | None, _option("Preset of settings (default: the first).")] = None,
    out: Annotated[Path | None, _option("Result file (.h5) (default: in results/).")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting: NAME=VALUE, such as 'tau=5 ms'.")
    ] = None,
    engine: Annotated[str | None, _option("Engine (default: the experiment's).")] = None,
    workers: Annotated[int | None, _option("Threads (default: one per processor).")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing result file.")] = False,
    resume: Annotated[Path | None, _option("Continue the run that was writing this file.")] = None,
    checkpoint_every: Annotated[
        str, typer.Option(help="Time between two checkpoints of a stage, such as 30s.", metavar="TIME")
    ] = "0",
    debug: Debug = False,
) -> int:
    """Run an experiment: write its result file and figure, and print its claims."""
    from neurosim.cli.run import run_experiment

    return run_experiment(
        name,
        seed=seed,
        preset=preset,
        out=out,
        assignments=assignments or [],
        engine=engine,
        workers=workers,
        quiet=quiet,
        overwrite=overwrite,
        resume=resume,
        checkpoint_every=checkpoint_every,
    )


@app.command()
def sweep(
    name: Name,
    seeds: Annotated[str, typer.Option(help="Seeds: 0:20 for 0 to 19, or 0,3,7.")] = "0:10",
    alternatives: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Values of a setting, every combination of which is run: NAME=VALUE,VALUE."
        ),
    ] = None,
    preset: Annotated[str | None, _option("Preset of settings (default: the first).")] = None,
    engine: Annotated[str | None, _option("Engine (default: the experiment's).")] = None,
    out: Annotated[Path | None, _option("Folder of the sweep (default: in results/).")] = None,
    workers: Annotated[int | None, _option("Processes on this machine (default: one per processor).")] = None,
    scheduler: Annotated[str | None, _option("Address of a Dask scheduler, to run on its workers.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Do runs that failed again.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    debug: Debug = False,
) -> int:
    """Run an experiment over seeds and settings: one result file each; what is done already is kept."""
    from neurosim.cli.sweep import sweep_experiment

    return sweep_experiment(
        name,
        seeds=seeds,
        alternatives=alternatives or [],
        preset=preset,
        engine=engine,
        out=out,
        workers=workers,
        scheduler=scheduler,
        retry=retry,
        quiet=quiet,
    )


@app.command()
def table(
    folder: Annotated[Path, typer.Argument(help="The folder of a sweep.", metavar="SWEEP")],
    out: Annotated[Path | None, _option("Write to this file (.csv) instead of printing.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    debug: Debug = False,
) -> None:
    """Print what the runs of a sweep came to as CSV: a row for each claim of each run."""
    from neurosim.cli.sweep import print_table

    print_table(folder, out=out, overwrite=overwrite)


@app.command()
def show(file: File, as_json: AsJson = False, debug: Debug = False) -> None:
    """Show what a result file holds and where it comes from."""
    from neurosim.cli.show import show_file

    show_file(file, as_json=as_json)


@app.command()
def claims(
    file: File,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    page: Annotated[
        Path | None, _option("Page in Markdown (.md) between whose marks the claims are put.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Show the claims of a run: the paper's figure, ours, and the verdict."""
    from neurosim.cli.show import show_claims

    show_claims(file, as_json=as_json, as_csv=as_csv, page=page)


@app.command()
def verify(file: File, debug: Debug = False) -> None:
    """Check a result file, or a state, to the last bit, and print the hash of its content."""
    from neurosim.cli.verify import verify_file

    verify_file(file)


@app.command()
def diff(
    first: Annotated[Path, typer.Argument(help="A result file (.h5).", metavar="A")],
    second: Annotated[Path, typer.Argument(help="Another one.", metavar="B")],
    as_json: AsJson = False,
    debug: Debug = False,
) -> int:
    """Show in what two result files differ: settings, versions, claims and arrays."""
    from neurosim.cli.diff import show_differences

    return show_differences(first, second, as_json=as_json)


@app.command()
def figure(
    file: File,
    out: Annotated[Path | None, _option("Figure file (.png) (default: beside the result file).")] = None,
    study: Study = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing figure.")] = False,
    debug: Debug = False,
) -> None:
    """Draw the figure of a run again."""
    from neurosim.cli.draw import draw_figure_file

    draw_figure_file(file, out=out, study=study, overwrite=overwrite)


@app.command()
def report(
    path: Annotated[
        Path, typer.Argument(help="A result file (.h5), or the folder of a sweep.", metavar="FILE|SWEEP")
    ],
    out: Annotated[Path | None, _option("Page to write (.html) (default: beside what it is about).")] = None,
    study: Study = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing page.")] = False,
    debug: Debug = False,
) -> None:
    """Write one self-contained page about a run or a sweep: claims, figures, settings, versions, citations."""
    from neurosim.cli.report import write_report

    write_report(path, out=out, study=study, overwrite=overwrite)


@app.command()
def movie(
    file: File,
    out: Annotated[Path | None, _option("Movie file (.gif) (default: beside the result file).")] = None,
    study: Study = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing movie.")] = False,
    debug: Debug = False,
) -> None:
    """Draw the movie of a run, if its study has one."""
    from neurosim.cli.draw import draw_movie

    draw_movie(file, out=out, study=study, overwrite=overwrite)


@app.command()
def plot(
    file: File,
    what: Annotated[
        str | None,
        typer.Argument(help="A population or an array of the file (default: list them).", metavar="WHAT"),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="Of spikes raster, rates, intervals or variation; of arrays traces, spread, kymograph or histogram.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, _option("Figure file (.png, .svg, .pdf) (default: beside the result file).")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing figure.")] = False,
    debug: Debug = False,
) -> None:
    """Draw spikes or an array of a result file, or list what it holds."""
    from neurosim.cli.plot import plot_file

    plot_file(file, what, kind=kind, out=out, overwrite=overwrite)


@app.command()
def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="w1 to w10, w9_stdp, all, or a comparison such as arm, training, spiking_norse, local.",
            metavar="WORKLOAD",
        ),
    ],
    rounds: Annotated[int, typer.Option(min=5, help="Interleaved rounds, of which medians are taken.")] = 5,
    peers: Annotated[
        list[str] | None,
        typer.Option("--peer", help="Compare with this one only (can be given again).", show_default=False),
    ] = None,
    figure: Annotated[Path | None, _option("Figure file (default: in results/; none with --json).")] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Measure networks and training steps against other simulators and libraries, on this machine."""
    from neurosim.cli.bench import run_benchmarks

    run_benchmarks(name, rounds=rounds, peers=peers or [], figure=figure, as_json=as_json)


@app.command("bench-report")
def bench_report(
    file: Annotated[Path, typer.Argument(help="What `neurosim bench ... --json` printed.", metavar="FILE")],
    page: Annotated[
        Path | None, _option("Put the tables between the marks of this page instead of printing them.")
    ] = None,
    figure: Annotated[Path | None, _option("Figure file to draw as well.")] = None,
    debug: Debug = False,
) -> None:
    """Show measurements as tables in Markdown, as in the page on performance."""
    from neurosim.cli.bench import report_benchmarks

    report_benchmarks(file, page=page, figure=figure)


@app.command("new-rule")
def new_rule(
    name: Annotated[str, typer.Argument(help="Name of the class, such as FastHebb.", metavar="NAME")],
    folder: Annotated[Path, _option("Where to write (default: here).")] = Path("."),
    debug: Debug = False,
) -> None:
    """Write a rule of your own, as a template with comments, and its test."""
    from neurosim.cli.rules import write_rule

    write_rule(name, folder)


@app.command("check-rule")
def check_rule(
    target: Annotated[
        str, typer.Argument(help="A listed rule, module:Class, file.py or file.py:Class.", metavar="RULE")
    ],
    engines: Annotated[
        list[str] | None,
        typer.Option("--engine", help="Engine (can be given again; default: all).", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random stream.")] = 0,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Check that a rule keeps the contract of rules."""
    from neurosim.cli.rules import show_check

    show_check(target, engines=engines or [], seed=seed, as_json=as_json)


@app.command("docs-rules")
def docs_rules(
    folder: Annotated[Path, typer.Argument(help="Where to write.", metavar="FOLDER")],
    figures: Annotated[bool, typer.Option(help="Draw the figures too.")] = True,
    only: Annotated[str | None, _option("Family whose figure is drawn (default: all).")] = None,
    debug: Debug = False,
) -> None:
    """Write the catalogue of rules: a page and a figure for each family."""
    from neurosim.catalogue import write_catalogue

    for path in write_catalogue(folder, figures=figures, only=only):
        print(path)
