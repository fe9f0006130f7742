"""White noise in equations: what it multiplies, and whether the method says what that means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from brian2.parsing.sympytools import str_to_sympy, sympy_to_str

from neurosim.compiler.equations.names import part_of, shown
from neurosim.errors import DescriptionError
from neurosim.model.expressions import names_in

NOISY = ("euler", "euler_maruyama", "heun", "milstein")
"""Methods that take white noise: the first where nothing that changes multiplies it, the second Ito's, then
Stratonovich's."""
_DRAWN = part_of("draw", "xi")


def white_noises(text: str, own: Iterable[str]) -> list[str]:
    """Return the white noises that an expression reads, `xi` and `xi_name`, but for variables of a model (`own`)."""
    read = names_in(text) - {*own}
    return sorted(name for name in read if name == "xi" or name.startswith("xi_"))


def is_noise(name: str) -> bool:
    """Return whether a name, in the equations or in an engine's terms, is that of the draws of a white noise."""
    return _DRAWN in name


def check_noise(
    derivatives: Mapping[str, str], method: str, where: str, states: Collection[str] | None = None
) -> None:
    """Refuse white noise whose meaning the method does not say.

    Arguments: derivatives, by state, with definitions written out; where, for messages; states, what else changes at
    the same time.
    Raises DescriptionError for a method without noise, for noise that is not a factor, and for Euler's method where a
    state multiplies it, since Ito's and Stratonovich's solutions then differ.
    """
    for name, text in derivatives.items():
        for noise in sorted(filter(is_noise, names_in(text))):
            if method not in NOISY:
                raise DescriptionError(
                    f"{where}: white noise xi needs method 'euler' where it is added, and 'euler_maruyama' (Ito) or "
                    f"'heun' (Stratonovich) where it is multiplied, not '{method}'"
                )
            factor = names_in(sympy_to_str(str_to_sympy(text).diff(str_to_sympy(noise))))
            if noise in factor:
                raise DescriptionError(f"{where}, d{shown(name)}/dt: xi is no factor: write sigma*xi")
            moving = sorted(factor & {*derivatives, *(states or ())})
            if moving and method == "euler":
                raise DescriptionError(
                    f"{where}, d{shown(name)}/dt: '{shown(moving[0])}' multiplies xi, which has two meanings: choose "
                    "method 'euler_maruyama' (Ito) or 'heun' (Stratonovich)"
                )
