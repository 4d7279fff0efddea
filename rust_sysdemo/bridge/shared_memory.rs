// SPDX-License-Identifier: GPL-2.0

//! Memory that the kernel shares with programs, which map it.
//!
//! To the kernel what is in there is never more than a number that somebody has written, at any
//! time, also between two loads. So no reference to what is in it is ever made: each word is read
//! and written as a whole, by a volatile access, and what is to be checked is read once and checked
//! in the kernel's own copy. In the kernel's memory model such an access is C's `READ_ONCE()` or
//! `WRITE_ONCE()`. The accesses of the `kernel` crate's atomics are functions in C: too dear for
//! what each call of a ring pays.
//!
//! C headers: [`include/linux/mm.h`](srctree/include/linux/mm.h),
//! [`include/linux/vmalloc.h`](srctree/include/linux/vmalloc.h)

use core::{
    cell::UnsafeCell,
    marker::PhantomData,
    mem::{
        align_of,
        size_of, //
    },
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
    asm,
    mm::virt::VmaNew,
    page::{
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic, //
        },
        barrier::{
            smp_mb,
            Write, //
        },
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

    /// Writes a word of the first page, for others to look at.
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

    /// An announcement, in the first page.
    pub(crate) fn announcement<const OFFSET: usize>(&self) -> Announcement<'_> {
        const {
            assert!(OFFSET % size_of::<u32>() == 0 && OFFSET + size_of::<u32>() <= PAGE_SIZE);
        }
        Announcement {
            place: self.start().wrapping_add(OFFSET).cast(),
            _memory: PhantomData,
        }
    }

    /// An array of `count` entries, from an offset on.
    ///
    /// Fails with [`EINVAL`] if that is no power of two, or if the array is not within the memory.
    pub(crate) fn entries<T>(&self, offset: usize, count: u32) -> Result<Entries<'_, T>> {
        const {
            assert!(size_of::<T>() % WORD == 0 && align_of::<T>() == WORD);
        }
        // CAST: Lossless, the kernel has no target with a `usize` of less than 32 bits.
        let size = size_of::<T>().checked_mul(count as usize).ok_or(EINVAL)?;
        let end = size.checked_add(offset).ok_or(EINVAL)?;
        if !count.is_power_of_two() || offset % WORD != 0 || end > self.size() {
            return Err(EINVAL);
        }
        // INVARIANT: All of that was just seen.
        Ok(Entries {
            first: self.start().wrapping_add(offset).cast(),
            mask: count - 1,
            _memory: PhantomData,
        })
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

/// A number in shared memory that announces what is there: it is written after that, and read
/// before it.
pub(crate) struct Announcement<'a> {
    place: *mut u32,
    _memory: PhantomData<&'a SharedMemory>,
}

impl Announcement<'_> {
    /// Reads it: what is read afterwards is what it announces, or newer.
    #[inline(always)]
    pub(crate) fn read(&self) -> u32 {
        // SAFETY: It is within the memory, and aligned. Whoever else writes it does so as a whole,
        // or gets to see what becomes of that.
        unsafe { Atomic::from_ptr(self.place) }.load(Acquire)
    }

    /// Writes it: who reads it sees all that was written before.
    #[inline(always)]
    pub(crate) fn write(&self, value: u32) {
        #[cfg(CONFIG_X86_64)]
        {
            // SAFETY: Does nothing, but may touch any memory, to the compiler: what was to be
            // written is written by now.
            unsafe { asm!(""; options(nostack)) };
            // ORDERING: These processors let nobody see stores in another order, nor a store before
            // what was loaded ahead of it.
            // SAFETY: It is within the memory, and aligned.
            unsafe { self.place.write_volatile(value) };
        }
        #[cfg(not(CONFIG_X86_64))]
        {
            // SAFETY: As for `read`.
            let place = unsafe { Atomic::from_ptr(self.place) };
            place.store(value, kernel::sync::atomic::Release);
        }
    }
}

/// An integer that is read as a whole: of any bytes.
pub(crate) trait Word: FromBytes + Copy {}

impl Word for u32 {}
impl Word for u64 {}

/// An array in shared memory, of structures that are made of words: a ring, whose entries have
/// numbers that count on and on.
///
/// # Invariants
///
/// - `mask` is one less than the number of entries, which is a power of two.
/// - `first` is the first of that many entries, aligned, within the memory.
pub(crate) struct Entries<'a, T> {
    first: *mut T,
    mask: u32,
    _memory: PhantomData<&'a SharedMemory>,
}

