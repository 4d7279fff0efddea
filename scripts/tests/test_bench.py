# SPDX-License-Identifier: GPL-2.0
"""Figures of what calls cost: how they are read, compared with the baseline, shown and drawn."""

import copy
import json
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from performance import budget, figures, module, report, tables

TOP = Path(__file__).parents[2]
BENCH = TOP / "scripts/in-root/bench"
BASELINE = TOP / "scripts/performance/baseline.json"
PAGE = TOP / "docs/performance.md"
PROGRAM = TOP / "build/userspace/bench/bench"


def row(name, median, device="", door="", depth=1, **more):
    spread = {"low": median, "quarter": median, "three_quarters": median, "high": median}
    return {
        "row": name, "device": device, "door": door, "depth": depth, "traced": 0,
        "unit": "instructions", "median": median, "samples": 21,
    } | spread | more  # fmt: skip


def said(rows, kernel="7.3.4"):
    """What the program says, as it comes out of a guest."""
    lines = ["KTAP version 1", "  TAP version 13", "  # Subtest: bench"]
    lines += [f'  # bench {{"fact": "kernel", "text": "{kernel}"}}']
    lines += [f"  # bench {json.dumps(entry)}" for entry in rows]
    lines += ['  # bench {"memory": "open device", "device": "sysdemo", "bytes": 1000, "count": 9}']
    return "\n".join([*lines, "  ok 1 sysdemo, doors", "ok 1 bench", ""])


def device_rows(device, scale=1.0):
    return [
        row("null", 804.0 * scale, device, "call"),
        row("null", 700.0 * scale, device, "batch"),
        *(row("null", 150.0 * scale, device, "batch", depth) for depth in (64, 128, 256)),
        row("null, traced", 1000.0 * scale, device, "call"),
        row("unknown command", 652.0 * scale, device),
        row("refused record", 720.0 * scale, device),
        row("unknown call", 800.0 * scale, device, "call"),
        row("getpid", 830.0 * scale, device, "call"),
        row("echo, 64 bytes", 1000.0 * scale, device, "call"),
    ]


KERNELS = [
    row("empty loop", 7.0),
    row("clock_gettime by the vDSO", 67.0),
    row("getppid", 345.0),
    row("ioctl of /dev/null", 560.0),
]


def bench_of(rows, *, kernel="7.3.4", modules=None):
    """A bench.json."""
    run = figures.parse(said(rows, kernel), "")
    run["qemu"] = "10.0.0"
    return {"schema": 1, "runs": [run], "modules": modules or {}, "stages": []}


@pytest.fixture
def bench():
    return bench_of(KERNELS + device_rows("sysdemo"))


def dearer(bench, name, factor):
    """The same figures, with a row that costs more."""
    changed = copy.deepcopy(bench)
    for entry in changed["runs"][0]["rows"]:
        if figures.label(entry) == name:
            for field in ("median", "low", "quarter", "three_quarters", "high"):
                entry[field] *= factor
    return changed


def problems(bench, baseline):
    return {
        result.name: result.problem for result in budget.compare(bench, baseline) if result.problem
    }


def test_what_is_said_is_read(bench):
    run = bench["runs"][0]
    assert run["facts"] == {"kernel": "7.3.4"}
    assert figures.find(run, "null", "sysdemo", ("batch", 64)) == 150
    assert figures.find(run, "null", "sysdemo", ("batch", 32)) is None
    assert figures.devices(run) == ["sysdemo"]
    assert figures.memory(run, "open device", "sysdemo") == 1000


def test_what_is_said_twice_counts_once():
    rows = KERNELS + device_rows("sysdemo") + KERNELS + device_rows("sysdemo_c")
    assert len(bench_of(rows)["runs"][0]["rows"]) == len(KERNELS) + 2 * len(device_rows(""))


def test_no_figures_are_an_error():
    with pytest.raises(ValueError, match="no figures"):
        figures.parse("KTAP version 1\n1..1\nok 1 bench\n", "")


def test_the_same_is_within_the_budget(bench):
    assert not problems(bench, budget.baseline_of(bench))


