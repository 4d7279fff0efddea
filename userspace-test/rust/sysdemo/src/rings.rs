// SPDX-License-Identifier: GPL-2.0

//! Calls by rings in memory that the module shares.
//!
//! One thread at a time has them: [`Rings`] takes `&mut self`. The module writes its part of the
//! memory while that thread reads it, hence the atomic numbers and the volatile accesses.

use crate::ioctl;
use crate::uapi::{self, sysdemo_completion, sysdemo_ring, sysdemo_ring_head, sysdemo_submission};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::io;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};

/// The rings of an open device, mapped.
#[derive(Debug)]
pub struct Rings<'a> {
    device: BorrowedFd<'a>,
    head: NonNull<sysdemo_ring_head>,
    layout: sysdemo_ring,
    sq_tail: u32,
    cq_head: u32,
    /// They can be handed to another thread, but not used by two.
    _one_thread: PhantomData<*mut ()>,
}

// SAFETY: What is mapped can be read and written by any thread.
unsafe impl Send for Rings<'_> {}

impl<'a> Rings<'a> {
    /// Makes the rings of an open device and maps them.
    pub(crate) fn new(device: BorrowedFd<'a>, entries: u32) -> io::Result<Self> {
        if entries == 0 {
            return Err(Errno::INVAL.into());
        }
        let layout = ioctl::ring(device, entries)?;
        // SAFETY: A new mapping, where there is none.
        let memory = unsafe {
            mmap(
                ptr::null_mut(),
                layout.size as usize,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                device,
                uapi::SYSDEMO_MMAP_RING.into(),
            )
        }?;
        Ok(Self {
            device,
            head: NonNull::new(memory.cast()).ok_or(io::ErrorKind::Unsupported)?,
            layout,
            sq_tail: 0,
            cq_head: 0,
            _one_thread: PhantomData,
        })
    }

    /// A number in the head.
    fn number(&self, field: fn(*mut sysdemo_ring_head) -> *mut u32) -> &AtomicU32 {
        // SAFETY: It is mapped, and aligned. The module writes it as a whole.
        unsafe { AtomicU32::from_ptr(field(self.head.as_ptr())) }
    }

    /// An entry, by the offset of the first and its number among so many: a power of two.
    fn entry<T>(&self, first: u32, number: u32, entries: u32) -> *mut T {
        let index = (number & (entries - 1)) as usize;
        let offset = first as usize + index * size_of::<T>();
        assert!(offset + size_of::<T>() <= self.layout.size as usize);
        self.head.as_ptr().wrapping_byte_add(offset).cast()
    }

    /// Puts a call in that takes numbers alone. It is made by [`enter`](Self::enter).
    ///
    /// Fails with `EINVAL` if it takes an address, and with `EAGAIN` if there is no place for it
    /// until some are made.
    pub fn put(
        &mut self,
        nr: u32,
        args: &[u64; uapi::SYSDEMO_ARGS_MAX as usize],
        user_data: u64,
    ) -> io::Result<()> {
        if !ioctl::takes_numbers(nr) {
            return Err(Errno::INVAL.into());
        }
        // SAFETY: The call takes no addresses.
        unsafe { self.put_any(nr, args, user_data) }
    }

    /// As [`put`](Self::put), for any call.
    ///
    /// # Safety
    ///
    /// As for [`ioctl::call`]. What the registers are the addresses of has to stay until the call
    /// was made.
    pub unsafe fn put_any(
        &mut self,
        nr: u32,
        args: &[u64; uapi::SYSDEMO_ARGS_MAX as usize],
        user_data: u64,
    ) -> io::Result<()> {
        // SAFETY: A field of what is mapped.
        let head = self.number(|head| unsafe { &raw mut (*head).sq_head });
        if self.sq_tail.wrapping_sub(head.load(Acquire)) >= self.layout.sq_entries {
            return Err(Errno::AGAIN.into());
        }
        let place = self.entry(self.layout.sq, self.sq_tail, self.layout.sq_entries);
        let submission = sysdemo_submission {
            nr,
            flags: 0,
            user_data,
            args: *args,
        };
        // SAFETY: It is mapped, and aligned.
        unsafe { ptr::write_volatile(place, submission) };
        self.sq_tail = self.sq_tail.wrapping_add(1);
        Ok(())
    }

    /// Has calls made that were put in, `count` at most; gives how many.
    ///
    /// Fails with `EAGAIN` if there is no room for the first one's completion.
    pub fn enter(&mut self, count: u32) -> io::Result<u32> {
        // SAFETY: A field of what is mapped.
        let tail = self.number(|head| unsafe { &raw mut (*head).sq_tail });
        tail.store(self.sq_tail, Release);
        ioctl::enter(self.device, count)
    }

    /// Takes the next completion, if there is one.
    pub fn next_completion(&mut self) -> Option<sysdemo_completion> {
        // SAFETY: A field of what is mapped.
        let tail = self.number(|head| unsafe { &raw mut (*head).cq_tail });
        if tail.load(Acquire) == self.cq_head {
            return None;
        }
        let place = self.entry(self.layout.cq, self.cq_head, self.layout.cq_entries);
        // SAFETY: It is mapped, and aligned, and made of integers.
        let completion = unsafe { ptr::read_volatile(place) };
        self.cq_head = self.cq_head.wrapping_add(1);
        // SAFETY: A field of what is mapped.
        let head = self.number(|head| unsafe { &raw mut (*head).cq_head });
        head.store(self.cq_head, Release);
        Some(completion)
    }

    /// How often the module stopped at a submission as there was no room for its completion.
    pub fn refused(&self) -> u64 {
        // SAFETY: It is mapped, and aligned.
        unsafe { ptr::read_volatile(&raw const (*self.head.as_ptr()).refused) }
    }
}

impl Drop for Rings<'_> {
    fn drop(&mut self) {
        // SAFETY: What was mapped, and nobody uses any more. It cannot fail.
        let _ = unsafe { munmap(self.head.as_ptr().cast(), self.layout.size as usize) };
    }
}
