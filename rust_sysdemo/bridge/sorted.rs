// SPDX-License-Identifier: GPL-2.0

//! Sorted trees of things that have their place in a tree in themselves.
//!
//! The `kernel` crate's `RBTree` takes memory of its own for each key and value, as many times as
//! there are trees that the value is in. What is to be in one of these trees has [`Links`] instead,
//! as C's `struct rb_node`: to put it there takes no memory, and so cannot fail for lack of that.
//!
//! A tree holds a reference to what is in it. Its order is for finding things alone: with one that
//! contradicts itself some are not found, and nothing worse happens.
//!
//! C header: [`include/linux/rbtree.h`](srctree/include/linux/rbtree.h)

use core::{
    cell::UnsafeCell,
    cmp::Ordering,
    marker::PhantomData,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    bindings,
    macros::kunit_tests,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Release, //
        },
        Arc,
        ArcBorrow, //
    },
    types::Opaque, //
};

/// A place in a tree.
///
/// # Invariants
///
/// While it is taken, one tree holds a reference to `item`, which has these links, and that tree
/// alone, under its own `&` and `&mut`, looks at the other two fields. While it is not, nobody
/// does.
#[repr(C)]
pub(crate) struct Links<T> {
    node: Opaque<bindings::rb_node>,
    item: UnsafeCell<*const T>,
    taken: Atomic<bool>,
}

// SAFETY: By the type invariant who looks at the fields is who has the tree, and that is `Send` and
// `Sync` only if the items are.
unsafe impl<T> Send for Links<T> {}

// SAFETY: As above.
unsafe impl<T> Sync for Links<T> {}

impl<T> Links<T> {
    /// Those of something that is in no tree.
    pub(crate) const fn new() -> Self {
        // INVARIANT: It is not taken.
        Self {
            node: Opaque::uninit(),
            item: UnsafeCell::new(ptr::null()),
            taken: Atomic::new(false),
        }
    }
}

/// What something has links for: a tree, and the order in it.
///
/// It is safe to implement, for it can do no harm. Links that it gives for an item that is borrowed
/// for some time are there for all of that time, whatever time it is; and the reference that a tree
/// has is such a borrow, which lasts until the item is taken out. If they are the links of another
/// item as well, one of the two is refused: they are taken.
pub(crate) trait Order<T> {
    /// The links for that tree.
    fn links(item: &T) -> &Links<T>;

    /// How two are to each other.
    fn compare(left: &T, right: &T) -> Ordering;
}

/// A sorted tree.
///
/// # Invariants
///
/// All nodes are those of [`Links`] that are taken by this tree.
pub(crate) struct Sorted<T, O: Order<T>> {
    root: bindings::rb_root,
    _p: PhantomData<(Arc<T>, O)>,
}

// SAFETY: It is a collection of `Arc<T>`, which are `Send` then.
unsafe impl<T: Send + Sync, O: Order<T>> Send for Sorted<T, O> {}

// SAFETY: As above; all it gives by a `&` are references that could be cloned.
unsafe impl<T: Send + Sync, O: Order<T>> Sync for Sorted<T, O> {}

impl<T, O: Order<T>> Sorted<T, O> {
    /// An empty tree.
    pub(crate) fn new() -> Self {
        // INVARIANT: There are no nodes.
        Self {
            root: bindings::rb_root {
                rb_node: ptr::null_mut(),
            },
            _p: PhantomData,
        }
    }

