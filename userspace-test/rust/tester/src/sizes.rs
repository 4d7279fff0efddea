// SPDX-License-Identifier: GPL-2.0

//! Structures that grow, at every size around each of their versions.

use crate::calls::error;
use crate::ktap::Tests;
use rustix::io::Errno;
use std::io;
use sysdemo::{Device, ioctl, uapi};

/// Memory around the structure, to see that nothing else is touched.
const MARGIN: usize = 16;
/// What it is filled with.
const UNTOUCHED: u8 = 0xa5;

/// A call that takes the address and the size of a structure.
struct Growing {
    name: &'static str,
    nr: u32,
    oldest: usize,
    known: usize,
}

const OUT: [Growing; 4] = [
    Growing {
        name: "identity",
        nr: uapi::SYSDEMO_NR_IDENTITY,
        oldest: uapi::SYSDEMO_IDENTITY_SIZE_VER0 as usize,
        known: size_of::<uapi::sysdemo_identity>(),
    },
    Growing {
        name: "regs",
        nr: uapi::SYSDEMO_NR_REGS,
        oldest: uapi::SYSDEMO_REGS_SIZE_VER0 as usize,
        known: size_of::<uapi::sysdemo_regs>(),
    },
    Growing {
        name: "entry",
        nr: uapi::SYSDEMO_NR_ENTRY,
        oldest: uapi::SYSDEMO_ENTRY_SIZE_VER0 as usize,
        known: size_of::<uapi::sysdemo_entry>(),
    },
    Growing {
        name: "facts",
        nr: uapi::SYSDEMO_NR_FACTS,
        oldest: uapi::SYSDEMO_FACTS_SIZE_VER0 as usize,
        known: size_of::<uapi::sysdemo_facts>(),
    },
];

/// Makes the call with `size` bytes of a larger area.
fn try_size(
    device: &Device,
    nr: u32,
    area: &mut [u8],
    offset: usize,
    size: usize,
) -> io::Result<i64> {
    let place = &mut area[offset..];
    assert!(size > 4096 || size <= place.len());
    let args = [place.as_mut_ptr() as u64, size as u64];
    // SAFETY: There are that many bytes; a size of more than a page is refused before anything is
    // touched, which is what is tested here.
    unsafe { ioctl::call(device, nr, &args) }
}

fn every_size(device: &Device, growing: &Growing, offset: usize) {
    let sizes = (0..growing.known + 80).chain(4000..4104);
    for size in sizes.chain([65536, usize::MAX]) {
        let mut area = vec![UNTOUCHED; MARGIN + 4200 + MARGIN];
        let start = MARGIN + offset;
        let result = try_size(device, growing.nr, &mut area, start, size);
        let written = match size {
            _ if size < growing.oldest => {
                assert_eq!(error(result), Errno::INVAL, "size {size}");
                0
            }
            _ if size > 4096 => {
                assert_eq!(error(result), Errno::TOOBIG, "size {size}");
                0
            }
            _ => {
                assert_eq!(result.unwrap(), 0, "size {size}");
                size
            }
        };
        assert!(area[..start].iter().all(|byte| *byte == UNTOUCHED));
        assert!(
            area[start + written..]
                .iter()
                .all(|byte| *byte == UNTOUCHED)
        );
        if written > growing.known {
            let tail = &area[start + growing.known..start + written];
            assert!(tail.iter().all(|byte| *byte == 0), "size {size}");
        }
    }
}

/// `fill` reads its structure: its tail is what matters.
fn every_fill_size(device: &Device, offset: usize) {
    let oldest = uapi::SYSDEMO_FILL_SIZE_VER0 as usize;
    let known = uapi::SYSDEMO_FILL_SIZE_VER1 as usize;
    for size in (0..known + 80).chain(4090..4100) {
        let mut area = vec![0; 4200];
        area[offset + size..].fill(0xff);
        let result = try_size(device, uapi::SYSDEMO_NR_FILL, &mut area, offset, size);
        match size {
            _ if size < oldest => assert_eq!(error(result), Errno::INVAL, "size {size}"),
            _ if size > 4096 => assert_eq!(error(result), Errno::TOOBIG, "size {size}"),
            _ => assert_eq!(result.unwrap(), 0, "size {size}"),
        }
        // One unknown byte is enough, wherever it is.
        if size > known && size <= 4096 {
            for at in [known, (known + size) / 2, size - 1] {
                area[offset + at] = 1;
                let result = try_size(device, uapi::SYSDEMO_NR_FILL, &mut area, offset, size);
                assert_eq!(error(result), Errno::TOOBIG, "size {size}, byte {at}");
                area[offset + at] = 0;
            }
        }
    }
}

/// Adds the tests.
pub(crate) fn add(tests: &mut Tests) {
    for offset in 0..8 {
        for growing in OUT {
            tests.add(
                format!("{}_sizes_at_offset_{offset}", growing.name),
                move |device| {
                    every_size(device, &growing, offset);
                },
            );
        }
        tests.add(format!("fill_sizes_at_offset_{offset}"), move |device| {
            every_fill_size(device, offset);
        });
    }
}
