# SPDX-License-Identifier: GPL-2.0
"""The figures of a run: what the program `bench` says, and how it is found again.

What a run said is a dictionary, as it stands in bench.json: docs/performance.md has the fields.
"""

import json
import re

# What the program says to programs, among its results.
LINE = re.compile(r"^\s*# bench (\{.*\})$", re.M)

# What is counted where the machine's clock counts that, which makes the figures exact.
INSTRUCTIONS = "instructions"
CYCLES = "cycles"

# The doors of what is no call, and of a plain one: their names, and how many go in at once.
NO_DOOR = ("", 1)
CALL = ("call", 1)

# The fields of a row that say what it is of.
IDENTITY = ("row", "device", "door", "depth", "traced", "unit")


def parse(log, name):
    """Makes a run of what the program said; ValueError if it said nothing."""
    run = {"name": name, "facts": {}, "rows": [], "memory": []}
    known = set()
    for line in LINE.findall(log):
        said = json.loads(line)
        if "fact" in said:
            run["facts"][said["fact"]] = said["text"]
        elif "memory" in said:
            run["memory"].append(said)
        elif "row" in said:
            said["traced"] = bool(said["traced"])
            identity = tuple(said[field] for field in IDENTITY)
            # What is the kernel's own is measured once for each program that is run.
            if identity not in known:
                run["rows"].append(said)
            known.add(identity)
    if not run["rows"]:
        raise ValueError(f"{name}: no figures; did the program run to its end?")
    return run


def label(row):
    """What a row is called, to people and in the baseline."""
    if not row["device"]:
        return row["row"]
    name = f"{row['device']}: {row['row']}"
    if not row["door"]:
        return name
    name += f", by {row['door']}"
    return name if row["door"] == "call" else f"{name} of {row['depth']}"


def unit_of(run):
    """In what the figures of a run are, apart from cycles."""
    return next(row["unit"] for row in run["rows"] if row["unit"] != CYCLES)


def spread(row):
    """How far apart the middle half of the samples is, as a part of their median."""
    return (row["three_quarters"] - row["quarter"]) / row["median"] if row["median"] else 0.0


def find(run, row, device="", door=NO_DOOR, unit=None):
    """The median of a row, None if there is none."""
    unit = unit or unit_of(run)
    wanted = {"row": row, "device": device, "door": door[0], "depth": door[1], "unit": unit}
    for candidate in run["rows"]:
        if all(candidate[field] == value for field, value in wanted.items()):
            return candidate["median"]
    return None


def door_of(row):
    """The door of a row, and how many go in by it at once."""
    return row["door"], row["depth"]


def devices(run):
    """The devices that were measured, in their order."""
    return list(dict.fromkeys(row["device"] for row in run["rows"] if row["device"]))


def twin_of(device):
    """The name of a device's twin in C."""
    return f"{device}_c"


def memory(run, name, device):
    """Bytes of something, None if that was not weighed."""
    for entry in run["memory"]:
        if entry["memory"] == name and entry["device"] == device:
            return entry["bytes"]
    return None