@pytest.mark.parametrize(
    "name",
    [
        "sysdemo: null, by call",
        "sysdemo: null, by batch of 64",
        "sysdemo: echo, 64 bytes, by call",
        "sysdemo: unknown command",
    ],
)
def test_a_dearer_call_is_named(bench, name):
    baseline = budget.baseline_of(bench)
    found = problems(dearer(bench, name, 1.021), baseline)
    assert list(found) == [name]
    assert "+2.1% of" in found[name]
    assert not problems(dearer(bench, name, 1.019), baseline)
    # What is cheaper is welcome.
    assert not problems(dearer(bench, name, 0.5), baseline)


def test_a_missing_and_a_new_call_are_named(bench):
    baseline = budget.baseline_of(bench)
    without = [entry for entry in device_rows("sysdemo") if entry["row"] != "getpid"]
    new = row("brand_new", 900.0, "sysdemo", "call")
    found = problems(bench_of(KERNELS + without + [new]), baseline)
    assert list(found) == ["sysdemo: getpid, by call", "sysdemo: brand_new, by call"]
    assert "UPDATE=1" in found["sysdemo: brand_new, by call"]


def test_another_kernel_is_given_more_room(bench):
    baseline = budget.baseline_of(bench)
    name = "sysdemo: echo, 64 bytes, by call"
    other = bench_of(KERNELS + device_rows("sysdemo"), kernel="7.3.5")
    assert not problems(dearer(other, name, 1.09), baseline)
    assert list(problems(dearer(other, name, 1.11), baseline)) == [name]


def test_figures_that_waver_are_no_figures(bench):
    baseline = budget.baseline_of(bench)
    name = "sysdemo: echo, 64 bytes, by call"
    bench["runs"][0]["rows"][-1]["three_quarters"] *= 1.03
    # Unless they come to the same.
    assert not problems(bench, baseline)
    for factor in (0.98, 1.015):
        assert "half of the samples" in problems(dearer(bench, name, factor), baseline)[name]


def test_what_was_met_has_to_stay_so(bench):
    name = "null by call, as a plain C driver"
    baseline = budget.baseline_of(bench)
    assert name in baseline["met"]
    assert "null by a batch of 64" not in baseline["met"]
    # Within what is allowed of the baseline, but beyond the limit.
    baseline["instructions"]["sysdemo: null, by call"] = 825
    found = problems(dearer(bench, "sysdemo: null, by call", 830 / 804), baseline)
    assert found == {name: "830.0 instructions, at most 826.0"}


def test_what_cannot_be_told_any_more_is_a_failure(bench):
    baseline = budget.baseline_of(bench)
    baseline["met"].append("deepest stack")
    assert problems(bench, baseline) == {"deepest stack": "cannot be told any more"}


def test_rust_is_compared_with_c():
    both = bench_of(KERNELS + device_rows("sysdemo", 1.1) + device_rows("sysdemo_c"))
    missed = [target.name for target in budget.targets(both) if target.known and not target.met]
    assert "Rust as C: sysdemo: getpid, by call" in missed
    assert "1.100" in tables.all_tables(both)[1].text()
    equal = bench_of(KERNELS + device_rows("sysdemo") + device_rows("sysdemo_c"))
    assert "Rust as C: sysdemo: getpid, by call" in budget.baseline_of(equal)["met"]


def judge(tmp_path, bench, baseline):
    """Runs the command that make check does; gives its exit status and what it says."""
    (tmp_path / "bench.json").write_text(json.dumps(bench))
    (tmp_path / "baseline.json").write_text(json.dumps(baseline))
    done = subprocess.run(
        [BENCH, "judge", *(tmp_path / name for name in ("bench.json", "baseline.json", "b.xml"))],
        capture_output=True,
        text=True,
        check=False,
    )
    cases = ET.parse(tmp_path / "b.xml").getroot().iter("testcase")
    return done.returncode, done.stdout, {case.get("name"): len(case) for case in cases}


def test_the_command_turns_red(tmp_path, bench):
    baseline = budget.baseline_of(bench)
    status, text, cases = judge(tmp_path, bench, baseline)
    assert status == 0
    assert not any(cases.values())
    assert len(cases) == len(device_rows("")) + len(baseline["met"])

    name = "sysdemo: getpid, by call"
    status, text, cases = judge(tmp_path, dearer(bench, name, 1.05), baseline)
    assert status == 1
    assert f"error: {name}: 871.5 instructions, +5.0% of 830.0; 2% is allowed" in text
    assert [name for name, failed in cases.items() if failed] == [name]


