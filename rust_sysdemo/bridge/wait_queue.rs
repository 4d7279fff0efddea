// SPDX-License-Identifier: GPL-2.0

//! Who waits for which word of user memory: the idea of a futex.
//!
//! A program keeps a word. Who finds that it has to wait for another value says which value it has
//! seen, and sleeps if the word still has that; who changes the word then wakes those who sleep.
//! To look at the word and to start to wait has to be one for them, and yet the word cannot be
//! looked at under a lock: it may have to be read from a disk first. So it goes like this:
//!
//! 1. Who waits is put into the queue, as one who is in doubt.
//! 2. The word is looked at, with no lock held.
//! 3. If it has the value, and nobody has told it since 1 to look again, the doubt is over: a
//!    waiter. If somebody has, again from 2.
//! 4. It sleeps.
//!
//! Who wakes takes waiters out of the queue and counts them. Those who are in doubt are not
//! counted: they are only told, to look again.
//!
//! **No wake-up is lost.** Who changes the word does so before it takes the lock to wake. If that
//! was before 1, the lock has ordered the change before the look at the word, which then finds
//! another value. If it was between 1 and 3, the word is looked at again, and the same holds for
//! that; or as many as were to be woken came before it in the queue, and then it is as if it had
//! waited behind those all along. If it was after 3, there is a waiter to be found.
//!
//! **None is taken by who does not need it.** Only a waiter is counted, and one that was counted is
//! told that it was woken, even if its time ran out or a signal came meanwhile.
//!
//! A queue belongs to one open device, so that nobody can get in the way of those who do not share
//! that. How long the lock is held is bounded by [`WAITERS_MAX`], also while many are woken up.
//!
//! Who waits is in the queue as it is on its stack (see [`PinnedList`]): it takes no memory.
//!
//! Lock order: the queue's lock is taken before those of the scheduler, to wake somebody up, and
//! before no other. Who is woken takes it before it leaves, and so is there until then.

use super::{
    pinned_list::{
        Member,
        PinnedList,
        Then, //
    },
    sleep::{
        self,
        Ending, //
    },
    time::Monotonic,
    user_memory, //
};
use crate::uapi::SYSDEMO_WAITERS_MAX;
use kernel::{
    current,
    macros::kunit_tests,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
    },
    task::Task, //
};
use pin_init::stack_pin_init;

/// How many can be in a queue.
const WAITERS_MAX: usize = SYSDEMO_WAITERS_MAX as usize;

/// What is waited for: a word in somebody's memory.
///
/// An address means the same to all threads that share their memory, and to nobody else. While one
/// of them is in the queue, the memory that it has cannot go away, and so its identity is not
/// given to another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    space: usize,
    address: usize,
}

impl Key {
    /// The key of a word of the caller's.
    ///
    /// Fails with [`EINVAL`] if the word is not aligned, and with [`EFAULT`] if its address is not
    /// one of user space.
    pub(crate) fn of(word: UserPtr) -> Result<Self> {
        let address = word.as_const_ptr() as usize;
        if address % size_of::<u32>() != 0 {
            return Err(EINVAL);
        }
        user_memory::require_user_word(word)?;
        let task = current!();
        let space = task.mm().ok_or(EFAULT)?.as_raw() as usize;
        Ok(Self { space, address })
    }
}

/// In the queue, in doubt about the word.
const DOUBTS: u32 = 0;
/// As before, and somebody woke for the word since.
const DISTURBED: u32 = 1;
/// In the queue, to be woken.
const WAITS: u32 = 2;
/// Taken out of the queue by who woke it.
const WOKEN: u32 = 3;

/// Somebody in a queue.
///
/// Its state is changed under the lock of the queue alone.
struct Waiter {
    key: Key,
    task: ARef<Task>,
    state: Atomic<u32>,
}

impl Waiter {
    /// The running task, in doubt about a word.
    fn new(key: Key) -> Self {
        Self {
            key,
            task: ARef::from(&**current!()),
            state: Atomic::new(DOUBTS),
        }
    }

