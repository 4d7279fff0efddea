# SPDX-License-Identifier: GPL-2.0
"""What can be told of a module without running it: its size, its stack, its tracepoints.

The stack is that of the module's own functions, one above the other; what the kernel's need in
addition is not counted, as in the kernel's own scripts/checkstack.pl. It is the most that there can
be: a function counts with all that it ever pushes and the most that it takes at once, and who calls
by a pointer may call any function whose address is stored in the module, apart from those that lead
to that very call.
"""

import re
import subprocess

FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
CALL = re.compile(r"^\s+[0-9a-f]+:\s+(?:call|jmp|j[a-z]+)\s+[0-9a-f]+ <([^+>]+)(?:\+0x[0-9a-f]+)?>")
RELOCATION = re.compile(r"^\s+[0-9a-f]+: R_X86_64_(?:PLT32|PC32)\s+(\S+?)(?:[-+]0x[0-9a-f]+)?$")
PUSH = re.compile(r"\bpush\s+%(\w+)")
TAKE = re.compile(r"\b(sub|add)\s+\$0x([0-9a-f]+),%rsp")
BY_POINTER = re.compile(r"__x86_indirect_thunk_|\b(?:call|jmp)\s+\*")

# What a call itself leaves on the stack.
RETURN_ADDRESS = 8

# How much of a name is shown.
LONGEST_NAME = 90

# Functions that the tracing of the kernel has called by pointers: with tracing on only.
PROBES = re.compile(r"^(__traceiter_|trace_event_raw_event_|perf_trace_|__bpf_trace_)")

# Where code is, and where it is that is thrown away.
CODE = re.compile(r"^\.(text|static_call\.text|altinstr_aux)")
INIT = re.compile(r"^\.(init|exit)\.")
DATA = re.compile(r"^\.(data|bss|ref\.data)")
CONSTANTS = re.compile(r"^\.rodata")


