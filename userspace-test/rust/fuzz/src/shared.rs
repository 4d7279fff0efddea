// SPDX-License-Identifier: GPL-2.0

//! Memory that the host sees as well: what is written there is known however the guest ends.
//!
//! It is that of QEMU's device `ivshmem-plain`. To write to it costs no more than to write to other
//! memory, so that every input can be noted before it is run. `qemu/fuzz_results.py` reads it.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::Release};

/// How large it is, in words of eight bytes: 8 MiB. Little-endian, like all that is in it.
const WORDS: usize = 1 << 20;

const MAGIC: u64 = u64::from_le_bytes(*b"sysdfuzz");

/// The last inputs, each a slot: how long it is, and its bytes.
const RING: usize = 64;
const SLOTS: usize = 64;
const SLOT_WORDS: usize = 512;
/// The longest input that there is room for.
pub(crate) const INPUT_MAX: usize = (SLOT_WORDS - 1) * 8;
/// Two words for each call, and for each door at the end of them.
const CALLS: usize = RING + SLOTS * SLOT_WORDS;
pub(crate) const CALLS_MAX: usize = 256;

/// The doors: what is counted besides the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// One call by an ioctl.
    Call,
    /// Many of them.
    Batch,
    /// The rings in shared memory.
    Ring,
    /// A command by io_uring.
    Uring,
    /// The page with the facts.
    Page,
}

impl Door {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Call, Self::Batch, Self::Ring, Self::Uring, Self::Page];

    /// Where it is counted.
    pub(crate) const fn number(self) -> usize {
        CALLS_MAX - 1 - self as usize
    }
}

/// How many calls can be counted.
pub(crate) const COUNTED_MAX: usize = CALLS_MAX - Door::ALL.len();
/// Files, one after the other: the name's length, the contents' length, both padded to words.
const FILES: usize = CALLS + 2 * CALLS_MAX;

/// Numbers at its start.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    /// How many inputs were started.
    Started = 1,
    /// How many of them came to their end.
    Finished = 2,
    /// How many words of files there are.
    Files = 3,
    /// How many edges of the module's code were seen.
    Edges = 4,
    /// How many places of it.
    Places = 5,
}

/// The memory.
pub(crate) struct Shared(&'static [AtomicU64]);

/// The device's memory, or a file in its place for who runs the fuzzer by hand.
fn find() -> io::Result<PathBuf> {
    for device in fs::read_dir("/sys/bus/pci/devices")? {
        let device = device?.path();
        let is = |name: &str, id: &str| {
            fs::read_to_string(device.join(name)).is_ok_and(|text| text.trim() == id)
        };
        if is("vendor", "0x1af4") && is("device", "0x1110") {
            fs::write(device.join("enable"), "1")?;
            return Ok(device.join("resource2"));
        }
    }
    Ok("/dev/shm/sysdemo-fuzz".into())
}

impl Shared {
    /// Maps it.
    pub(crate) fn map() -> io::Result<Self> {
        let path = find()?;
        let file = File::options()
            .read(true)
            .write(true)
            .create(path.starts_with("/dev/shm"))
            .truncate(false)
            .open(&path)?;
        if path.starts_with("/dev/shm") {
            file.set_len(WORDS as u64 * 8)?;
        }
        // SAFETY: This makes a new mapping.
        let memory = unsafe {
            libc::mmap(
                ptr::null_mut(),
                WORDS * 8,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: It is mapped, page-aligned, that large, and never unmapped. Others may write to
        // it as well, which atomic words may be.
        let words = unsafe { slice::from_raw_parts(memory.cast::<AtomicU64>(), WORDS) };
        words[0].store(MAGIC, Relaxed);
        Ok(Self(words))
    }

    /// A number.
    pub(crate) fn get(&self, number: Number) -> u64 {
        self.0[number as usize].load(Relaxed)
    }

    /// Sets a number.
    pub(crate) fn set(&self, number: Number, value: u64) {
        self.0[number as usize].store(value, Release);
    }

    fn write(&self, word: usize, bytes: &[u8]) {
        for (to, from) in self.0[word..].iter().zip(bytes.chunks(8)) {
            let mut bytes = [0; 8];
            bytes[..from.len()].copy_from_slice(from);
            to.store(u64::from_le_bytes(bytes), Relaxed);
        }
    }

    /// Notes an input that is about to be run.
    pub(crate) fn start(&self, input: &[u8]) {
        let started = self.get(Number::Started);
        let slot = RING + started as usize % SLOTS * SLOT_WORDS;
        let input = &input[..input.len().min(INPUT_MAX)];
        self.0[slot].store(input.len() as u64, Relaxed);
        self.write(slot + 1, input);
        self.set(Number::Started, started + 1);
    }

    /// Notes that it has been run.
    pub(crate) fn finish(&self) {
        self.set(Number::Finished, self.get(Number::Started));
    }

    /// Notes that a call of the table was made, and whether it succeeded.
    pub(crate) fn count(&self, call: usize, succeeded: bool) {
        for word in [Some(0), succeeded.then_some(1)].into_iter().flatten() {
            let counter = &self.0[CALLS + 2 * call + word];
            counter.store(counter.load(Relaxed) + 1, Relaxed);
        }
    }

    /// How often a call was made, and how often it succeeded.
    pub(crate) fn counted(&self, call: usize) -> (u64, u64) {
        let count = |word: usize| self.0[CALLS + 2 * call + word].load(Relaxed);
        (count(0), count(1))
    }

    /// Keeps a file, while there is room.
    pub(crate) fn keep(&self, name: &str, contents: &[u8]) -> bool {
        let used = self.get(Number::Files) as usize;
        let start = FILES + used;
        let name_words = name.len().div_ceil(8);
        let words = 2 + name_words + contents.len().div_ceil(8);
        if start + words > WORDS {
            return false;
        }
        self.0[start].store(name.len() as u64, Relaxed);
        self.0[start + 1].store(contents.len() as u64, Relaxed);
        self.write(start + 2, name.as_bytes());
        self.write(start + 2 + name_words, contents);
        self.set(Number::Files, (used + words) as u64);
        true
    }
}
