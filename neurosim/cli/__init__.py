"""The command line. Whatever is heavy is imported by the command that needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from neurosim import interrupts
from neurosim.cli.exit_codes import DONE, FAILED, INTERRUPTED, USAGE, Interrupted


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.

    Arguments: argv, the words after 'neurosim' (by default those of this process, which SIGINT and SIGTERM then end).
    An error is one line on standard error; with --debug its traceback follows.
    """
    if argv is not None:
        return _run(list(argv))
    interrupts.install()
    code = _run(sys.argv[1:])
    if code == INTERRUPTED:
        interrupts.ignore()
        if "jax" in sys.modules:
            # Threads of XLA that still compile may crash when the interpreter is taken down around them.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return code


def _run(words: list[str]) -> int:
    import typer

    from neurosim.cli.app import app
    from neurosim.cli.console import readable_everywhere
    from neurosim.errors import UsageError
    from neurosim.extras import optional

    # Where typer keeps the class of its usage errors differs between versions; this is its public descendant.
    usage_error: Any = typer.BadParameter.__bases__[0]
    readable_everywhere()
    try:
        with optional():
            code = app(args=words, prog_name="neurosim", standalone_mode=False) or DONE
        # Typer ends without a word when it is interrupted.
        return _report("interrupted", code) if code == INTERRUPTED else code
    except Interrupted as error:
        return _report(str(error), INTERRUPTED)
    except (KeyboardInterrupt, typer.Abort):
        return _report("interrupted", INTERRUPTED)
    except usage_error as error:
        return _report(f"{error.format_message()} (see neurosim --help)", USAGE)
    except Exception as error:
        if "--debug" in words:
            import traceback

            traceback.print_exc()
        return _report(_described(error), USAGE if isinstance(error, UsageError) else FAILED)


def _report(message: str, code: int) -> int:
    from neurosim.errors import shown

    print(f"neurosim: {shown(' '.join(message.split()))}", file=sys.stderr)
    return code


def _described(error: Exception) -> str:
    from neurosim.errors import NeurosimError

    notes = "; ".join(getattr(error, "__notes__", ()))
    if isinstance(error, NeurosimError):
        text = str(error)
    elif isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: cannot be read or written: {error.strerror}"
    else:
        text = f"{type(error).__name__}: {error} (--debug shows where)"
    return f"{text}; {notes}" if notes else text
