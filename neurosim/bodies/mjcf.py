"""MuJoCo model text (MJCF) of a planar chain of links that swims."""

from __future__ import annotations

import math
from numbers import Integral
from xml.etree import ElementTree

from neurosim.errors import DescriptionError

LINK_LENGTH = 0.1  # m


def joint_limit(n_links: int) -> float:
    """Return the largest joint angle 2 pi / n_links (rad): with all joints at their limit the body is nearly a ring.

    Arguments:
        n_links: number of links.
    """
    return 2 * math.pi / n_links


def swimmer_mjcf(n_links: int, dt: float = 0.002, density: float = 3000.0, viscosity: float = 0.0) -> str:
    """Return the MJCF text of a planar swimmer: box links in a row, connected by motorised hinges.

    Each link is 0.002 x 0.1 x 0.02 m and 0.01 kg; the nose points along -y of the head. The head slides in x and y and
    turns about z without limits; the other joints are limited to +-2 pi / n_links. Motor torque is 5e-4 N m times a
    control in [-1, 1]. Contacts are off, the integrator is Euler.

    Arguments:
        n_links: number of links, including the head, at least 2.
        dt (s): physics step.
        density (kg/m^3): of the medium.
        viscosity (Pa s): of the medium.

    Raises DescriptionError when an argument is out of range.
    Source: body after the swimmer of the DeepMind Control Suite (Tassa et al. 2018, arXiv 1801.00690).
    """
    _check(n_links, dt, density, viscosity)
    root = ElementTree.Element("mujoco", model=f"swimmer with {n_links} links")
    ElementTree.SubElement(root, "compiler", angle="radian")
    option = {"timestep": str(float(dt)), "integrator": "Euler"}
    option |= {"density": str(float(density)), "viscosity": str(float(viscosity))}
    # Without autoreset a state that diverges remains visibly NaN instead of silently starting again.
    flag = {"contact": "disable", "autoreset": "disable"}
    ElementTree.SubElement(ElementTree.SubElement(root, "option", option), "flag", flag)
    _add_links(ElementTree.SubElement(root, "worldbody"), n_links)
    actuators = ElementTree.SubElement(root, "actuator")
    motor = {"gear": "5e-4", "ctrllimited": "true", "ctrlrange": "-1 1"}
    for k in range(n_links - 1):
        ElementTree.SubElement(actuators, "motor", {"joint": f"joint_{k}"} | motor)
    sensors = ElementTree.SubElement(root, "sensor")
    ElementTree.SubElement(sensors, "velocimeter", name="head_velocity", site="head")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def _add_links(parent: ElementTree.Element, n_links: int) -> None:
    head_joints = {"x": ("slide", "1 0 0"), "y": ("slide", "0 1 0"), "heading": ("hinge", "0 0 1")}
    limit = joint_limit(n_links)
    limited = {"limited": "true", "range": f"{-limit} {limit}", "armature": "1e-6"}
    limited |= {"solreflimit": "0.05 1", "solimplimit": "0 0.8 0.1"}
    for link in range(n_links):
        place = f"0 {LINK_LENGTH} 0" if link else "0 0 0.05"
        parent = ElementTree.SubElement(parent, "body", name=f"link_{link}", pos=place)
        joints = {f"joint_{link - 1}": head_joints["heading"]} if link else head_joints
        for name, (kind, axis) in joints.items():
            joint = {"name": name, "type": kind, "axis": axis, "pos": f"0 {-LINK_LENGTH / 2} 0"}
            ElementTree.SubElement(parent, "joint", joint | (limited if link else {}))
        if not link:
            ElementTree.SubElement(parent, "site", name="head")
        box = {"type": "box", "size": f"0.001 {LINK_LENGTH / 2} 0.01", "mass": "0.01"}
        ElementTree.SubElement(parent, "geom", box)


def _check(n_links: int, dt: float, density: float, viscosity: float) -> None:
    if isinstance(n_links, bool) or not isinstance(n_links, Integral) or n_links < 2:
        raise DescriptionError(f"swimmer: n_links is {n_links!r}; give a whole number of at least 2")
    if not (math.isfinite(dt) and dt > 0):
        raise DescriptionError(f"swimmer: dt is {dt!r} s; give a positive number")
    for name, value in (("density", density), ("viscosity", viscosity)):
        if not (math.isfinite(value) and value >= 0):
            raise DescriptionError(f"swimmer: {name} is {value!r}; give a number that is not negative")
