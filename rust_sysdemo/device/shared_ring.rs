// SPDX-License-Identifier: GPL-2.0

//! Calls by way of memory that a program shares with the module: what io_uring is to system calls.
//!
//! The program puts submissions into one ring, and takes completions out of another. One trip into
//! the kernel makes the calls of all submissions that are there, and no call's record is copied by
//! the functions for user memory.
//!
//! All of the memory is hostile at any time: see
//! [`shared_memory`](crate::bridge::shared_memory). How many entries there are, how far the module
//! has come in either ring, and what it has counted, is known here and never read from there.
//!
//! There is one thread at a time in it. Others do not wait for it, as it may sleep in a call: they
//! are told so.
//!
//! Lock order: the state's lock is taken alone, to take a turn and to give it back, never while a
//! call is made.

use super::record;
use crate::{
    bridge::{
        plain::Plain,
        shared_memory::{
            Entries,
            SharedMemory, //
        },
        task::Signals, //
    },
    syscall::{
        dispatch_uncounted,
        Context,
        Head,
        NoResult,
        Source,
        COUNT, //
    },
    uapi::{
        self,
        sysdemo_completion,
        sysdemo_ring,
        sysdemo_ring_head,
        sysdemo_submission, //
    },
};
use core::mem::{
    offset_of,
    size_of, //
};
use kernel::{
    mm::virt::{
        flags,
        VmaNew, //
    },
    new_spinlock,
    prelude::*,
    sync::SpinLock, //
};
use zerocopy::FromZeros;

/// The most submissions that there can be room for.
const ENTRIES_MAX: u32 = uapi::SYSDEMO_RING_ENTRIES_MAX;

/// Where the ring of submissions is.
const SUBMISSIONS: usize = size_of::<sysdemo_ring_head>();

/// Where a submission has what comes back with its completion.
const USER_DATA: usize = offset_of!(sysdemo_submission, user_data);

/// How many completions there is room for, if there is for so many submissions.
const fn completions(entries: u32) -> u32 {
    2 * entries
}

/// Where the ring of completions is, if there is room for so many submissions.
const fn completions_at(entries: u32) -> usize {
    // CAST: Lossless, but `usize::try_from()` is not `const`.
    SUBMISSIONS + entries as usize * size_of::<sysdemo_submission>()
}

/// How many bytes all of it takes, for so many submissions.
const fn bytes(entries: u32) -> usize {
    // CAST: Lossless, but `usize::try_from()` is not `const`.
    completions_at(entries) + completions(entries) as usize * size_of::<sysdemo_completion>()
}

/// The rings of an open device.
#[pin_data]
pub(super) struct SharedRing {
    memory: SharedMemory,
    /// How many submissions there is room for: a power of two.
    entries: u32,
    #[pin]
    state: SpinLock<State>,
}

/// How far the module has come.
#[derive(Clone, Copy)]
struct State {
    /// Somebody is in it.
    taken: bool,
    /// How many calls were made: the next submission, and the next completion, as each has one.
    made: u32,
    /// How often there was no room for a completion.
    refused: u64,
}

/// What only one at a time can have: the right to make calls. Given back when it is dropped.
struct Turn<'a> {
    ring: &'a SharedRing,
    state: State,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.ring.state.lock() = State {
            taken: false,
            ..self.state
        };
    }
}

/// How many calls can be made: of those that are asked for, those that have a submission and room
/// for a completion. And whether that room is what is lacking.
fn possible(asked: u32, submitted: u32, entries: u32, completed: u32) -> (u32, bool) {
    // A program that has put in more than there is room for has written over some: there never are
    // more than that. One that has taken out more than was put in has no room.
    let waiting = asked.min(submitted).min(entries);
    let room = completions(entries).saturating_sub(completed);
    (waiting.min(room), room < waiting)
}

/// The registers of a submission. They are read when they are asked for: many calls have none.
struct Registers<'a> {
    submissions: &'a Entries<'a, sysdemo_submission>,
    number: u32,
    place: &'a mut [u64; COUNT],
}

impl<'a> Source<'a> for Registers<'a> {
    #[inline(always)]
    fn registers(self) -> &'a [u64; COUNT] {
        const ARGS: usize = offset_of!(sysdemo_submission, args);
        self.submissions
            .read_words::<ARGS, COUNT>(self.number, self.place);
        self.place
    }

    #[inline(always)]
    fn nothing(self) -> &'a [u64; COUNT] {
        // What an earlier call had.
        self.place
    }
}