def test_the_parts_of_a_call_are_all_of_it(bench):
    *parts, (_, whole, _) = tables.parts(bench["runs"][0])
    assert whole == 804
    assert sum(part[1] for part in parts) == pytest.approx(whole)


def test_tables_in_a_terminal_and_on_a_page(bench):
    for table in tables.all_tables(bench):
        assert table.title in table.text()
        assert table.page().count("\n|") == len(table.rows) + 2


def test_the_page_is_made_between_its_marks(bench):
    page = f"# before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    bench["runs"][0]["facts"] |= {"processor": "P", "clocksource": "tsc", "scheduling": "FIFO"}
    new = report.renew(page, bench, [Path("docs/performance/ladder.svg")])
    assert new.startswith("# before\n")
    assert new.endswith(f"{report.END}\nafter\n")
    assert "old" not in new
    assert "(performance/ladder.svg)" in new
    # It can be made again.
    assert report.renew(new, bench, [Path("docs/performance/ladder.svg")]) == new
    with pytest.raises(ValueError, match="has no"):
        report.renew("no marks", bench, [])


def test_plots(tmp_path):
    from performance import plots

    both = bench_of(KERNELS + device_rows("sysdemo") + device_rows("sysdemo_c"))
    files = plots.draw(both, tmp_path / "plots")
    names = {path.name for path in files}
    assert names == {
        f"{name}.{kind}" for name in report.PLOTS for kind in ("svg", "png")
    }  # fmt: skip
    for path in files:
        head = path.read_bytes()[:2000]
        assert b"<svg" in head if path.suffix == ".svg" else head.startswith(b"\x89PNG")
    # Without figures of a device there is the ladder of the kernel's own.
    alone = plots.draw(bench_of(KERNELS), tmp_path / "alone")
    assert {path.stem for path in alone} == {"ladder"}


def test_the_same_figures_make_the_same_picture(tmp_path, bench):
    from performance import plots

    first, second = (plots.draw(bench, tmp_path / name) for name in ("1", "2"))
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes()


# What the committed baseline and the page say.


def test_the_page_has_the_figures_of_the_baseline():
    baseline = json.loads(BASELINE.read_text())
    page = PAGE.read_text()
    lines = [re.split(r" *\| *", line.strip("| ")) for line in page.splitlines()]
    told = {cells[0]: cells[1] for cells in lines if len(cells) > 2}
    for name, value in baseline["instructions"].items():
        if name.startswith("sysdemo: ") and name.endswith(", by call"):
            row_name = name.removeprefix("sysdemo: ").removesuffix(", by call")
            row_name = re.sub(r"^null(, )?", "call, " if "," in row_name else "call", row_name)
            assert told[row_name] == tables.number(float(value)), name
    for path in re.findall(r"\]\((performance/[^)]+)\)", page):
        assert (PAGE.parent / path).exists()
        assert (PAGE.parent / path).with_suffix(".png").exists()


def test_the_baseline_keeps_what_was_reached():
    assert "null by call, as a plain C driver" in json.loads(BASELINE.read_text())["met"]


# What is told of a module without running it.

DISASSEMBLY = """
0000000000000000 <outer>:
   0:	push   %rbx
   1:	sub    $0x20,%rsp
   5:	call   40 <inner>
   a:	call   f <outer+0xf>
			b: R_X86_64_PLT32	kernel_function-0x4
   f:	jmp    14 <outer+0x14>
			10: R_X86_64_PLT32	__x86_indirect_thunk_rax-0x4

0000000000000040 <inner>:
  40:	push   %rbp
  41:	push   %rbx
  42:	sub    $0x100,%rsp
  49:	je     4b <inner+0xb>
  4b:	pop    %rbx

0000000000000060 <by_table>:
  60:	sub    $0x200,%rsp
  67:	call   6c <by_table+0xc>
			68: R_X86_64_PLT32	inner-0x4

00000000000000a0 <door>:
  a0:	call   0 <outer>
"""
RELOCATIONS = """
RELOCATION RECORDS FOR [.rodata]:
OFFSET           TYPE              VALUE
0000000000000008 R_X86_64_64       .text+0x0000000000000060
0000000000000010 R_X86_64_64       door

RELOCATION RECORDS FOR [__jump_table]:
OFFSET           TYPE              VALUE
0000000000000000 R_X86_64_PC32     .text+0x0000000000000045
0000000000000004 R_X86_64_PC32     .text+0x0000000000000050
0000000000000008 R_X86_64_PC64     __tracepoint_sys_enter+0x000000000000000a
"""
SYMBOLS = """
0000000000000000 l     F .text	0000000000000014 outer
0000000000000040 l     F .text	000000000000000c inner
0000000000000060 g     F .text	000000000000000c by_table
00000000000000a0 g     F .text	0000000000000005 .hidden door
0000000000000000 l     d  .text	0000000000000000 .text
"""


