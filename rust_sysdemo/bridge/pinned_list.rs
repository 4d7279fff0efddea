// SPDX-License-Identifier: GPL-2.0

//! Lists of things that stay where they are, on somebody's stack perhaps, and leave before they go.
//!
//! What is in a `List` of the `kernel` crate is there by a reference that is counted, and so in
//! memory of its own. Who only waits, and does not return before that is over, can be in a list
//! as it is, as in C the `wait_queue_entry` of `DEFINE_WAIT()` is: that takes no memory, and so
//! cannot fail for lack of it. What a C programmer has to remember there is done by the types here:
//! a [`Member`] is pinned before it can join, and when it is dropped it leaves.

use core::{
    cell::Cell,
    marker::PhantomPinned,
    ptr, //
};
use kernel::{
    macros::kunit_tests,
    new_spinlock,
    prelude::*,
    sync::SpinLock, //
};

/// What others see of a member, and where it is in the list.
///
/// All but the value is looked at under the list's lock alone.
struct Node<T> {
    next: Cell<*const Node<T>>,
    prev: Cell<*const Node<T>>,
    listed: Cell<bool>,
    value: T,
}

/// # Invariants
///
/// From `first` on, each by `next` of the one before, and from `last` on by `prev`, there are
/// `len` nodes. They are those, and no others, of the members of this list that are `listed`. Each
/// is valid, as a member leaves the list before it goes.
struct Ends<T> {
    first: *const Node<T>,
    last: *const Node<T>,
    len: usize,
}

// SAFETY: By these pointers others get at the values, and by a `&` alone. The rest of the nodes is
// looked at by who has this.
unsafe impl<T: Sync> Send for Ends<T> {}

impl<T> Ends<T> {
    /// Puts a node at the end.
    ///
    /// # Safety
    ///
    /// The node is of a member of this list, pinned, and not in the list.
    unsafe fn push_back(&mut self, node: &Node<T>) {
        node.listed.set(true);
        // INVARIANT: It comes after the last one, and is valid until it has left: the member leaves
        // when it is dropped, and its memory is not used for anything else before that.
        node.next.set(ptr::null());
        node.prev.set(self.last);
        // SAFETY: By the invariant it is valid.
        match unsafe { self.last.as_ref() } {
            Some(last) => last.next.set(node),
            None => self.first = node,
        }
        self.last = node;
        self.len += 1;
    }

    /// Takes a node out of the list; gives whether it was in it.
    ///
    /// # Safety
    ///
    /// The node is of a member of this list.
    unsafe fn remove(&mut self, node: &Node<T>) -> bool {
        if !node.listed.replace(false) {
            return false;
        }
        let (prev, next) = (node.prev.get(), node.next.get());
        // INVARIANT: Those beside it are beside each other.
        // SAFETY: By the invariant they are valid.
        match unsafe { prev.as_ref() } {
            Some(prev) => prev.next.set(next),
            None => self.first = next,
        }
        // SAFETY: As above.
        match unsafe { next.as_ref() } {
            Some(next) => next.prev.set(prev),
            None => self.last = prev,
        }
        self.len -= 1;
        true
    }
}

/// What comes after a look at a value.
pub(super) enum Then {
    /// It stays in the list.
    Keep,
    /// It leaves the list.
    Remove,
    /// It stays, and the ones after it are not looked at.
    Stop,
}

/// A list with a lock, under which others look at the values.
///
/// Lock order: what is done with the values may take locks of its own, after this one.
#[pin_data]
pub(super) struct PinnedList<T> {
    #[pin]
    ends: SpinLock<Ends<T>>,
}

impl<T> PinnedList<T> {
    /// An empty list.
    pub(super) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            // INVARIANT: There are no nodes, and no members yet.
            ends <- new_spinlock!(Ends {
                first: ptr::null(),
                last: ptr::null(),
                len: 0,
            }),
        })
    }

    /// Looks at the values in the order in which they came.
    ///
    /// This is under the lock: `look` must not sleep, and must not do anything with this list.
    pub(super) fn for_each(&self, mut look: impl FnMut(&T) -> Then) {
        let mut ends = self.ends.lock();
        let mut next = ends.first;
        // SAFETY: By the invariant it is valid, or null. It stays valid after it has left the
        // list, for as long as the lock is held: its member takes that before it goes.
        while let Some(node) = unsafe { next.as_ref() } {
            next = node.next.get();
            match look(&node.value) {
                Then::Keep => {}
                Then::Remove => {
                    // SAFETY: It is in this list.
                    unsafe { ends.remove(node) };
                }
                Then::Stop => break,
            }
        }
    }

    /// Does something while nobody looks at the values, joins or leaves.
    ///
    /// This is under the lock: as for [`PinnedList::for_each`].
    pub(super) fn undisturbed<R>(&self, what: impl FnOnce() -> R) -> R {
        let _ends = self.ends.lock();
        what()
    }
}

/// What can be in a list. Dropping it takes it out.
///
/// # Invariants
///
/// - While the node may be in the list, or somebody may look at it by that, it has `joined`. Only
///   who has the member changes that: it is not `Sync`.
/// - It is never [`Unpin`]: others may look at the node by a pointer while there is a `&mut` to the
///   member, which claims to be the only way to it of types that are.
#[pin_data(PinnedDrop)]
pub(super) struct Member<'a, T> {
    list: &'a PinnedList<T>,
    joined: Cell<bool>,
    node: Node<T>,
    /// The list knows where it is.
    #[pin]
    _pin: PhantomPinned,
}

