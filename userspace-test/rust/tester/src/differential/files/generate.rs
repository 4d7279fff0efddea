// SPDX-License-Identifier: GPL-2.0

//! What steps are tried.

use super::path::{Path, path};
use super::step::{FILES, Step};
use super::user::USERS;
use crate::differential::script::{Bits, Permissions};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rustix::fs::{OFlags, ResolveFlags};

/// The most steps of a case.
const STEPS: usize = 24;

fn file() -> impl Strategy<Value = u8> {
    0..FILES
}

/// Permissions that are given: the usual ones, any, and what no file can have.
fn permissions() -> impl Strategy<Value = Permissions> {
    let usual = select(&[0o644, 0o600, 0o755, 0o700, 0o777, 0o1777][..]);
    (0u32..10, usual, 0u32..0o10000).prop_map(|(choice, usual, any)| {
        Permissions(match choice {
            0..=5 => usual,
            6..=8 => any & 0o777,
            _ => any,
        })
    })
}

/// How a file is opened: each access mode, and every bit that goes with it often enough.
fn flags() -> impl Strategy<Value = Bits> {
    /// A flag, set once in so many times.
    fn flag(flag: OFlags, times: f64) -> impl Strategy<Value = u32> {
        prop::bool::weighted(1.0 / times).prop_map(move |set| if set { flag.bits() } else { 0 })
    }
    let access = select(&[0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 3][..]);
    let creating = (
        flag(OFlags::CREATE, 1.8),
        flag(OFlags::EXCL, 6.0),
        flag(OFlags::TRUNC, 6.0),
    );
    let other = (
        flag(OFlags::APPEND, 6.0),
        flag(OFlags::DIRECTORY, 8.0),
        flag(OFlags::NONBLOCK, 8.0),
        flag(OFlags::CLOEXEC, 4.0),
        flag(OFlags::NOFOLLOW, 8.0),
        flag(OFlags::NOCTTY, 16.0),
    );
    (access, creating, other).prop_map(|(access, (a, b, c), (d, e, f, g, h, i))| {
        Bits(u64::from(access | a | b | c | d | e | f | g | h | i))
    })
}

/// How a path is looked up.
fn resolve() -> impl Strategy<Value = Bits> {
    const KNOWN: [ResolveFlags; 6] = [
        ResolveFlags::NO_XDEV,
        ResolveFlags::NO_MAGICLINKS,
        ResolveFlags::NO_SYMLINKS,
        ResolveFlags::BENEATH,
        ResolveFlags::IN_ROOT,
        ResolveFlags::BENEATH.union(ResolveFlags::IN_ROOT),
    ];
    prop_oneof![
        10 => Just(0),
        5 => select(&KNOWN[..]).prop_map(|resolve| resolve.bits()),
        1 => (0u32..64).prop_map(|bit| 1 << bit).prop_filter(
            // That is about what the kernel has cached.
            "RESOLVE_CACHED",
            |bits| *bits != ResolveFlags::CACHED.bits(),
        ),
    ]
    .prop_map(Bits)
}

fn open(
    flags: impl Strategy<Value = Bits>,
    resolve: impl Strategy<Value = Bits>,
) -> impl Strategy<Value = Step> {
    // Without O_CREAT there must be no permissions, so that is what there mostly is.
    (file(), path(), flags, permissions(), resolve, 0u32..40).prop_map(
        |(file, path, flags, mode, resolve, luck)| {
            let creates = flags.0 & u64::from(OFlags::CREATE.bits()) != 0;
            let mode = if creates || luck == 0 {
                mode
            } else {
                Permissions(0)
            };
            Step::Open {
                file,
                path,
                flags,
                mode,
                resolve,
            }
        },
    )
}

/// What the module refuses, being for other files: `O_PATH`, `O_DIRECT`, `O_TMPFILE`'s own bit and
/// `O_EMPTYPATH`.
const REFUSED: u64 = 0x20_0000 | 0x4000 | 0x40_0000 | 0x400_0000;

/// Any open at all: any bit of the flags and of the permissions may be set.
fn odd_open() -> impl Strategy<Value = Step> {
    let permissions = prop_oneof![
        3 => Just(0),
        2 => 0u32..0o10000,
        1 => (0u32..32).prop_map(|bit| 1 << bit),
    ];
    let changed = (
        flags(),
        prop_oneof![2 => Just(0), 3 => (0u32..32).prop_map(|bit| 1 << bit)],
    )
        .prop_map(|(flags, other)| Bits((flags.0 ^ other) & !REFUSED));
    (file(), path(), changed, permissions, resolve()).prop_map(
        |(file, path, flags, mode, resolve)| Step::Open {
            file,
            path,
            flags,
            mode: Permissions(mode),
            resolve,
        },
    )
}

