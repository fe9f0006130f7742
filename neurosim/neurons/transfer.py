"""Transfer functions of rate and graded neurons, by name, in terms of the drive u."""

TRANSFERS = {
    "identity": "u",
    "tanh": "tanh(u)",
    "rectified_tanh": "tanh(clip(u, 0, inf))",
    "relu": "clip(u, 0, inf)",
    "leaky_relu": "clip(u, 0, inf) + 0.01*clip(u, -inf, 0)",
    "elu": "clip(u, 0, inf) + expm1(clip(u, -inf, 0))",
    "softplus": "softplus(u)",
    "logistic": "1/(1 + exp(-u))",
    "unit_interval": "clip(u, 0, 1)",
    "symmetric": "clip(u, -1, 1)",
    "step": "int(u > 0)",
}