def test_the_deepest_stack():
    found = module.functions(DISASSEMBLY)
    places = module.symbol_table(SYMBOLS)
    targets = module.pointed_to(RELOCATIONS, places)
    assert {"by_table", "door"} <= targets
    # The door leads to the call by a pointer: it is not what is called there.
    assert module.deepest(found, targets) == [
        ("door", 8),
        ("outer", 8 + 8 + 0x20),
        ("by_table", 8 + 0x200),
        ("inner", 8 + 16 + 0x100),
    ]


@pytest.mark.parametrize(
    ("instruction", "bytes_taken"),
    [
        ("sub    $0x100,%rsp", 0x100),
        # How a compiler takes 128 bytes, as that is shorter, and how it gives them back.
        ("add    $0xffffffffffffff80,%rsp", 0x80),
        ("sub    $0xffffffffffffff80,%rsp", 0),
        ("add    $0x100,%rsp", 0),
    ],
)
def test_what_an_instruction_takes(instruction, bytes_taken):
    listing = DISASSEMBLY.replace("sub    $0x100,%rsp", instruction)
    assert module.functions(listing)["inner"].frame == 8 + 16 + bytes_taken


def test_what_calls_itself_has_no_deepest_stack():
    again = DISASSEMBLY.replace("je     4b <inner+0xb>", "call   0 <outer>")
    with pytest.raises(ValueError, match="can call itself"):
        module.deepest(module.functions(again), set())


def test_tracepoints_are_found_where_they_are():
    places = module.symbol_table(SYMBOLS)
    assert module.tracepoint_sites(RELOCATIONS, places) == {"inner": {"sys_enter": 1}}


def test_sizes_of_sections():
    headers = """
  0 .text         0000d7ea  0000000000000000  0000000000000000  00000040  2**4
                  CONTENTS, ALLOC, LOAD, RELOC, READONLY, CODE
  1 .init.text    00000286  0000000000000000  0000000000000000  0000d830  2**4
                  CONTENTS, ALLOC, LOAD, RELOC, READONLY, CODE
  2 .bss          000000e8  0000000000000000  0000000000000000  0000d830  2**4
                  ALLOC
  3 .debug_info   00100000  0000000000000000  0000000000000000  0000d830  2**4
                  CONTENTS, RELOC, READONLY, DEBUGGING
"""
    assert module.sizes(headers) == {
        "code": 0xD7EA, "constants": 0, "data": 0xE8, "init": 0x286, "tables": 0,
    }  # fmt: skip


def test_the_module_itself():
    told = module.look_at(TOP / "build/module/sysdemo.ko")
    assert told["stack"] == sum(entry["bytes"] for entry in told["stack_path"])
    names = " ".join(entry["function"] for entry in told["stack_path"])
    # From the door to the bottom.
    for part in ("::uring_cmd", "shared_ring::enter", "calls::open"):
        assert part in names


# The program itself, where there is no device: in here.


def test_the_program_measures_what_is_the_kernels_own(tmp_path):
    done = subprocess.run([PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    run = figures.parse(done.stdout, "this machine")
    assert figures.unit_of(run) == "nanoseconds"
    assert run["facts"].keys() >= {"kernel", "clocksource", "scheduling"}
    assert figures.find(run, "empty loop") < figures.find(run, "getppid")
    log, out = tmp_path / "log", tmp_path / "bench.json"
    log.write_text(done.stdout)
    subprocess.run(
        [BENCH, "collect", out, "--here", "--run", f"this machine=log:{log}"], check=True
    )
    shown = subprocess.run([BENCH, "show", out], capture_output=True, text=True, check=True).stdout
    assert "nanoseconds, this machine" in shown
    assert "vulnerabilities: " in shown


def test_the_program_says_what_it_cannot_measure():
    done = subprocess.run([PROGRAM, "/dev/none"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "# none, the device: /dev/none: No such file or directory" in done.stdout
    assert "not ok 2 none, the device" in done.stdout
