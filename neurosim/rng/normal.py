"""The quantile of the standard normal distribution, compiled.

Each uniform number gives one normal number, so a normal draw costs one counter and keeps the order of the uniforms.
"""

from __future__ import annotations

import math

from neurosim.cache import jit

CENTRE = 0.425
"""The largest |q| of the centre of the distribution."""

# Rational approximations P/Q of routine PPND16, highest power first: the centre, the tails, the far tails.
_CENTRE_P = (
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
)  # fmt: skip
_CENTRE_Q = (
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0,
)  # fmt: skip
_TAIL_P = (
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
    3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0,
)  # fmt: skip
_TAIL_Q = (
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
    6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0,
)  # fmt: skip
_FAR_P = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
)  # fmt: skip
_FAR_Q = (
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0,
)  # fmt: skip


@jit(forceinline=True)
def _ratio(p: tuple[float, ...], q: tuple[float, ...], x: float) -> float:
    top = ((((((p[0] * x + p[1]) * x + p[2]) * x + p[3]) * x + p[4]) * x + p[5]) * x + p[6]) * x + p[7]
    bottom = ((((((q[0] * x + q[1]) * x + q[2]) * x + q[3]) * x + q[4]) * x + q[5]) * x + q[6]) * x + q[7]
    return top / bottom


@jit()
def normal_tail(p: float) -> float:
    """Return the positive z whose upper tail has the probability p, for 0 < p < 0.075."""
    r = math.sqrt(-math.log(p))
    return _ratio(_TAIL_P, _TAIL_Q, r - 1.6) if r <= 5.0 else _ratio(_FAR_P, _FAR_Q, r - 5.0)


@jit(forceinline=True)
def normal_centre(q: float) -> float:
    """Return the z whose cumulative probability is 0.5 + q, for |q| <= `CENTRE`."""
    return q * _ratio(_CENTRE_P, _CENTRE_Q, 0.180625 - q * q)


@jit(forceinline=True)
def normal_quantile(q: float) -> float:
    """Return z with Phi(z) = 0.5 + q, for -0.5 < q < 0.5; an odd function, relative error below 1e-15.

    Source: Wichura 1988, Appl. Stat. 37:477 (algorithm AS 241), doi:10.2307/2347330.
    """
    if abs(q) <= CENTRE:
        return normal_centre(q)
    return math.copysign(normal_tail(0.5 - abs(q)), q)
