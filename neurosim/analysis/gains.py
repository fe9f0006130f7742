"""Optimal gains in closed form, which the rules of gain control should reach."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.analysis.fixed_point import FixedPoint, fixed_point

Matrix = NDArray[np.float64]


def whitening_gains(frame: Matrix, covariance: Matrix, leak: float = 1.0) -> Matrix:
    """Return the gains g (K,) with which y = [leak + W diag(g) W.T]^-1 x is white.

    g = [(W.T W)^2 elementwise]^-1 diag(W.T (C^(1/2) - leak) W), for K = N (N + 1)/2 columns in general position.

    Arguments:
        frame: W, shape (N, K), columns of length 1.
        covariance: C of x, shape (N, N).
        leak: alpha.

    Source: Duong, Lipshutz, Heeger, Chklovskii, Simoncelli 2023, ICML, arXiv 2301.11955.
    """
    values, vectors = np.linalg.eigh(covariance)
    excess = (vectors * np.sqrt(values)) @ vectors.T - leak * np.eye(len(covariance))
    gram: Matrix = (frame.T @ frame) ** 2
    gains: Matrix = np.linalg.solve(gram, np.einsum("nk,nm,mk->k", frame, excess, frame))
    return gains


def whitened_covariance(frame: Matrix, gains: Matrix, covariance: Matrix, leak: float = 1.0) -> Matrix:
    """Return C_yy (..., N, N) of y = M x, M = [leak + W diag(g) W.T]^-1, for one circuit or many.

    Arguments:
        frame: W, shape (..., N, K).
        gains: g, shape (..., K).
        covariance: C of x, shape (..., N, N).
        leak (1): alpha.
    """
    feedback = (frame * gains[..., None, :]) @ np.swapaxes(frame, -1, -2)
    response = np.linalg.inv(leak * np.eye(frame.shape[-2]) + feedback)
    output: Matrix = response @ covariance @ response
    return output


def whitening_by_newton(frame: Matrix, covariance: Matrix, start: Matrix, leak: float = 1.0) -> FixedPoint:
    """Return the gains at which every interneuron has variance 1, by Newton's method.

    g <- g + H^-1 (v - 1), v = diag(W.T C_yy W), H_ij = 2 (w_i.T M w_j) (w_i.T C_yy w_j).

    Arguments as of `whitening_gains`, and:
        start: g, shape (K,).

    Source: derived from the rule of `whitening_gains`; the paper itself takes steps of first order.
    """

    def step(gains: Matrix) -> Matrix:
        response = np.linalg.inv(leak * np.eye(len(frame)) + (frame * gains) @ frame.T)
        output = frame.T @ response @ covariance @ response.T @ frame
        slope = 2 * (frame.T @ response @ frame) * output
        moved: Matrix = gains + np.linalg.solve(slope, np.diag(output) - 1)
        return moved

    return fixed_point(step, start, tolerance=1e-12, at_most=50)


def patterns_of_moment(moment: Matrix, tolerance: float = 1e-12) -> Matrix:
    """Return a batch of patterns (P, N) whose mean of x x.T is a given second moment, as few as its rank requires.

    x_k = sqrt(P l_k) v_k, l_k and v_k the P eigenvalues above `tolerance` times the greatest and their eigenvectors.
    In a linear circuit, a rule that is quadratic in its input changes with this batch, presented once, as it does on
    average over any inputs with that moment.

    Arguments:
        moment: <x x.T>, shape (N, N).
        tolerance (1): relative to the greatest eigenvalue.

    Source: derived.
    """
    values, vectors = np.linalg.eigh(moment)
    kept = values > tolerance * values[-1]
    patterns: Matrix = (vectors[:, kept] * np.sqrt(np.count_nonzero(kept) * values[kept])).T
    return patterns


def efficient_gains(
    drive: Matrix,
    probability: Matrix,
    recurrent: Matrix,
    decoder: Matrix,
    activity_cost: float,
    homeostatic_cost: float,
    set_point: float = 1.0,
) -> Matrix:
    """Return the gains g (N,) that minimise <|f - D r|^2 + alpha |r|^2> + gamma |g - g_0|^2, r = (1 - W)^-1 (g f).

    H g = b, H = C_f * [A.T (D.T D + alpha) A] + gamma, b = diag(A.T D.T C_f) + gamma g_0, A = (1 - W)^-1,
    C_f = <f f.T>, * elementwise.

    Arguments:
        drive: f for each stimulus, shape (N, S).
        probability: of each stimulus, shape (S,).
        recurrent: W, shape (N, N).
        decoder: D, shape (N, N).
        activity_cost: alpha.
        homeostatic_cost: gamma.
        set_point: g_0.

    Source: after Duong, Bredenberg, Heeger, Simoncelli 2023, arXiv 2305.19869.
    """
    hessian, right = efficient_gain_equations(
        drive, probability, recurrent, decoder, activity_cost, homeostatic_cost, set_point
    )
    gains: Matrix = np.asarray(np.linalg.solve(hessian, right))
    return gains


def efficient_gain_equations(
    drive: Matrix,
    probability: Matrix,
    recurrent: Matrix,
    decoder: Matrix,
    activity_cost: float,
    homeostatic_cost: float,
    set_point: float = 1.0,
) -> tuple[Matrix, Matrix]:
    """Return (H (N, N), b (N,)) of `efficient_gains`: half the gradient of the objective is H g - b."""
    one = np.eye(len(drive))
    a = np.linalg.inv(one - recurrent)
    moment = (drive * probability) @ drive.T
    hessian: Matrix = (
        moment * (a.T @ (decoder.T @ decoder + activity_cost * one) @ a) + homeostatic_cost * one
    )
    right: Matrix = np.diag(a.T @ decoder.T @ moment) + homeostatic_cost * set_point
    return hessian, right