    /// Whether somebody has woken this one.
    fn is_woken(&self) -> bool {
        // ORDERING: As in `wake`.
        self.state.load(Acquire) == WOKEN
    }
}

/// Those who wait, in the order in which they came.
#[pin_data]
pub(crate) struct WaitQueue {
    #[pin]
    waiters: PinnedList<Waiter>,
}

impl WaitQueue {
    /// A queue with nobody in it.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            waiters <- PinnedList::new(),
        })
    }

    /// Waits until somebody wakes for `key`, if `check` finds the word as it should be.
    ///
    /// Fails as `check` does, and with [`ENOSPC`] if too many are in the queue.
    pub(crate) fn wait(
        &self,
        key: Key,
        deadline: Option<Monotonic>,
        check: impl Fn() -> Result,
    ) -> Result<Ending> {
        // To find it changed takes no place.
        check()?;
        stack_pin_init!(let place = Member::new(&self.waiters, Waiter::new(key)));
        let place = place.as_ref();
        if !place.join(WAITERS_MAX) {
            return Err(ENOSPC);
        }
        check()?;
        while !self.settle(place.value()) {
            // Each time around, somebody else has woken for this word: that is bounded by what
            // they do, but not by us.
            if current!().signal_pending() {
                return Ok(Ending::Signal);
            }
            check()?;
        }
        let ending = sleep::until_woken(deadline, || place.value().is_woken());
        // Who was counted as woken was, even if its time ran out or a signal came meanwhile.
        Ok(if place.leave() { ending } else { Ending::Woken })
    }

    /// Ends the doubt: from here on, who wakes counts this one. False if somebody woke since the
    /// word was looked at: it has to be looked at again.
    fn settle(&self, waiter: &Waiter) -> bool {
        self.waiters.undisturbed(|| {
            let settled = waiter.state.cmpxchg(DOUBTS, WAITS, Relaxed).is_ok();
            if !settled {
                waiter.state.store(DOUBTS, Relaxed);
            }
            settled
        })
    }

    /// Wakes who waits for `key`, in the order in which they came, but no more than `count`; gives
    /// how many.
    pub(crate) fn wake(&self, key: Key, count: u32) -> u32 {
        let mut number = 0;
        self.waiters.for_each(|waiter| {
            if number >= count {
                Then::Stop
            } else if waiter.key != key {
                Then::Keep
            } else if waiter.state.load(Relaxed) == WAITS {
                // ORDERING: Who sees that it was woken sees what was done before.
                waiter.state.store(WOKEN, Release);
                waiter.task.wake_up();
                number += 1;
                Then::Remove
            } else {
                waiter.state.store(DISTURBED, Relaxed);
                Then::Keep
            }
        });
        number
    }

    /// How many wait, apart from those who are in doubt still.
    pub(crate) fn waiting(&self) -> usize {
        let mut number = 0;
        self.waiters.for_each(|waiter| {
            number += usize::from(waiter.state.load(Relaxed) == WAITS);
            Then::Keep
        });
        number
    }
}

#[kunit_tests(sysdemo_wait_queue)]
mod tests {
    use super::*;

    const WORD: Key = Key {
        space: 1,
        address: 4,
    };

    fn queue() -> Result<Pin<KBox<WaitQueue>>> {
        KBox::pin_init(WaitQueue::new(), GFP_KERNEL)
    }

    type Place<'a> = Pin<KBox<Member<'a, Waiter>>>;