impl<'a, T> Member<'a, T> {
    /// One that is not in the list yet.
    pub(super) fn new(list: &'a PinnedList<T>, value: T) -> impl PinInit<Self> {
        // INVARIANT: The node is in no list.
        pin_init!(Self {
            list,
            joined: Cell::new(false),
            node: Node {
                next: Cell::new(ptr::null()),
                prev: Cell::new(ptr::null()),
                listed: Cell::new(false),
                value,
            },
            _pin: PhantomPinned,
        })
    }

    /// The value.
    pub(super) fn value(&self) -> &T {
        &self.node.value
    }

    /// Takes the last place in the list. False, and it takes none, if `max` are in it already, or
    /// if it has joined before and not left.
    pub(super) fn join(self: Pin<&Self>, max: usize) -> bool {
        let mut ends = self.list.ends.lock();
        if ends.len >= max || self.joined.get() {
            return false;
        }
        // INVARIANT: From here on it may be in the list.
        self.joined.set(true);
        // SAFETY: It is of a member of this list, which is pinned and, as it had not joined, not in
        // it.
        unsafe { ends.push_back(&self.get_ref().node) };
        true
    }

    /// Leaves the list. False if it was not in it: it never joined, or has left, or was removed.
    ///
    /// After this nobody looks at the value any more.
    pub(super) fn leave(self: Pin<&Self>) -> bool {
        if !self.joined.get() {
            return false;
        }
        let mut ends = self.list.ends.lock();
        // SAFETY: It is of a member of this list.
        let was_listed = unsafe { ends.remove(&self.node) };
        // INVARIANT: It is not in the list, and who looks at values has the lock.
        self.joined.set(false);
        was_listed
    }
}

#[pinned_drop]
impl<T> PinnedDrop for Member<'_, T> {
    fn drop(self: Pin<&mut Self>) {
        self.as_ref().leave();
    }
}

#[kunit_tests(sysdemo_pinned_list)]
mod tests {
    use super::*;
    use pin_init::stack_pin_init;

    fn list() -> Result<Pin<KBox<PinnedList<u32>>>> {
        KBox::pin_init(PinnedList::new(), GFP_KERNEL)
    }

    fn member(list: &PinnedList<u32>, value: u32) -> Result<Pin<KBox<Member<'_, u32>>>> {
        let member = KBox::pin_init(Member::new(list, value), GFP_KERNEL)?;
        assert!(member.as_ref().join(usize::MAX));
        Ok(member)
    }

    /// That these are in the list, in that order, from both of its ends.
    #[track_caller]
    fn assert_holds(list: &PinnedList<u32>, expected: &[u32]) {
        let mut seen = 0;
        list.for_each(|&value| {
            assert!(expected.get(seen) == Some(&value));
            seen += 1;
            Then::Keep
        });
        let ends = list.ends.lock();
        assert!(seen == expected.len() && seen == ends.len);
        let mut last = ends.last;
        // SAFETY: As in `for_each`.
        while let Some(node) = unsafe { last.as_ref() } {
            seen -= 1;
            assert!(node.value == expected[seen]);
            last = node.prev.get();
        }
        assert!(seen == 0);
    }

    #[test]
    fn who_came_first_is_first() -> Result {
        let list = list()?;
        assert_holds(&list, &[]);
        let _members = (member(&list, 1)?, member(&list, 2)?, member(&list, 3)?);
        assert_holds(&list, &[1, 2, 3]);
        Ok(())
    }

    #[test]
    fn who_is_dropped_has_left() -> Result {
        let list = list()?;
        let (first, middle, last) = (member(&list, 1)?, member(&list, 2)?, member(&list, 3)?);
        drop(middle);
        assert_holds(&list, &[1, 3]);
        drop(first);
        assert_holds(&list, &[3]);
        drop(last);
        assert_holds(&list, &[]);
        Ok(())
    }

    #[test]
    fn from_a_stack_it_leaves_as_well() -> Result {
        let list = list()?;
        {
            stack_pin_init!(let member = Member::new(&list, 1));
            assert!(member.as_ref().join(1));
            assert_holds(&list, &[1]);
        }
        assert_holds(&list, &[]);
        Ok(())
    }

    #[test]
    fn one_leaves_once_and_may_come_again() -> Result {
        let list = list()?;
        let (first, _second) = (member(&list, 1)?, member(&list, 2)?);
        // Nobody is in it twice.
        assert!(!first.as_ref().join(usize::MAX));
        assert_holds(&list, &[1, 2]);
        assert!(first.as_ref().leave());
        assert!(!first.as_ref().leave());
        assert_holds(&list, &[2]);
        assert!(first.as_ref().join(usize::MAX));
        assert_holds(&list, &[2, 1]);
        Ok(())
    }

    #[test]
    fn who_was_removed_knows() -> Result {
        let list = list()?;
        let members = (member(&list, 1)?, member(&list, 2)?, member(&list, 3)?);
        list.for_each(|&value| match value {
            1 => Then::Remove,
            2 => Then::Stop,
            _ => Then::Remove,
        });
        assert_holds(&list, &[2, 3]);
        // It has not left yet.
        assert!(!members.0.as_ref().join(usize::MAX));
        assert!(!members.0.as_ref().leave());
        list.for_each(|_| Then::Remove);
        assert_holds(&list, &[]);
        assert!(!members.1.as_ref().leave() && !members.2.as_ref().leave());
        Ok(())
    }

    #[test]
    fn no_more_than_the_given_number_join() -> Result {
        let list = list()?;
        let _first = member(&list, 1)?;
        stack_pin_init!(let second = Member::new(&list, 2));
        assert!(!second.as_ref().join(1));
        assert!(!second.as_ref().leave());
        assert!(second.as_ref().join(2));
        assert_holds(&list, &[1, 2]);
        assert!(list.undisturbed(|| *second.value() == 2));
        Ok(())
    }
}