impl SharedRing {
    /// Makes rings with room for so many submissions, in memory that the caller is charged for.
    ///
    /// Fails with [`ENOMEM`].
    fn new(entries: u32) -> Result<Pin<KBox<Self>>> {
        let memory = SharedMemory::new(bytes(entries), GFP_KERNEL_ACCOUNT)?;
        KBox::try_pin_init(
            try_pin_init!(Self {
                memory,
                entries,
                state <- new_spinlock!(State {
                    taken: false,
                    made: 0,
                    refused: 0,
                }),
            }? Error),
            GFP_KERNEL_ACCOUNT,
        )
    }

    /// Maps them.
    ///
    /// Fails with [`EINVAL`] if it is not to be shared, by who may write, and as
    /// [`SharedMemory::map`].
    pub(super) fn map(&self, vma: &VmaNew) -> Result {
        if vma.flags() & flags::SHARED == 0 {
            return Err(EINVAL);
        }
        self.memory.map(vma, true)
    }

    /// What there is, for who asks.
    fn describe(&self, request: &sysdemo_ring) -> sysdemo_ring {
        // CAST: All of it is far less than 2^32 bytes.
        sysdemo_ring {
            size: self.memory.size() as u32,
            sq_entries: self.entries,
            cq_entries: completions(self.entries),
            sq: SUBMISSIONS as u32,
            cq: completions_at(self.entries) as u32,
            pad: 0,
            ..*request
        }
    }

    /// Takes the right to make calls.
    ///
    /// Fails with [`EBUSY`] if somebody has it.
    fn take_turn(&self) -> Result<Turn<'_>> {
        let mut state = self.state.lock();
        if state.taken {
            return Err(EBUSY);
        }
        state.taken = true;
        Ok(Turn {
            ring: self,
            state: *state,
        })
    }
}

impl Turn<'_> {
    /// How many calls are to be made, if so many are asked for.
    ///
    /// Fails with [`EAGAIN`] if there is no room for the first one's completion.
    fn possible(&mut self, asked: u32) -> Result<u32> {
        const SQ_TAIL: usize = offset_of!(sysdemo_ring_head, sq_tail);
        const CQ_HEAD: usize = offset_of!(sysdemo_ring_head, cq_head);
        const REFUSED: usize = offset_of!(sysdemo_ring_head, refused);
        let (memory, state) = (&self.ring.memory, &mut self.state);
        let put_in = memory.announcement::<SQ_TAIL>().read();
        let taken_out = memory.announcement::<CQ_HEAD>().read();
        let (count, lacks_room) = possible(
            asked,
            put_in.wrapping_sub(state.made),
            self.ring.entries,
            state.made.wrapping_sub(taken_out),
        );
        if lacks_room {
            state.refused = state.refused.wrapping_add(1);
            memory.put::<REFUSED, _>(&state.refused);
            if count == 0 {
                return Err(EAGAIN);
            }
        }
        Ok(count)
    }

    /// Makes at most so many calls; gives how many.
    ///
    /// Fails as [`Turn::possible`] does.
    fn make_calls(&mut self, ctx: &mut Context<'_>, asked: u32) -> Result<u32> {
        const SQ_HEAD: usize = offset_of!(sysdemo_ring_head, sq_head);
        const CQ_TAIL: usize = offset_of!(sysdemo_ring_head, cq_tail);
        let count = self.possible(asked)?;
        let (memory, entries) = (&self.ring.memory, self.ring.entries);
        let submissions = memory.entries(SUBMISSIONS, entries)?;
        let completions = memory.entries(completions_at(entries), completions(entries))?;
        let sq_head = memory.announcement::<SQ_HEAD>();
        let cq_tail = memory.announcement::<CQ_TAIL>();

        let signals = Signals::of_current();
        let first = self.state.made;
        let end = first.wrapping_add(count);
        let mut next = first;
        let mut place = [0; COUNT];
        let mut refused = 0;
        while next != end {
            // This ioctl is not that call alone: what has been made must not be made again, and a
            // call that a signal has ended does not start again.
            let ret = match make_call(ctx, &submissions, next, &mut place) {
                Some(ret) => ret,
                None => refuse(&mut refused),
            };
            let user_data = submissions.read::<USER_DATA, u64>(next);
            completions.write(next, &sysdemo_completion { user_data, ret });
            // The result cannot fail to reach the caller: see `fs::open`.
            record::install(ctx);
            next = next.wrapping_add(1);
            cq_tail.write(next);
            // After a call, so that who is sent a signal again and again gets on as well.
            if signals.pending() {
                break;
            }
        }
        sq_head.write(next);
        self.state.made = next;
        let made = next.wrapping_sub(first);
        ctx.session.count_calls(made.wrapping_sub(refused).into());
        Ok(made)
    }
}