    /// A place of one who is in doubt, if there is one.
    fn place(queue: &WaitQueue, key: Key) -> Result<Place<'_>> {
        let place = KBox::pin_init(Member::new(&queue.waiters, Waiter::new(key)), GFP_KERNEL)?;
        if !place.as_ref().join(WAITERS_MAX) {
            return Err(ENOSPC);
        }
        Ok(place)
    }

    /// A place of one who waits.
    fn settled(queue: &WaitQueue, key: Key) -> Result<Place<'_>> {
        let place = place(queue, key)?;
        assert!(queue.settle(place.value()));
        Ok(place)
    }

    fn is_empty(queue: &WaitQueue) -> bool {
        let mut empty = true;
        queue.waiters.for_each(|_| {
            empty = false;
            Then::Stop
        });
        empty
    }

    #[test]
    fn who_came_first_is_taken_out_first() -> Result {
        let queue = queue()?;
        let (first, second) = (settled(&queue, WORD)?, settled(&queue, WORD)?);
        assert_eq!(queue.waiting(), 2);
        assert_eq!(queue.wake(WORD, 0), 0);
        assert_eq!(queue.wake(WORD, 1), 1);
        assert!(first.value().is_woken() && !second.value().is_woken());
        assert_eq!(queue.wake(WORD, u32::MAX), 1);
        assert!(second.value().is_woken());
        assert_eq!(queue.wake(WORD, 1), 0);
        Ok(())
    }

    #[test]
    fn words_are_told_apart() -> Result {
        let queue = queue()?;
        let place = settled(&queue, WORD)?;
        let others = [Key { space: 2, ..WORD }, Key { address: 8, ..WORD }];
        for other in others {
            assert_eq!(queue.wake(other, u32::MAX), 0);
        }
        assert!(!place.value().is_woken());
        Ok(())
    }

    #[test]
    fn who_doubts_is_not_counted() -> Result {
        let queue = queue()?;
        let place = place(&queue, WORD)?;
        assert_eq!(queue.waiting(), 0);
        assert_eq!(queue.wake(WORD, 1), 0);
        // It has to look again, once.
        assert!(!queue.settle(place.value()));
        assert!(queue.settle(place.value()));
        assert_eq!(queue.wake(WORD, 1), 1);
        assert!(place.value().is_woken());
        Ok(())
    }

    #[test]
    fn who_doubts_takes_nothing_from_who_waits() -> Result {
        let queue = queue()?;
        let first = place(&queue, WORD)?;
        let second = settled(&queue, WORD)?;
        assert_eq!(queue.wake(WORD, 1), 1);
        assert!(second.value().is_woken() && !first.value().is_woken());
        assert!(!queue.settle(first.value()));
        Ok(())
    }

    #[test]
    fn who_leaves_is_not_woken_and_who_was_woken_knows() -> Result {
        let queue = queue()?;
        let (first, second) = (settled(&queue, WORD)?, settled(&queue, WORD)?);
        assert!(first.as_ref().leave());
        assert_eq!(queue.wake(WORD, 2), 1);
        assert!(!second.as_ref().leave());
        drop(place(&queue, WORD)?);
        assert!(is_empty(&queue));
        Ok(())
    }

    #[test]
    fn a_queue_is_bounded() -> Result {
        let queue = queue()?;
        let mut places = KVec::new();
        for _ in 0..WAITERS_MAX {
            places.push(place(&queue, WORD)?, GFP_KERNEL)?;
        }
        assert!(place(&queue, WORD).is_err_and(|error| error == ENOSPC));
        places.pop();
        assert!(place(&queue, WORD).is_ok());
        Ok(())
    }

    #[test]
    fn a_check_that_fails_leaves_nothing_behind() -> Result {
        let queue = queue()?;
        assert_eq!(queue.wait(WORD, None, || Err(EAGAIN)), Err(EAGAIN));
        assert!(is_empty(&queue));
        Ok(())
    }

    #[test]
    fn a_word_is_looked_at_again_after_a_wake_up_in_between() -> Result {
        let queue = queue()?;
        let looks = Atomic::<u32>::new(0);
        let past = Some(Monotonic::after(0));
        let ending = queue.wait(WORD, past, || {
            looks.add(1, Relaxed);
            if looks.load(Relaxed) < 3 {
                assert_eq!(queue.wake(WORD, 1), 0);
            }
            Ok(())
        });
        assert_eq!(ending, Ok(Ending::TimedOut));
        assert_eq!(looks.load(Relaxed), 3);
        Ok(())
    }
}
