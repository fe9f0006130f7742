"""Bodies as gymnasium environments, for the reinforcement learning of other libraries.

`SwimmerEnv` swims, `CommandedSwimmerEnv` follows commands of turn and speed, `TargetSwimmerEnv` reaches targets, and
`ArmEnv` does a task of reaching. After `import neurosim.gym` they are made by `gymnasium.make` too, as
'neurosim/Swimmer-v0', 'neurosim/CommandedSwimmer-v0', 'neurosim/TargetSwimmer-v0' and 'neurosim/Arm-v0'.
"""

from neurosim.extras import optional

with optional():
    import gymnasium

    from neurosim.gym.arm import ArmEnv
    from neurosim.gym.swimmer import CommandedSwimmerEnv, SwimmerEnv, TargetSwimmerEnv

for _name, _module, _class in (
    ("Swimmer", "swimmer", "SwimmerEnv"),
    ("CommandedSwimmer", "swimmer", "CommandedSwimmerEnv"),
    ("TargetSwimmer", "swimmer", "TargetSwimmerEnv"),
    ("Arm", "arm", "ArmEnv"),
):
    gymnasium.register(f"neurosim/{_name}-v0", f"neurosim.gym.{_module}:{_class}")

__all__ = ["ArmEnv", "CommandedSwimmerEnv", "SwimmerEnv", "TargetSwimmerEnv"]
