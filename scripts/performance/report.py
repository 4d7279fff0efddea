# SPDX-License-Identifier: GPL-2.0
"""The page about it: what is between two marks in docs/performance.md is made from the figures."""

from performance import tables

BEGIN = "<!-- What follows is made by `make bench UPDATE=1`. -->"
END = "<!-- That was made. -->"

# What each plot shows, for who cannot see it.
PLOTS = {
    "ladder": "What an operation costs, from the vDSO's clock to a call by ioctl",
    "depth": "What a call costs, against how many go in at once",
    "parts": "What a null by ioctl is made of",
    "rust-and-c": "Each call in Rust, as a part of the same call in C",
}


def machine(run):
    """What a run was measured on, in a line."""
    facts = run["facts"]
    name = f"{run['name']}: " if run["name"] else ""
    where = f"Linux {facts.get('kernel', '?')}"
    if run["qemu"]:
        where += f" in QEMU {run['qemu']}"
    words = [facts.get(fact, "?") for fact in ("processor", "clocksource", "scheduling")]
    mitigated = [
        f"{fact.removeprefix('vulnerability ')} ({text})"
        for fact, text in facts.items()
        if fact.startswith("vulnerability ") and text != "Not affected"
    ]
    lines = [f"{name}{where}; {words[0]}, clock {words[1]}, {words[2]}"]
    lines += [f"{fact}: {facts[fact]}" for fact in ("machine", "no cycles") if fact in facts]
    lines.append("vulnerabilities: " + ("; ".join(sorted(mitigated)) or "none"))
    return "\n  ".join(lines)


def generated(bench, plots):
    """What stands between the marks."""
    parts = [BEGIN, ""]
    for run in bench["runs"]:
        facts = run["facts"]
        where = f"Linux {facts['kernel']}, QEMU {run['qemu']}, {facts['scheduling']}"
        parts.append(f"Measured in {where}{', ' + run['name'] if run['name'] else ''}.")
    parts.append("")
    for path in plots:
        parts += [f"![{PLOTS[path.stem]}]({path.parent.name}/{path.name})", ""]
    parts += [table.page() for table in tables.all_tables(bench)]
    return "\n".join([*parts, END])


def renew(page, bench, plots):
    """The page with its part between the marks made anew; ValueError if there are no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no '{BEGIN}' and '{END}' in it")
    return before + generated(bench, plots) + after