impl<T: FromBytes + IntoBytes + Immutable> Entries<'_, T> {
    /// Where an entry is. The mask is the kernel's own, so that no number leads out of the array,
    /// also not in speculation.
    #[inline(always)]
    fn entry(&self, number: u32) -> *mut T {
        // CAST: Lossless, the kernel has no target with a `usize` of less than 32 bits.
        // SAFETY: By the type invariants, it is within the array.
        unsafe { self.first.add((number & self.mask) as usize) }
    }

    /// Reads a field of an entry, once.
    #[inline(always)]
    pub(crate) fn read<const OFFSET: usize, W: Word>(&self, number: u32) -> W {
        const {
            assert!(size_of::<W>() <= WORD && OFFSET % size_of::<W>() == 0);
            assert!(OFFSET + size_of::<W>() <= size_of::<T>());
        }
        let field = self.entry(number).wrapping_byte_add(OFFSET).cast::<W>();
        // SAFETY: It is within the entry, and aligned; any bytes are a value.
        unsafe { field.read_volatile() }
    }

    /// Reads words that follow each other, each of them once.
    #[inline(always)]
    pub(crate) fn read_words<const OFFSET: usize, const COUNT: usize>(
        &self,
        number: u32,
        to: &mut [u64; COUNT],
    ) {
        const {
            assert!(OFFSET % WORD == 0 && OFFSET + COUNT * WORD <= size_of::<T>());
        }
        let from = self.entry(number).wrapping_byte_add(OFFSET).cast::<u64>();
        for (i, to) in to.iter_mut().enumerate() {
            // SAFETY: It is within the entry, and aligned; any bytes are a value.
            *to = unsafe { from.add(i).read_volatile() };
        }
    }

    /// Writes an entry.
    #[inline(always)]
    pub(crate) fn write(&self, number: u32, value: &T) {
        let from = ptr::from_ref(value).cast::<u64>();
        let to = self.entry(number).cast::<u64>();
        for i in 0..size_of::<T>() / WORD {
            // SAFETY: Both have that many words, aligned; those of the value are initialized.
            unsafe { to.add(i).write_volatile(from.add(i).read()) };
        }
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

#[kunit_tests(sysdemo_shared_memory)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_has_a_number_of_its_own() -> Result {
        let memory = SharedMemory::new(1, GFP_KERNEL)?;
        let words = memory.entries::<[u64; 1]>(0, 4)?;
        for round in 1..4 {
            memory.publish::<8, _>(&[u64::MAX, 8, 9 + round]);
            assert_eq!(words.read::<0, u64>(0), 0);
            // The number goes up by two; what is beside it is the structure's.
            assert_eq!(words.read::<0, u32>(1), 2 * round as u32);
            assert_eq!(words.read::<4, u32>(1), u32::MAX);
            assert_eq!(words.read::<0, u64>(2), 8);
            assert_eq!(words.read::<0, u64>(3), 9 + round);
        }
        Ok(())
    }

    #[test]
    fn numbers_of_entries_go_round() -> Result {
        let memory = SharedMemory::new(1, GFP_KERNEL)?;
        let pairs = memory.entries::<[u64; 2]>(64, 4)?;
        pairs.write(5, &[1, 2]);
        pairs.write(u32::MAX, &[3, 4]);
        for number in [1, 5, 1 << 31 | 1, u32::MAX - 2] {
            let mut both = [0; 2];
            pairs.read_words::<0, 2>(number, &mut both);
            assert_eq!(both, [1, 2]);
        }
        assert_eq!(pairs.read::<8, u64>(3), 4);
        assert_eq!(pairs.read::<8, u64>(0), 0);
        Ok(())
    }

    #[test]
    fn no_array_is_beyond_the_memory() -> Result {
        let memory = SharedMemory::new(1, GFP_KERNEL)?;
        assert_eq!(memory.size(), PAGE_SIZE);
        assert!(memory.entries::<[u64; 2]>(0, 256).is_ok());
        assert!(memory.entries::<[u64; 2]>(PAGE_SIZE - 16, 1).is_ok());
        for (offset, count) in [
            (0, 0),
            (0, 3),
            (4, 1),
            (8, 256),
            (0, 512),
            (PAGE_SIZE, 1),
            (PAGE_SIZE - 8, 1),
            (usize::MAX - 7, 1),
            (0, 1 << 31),
        ] {
            let array = memory.entries::<[u64; 2]>(offset, count);
            assert!(array.is_err_and(|error| error == EINVAL));
        }
        Ok(())
    }
}
