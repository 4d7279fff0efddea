// SPDX-License-Identifier: GPL-2.0

//! Memory that the kernel shares with programs, which map it.
//!
//! To the kernel what is in there is never more than a number that somebody has written, at any
//! time, also between two loads. So no reference into it is ever made: each word is read and
//! written as a whole, by a volatile access, and what is to be checked is read once and checked in
//! the kernel's own copy. In the kernel's memory model such an access is C's `READ_ONCE()` or
//! `WRITE_ONCE()`. The accesses of the `kernel` crate's atomics are functions in C: too dear for
//! what each call of a ring pays.
//!
//! C headers: [`include/linux/mm.h`](srctree/include/linux/mm.h),
//! [`include/linux/vmalloc.h`](srctree/include/linux/vmalloc.h)

use core::{
    cell::UnsafeCell,
    mem::size_of,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    alloc::{
        allocator::Vmalloc,
        Flags, //
    },
    mm::virt::VmaNew,
    page::{
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    prelude::*,
    sync::barrier::{
        smp_mb,
        Write, //
    },
};
use pin_init::Zeroable;
use zerocopy::Immutable;

/// How many bytes a word has.
const WORD: usize = size_of::<u64>();

/// A page, of which every byte may change at any time.
#[repr(C, align(4096))]
#[derive(Zeroable)]
struct Page(UnsafeCell<[u8; PAGE_SIZE]>);

/// Pages that the kernel shares with programs, zeroed at first.
///
/// # Invariants
///
/// There is at least one page, and there always are as many as at first.
pub(crate) struct SharedMemory {
    pages: VVec<Page>,
}

// SAFETY: It is memory, which any thread may free.
unsafe impl Send for SharedMemory {}

// SAFETY: All accesses are volatile ones of whole words, which any number of threads, and programs,
// may make at once.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// Takes memory of at least `size` bytes.
    ///
    /// Fails with [`ENOMEM`].
    pub(crate) fn new(size: usize, flags: Flags) -> Result<Self> {
        const {
            assert!(size_of::<Page>() == PAGE_SIZE);
        }
        // INVARIANT: One page if nothing else.
        Ok(Self {
            pages: VVec::zeroed(size.div_ceil(PAGE_SIZE).max(1), flags)?,
        })
    }

    /// How many bytes there are: whole pages.
    pub(crate) fn size(&self) -> usize {
        self.pages.len() * PAGE_SIZE
    }

    /// Where it starts. What is written is behind an `UnsafeCell`.
    fn start(&self) -> *mut u8 {
        self.pages.as_ptr().cast_mut().cast()
    }

    /// Maps all of it, if that is what a program asks for.
    ///
    /// It cannot be mapped to be executed, also not later; nor to be written unless `writable`. A
    /// mapping has the file open that it is of, and so keeps what that holds.
    ///
    /// Fails with [`EPERM`] if it is to be used for what it is not, [`EINVAL`] if it is not all of
    /// the memory, and [`ENOMEM`].
    pub(crate) fn map(&self, vma: &VmaNew, writable: bool) -> Result {
        if !writable {
            vma.try_clear_maywrite().map_err(|_| EPERM)?;
        }
        vma.try_clear_mayexec().map_err(|_| EPERM)?;
        if vma.end() - vma.start() != self.size() {
            return Err(EINVAL);
        }
        vma.set_dontexpand();

        let places = (vma.start()..vma.end()).step_by(PAGE_SIZE);
        let vma = vma.set_mixedmap();
        for (page, place) in self.pages.iter().zip(places) {
            // SAFETY: It is a page of an allocation of `Vmalloc`, which is there as long as `self`.
            let page = unsafe { Vmalloc::to_page(NonNull::from(page).cast()) };
            // The mapping takes a reference of its own to the page.
            vma.vm_insert_page(place, &page)?;
        }
        Ok(())
    }

    /// Writes what is the same from then on, in the first page: one word.
    pub(crate) fn put<const OFFSET: usize, T: IntoBytes + Immutable>(&self, value: &T) {
        const {
            assert!(OFFSET % WORD == 0 && OFFSET + WORD <= PAGE_SIZE && size_of::<T>() == WORD);
        }
        let from = ptr::from_ref(value).cast::<u64>();
        // SAFETY: It is within the first page, and aligned. The value has as many bytes, all of
        // them initialized.
        unsafe {
            self.start()
                .wrapping_add(OFFSET)
                .cast::<u64>()
                .write_volatile(from.read_unaligned());
        }
    }

    /// Writes a structure that others read while it is written, in the first page. Its first four
    /// bytes say so: they are a number of this function's, odd while the rest is written.
    ///
    /// By one thread at a time, or readers are told nonsense.
    #[inline(always)]
    pub(crate) fn publish<const OFFSET: usize, T: IntoBytes + Immutable>(&self, value: &T) {
        const {
            assert!(OFFSET % WORD == 0 && OFFSET + size_of::<T>() <= PAGE_SIZE);
            assert!(size_of::<T>() % WORD == 0 && align_of::<T>() == WORD);
        }
        let to = self.start().wrapping_add(OFFSET);
        let from = ptr::from_ref(value);
        let seq = to.cast::<u32>();
        // SAFETY: It is within the first page, which there is, and aligned.
        let last = unsafe { seq.read_volatile() };
        // SAFETY: As above; it may be written at any time.
        unsafe { seq.write_volatile(last.wrapping_add(1)) };
        // ORDERING: Who sees anything of what follows sees the odd number as well.
        smp_mb(Write);
        // SAFETY: The second half of the first word. The value is of whole words, and all its bytes
        // are initialized.
        unsafe { seq.add(1).write_volatile(from.cast::<u32>().add(1).read()) };
        for i in 1..size_of::<T>() / WORD {
            // SAFETY: As above, for the word after.
            unsafe {
                let word = from.cast::<u64>().add(i).read();
                to.cast::<u64>().add(i).write_volatile(word);
            }
        }
        // ORDERING: Who sees the even number sees all of it.
        smp_mb(Write);
        // SAFETY: As for the first.
        unsafe { seq.write_volatile(last.wrapping_add(2)) };
    }
}

/// At which offset of the file a mapping is to start, in bytes.
pub(crate) fn offset(vma: &VmaNew) -> u64 {
    // SAFETY: The mapping is being made: nobody else changes it.
    let pages = unsafe { (*vma.as_ptr()).vm_pgoff };
    // CAST: Lossless: an `unsigned long` has at most 64 bits. The kernel has refused an offset
    // whose bytes do not fit into that many.
    (pages as u64) << PAGE_SHIFT
}
