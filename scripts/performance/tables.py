# SPDX-License-Identifier: GPL-2.0
"""The figures as tables, for a terminal and for a page."""

from performance import budget, figures


class Table:
    """Rows of text: the first is the heading; all but the first column are numbers."""

    def __init__(self, title, heading):
        self.title, self.heading, self.rows = title, heading, []

    def add(self, *cells):
        """Adds a row; None is an empty cell."""
        self.rows.append([number(cell) for cell in cells])

    def text(self):
        """As it looks in a terminal."""
        lines = [self.heading, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.heading))]
        shown = [f"{self.title}:", ""]
        for line in lines:
            first, *rest = (
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            shown.append("  " + "  ".join([first, *rest]).rstrip())
        return "\n".join([*shown, ""])

    def page(self):
        """As it stands in a page of Markdown."""
        lines = [
            f"| {' | '.join(self.heading)} |",
            f"|---|{'---:|' * (len(self.heading) - 1)}",
            *(f"| {' | '.join(row)} |" for row in self.rows),
        ]
        return "\n".join([f"### {self.title}", "", *lines, ""])


def number(cell):
    """A cell's text: figures have a decimal if they are not whole.

    What is left of a sample's own few instructions, in each of its turns, counts for nothing.
    """
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell - round(cell)) < 0.12 else f"{cell:.1f}"
    return str(cell)


def columns(bench):
    """What there is a column for: (run, unit, heading)."""
    found = []
    for run in bench["runs"]:
        for unit in dict.fromkeys(row["unit"] for row in run["rows"]):
            found.append((run, unit, f"{unit}, {run['name']}" if run["name"] else unit))
    return found


def rows_of(bench, device, wanted):
    """The rows of a device, of any run, in their order, that are wanted."""
    seen = {}
    for run in bench["runs"]:
        for row in run["rows"]:
            if row["device"] == device and wanted(row):
                seen.setdefault((row["row"], figures.door_of(row)), None)
    return list(seen)


def figure_table(bench, title, device, wanted, name):
    """A table of rows: what each costs in each run, and in C where there is the twin."""
    measures = columns(bench)
    twin = figures.twin_of(device)
    first = bench["runs"][0]
    with_twin = twin in figures.devices(first) and device
    heading = ["", *(text for _, _, text in measures)]
    table = Table(title, heading + (["in C", "Rust / C"] if with_twin else []))
    for row, door in rows_of(bench, device, wanted):
        cells = [figures.find(run, row, device, door, unit) for run, unit, _ in measures]
        if with_twin:
            other = figures.find(first, row, twin, door)
            cells += [other, f"{cells[0] / other:.3f}" if other and cells[0] else None]
        table.add(name(row, door), *cells)
    return table


def call_name(row, _door):
    """A row by its name alone."""
    return row


def door_name(row, door):
    """A row by its door."""
    name = door[0] if door == figures.CALL else "{} of {}".format(*door)
    return name if row == "null" else f"{name}, {row.removeprefix('null, ')}"


def parts(run):
    """What a call is made of, as differences of rows: [(what, instructions, how it is known)]."""
    find = figures.find
    device = budget.DEVICE
    loop, system_call = find(run, "empty loop"), find(run, "getppid")
    ioctl, command = find(run, "ioctl of /dev/null"), find(run, "unknown command", device)
    record = find(run, "refused record", device)
    null = find(run, "null", device, figures.CALL)
    if None in (loop, system_call, ioctl, command, record, null):
        return []
    return [
        ("the loop around it", loop, "empty loop"),
        ("the way into the kernel and back", system_call - loop, "getppid, less that"),
        (
            "ioctl(2), before it asks the driver",
            ioctl - system_call,
            "ioctl of /dev/null, less that",
        ),
        ("the driver's door", command - ioctl, "unknown command, less that"),
        ("the record: copied in, looked at", record - command, "refused record, less that"),
        ("the call: looked up, made, answered", null - record, "null by call, less that"),
        ("null by call", null, "the sum"),
    ]


def parts_table(bench):
    """What a call is made of."""
    run = budget.counted_run(bench)
    table = Table("What a null by call is made of", ["part", "instructions", "known by"])
    for what, value, how in parts(run):
        table.add(what, float(value), how)
    return table


def weights_table(bench):
    """What takes room: memory, code, stack."""
    table = Table("What it weighs", ["", "bytes"])
    for run in bench["runs"][:1]:
        for entry in run["memory"]:
            device = f" ({entry['device']})" if entry["device"] else " (/dev/null)"
            table.add(f"{entry['memory']}{device}", float(round(entry["bytes"])))
    for name, module in bench["modules"].items():
        for kind, size in module["sizes"].items():
            table.add(f"{name}.ko: {kind}", size)
        table.add(f"{name}.ko: deepest stack", module["stack"])
    return table


def stack_table(name, module):
    """The deepest chain of functions."""
    table = Table(f"The deepest stack of {name}.ko", ["function", "bytes"])
    for entry in module["stack_path"]:
        table.add(f"`{entry['function']}`", entry["bytes"])
    table.add("in all", module["stack"])
    return table


def targets_table(bench):
    """What is aimed at, and whether it is met."""
    table = Table("What is aimed at", ["", "measured", "limit", ""])
    as_c = [target for target in budget.targets(bench) if target.name.startswith(budget.AS_C_NAME)]
    for target in budget.targets(bench):
        if target in as_c:
            continue
        sign = "<" if target.strict else "≤"
        table.add(
            target.name,
            None if target.value is None else float(target.value),
            None if target.limit is None else f"{sign} {number(float(target.limit))}",
            "met" if target.met else "not met" if target.known else "not there",
        )
    known = [target for target in as_c if target.known]
    if known:
        met = sum(target.met for target in known)
        word = "met" if met == len(known) else "not met"
        table.add("rows in which Rust takes no more than C", met, f"all {len(known)}", word)
    return table


def stages_table(bench):
    """How long the stages of `make qemu-test` took."""
    table = Table("The stages of `make qemu-test`", ["stage", "seconds"])
    for name, seconds in bench["stages"]:
        table.add(name, float(seconds))
    return table


def all_tables(bench):
    """All tables that there is something in, in their order."""
    device = next(iter(figures.devices(bench["runs"][0])), "")
    found = [figure_table(bench, "What is the kernel's own", "", lambda _: True, call_name)]
    if device:
        found += [
            figure_table(
                bench,
                "Doors: null, each one",
                device,
                lambda row: row["row"].startswith("null") and row["door"],
                door_name,
            ),
            figure_table(
                bench,
                "Calls, and what is no call",
                device,
                lambda row: not row["row"].startswith("null"),
                call_name,
            ),
        ]
    if any(figures.unit_of(run) == figures.INSTRUCTIONS for run in bench["runs"]):
        found += [parts_table(bench), targets_table(bench)]
    found.append(weights_table(bench))
    found += [stack_table(name, module) for name, module in bench["modules"].items()]
    if bench["stages"]:
        found.append(stages_table(bench))
    return [table for table in found if table.rows]
