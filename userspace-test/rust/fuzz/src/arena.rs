// SPDX-License-Identifier: GPL-2.0

//! The only memory of this program that the kernel is given good addresses of.

use std::io;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sysdemo::uapi;

const PAGE: u64 = 4096;

/// Where it is: below 4 GiB, so that a 32-bit caller could name it, and far from whatever else is
/// mapped, which the kernel and the loader put high up.
const START: u64 = 0x2000_0000;
/// The part that can be read and written: twice the most that a call copies, and then some.
const USABLE: u64 = 36 * PAGE;
/// After it a page that cannot be touched, one that can only be read, and a hole.
const NONE: u64 = START + USABLE;
const READ_ONLY: u64 = NONE + PAGE;
const END: u64 = READ_ONLY + PAGE;

/// Where rings of the device are mapped, for whoever writes nonsense into them. It is memory that
/// can be written at any time, whether some are there or not.
const WINDOW: u64 = 0x2100_0000;
const WINDOW_SIZE: u64 = 8 * PAGE;

/// Where the stack pointers of those who ask the kernel point, one after the other.
const STACKS: u64 = 0x3000_0000;
const STACK_SIZE: u64 = 64 * PAGE;
/// How many there are: one for each thread.
const STACK_COUNT: u64 = 2;

/// Where objects are laid out one after the other. This much is zero again before each input, so
/// that an input does the same each time.
pub(crate) const TABLEAU: u64 = 2 * PAGE;

/// What user space can have at most, with page tables of four levels.
const USER_END: u64 = 1 << 47;
/// Nothing is mapped below this: this program is position-independent, so it is loaded high up.
const FREE_BELOW: u64 = 1 << 28;

/// The arena, mapped.
pub(crate) struct Arena(());

impl Arena {
    /// Maps it.
    ///
    /// Fails if something of this program is where [`harmless`] numbers point.
    pub(crate) fn map() -> io::Result<Self> {
        let maps = std::fs::read_to_string("/proc/self/maps")?;
        let lowest = maps.split('-').next().unwrap_or_default();
        if u64::from_str_radix(lowest, 16).map_err(io::Error::other)? < FREE_BELOW {
            return Err(io::Error::other("this program was loaded too low"));
        }
        let at = |start: u64, size: u64, protection| {
            // SAFETY: The mapping is new and replaces none: FIXED_NOREPLACE fails instead.
            let got = unsafe {
                libc::mmap(
                    ptr::without_provenance_mut(start as usize),
                    size as usize,
                    protection,
                    libc::MAP_PRIVATE
                        | libc::MAP_ANONYMOUS
                        | libc::MAP_FIXED_NOREPLACE
                        | libc::MAP_POPULATE,
                    -1,
                    0,
                )
            };
            if got == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            Ok(())
        };
        at(START, USABLE, libc::PROT_READ | libc::PROT_WRITE)?;
        at(WINDOW, WINDOW_SIZE, libc::PROT_READ | libc::PROT_WRITE)?;
        at(NONE, PAGE, libc::PROT_NONE)?;
        at(READ_ONLY, PAGE, libc::PROT_READ)?;
        at(
            STACKS,
            STACK_COUNT * STACK_SIZE,
            libc::PROT_READ | libc::PROT_WRITE,
        )?;
        Ok(Self(()))
    }

    /// Makes what objects are laid out in zero, and puts memory of nobody else's into the window.
    pub(crate) fn clear(&mut self) {
        // SAFETY: Only in the window is anything replaced, in which no reference leads.
        let got = unsafe {
            libc::mmap(
                ptr::without_provenance_mut(WINDOW as usize),
                WINDOW_SIZE as usize,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        assert!(got != libc::MAP_FAILED, "the window was mapped before");
        for (start, size) in [(START, TABLEAU), (NONE - PAGE, PAGE)] {
            let start = ptr::with_exposed_provenance_mut::<u8>(start as usize);
            // SAFETY: It is mapped for writing, and no reference into it exists.
            unsafe { ptr::write_bytes(start, 0, size as usize) };
        }
    }

    /// Writes bytes to an address: what of them falls into the part that can be written.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) {
        if !(START..NONE).contains(&address) {
            return;
        }
        let size = bytes.len().min((NONE - address) as usize);
        let to = ptr::with_exposed_provenance_mut::<u8>(address as usize);
        // SAFETY: The range was cut to what is mapped for writing, and no reference into it exists.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, size) };
    }

    /// Reads a word; none from where none can be.
    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        if !(START..=NONE - 8).contains(&address) {
            return None;
        }
        let from = ptr::with_exposed_provenance::<u64>(address as usize);
        // SAFETY: The eight bytes are mapped, and no mutable reference to them exists.
        Some(unsafe { ptr::read_unaligned(from) })
    }
}