    /// The item that a node is of.
    ///
    /// # Safety
    ///
    /// The node is in this tree.
    #[inline(always)]
    unsafe fn item<'a>(&'a self, node: *const bindings::rb_node) -> ArcBorrow<'a, T> {
        // The node is the first of its links' fields.
        let links = node.cast::<Links<T>>();
        // SAFETY: By the type invariants the links are taken by this tree, which has a reference to
        // the item for as long as it does not change, and so for as long as `'a`.
        unsafe { ArcBorrow::from_raw(*(*links).item.get()) }
    }

    /// Looks for something, and gives its node, or null.
    #[inline(always)]
    fn node_of(&self, seek: impl Fn(&T) -> Ordering) -> *mut bindings::rb_node {
        let mut node = self.root.rb_node;
        while !node.is_null() {
            // SAFETY: It is in this tree.
            let (item, at) = unsafe { (self.item(node), &*node) };
            node = match seek(&item) {
                Ordering::Less => at.rb_left,
                Ordering::Greater => at.rb_right,
                Ordering::Equal => break,
            };
        }
        node
    }

    /// Looks for something: `seek` says how it is to an item.
    #[inline]
    pub(crate) fn find(&self, seek: impl Fn(&T) -> Ordering) -> Option<ArcBorrow<'_, T>> {
        let node = NonNull::new(self.node_of(seek))?;
        // SAFETY: It was found in this tree.
        Some(unsafe { self.item(node.as_ptr()) })
    }

    /// Gives what comes after something, in order: `seek` says how that is to an item.
    #[inline]
    pub(crate) fn after(&self, seek: impl Fn(&T) -> Ordering) -> After<'_, T, O> {
        let mut next = ptr::null_mut();
        let mut node = self.root.rb_node;
        while !node.is_null() {
            // SAFETY: It is in this tree.
            let (item, at) = unsafe { (self.item(node), &*node) };
            node = if seek(&item) == Ordering::Less {
                next = node;
                at.rb_left
            } else {
                at.rb_right
            };
        }
        // INVARIANT: It was found in this tree, or is null.
        After { tree: self, next }
    }

    /// Puts an item into the tree. It is given back if an equal one is there, or if it is in a tree
    /// by these links already.
    #[inline]
    pub(crate) fn insert(&mut self, item: Arc<T>) -> Result<(), Arc<T>> {
        let links = ptr::from_ref(O::links(&item));
        let mut parent = ptr::null_mut();
        let mut place = &raw mut self.root.rb_node;
        // SAFETY: The place is the root's, or that of a node in this tree.
        while let Some(node) = NonNull::new(unsafe { *place }) {
            parent = node.as_ptr();
            // SAFETY: The node is in this tree, and this is all that is done with it meanwhile.
            place = unsafe {
                match O::compare(&item, &self.item(parent)) {
                    Ordering::Less => &raw mut (*parent).rb_left,
                    Ordering::Greater => &raw mut (*parent).rb_right,
                    Ordering::Equal => return Err(item),
                }
            };
        }
        // INVARIANT: From here on they are this tree's, which keeps the reference.
        // ORDERING: What the last one did to them comes before.
        // SAFETY: They are where the item is, or live as long.
        if unsafe { (*links).taken.xchg(true, Acquire) } {
            return Err(item);
        }
        // SAFETY: They are this tree's alone. They stay where they are: as they could be had of the
        // item for as long as that is borrowed, and the reference that the tree has is as good. The
        // place is empty, and below `parent`.
        unsafe {
            *(*links).item.get() = Arc::into_raw(item);
            // The first of the links' fields, by a pointer to all of them: see `item`.
            let node = links.cast_mut().cast::<bindings::rb_node>();
            bindings::rb_link_node(node, parent, place);
            bindings::rb_insert_color(node, &mut self.root);
        }
        Ok(())
    }

    /// Takes something out of the tree: `seek` says how it is to an item.
    #[inline]
    pub(crate) fn remove(&mut self, seek: impl Fn(&T) -> Ordering) -> Option<Arc<T>> {
        let node = NonNull::new(self.node_of(seek))?.as_ptr();
        // SAFETY: It was found in this tree, and after that it is not in it any more.
        unsafe {
            bindings::rb_erase(node, &mut self.root);
            Some(give_back(node))
        }
    }
}

/// Ends what links are taken for, and gives the reference that the tree had.
///
/// # Safety
///
/// The node was that of links in a tree, which has forgotten it.
unsafe fn give_back<T>(node: *mut bindings::rb_node) -> Arc<T> {
    let links = node.cast::<Links<T>>();
    // SAFETY: They are taken still, by who calls this, and so the reference is given back once.
    unsafe {
        let item = Arc::from_raw(*(*links).item.get());
        // INVARIANT: Nobody looks at the other fields from here on.
        // ORDERING: Who takes them next comes after that.
        (*links).taken.store(false, Release);
        item
    }
}

impl<T, O: Order<T>> Drop for Sorted<T, O> {
    fn drop(&mut self) {
        // SAFETY: The root is one. In this order a node comes after those below it, so that it is
        // not looked at any more when it goes.
        unsafe {
            let mut node = bindings::rb_first_postorder(&self.root);
            while !node.is_null() {
                let next = bindings::rb_next_postorder(node);
                drop(give_back::<T>(node));
                node = next;
            }
        }
    }
}