/// What changes names, and what tells of them.
fn about_names() -> BoxedStrategy<Step> {
    prop_oneof![
        5 => (path(), permissions()).prop_map(|(path, mode)| Step::Mkdir { path, mode }),
        3 => path().prop_map(|path| Step::Unlink { path }),
        3 => path().prop_map(|path| Step::Rmdir { path }),
        2 => path().prop_map(|path| Step::Stat { path }),
        2 => path().prop_map(|path| Step::List { path }),
    ]
    .boxed()
}

/// How much is read or written at once: little, about a page, a few pages.
fn size() -> impl Strategy<Value = u32> {
    (0u32..5, 0u32..20, 0u32..20_000).prop_map(|(choice, small, any)| match choice {
        0 | 1 => small,
        2 | 3 => 4090 + small / 2,
        _ => any,
    })
}

/// Where in a file: near to the start or to a page's, and where no file is.
fn offset() -> impl Strategy<Value = i64> {
    (0u32..13, 0i64..20, 0i64..30_000).prop_map(|(choice, small, any)| match choice {
        0..=3 => small,
        4..=7 => 4090 + small / 2,
        8..=10 => any,
        11 => -any / 6,
        _ => i64::MIN,
    })
}

/// What is done with a file that is open.
fn about_contents() -> BoxedStrategy<Step> {
    let any = any::<u8>;
    prop_oneof![
        4 => (file(), size()).prop_map(|(file, size)| Step::Read { file, size }),
        6 => (file(), size(), any()).prop_map(
            |(file, size, from)| Step::Write { file, size, from }
        ),
        4 => (file(), size()).prop_map(|(file, size)| Step::CallRead { file, size }),
        6 => (file(), size(), any()).prop_map(
            |(file, size, from)| Step::CallWrite { file, size, from }
        ),
        3 => (file(), size(), offset())
            .prop_map(|(file, size, offset)| Step::Pread { file, size, offset }),
        3 => (file(), size(), any(), offset())
            .prop_map(|(file, size, from, offset)| Step::Pwrite { file, size, from, offset }),
        5 => (file(), offset(), 0u32..3)
            .prop_map(|(file, offset, whence)| Step::Seek { file, offset, whence }),
        2 => (file(), offset()).prop_map(|(file, size)| Step::Truncate { file, size }),
        2 => (file(), size()).prop_map(|(file, size)| Step::Send { file, size }),
        1 => (file(), file(), size()).prop_map(|(file, to, size)| Step::Copy { file, to, size }),
        2 => file().prop_map(|file| Step::Fstat { file }),
        1 => file().prop_map(|file| Step::Flags { file }),
    ]
    .boxed()
}

fn about_files() -> BoxedStrategy<Step> {
    prop_oneof![
        2 => (file(), file()).prop_map(|(file, to)| Step::Dup { file, to }),
        1 => file().prop_map(|file| Step::Close { file }),
    ]
    .boxed()
}

fn about_users() -> BoxedStrategy<Step> {
    prop_oneof![
        4 => (0..USERS.len() as u8).prop_map(|user| Step::Become { user }),
        1 => select(&[0, 0o22, 0o77, 0o777, 0o27][..])
            .prop_map(|mask| Step::Umask { mask: Permissions(mask) }),
    ]
    .boxed()
}

/// Names come and go, by root.
pub(crate) fn names() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => open(flags(), resolve()),
        10 => about_names(),
        1 => about_files(),
        2 => about_contents(),
    ];
    vec(step, 1..STEPS)
}

/// A few files, and all that can be done with what is in them.
pub(crate) fn contents() -> impl Strategy<Value = Vec<Step>> {
    let usual = (file(), select(&["a", "b"][..]), flags()).prop_map(|(file, name, flags)| {
        let flags = flags.0 & !u64::from((OFlags::EXCL | OFlags::DIRECTORY).bits());
        Step::Open {
            file,
            path: Path(name.to_owned()),
            flags: Bits(flags | u64::from(OFlags::CREATE.bits())),
            mode: Permissions(0o600),
            resolve: Bits(0),
        }
    });
    let usual = usual.boxed();
    let step = prop_oneof![
        2 => usual.clone(),
        20 => about_contents(),
        2 => about_files(),
        1 => about_names(),
    ];
    (vec(usual, 1..4), vec(step, 1..STEPS)).prop_map(|(mut opens, steps)| {
        opens.extend(steps);
        opens
    })
}

/// Several users with one tree.
pub(crate) fn rights() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => about_users(),
        6 => open(flags(), Just(Bits(0))),
        10 => about_names(),
        3 => about_contents(),
        1 => about_files(),
    ];
    vec(step, 1..STEPS)
}

/// Opens of all kinds.
pub(crate) fn opens() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => odd_open(),
        3 => open(flags(), resolve()),
        3 => about_names(),
        2 => about_contents(),
        1 => about_users(),
    ];
    vec(step, 1..STEPS)
}