/// Writes a word to an aligned address while others, and the kernel, may read or write it.
pub(crate) fn write_at_once(address: u64, word: u64) {
    let is_there = (START..=NONE - 8).contains(&address)
        || (WINDOW..=WINDOW + WINDOW_SIZE - 8).contains(&address);
    if !is_there || address % 8 != 0 {
        return;
    }
    let to = ptr::with_exposed_provenance_mut::<u64>(address as usize);
    // SAFETY: The eight bytes are mapped for ever and aligned, and while two threads take steps
    // they are reached in this way alone, apart from the kernel.
    unsafe { AtomicU64::from_ptr(to) }.store(word, Relaxed);
}

/// Maps what an open device has at an offset. What can be written goes into the window, if it has
/// room; all else goes, once it was tried to make it what it must never be: such memory can never
/// be executed, and the page with the facts not be written either.
///
/// Gives 0, or a negative error number.
///
/// # Panics
///
/// If it can.
pub(crate) fn map(fd: i32, offset: u64, size: u64, protection: i32, is_shared: bool) -> i64 {
    let kind = if is_shared {
        libc::MAP_SHARED
    } else {
        libc::MAP_PRIVATE
    };
    let error = || -i64::from(io::Error::last_os_error().raw_os_error().unwrap_or(0));
    // SAFETY: The mapping is new and replaces none.
    let got = unsafe {
        libc::mmap(
            ptr::null_mut(),
            size as usize,
            protection,
            kind,
            fd,
            offset as libc::off_t,
        )
    };
    if got == libc::MAP_FAILED {
        return error();
    }
    let both = libc::PROT_READ | libc::PROT_WRITE;
    if protection == both && (1..=WINDOW_SIZE).contains(&size) {
        // At once, so that there is always something to be written to.
        // SAFETY: Only in the window is anything replaced, into which no reference leads.
        let moved = unsafe {
            libc::mremap(
                got,
                size as usize,
                size as usize,
                libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED,
                ptr::without_provenance_mut::<libc::c_void>(WINDOW as usize),
            )
        };
        if moved != libc::MAP_FAILED {
            return 0;
        }
    }
    let can_be = |protection| {
        // SAFETY: It is the new mapping, which nobody else knows of.
        unsafe { libc::mprotect(got, size as usize, protection) == 0 }
    };
    let is_page = offset == uapi::SYSDEMO_MMAP_VVAR.into();
    assert!(!can_be(libc::PROT_READ | libc::PROT_EXEC), "it is code");
    assert!(!can_be(both | libc::PROT_EXEC), "it is code to be written");
    assert!(!is_page || !can_be(both), "the page can be written");
    // SAFETY: As above.
    unsafe { libc::munmap(got, size as usize) };
    0
}

/// Address of a word in the window.
pub(crate) fn window(offset: u64) -> u64 {
    WINDOW + offset % WINDOW_SIZE / 8 * 8
}

/// The end of a stack.
pub(crate) fn stack(number: u64) -> u64 {
    STACKS + (number % STACK_COUNT + 1) * STACK_SIZE
}

/// Address of a byte of where objects are laid out.
pub(crate) fn inside(offset: u64) -> u64 {
    START + offset % USABLE
}

/// Address that is that far before what cannot be touched.
pub(crate) fn before_end(distance: u64) -> u64 {
    NONE - distance % USABLE
}

/// Address in the page that can only be read.
pub(crate) fn read_only(offset: u64) -> u64 {
    READ_ONLY + offset % PAGE
}

/// A number as it may be told to the kernel, which could take it for an address and write there:
/// anything but where this program's own memory may be.
pub(crate) fn harmless(number: u64) -> u64 {
    if (FREE_BELOW..USER_END).contains(&number) && !(START..END).contains(&number) {
        number % FREE_BELOW
    } else {
        number
    }
}