def tell(*command):
    """What a program says."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def readable(names):
    """Names as people write them, without the numbers that tell crates apart, and not too long."""
    said = subprocess.run(
        ["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [shorten(re.sub(r"\[[0-9a-f]+\]", "", name)) for name in said]


def shorten(name):
    """A name without the crate that everything here is in, nor the end of one that is endless."""
    name = re.sub(r"\brust_sysdemo::", "", name)
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"


class Function:
    """What is known of a function: what it takes itself, and whom it calls."""

    def __init__(self):
        self.pushed, self.taken = set(), 0
        self.calls, self.by_pointer = set(), False

    @property
    def frame(self):
        """The most bytes that it has on the stack."""
        return RETURN_ADDRESS + 8 * len(self.pushed) + self.taken


def taken(operation, operand):
    """How much of the stack an instruction takes; less than nothing if it gives some back.

    To take 128 bytes a compiler adds -128, or subtracts it to give them back: that is shorter. The
    disassembler shows it as a number of 64 bits without a sign.
    """
    number = int(operand, 16)
    if number >= 1 << 63:
        number -= 1 << 64
    return number if operation == "sub" else -number


def functions(disassembly):
    """The functions of a module by name, from `objdump -d -r`."""
    found, name, function = {}, "", None
    for line in disassembly.splitlines():
        heading = FUNCTION.match(line)
        if heading:
            name = heading[1]
            function = found.setdefault(name, Function())
            continue
        if function is None:
            continue
        target = CALL.match(line) or RELOCATION.match(line)
        push, take = PUSH.search(line), TAKE.search(line)
        if target:
            function.calls.add(target[1])
        if push:
            function.pushed.add(push[1])
        if take:
            function.taken = max(function.taken, taken(*take.groups()))
        if BY_POINTER.search(line) and not PROBES.match(name):
            function.by_pointer = True
    for name, function in found.items():
        # What is another place of its own is no call.
        function.calls = {call for call in function.calls if call in found and call != name}
    return found


def pointed_to(relocations, symbols):
    """The functions whose addresses are stored in data, from `objdump -r` and `objdump -t`."""
    section, found = "", set()
    for line in relocations.splitlines():
        heading = re.match(r"RELOCATION RECORDS FOR \[(.*)\]", line)
        if heading:
            section = heading[1]
        entry = re.match(r"[0-9a-f]+\s+R_X86_64_64\s+(\S+?)(?:\+0x([0-9a-f]+))?$", line)
        if entry and re.match(r"\.(ro)?data|\.ref\.data", section):
            name, offset = entry[1], int(entry[2] or "0", 16)
            found.add(symbols.get((name, offset), name))
    return found


def symbol_table(listing):
    """Names of functions by section and offset, from `objdump -t`."""
    found = {}
    for line in listing.splitlines():
        entry = re.match(r"([0-9a-f]+) (.{6})F (\S+)\s+[0-9a-f]+ (?:\.hidden )?(\S+)$", line)
        if entry:
            found[entry[3], int(entry[1], 16)] = entry[4]
    return found


def deepest(found, targets):
    """The deepest chain of functions: [(name, bytes)], outermost first.

    Raises ValueError for a function that can come back to itself: of that there is no end.
    """

    def reaches_pointer(name, seen):
        if name in seen:
            return False
        seen.add(name)
        function = found[name]
        return function.by_pointer or any(reaches_pointer(call, seen) for call in function.calls)

    inner = {
        name
        for name in targets
        if name in found and not PROBES.match(name) and not reaches_pointer(name, set())
    }
    known = {}

    def chain(name, above):
        if name in above:
            raise ValueError(f"{name} can call itself: by {' > '.join(above)}")
        if name not in known:
            function = found[name]
            calls = set(function.calls)
            if function.by_pointer:
                calls |= inner
            below = [chain(call, (*above, name)) for call in sorted(calls)]
            longest = max(below, key=lambda path: sum(size for _, size in path), default=[])
            known[name] = [(name, function.frame), *longest]
        return known[name]

    return max((chain(name, ()) for name in found), key=lambda path: sum(size for _, size in path))


def sizes(headers):
    """Bytes of code, constants and data, and of what is only for loading, from `objdump -h`."""
    found = dict.fromkeys(("code", "constants", "data", "init", "tables"), 0)
    section = None
    for line in headers.splitlines():
        entry = re.match(r"\s*\d+ (\S+)\s+([0-9a-f]+) ", line)
        if entry:
            section = entry[1], int(entry[2], 16)
        elif section and "ALLOC" in line:
            name, size = section
            kinds = (("code", CODE), ("init", INIT), ("data", DATA), ("constants", CONSTANTS))
            kind = next((kind for kind, pattern in kinds if pattern.match(name)), "tables")
            found[kind] += size
            section = None
    return found


def tracepoint_sites(relocations, places):
    """Which tracepoints a function passes by: {function: {tracepoint: sites}}.

    Each site is one instruction as long as the tracepoint is off, from `objdump -r`.
    """
    found, section, offset = {}, "", None
    for line in relocations.splitlines():
        heading = re.match(r"RELOCATION RECORDS FOR \[(.*)\]", line)
        if heading:
            section = heading[1]
        if section != "__jump_table":
            continue
        code = re.match(r"[0-9a-f]+([048c])\s+R_X86_64_PC32\s+\.text\+0x([0-9a-f]+)$", line)
        key = re.match(r"\S+\s+R_X86_64_PC64\s+__tracepoint_(\w+?)\+0x", line)
        if code and offset is None:
            offset = int(code[2], 16)
        if key or "R_X86_64_PC64" in line:
            if key and offset is not None:
                sites = found.setdefault(function_at(offset, places), {})
                sites[key[1]] = sites.get(key[1], 0) + 1
            offset = None
    return found


def function_at(offset, places):
    """The function of .text that an offset is in."""
    starts = sorted((at, name) for (section, at), name in places.items() if section == ".text")
    return max((entry for entry in starts if entry[0] <= offset), default=(0, "?"))[1]


def look_at(module):
    """All that this tells of a module, for bench.json."""
    relocations = tell("objdump", "-r", module)
    places = symbol_table(tell("objdump", "-t", module))
    found = functions(tell("objdump", "-d", "-r", "--no-show-raw-insn", module))
    path = deepest(found, pointed_to(relocations, places))
    names = readable([name for name, _ in path])
    passed = tracepoint_sites(relocations, places)
    sites = dict(zip(readable(list(passed)), passed.values(), strict=True))
    return {
        "sizes": sizes(tell("objdump", "-h", module)),
        "stack": sum(size for _, size in path),
        "stack_path": [
            {"function": name, "bytes": size} for name, (_, size) in zip(names, path, strict=True)
        ],
        "tracepoints": sites,
    }
