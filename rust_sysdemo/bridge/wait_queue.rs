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
//! 3. If it has the value, and nobody woke for this word since 1, the doubt is over: a waiter. If
//!    somebody did, again from 2.
//! 4. It sleeps.
//!
//! Who wakes takes waiters out of the queue and counts them. Those who are in doubt are not
//! counted: they are only told, to look again.
//!
//! **No wake-up is lost.** Who changes the word does so before it takes the lock to wake. If that
//! was before 1, the lock has ordered the change before the look at the word, which then finds
//! another value. If it was between 1 and 3, the word is looked at again, and the same holds for
//! that. If it was after 3, there is a waiter to be found.
//!
//! **None is taken by who does not need it.** Only a waiter is counted, and one that was counted is
//! told that it was woken, even if its time ran out or a signal came meanwhile.
//!
//! A queue belongs to one open device, so that nobody can get in the way of those who do not share
//! that. How long the lock is held is bounded by [`WAITERS_MAX`].
//!
//! Lock order: the queue's lock is taken alone. Under it nobody sleeps, is woken or is freed.

use super::{
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
    list::{
        impl_list_arc_safe,
        impl_list_item,
        List,
        ListArc,
        ListLinks, //
    },
    new_spinlock,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        SpinLock, //
    },
    task::Task, //
};

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
/// Left the queue by itself.
const GONE: u32 = 4;

/// Somebody in a queue.
///
/// # Invariants
///
/// - `state` is changed under the lock of the queue alone that it was made for.
/// - It is in the list of that queue while `state` is [`DOUBTS`], [`DISTURBED`] or [`WAITS`]; while
///   it is [`GONE`] it is in no list.
#[pin_data]
struct Waiter {
    key: Key,
    task: ARef<Task>,
    state: Atomic<u32>,
    #[pin]
    links: ListLinks,
}

impl_list_arc_safe! {
    impl ListArcSafe<0> for Waiter { untracked; }
}

impl_list_item! {
    impl ListItem<0> for Waiter { using ListLinks { self.links }; }
}

/// Those who wait, in the order in which they came.
#[pin_data]
pub(crate) struct WaitQueue {
    #[pin]
    inner: SpinLock<Inner>,
}

/// # Invariants
///
/// `count` is the length of `list`.
struct Inner {
    list: List<Waiter>,
    count: usize,
}

impl WaitQueue {
    /// A queue with nobody in it.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            // INVARIANT: The list is empty.
            inner <- new_spinlock!(Inner {
                list: List::new(),
                count: 0,
            }),
        })
    }

    /// Waits until somebody wakes for `key`, if `check` finds the word as it should be.
    ///
    /// Fails as `check` does, with [`ENOSPC`] if too many are in the queue, and with [`ENOMEM`].
    pub(crate) fn wait(
        &self,
        key: Key,
        deadline: Option<Monotonic>,
        check: impl Fn() -> Result,
    ) -> Result<Ending> {
        // To find it changed takes no place and no memory.
        check()?;
        let place = Place::take(self, key)?;
        check()?;
        while !place.settle() {
            // Each time around, somebody else has woken for this word: that is bounded by what
            // they do, but not by us.
            if current!().signal_pending() {
                return Ok(Ending::Signal);
            }
            check()?;
        }
        let ending = sleep::until_woken(deadline, || place.is_woken());
        Ok(if place.leave() { ending } else { Ending::Woken })
    }

    /// Wakes who waits for `key`, in the order in which they came, but no more than `count`; gives
    /// how many.
    pub(crate) fn wake(&self, key: Key, count: u32) -> u32 {
        let mut woken = List::<Waiter>::new();
        let mut number = 0;
        {
            let mut inner = self.inner.lock();
            let inner = &mut *inner;
            let mut cursor = inner.list.cursor_front();
            while number < count {
                let Some(next) = cursor.peek_next() else {
                    break;
                };
                if next.key != key {
                    cursor.move_next();
                } else if next.state.load(Relaxed) == WAITS {
                    // INVARIANT: It leaves the list, and the list becomes shorter by one.
                    //
                    // ORDERING: Who sees that it was woken sees what was done before.
                    next.state.store(WOKEN, Release);
                    woken.push_back(next.remove());
                    inner.count -= 1;
                    number += 1;
                } else {
                    next.state.store(DISTURBED, Relaxed);
                    cursor.move_next();
                }
            }
        }
        // Not under the lock: it takes a while. Who has been taken out may be on its way already,
        // and is woken up once too often then, which everybody who sleeps has to expect.
        for waiter in woken {
            waiter.task.wake_up();
        }
        number
    }

    /// How many wait, apart from those who are in doubt still.
    pub(crate) fn waiting(&self) -> usize {
        let inner = self.inner.lock();
        let waits = |waiter: &ArcBorrowed<'_>| waiter.state.load(Relaxed) == WAITS;
        inner.list.iter().filter(waits).count()
    }
}

/// What a list's iterator gives.
type ArcBorrowed<'a> = kernel::sync::ArcBorrow<'a, Waiter>;

/// A place in a queue. Dropping it leaves the queue.
struct Place<'a> {
    queue: &'a WaitQueue,
    /// Made for this queue.
    waiter: Arc<Waiter>,
}

