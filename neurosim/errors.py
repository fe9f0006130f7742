"""Error types: each message is one line that says what is wrong, where, and what to do."""


def shown(text: object) -> str:
    """Return a text without signs that would steer a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(text))


def brief(value: object) -> str:
    """Return what stands for a value in a message: its representation in one line, short."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


class NeurosimError(Exception):
    """Base of every error that a user can cause: its text is one line, without signs that would steer a terminal."""

    def __str__(self) -> str:
        return shown(" ".join(str(self.args[0]).split())) if self.args else ""


class DescriptionError(NeurosimError, ValueError):
    """A network, rule, parameter or equation is not well described."""


class SignalMissing(DescriptionError):
    """A rule needs a signal (spikes, activity, a variable, a port) that the network it is put on does not have."""


class UnknownNameError(NeurosimError, KeyError):
    """A name is not registered; the message suggests the nearest known one."""


class EngineRefusal(NeurosimError):
    """An engine cannot run this network; the message names the reasons and an engine that can."""


class ResultFileError(NeurosimError):
    """A result file is missing, damaged, incomplete, or cannot be written."""


class RunFailed(NeurosimError):
    """A run stopped before its end (for example on a value that is not finite)."""


class UsageError(NeurosimError, ValueError):
    """What was asked for is not possible as asked: a setting, an option, or an output that already exists."""


class MissingExtra(NeurosimError, ImportError):
    """A library of an optional part of the project is not installed; the message says what to install."""


class OutputTaken(UsageError):
    """The output is there already, or another process is writing it."""


class ContractError(NeurosimError, AssertionError):
    """A rule does not keep the contract of rules; the message names the rule, the clause and what was seen."""