/// Counts a submission that asks for what there is not; gives its result.
#[cold]
#[inline(never)]
fn refuse(refused: &mut u32) -> i64 {
    *refused = refused.wrapping_add(1);
    EINVAL.to_errno().into()
}

/// Makes the call of a submission; gives its result. [`None`] if it has unknown flags.
#[inline(always)]
fn make_call(
    ctx: &Context<'_>,
    submissions: &Entries<'_, sysdemo_submission>,
    number: u32,
    place: &mut [u64; COUNT],
) -> Option<i64> {
    const NR: usize = offset_of!(sysdemo_submission, nr);
    const {
        assert!(offset_of!(sysdemo_submission, flags) == NR + size_of::<u32>());
    }
    let head = Head::from(submissions.read::<NR, u64>(number));
    let args = Registers {
        submissions,
        number,
        place,
    };
    match dispatch_uncounted(ctx, head, args) {
        Ok(ret) => Some(ret),
        Err(NoResult::Flags) => None,
        Err(NoResult::Interrupted(_)) => Some(EINTR.to_errno().into()),
    }
}

/// `SYSDEMO_IOC_RING`: makes the rings of an open device, or tells of them.
///
/// Fails with [`EFAULT`] if the structure cannot be read, and nothing is changed, or cannot be
/// written; with [`EINVAL`] if it asks for what there is not, [`EBUSY`] if there are rings already,
/// and [`ENOMEM`].
#[inline(never)]
pub(super) fn set_up(ctx: &Context<'_>, arg: UserPtr) -> Result<isize> {
    let Plain(request) = record::read::<sysdemo_ring>(arg)?;
    let entries = request.entries;
    if request.flags != 0 || entries > ENTRIES_MAX || entries & entries.wrapping_sub(1) != 0 {
        return Err(EINVAL);
    }
    let place = &ctx.session.ring;
    if entries != 0 && (place.as_ref().is_some() || !place.populate(SharedRing::new(entries)?)) {
        return Err(EBUSY);
    }
    let told = match place.as_ref() {
        Some(ring) => ring.describe(&request),
        None => sysdemo_ring::new_zeroed(),
    };
    record::write(arg, told)?;
    Ok(0)
}

/// `SYSDEMO_IOC_ENTER`: makes the calls of at most so many submissions, and gives how many.
///
/// Fails with [`ENXIO`] if there are no rings, [`EBUSY`] if another thread is in them, and with
/// [`EAGAIN`] if there is no room for a completion.
#[inline(never)]
pub(super) fn enter(ctx: &mut Context<'_>, asked: u32) -> Result<isize> {
    let session = ctx.session;
    let ring = session.ring.as_ref().ok_or(ENXIO)?;
    let made = ring.take_turn()?.make_calls(ctx, asked)?;
    // CAST: At most `ENTRIES_MAX`.
    Ok(made as isize)
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_shared_ring)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_bounded_by_everything() {
        assert_eq!(possible(5, 3, 8, 0), (3, false));
        assert_eq!(possible(2, 3, 8, 0), (2, false));
        assert_eq!(possible(0, 3, 8, 16), (0, false));
        assert_eq!(possible(5, 3, 8, 14), (2, true));
        assert_eq!(possible(5, 3, 8, 16), (0, true));
    }

    #[test]
    fn nonsense_bounds_as_well() {
        assert_eq!(possible(u32::MAX, u32::MAX, 8, 0), (8, false));
        assert_eq!(possible(u32::MAX, u32::MAX, 8, 9), (7, true));
        assert_eq!(possible(u32::MAX, 8, 8, u32::MAX), (0, true));
        assert_eq!(possible(1, 1, ENTRIES_MAX, 1 << 31), (0, true));
    }

    #[test]
    fn all_of_it_has_its_place() -> Result {
        let mut entries = 1;
        while entries <= ENTRIES_MAX {
            let ring = SharedRing::new(entries)?;
            let sq = ring
                .memory
                .entries::<sysdemo_submission>(SUBMISSIONS, entries);
            assert!(sq.is_ok());
            let (at, count) = (completions_at(entries), completions(entries));
            assert!(ring.memory.entries::<sysdemo_completion>(at, count).is_ok());
            entries *= 2;
        }
        Ok(())
    }

    #[test]
    fn there_is_one_at_a_time() -> Result {
        let ring = SharedRing::new(1)?;
        let turn = ring.take_turn()?;
        assert!(ring.take_turn().is_err_and(|error| error == EBUSY));
        drop(turn);
        assert!(ring.take_turn().is_ok());
        Ok(())
    }
}