/// What comes after something in a tree.
///
/// # Invariants
///
/// `next` is a node in the tree, or null.
pub(crate) struct After<'a, T, O: Order<T>> {
    tree: &'a Sorted<T, O>,
    next: *mut bindings::rb_node,
}

impl<'a, T, O: Order<T>> Iterator for After<'a, T, O> {
    type Item = ArcBorrow<'a, T>;

    #[inline]
    fn next(&mut self) -> Option<ArcBorrow<'a, T>> {
        let node = NonNull::new(self.next)?.as_ptr();
        // INVARIANT: What comes next to a node in the tree is in it, or null.
        // SAFETY: The node is in the tree, which is borrowed, and so does not change.
        unsafe {
            self.next = bindings::rb_next(node);
            Some(self.tree.item(node))
        }
    }
}

#[kunit_tests(sysdemo_sorted)]
mod tests {
    use super::*;

    /// A number, in order; and in a tree of the last digits alone.
    struct Number {
        value: u32,
        by_value: Links<Number>,
        by_digit: Links<Number>,
    }

    struct ByValue;
    struct ByDigit;

    impl Order<Number> for ByValue {
        fn links(item: &Number) -> &Links<Number> {
            &item.by_value
        }

        fn compare(left: &Number, right: &Number) -> Ordering {
            left.value.cmp(&right.value)
        }
    }

    impl Order<Number> for ByDigit {
        fn links(item: &Number) -> &Links<Number> {
            &item.by_digit
        }

        fn compare(left: &Number, right: &Number) -> Ordering {
            (left.value % 10).cmp(&(right.value % 10))
        }
    }

    fn number(value: u32) -> Result<Arc<Number>> {
        Ok(Arc::new(
            Number {
                value,
                by_value: Links::new(),
                by_digit: Links::new(),
            },
            GFP_KERNEL,
        )?)
    }

    /// All numbers below a hundred, in no order.
    fn numbers() -> Result<Sorted<Number, ByValue>> {
        let mut tree = Sorted::new();
        for i in 0..100 {
            assert!(tree.insert(number(i * 37 % 100)?).is_ok());
        }
        Ok(tree)
    }

    #[test]
    fn what_is_in_a_tree_is_found_and_nothing_else() -> Result {
        let mut tree = numbers()?;
        for i in (0..100).step_by(3) {
            assert!(tree
                .remove(|item| i.cmp(&item.value))
                .is_some_and(|item| item.value == i));
            assert!(tree.remove(|item| i.cmp(&item.value)).is_none());
        }
        for i in 0..200 {
            let found = tree.find(|item| i.cmp(&item.value));
            assert!(found.is_some() == (i < 100 && i % 3 != 0));
            assert!(found.is_none_or(|item| item.value == i));
        }
        Ok(())
    }

    #[test]
    fn what_comes_after_something_comes_in_order() -> Result {
        let tree = numbers()?;
        let mut expected = 41;
        for item in tree.after(|item| 40.cmp(&item.value)) {
            assert_eq!(item.value, expected);
            expected += 1;
        }
        assert_eq!(expected, 100);
        assert!(tree.after(|item| 99.cmp(&item.value)).next().is_none());
        Ok(())
    }

    #[test]
    fn nothing_is_twice_in_a_tree_or_in_two_by_the_same_links() -> Result {
        let (mut values, mut digits) = (Sorted::<_, ByValue>::new(), Sorted::<_, ByDigit>::new());
        let mut others = Sorted::<_, ByValue>::new();
        let three = number(3)?;
        assert!(values.insert(three.clone()).is_ok());
        assert!(digits.insert(three.clone()).is_ok());
        assert!(values.insert(number(3)?).is_err());
        assert!(digits.insert(number(13)?).is_err());
        assert!(others.insert(three.clone()).is_err());
        assert!(values.remove(|item| 3.cmp(&item.value)).is_some());
        assert!(others.insert(three.clone()).is_ok());
        drop((values, digits, others));
        // Nobody else has it any more.
        assert!(Arc::into_unique_or_drop(three).is_some());
        Ok(())
    }
}
