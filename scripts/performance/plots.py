# SPDX-License-Identifier: GPL-2.0
"""The figures as pictures: SVG to be looked at anywhere, PNG for where that cannot be shown."""

import matplotlib
import matplotlib.patches
import matplotlib.ticker

from performance import budget, figures, tables

matplotlib.use("Agg")

from matplotlib import pyplot

# Okabe and Ito's colours, which those who see red and green alike can tell apart; and different
# marks and lines, for who sees none.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, GREY = "#0072B2", "#D55E00", "#999999"

STYLE = {
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "legend.frameon": False,
    # The same figures make the same file.
    "svg.hashsalt": "sysdemo",
}

# What of the ladder's rungs is done without the kernel, for many calls at once, and for each.
WITHOUT, SHARED, EACH = range(3)
KINDS = {
    WITHOUT: ("without entering the kernel", GREEN),
    SHARED: ("one way into the kernel for many calls", ORANGE),
    EACH: ("a way into the kernel for each", BLUE),
}

# Doors through which many calls go at once, and how their lines look.
DOORS = {
    "batch": ("o", BLUE),
    "ring": ("s", VERMILION),
    "uring_cmd": ("^", GREEN),
    "uring_cmd, fast": ("v", GREEN),
}


def rungs(run):
    """The rungs of the ladder: [(name, cost, kind)], the cheapest first."""
    device = budget.DEVICE
    found = [
        ("clock_gettime() by the vDSO", figures.find(run, "clock_gettime by the vDSO"), WITHOUT),
        ("getppid()", figures.find(run, "getppid"), EACH),
        (
            "clock_gettime() by a system call",
            figures.find(run, "clock_gettime by a system call"),
            EACH,
        ),
        ("ioctl() of /dev/null, refused", figures.find(run, "ioctl of /dev/null"), EACH),
        ("ioctl() with an unknown command", figures.find(run, "unknown command", device), EACH),
        ("null by ioctl()", figures.find(run, "null", device, figures.CALL), EACH),
        ("getpid by ioctl()", figures.find(run, "getpid", device, figures.CALL), EACH),
    ]
    found += [
        (row["row"], row["median"], WITHOUT)
        for row in run["rows"]
        if row["device"] == device and "by the page" in row["row"] and not row["door"]
    ]
    found += [
        (f"null by a {door} of 64", figures.find(run, "null", device, (door, 64)), SHARED)
        for door in DOORS
    ]
    return sorted((rung for rung in found if rung[1] is not None), key=lambda rung: rung[1])


def ladder(bench):
    """What there is between reading a page and making a call."""
    run = bench["runs"][0]
    unit = figures.unit_of(run)
    steps = rungs(run)
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.42 * len(steps)))
    names, values, kinds = zip(*steps, strict=True)
    bars = axes.barh(names, values, color=[KINDS[kind][1] for kind in kinds], height=0.7)
    axes.bar_label(bars, labels=[tables.number(float(value)) for value in values], padding=4)
    axes.invert_yaxis()
    axes.set_xlabel(f"{unit} for each operation")
    axes.set_xlim(0, max(values) * 1.1)
    axes.grid(axis="y", visible=False)
    handles = [
        matplotlib.patches.Patch(color=colour, label=label)
        for kind, (label, colour) in KINDS.items()
        if kind in kinds
    ]
    axes.legend(handles=handles, loc="upper right")
    axes.set_title("From the vDSO to an ioctl", loc="left", fontweight="bold")
    return figure


def points_of(run, device, door):
    """What each null takes by a door: [(how many at once, cost)]."""
    unit = figures.unit_of(run)
    return sorted(
        (row["depth"], row["median"])
        for row in run["rows"]
        if (row["device"], row["door"], row["row"], row["unit"]) == (device, door, "null", unit)
    )