impl<'a> Place<'a> {
    /// Takes the last place in a queue, for the running task.
    fn take(queue: &'a WaitQueue, key: Key) -> Result<Self> {
        let listed = ListArc::pin_init(
            try_pin_init!(Waiter {
                key,
                task: ARef::from(&**current!()),
                // INVARIANT: It is put into the list below, or is never seen by anybody.
                state: Atomic::new(DOUBTS),
                links <- ListLinks::new(),
            }),
            // On the account of who waits.
            GFP_KERNEL_ACCOUNT,
        )?;
        let waiter = listed.clone_arc();
        let mut inner = queue.inner.lock();
        if inner.count >= WAITERS_MAX {
            drop(inner);
            return Err(ENOSPC);
        }
        // INVARIANT: The list becomes longer by one.
        inner.list.push_back(listed);
        inner.count += 1;
        drop(inner);
        Ok(Self { queue, waiter })
    }

    /// Ends the doubt: from here on, who wakes counts this one. False if somebody woke since the
    /// word was looked at: it has to be looked at again.
    fn settle(&self) -> bool {
        let _inner = self.queue.inner.lock();
        // INVARIANT: It stays in the list.
        if self.waiter.state.load(Relaxed) == DISTURBED {
            self.waiter.state.store(DOUBTS, Relaxed);
            return false;
        }
        self.waiter.state.store(WAITS, Relaxed);
        true
    }

    /// Whether somebody has woken this one.
    fn is_woken(&self) -> bool {
        // ORDERING: As in `wake`.
        self.waiter.state.load(Acquire) == WOKEN
    }

    /// Leaves the queue. False if somebody has taken it out before.
    fn leave(&self) -> bool {
        // Once it is out, it stays out, as it left.
        if self.waiter.state.load(Relaxed) == GONE {
            return true;
        }
        if self.is_woken() {
            return false;
        }
        let mut inner = self.queue.inner.lock();
        if self.is_woken() {
            return false;
        }
        // SAFETY: It is neither gone nor woken, and by the type's invariant in the list of this
        // queue then, for which it was made, and so in no other.
        let listed = unsafe { inner.list.remove(&self.waiter) };
        // INVARIANT: It has left the list, which has become shorter by one.
        inner.count -= 1;
        self.waiter.state.store(GONE, Relaxed);
        drop(inner);
        drop(listed);
        true
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
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

    /// A place of one who waits.
    fn settled(queue: &WaitQueue, key: Key) -> Result<Place<'_>> {
        let place = Place::take(queue, key)?;
        assert!(place.settle());
        Ok(place)
    }

    #[test]
    fn who_came_first_is_taken_out_first() -> Result {
        let queue = queue()?;
        let (first, second) = (settled(&queue, WORD)?, settled(&queue, WORD)?);
        assert_eq!(queue.waiting(), 2);
        assert_eq!(queue.wake(WORD, 0), 0);
        assert_eq!(queue.wake(WORD, 1), 1);
        assert!(first.is_woken() && !second.is_woken());
        assert_eq!(queue.wake(WORD, u32::MAX), 1);
        assert!(second.is_woken());
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
        assert!(!place.is_woken());
        Ok(())
    }

    #[test]
    fn who_doubts_is_not_counted() -> Result {
        let queue = queue()?;
        let place = Place::take(&queue, WORD)?;
        assert_eq!(queue.waiting(), 0);
        assert_eq!(queue.wake(WORD, 1), 0);
        // It has to look again, once.
        assert!(!place.settle());
        assert!(place.settle());
        assert_eq!(queue.wake(WORD, 1), 1);
        assert!(place.is_woken());
        Ok(())
    }

    #[test]
    fn who_doubts_takes_nothing_from_who_waits() -> Result {
        let queue = queue()?;
        let first = Place::take(&queue, WORD)?;
        let second = settled(&queue, WORD)?;
        assert_eq!(queue.wake(WORD, 1), 1);
        assert!(second.is_woken() && !first.is_woken());
        assert!(!first.settle());
        Ok(())
    }

    #[test]
    fn who_leaves_is_not_woken_and_who_was_woken_knows() -> Result {
        let queue = queue()?;
        let (first, second) = (settled(&queue, WORD)?, settled(&queue, WORD)?);
        assert!(first.leave());
        assert_eq!(queue.wake(WORD, 2), 1);
        assert!(!second.leave());
        drop(Place::take(&queue, WORD)?);
        assert_eq!(queue.inner.lock().count, 0);
        assert!(queue.inner.lock().list.is_empty());
        Ok(())
    }

    #[test]
    fn a_queue_is_bounded() -> Result {
        let queue = queue()?;
        let mut places = KVec::new();
        for _ in 0..WAITERS_MAX {
            places.push(Place::take(&queue, WORD)?, GFP_KERNEL)?;
        }
        assert!(Place::take(&queue, WORD).is_err_and(|error| error == ENOSPC));
        places.pop();
        assert!(Place::take(&queue, WORD).is_ok());
        Ok(())
    }

    #[test]
    fn a_check_that_fails_leaves_nothing_behind() -> Result {
        let queue = queue()?;
        assert_eq!(queue.wait(WORD, None, || Err(EAGAIN)), Err(EAGAIN));
        assert_eq!(queue.inner.lock().count, 0);
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
