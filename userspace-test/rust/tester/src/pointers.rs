// SPDX-License-Identifier: GPL-2.0

//! Every address that a call takes, times everything that can be wrong with one.

use crate::calls::error;
use crate::ktap::Tests;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::ptr;
use sysdemo::{Device, ioctl, uapi};

/// Where a call takes an address, and the registers that go with it.
struct Place {
    name: &'static str,
    nr: u32,
    register: usize,
    args: [u64; 4],
}

const fn place(name: &'static str, nr: u32, register: usize, args: [u64; 4]) -> Place {
    Place {
        name,
        nr,
        register,
        args,
    }
}

/// The other area of an echo: none, as nothing but the bad one may be touched first.
const PLACES: [Place; 12] = [
    place("echo_src", uapi::SYSDEMO_NR_ECHO, 1, [0, 0, 64, 0]),
    place("fill_how", uapi::SYSDEMO_NR_FILL, 0, [0, 32, 0, 0]),
    place("identity_out", uapi::SYSDEMO_NR_IDENTITY, 0, [0, 56, 0, 0]),
    place(
        "set_label_string",
        uapi::SYSDEMO_NR_SET_LABEL,
        1,
        [1, 0, 0, 0],
    ),
    place(
        "get_label_buffer",
        uapi::SYSDEMO_NR_GET_LABEL,
        1,
        [1, 0, 64, 0],
    ),
    place("regs_out", uapi::SYSDEMO_NR_REGS, 0, [0, 112, 0, 0]),
    place("entry_out", uapi::SYSDEMO_NR_ENTRY, 0, [0, 32, 0, 0]),
    place("sleep_time", uapi::SYSDEMO_NR_SLEEP, 0, [0, 16, 0, 0]),
    // Of the two addresses, that of the time is looked at first.
    place("wait_time", uapi::SYSDEMO_NR_WAIT, 2, [0, 0, 0, 16]),
    place("mkdir_path", uapi::SYSDEMO_NR_MKDIR, 0, [0, 0o700, 0, 0]),
    place("unlink_path", uapi::SYSDEMO_NR_UNLINK, 0, [0; 4]),
    place("rmdir_path", uapi::SYSDEMO_NR_RMDIR, 0, [0; 4]),
];

/// Addresses that no program has memory at.
const NOWHERE: [(&str, u64); 10] = [
    ("null", 0),
    ("one", 1),
    ("page_zero", 0x800),
    ("end_of_user_space", 0x7fff_ffff_f000),
    ("non_canonical", 0x8000_0000_0000),
    ("non_canonical_negative", 0xfffe_0000_0000_0000),
    ("direct_map", 0xffff_8880_0000_1000),
    ("kernel_text", 0xffff_ffff_8100_0000),
    ("last_page", 0xffff_ffff_ffff_f000),
    ("all_ones", u64::MAX),
];

fn is_fault(device: &Device, place: &Place, address: u64) {
    let mut args = place.args;
    args[place.register] = address;
    // SAFETY: There is no memory at that address which could be touched.
    let result = unsafe { ioctl::call(device, place.nr, &args) };
    assert_eq!(error(result), Errno::FAULT);
}

/// A page that nothing may be done with.
pub(crate) fn unusable_page() -> u64 {
    // SAFETY: A new mapping, which nothing else is in the place of.
    let page =
        unsafe { mmap_anonymous(ptr::null_mut(), 4096, ProtFlags::empty(), MapFlags::PRIVATE) };
    page.expect("there is memory") as u64
}

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests) {
    for place in &PLACES {
        for (name, address) in NOWHERE {
            tests.add(format!("{}_{name}", place.name), move |device| {
                is_fault(device, place, address);
            });
        }
        tests.add(format!("{}_unusable", place.name), move |device| {
            is_fault(device, place, unusable_page());
        });
    }
}
