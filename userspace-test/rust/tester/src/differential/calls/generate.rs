// SPDX-License-Identifier: GPL-2.0

//! What steps are tried.

use super::arena::PATHS;
use super::step::{Given, List, Registers, Step, Words};
use crate::differential::script::Bits;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sysdemo::{ioctl, uapi};

/// The most steps of a case.
const STEPS: usize = 12;

/// Numbers at which something begins or ends: sizes, flags, widths. None is an address of memory.
fn number() -> impl Strategy<Value = Given> {
    const EDGES: [u64; 34] = [
        0,
        1,
        2,
        3,
        4,
        7,
        8,
        9,
        10,
        15,
        16,
        17,
        23,
        24,
        31,
        32,
        47,
        48,
        55,
        56,
        64,
        112,
        128,
        255,
        256,
        4095,
        4096,
        4097,
        65_535,
        65_536,
        65_537,
        0xffff_ffff,
        0x1_0000_0000,
        u64::MAX,
    ];
    prop_oneof![
        6 => select(&EDGES[..]),
        1 => 0..130_u64,
        1 => (0..64_u32).prop_filter_map("it may be memory", |bit| match 1_u64 << bit {
            bit if (1 << 17..1 << 48).contains(&bit) => None,
            bit => Some(bit),
        }),
    ]
    .prop_map(Given::Number)
}

/// An address, nearly always one of the arena.
fn place() -> impl Strategy<Value = Given> {
    prop_oneof![
        4 => select(&[0, 8, 64, 128, 256, 2048, 4096, 4100][..]).prop_map(Given::At),
        4 => select(&PATHS[..]).prop_map(|(offset, _)| Given::At(offset)),
        2 => (0..130_u32).prop_map(Given::End),
        1 => Just(Given::Nowhere),
        1 => Just(Given::Kernel),
    ]
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![3 => number(), 2 => place()]
}

fn words() -> impl Strategy<Value = Words> {
    vec(given(), 0..=16).prop_map(List)
}

/// Registers as calls like them: an address or two, then numbers.
fn registers() -> impl Strategy<Value = Registers> {
    let any = vec(given(), 0..=6);
    let usual = (place(), place(), vec(number(), 0..=4))
        .prop_map(|(first, second, rest)| [vec![first, second], rest].concat());
    let struct_and_size = (place(), number(), vec(given(), 0..=4))
        .prop_map(|(place, size, rest)| [vec![place, size], rest].concat());
    prop_oneof![any, usual, struct_and_size].prop_map(List)
}

fn nr() -> impl Strategy<Value = u32> {
    prop_oneof![
        12 => 0..uapi::SYSDEMO_NR_CALLS,
        1 => select(&[uapi::SYSDEMO_NR_CALLS, 63, 64, 255, 256, 257, 1 << 31, u32::MAX][..]),
    ]
}

/// A command of the device's, or one that is near it.
fn command() -> impl Strategy<Value = Bits> {
    const KNOWN: [u32; 8] = [
        ioctl::CALL,
        ioctl::BATCH,
        ioctl::TABLE,
        ioctl::INFO,
        ioctl::RESTRICT,
        ioctl::LOG,
        ioctl::RING,
        ioctl::ENTER,
    ];
    let known = select(&KNOWN[..]).prop_map(u64::from);
    let near = (known.clone(), 0..4_u64, 0..0x4000_u64).prop_map(|(command, direction, size)| {
        (command & 0xffff) | (size << 16) | (direction << 30)
    });
    let other_size = (known.clone(), 0..200_u64)
        .prop_map(|(command, size)| (command & !(0x3fff << 16)) | (size << 16));
    prop_oneof![6 => known, 1 => near, 2 => other_size].prop_map(Bits)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (nr(), registers(), words())
            .prop_map(|(nr, registers, words)| Step::Call { nr, registers, words }),
        3 => (command(), place(), words())
            .prop_map(|(command, at, words)| Step::Command { command, at, words }),
        // The log, on and off.
        1 => (1..4_u64, 0..4_u64).prop_map(|(flags, capacity)| Step::Command {
            command: Bits(ioctl::LOG.into()),
            at: Given::At(0),
            words: List(vec![Given::Number(flags | (capacity << 32))]),
        }),
        1 => (place(), 0..200_u32).prop_map(|(at, size)| Step::Read { at, size }),
    ]
}

/// The steps of a case.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..=STEPS)
}