def by_depth(bench):
    """What one call costs where many go in at once."""
    run = bench["runs"][0]
    unit = figures.unit_of(run)
    figure, axes = pyplot.subplots(figsize=(9, 5.2))
    deepest = 1
    for door, (mark, colour) in DOORS.items():
        points, twins = (points_of(run, name, door) for name in (budget.DEVICE, budget.TWIN))
        if not points:
            continue
        text = f"{door}: {tables.number(float(points[-1][1]))}"
        axes.plot(*zip(*points, strict=True), marker=mark, color=colour)
        if twins:
            style = {"linestyle": "--", "marker": mark, "markerfacecolor": "white"}
            axes.plot(*zip(*twins, strict=True), color=colour, markersize=9, zorder=1, **style)
            text += f"\nin C: {tables.number(float(twins[-1][1]))}"
        axes.annotate(
            text,
            points[-1],
            xytext=(12, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontweight="bold",
        )
        deepest = max(deepest, points[-1][0])
    # The last at the side where the lines of the doors are far above it.
    call = figures.find(run, "null", budget.DEVICE, figures.CALL)
    lines = (
        ("null by an ioctl for each", call, ":", (deepest, "right")),
        ("getppid()", figures.find(run, "getppid"), "-.", (deepest, "right")),
        (
            "clock_gettime() by the vDSO",
            figures.find(run, "clock_gettime by the vDSO"),
            "--",
            (1, "left"),
        ),
    )
    for name, value, line, (place, side) in lines:
        if value is not None:
            axes.axhline(value, color=GREY, linestyle=line, linewidth=1.2, zorder=0)
            axes.annotate(
                f"{name}: {tables.number(float(value))}",
                (place, value),
                xytext=(0, 3),
                textcoords="offset points",
                ha=side,
                color="#555555",
            )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    ticks = [2**power for power in range(deepest.bit_length())]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.yaxis.set_major_formatter(matplotlib.ticker.ScalarFormatter())
    axes.set_xlabel("calls for each way into the kernel")
    axes.set_ylabel(f"{unit} for each null")
    axes.set_title("Many calls for one trip", loc="left", fontweight="bold")
    return figure


def made_of(bench):
    """What a call is made of, piece by piece."""
    *pieces, (_, whole, _) = tables.parts(budget.counted_run(bench))
    pieces = [piece for piece in pieces if abs(piece[1]) >= 0.5]
    colours = (GREY, BLUE, SKY, GREEN, ORANGE, VERMILION)
    figure, axes = pyplot.subplots(figsize=(9, 1.4 + 0.42 * len(pieces)))
    start = 0.0
    for (name, value, _), colour in zip(pieces, colours, strict=False):
        axes.barh(name, value, left=start, color=colour, height=0.7)
        axes.annotate(
            tables.number(float(value)),
            (max(start, start + value), name),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
        start += value
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlim(0, whole * 1.08)
    axes.set_xlabel(f"instructions, one after the other: {tables.number(float(whole))} in all")
    axes.set_title("What a null by ioctl() is made of", loc="left", fontweight="bold")
    return figure


def rust_and_c(bench):
    """Each call in Rust, compared with the same in C."""
    run = bench["runs"][0]
    unit = figures.unit_of(run)
    pairs = []
    for row in run["rows"]:
        other = budget.twin_figure(run, row)
        if row["device"] != budget.DEVICE or row["unit"] != unit or not other:
            continue
        # Of the doors for many a few and one are enough to see.
        if row["depth"] in (1, 64):
            name = figures.label(row).removeprefix(f"{budget.DEVICE}: ").removesuffix(", by call")
            pairs.append((name, row["median"] / other, row["median"], other))
    pairs.sort(key=lambda pair: pair[1])
    figure, axes = pyplot.subplots(figsize=(9, 1.4 + 0.3 * len(pairs)))
    for place, (_, ratio, rust, c) in enumerate(pairs):
        colour, mark = (VERMILION, ">") if ratio > 1 else (BLUE, "<")
        axes.plot([1, ratio], [place, place], color=colour, linewidth=2)
        axes.plot(ratio, place, marker=mark, color=colour, markersize=8)
        axes.text(
            1.01,
            place,
            f"{tables.number(float(rust))} / {tables.number(float(c))}",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=9,
        )
    axes.set_yticks(range(len(pairs)), [name for name, *_ in pairs])
    axes.text(1.01, -1, "Rust / C", transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    axes.set_ylim(len(pairs) - 0.4, -0.6)
    axes.axvline(1, color=BLACK, linewidth=1)
    ratios = [ratio for _, ratio, *_ in pairs]
    low, high = min([1, *ratios]) / 1.03, max([1, *ratios]) * 1.03
    axes.set_xlim(low, high)
    if high > 1.5:
        # Twice as much is as far from 1 as half as much is.
        ticks = [tick for tick in (0.5, 0.7, 1, 1.4, 2, 3, 4, 6, 8) if low <= tick <= high]
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.set_xlim(low, high)
    axes.set_xlabel(f"{unit} in Rust / {unit} in C: left of 1 Rust takes less")
    axes.set_title("The same calls in Rust and in C", loc="left", fontweight="bold")
    return figure


def all_plots(bench):
    """The names of all plots that there are figures for, and what draws them."""
    run = bench["runs"][0]
    found = {"ladder": ladder}
    if budget.DEVICE in figures.devices(run):
        found["depth"] = by_depth
        if figures.unit_of(run) == figures.INSTRUCTIONS and tables.parts(run):
            found["parts"] = made_of
    if budget.TWIN in figures.devices(run):
        found["rust-and-c"] = rust_and_c
    return found


def draw(bench, folder):
    """Draws all plots into a folder; gives their files."""
    files = []
    folder.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(STYLE):
        for name, function in all_plots(bench).items():
            figure = function(bench)
            for ending, metadata in (("svg", {"Date": None}), ("png", {})):
                path = folder / f"{name}.{ending}"
                figure.savefig(path, bbox_inches="tight", metadata=metadata)
                files.append(path)
            pyplot.close(figure)
    return files
