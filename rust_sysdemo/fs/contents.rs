// SPDX-License-Identifier: GPL-2.0

//! What is in a file: pages, those that were ever written.
//!
//! They are found by way of groups. What a group takes is not counted, but there is none without a
//! page, so it is at most as much again as the pages that are counted; and the list of the groups
//! of a file of the largest size that can be allowed takes a page.

use super::quota::Charge;
use core::{
    mem::size_of,
    ops::Range, //
};
use kernel::{
    page::PAGE_SIZE,
    prelude::*, //
};

/// A page of a file.
type Page = KBox<[u8; PAGE_SIZE]>;

/// How many pages a group can have: with as many, it takes a page itself.
const GROUP: usize = PAGE_SIZE / size_of::<Option<Page>>();

/// Pages of a file, in order; [`None`] is one that is all zeros.
type Group = KBox<[Option<Page>; GROUP]>;

/// What is in a file.
///
/// # Invariants
///
/// - There are pages for no more than the size, and `charge` has taken as many as there are.
/// - What a page has beyond the size is zero.
pub(super) struct Contents {
    size: usize,
    /// The pages in order; [`None`] is a group of nothing but zeros.
    groups: KVec<Option<Group>>,
    charge: Charge,
}

/// How many pages there are up to a place.
fn pages_up_to(end: usize) -> usize {
    end.div_ceil(PAGE_SIZE)
}

/// A piece of a file that lies within one page.
struct Piece {
    page: usize,
    from: usize,
    len: usize,
}

impl Piece {
    /// The first piece of what is at a position.
    fn first(position: usize, len: usize) -> Self {
        let from = position % PAGE_SIZE;
        Self {
            page: position / PAGE_SIZE,
            from,
            len: len.min(PAGE_SIZE - from),
        }
    }

    /// That piece of a page.
    fn of<'a>(&self, page: &'a [u8; PAGE_SIZE]) -> &'a [u8] {
        page.get(self.from..)
            .and_then(|rest| rest.get(..self.len))
            .unwrap_or(&[])
    }

    /// That piece of a page.
    fn of_mut<'a>(&self, page: &'a mut [u8; PAGE_SIZE]) -> &'a mut [u8] {
        page.get_mut(self.from..)
            .and_then(|rest| rest.get_mut(..self.len))
            .unwrap_or(&mut [])
    }
}

impl Contents {
    /// Starts empty, with what the node has been charged.
    pub(super) fn new(charge: Charge) -> Self {
        // INVARIANT: A charge starts without pages.
        Self {
            size: 0,
            groups: KVec::new(),
            charge,
        }
    }

    /// The size of the file.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// How many pages it has.
    pub(super) fn pages(&self) -> usize {
        self.charge.pages()
    }

    /// The largest size that it may have.
    pub(super) fn size_max(&self) -> usize {
        self.charge.quota().file_size()
    }

    /// A page, if there is one.
    fn page(&self, at: usize) -> Option<&Page> {
        let group = self.groups.get(at / GROUP)?.as_ref()?;
        group.get(at % GROUP)?.as_ref()
    }

    /// Where a page is or will be, if there is a group for it.
    fn place(&mut self, at: usize) -> Option<&mut Option<Page>> {
        let group = self.groups.get_mut(at / GROUP)?.as_mut()?;
        group.get_mut(at % GROUP)
    }

    /// Copies what is at a position, as much as there is and there is room for.
    pub(super) fn read(&self, position: usize, mut to: &mut [u8]) -> usize {
        let len = to.len().min(self.size.saturating_sub(position));
        let mut done = 0;
        while done < len {
            // Neither overflows: both are at most the size.
            let piece = Piece::first(position + done, len - done);
            let Some((part, rest)) = to.split_at_mut_checked(piece.len) else {
                break;
            };
            match self.page(piece.page) {
                Some(page) => part.copy_from_slice(piece.of(page)),
                None => part.fill(0),
            }
            to = rest;
            done += piece.len;
        }
        done
    }

    /// Copies bytes to a position. All that can fail does so before anything is changed, and no
    /// bytes change nothing.
    ///
    /// Fails with [`EFBIG`] if the file would become too large, [`EDQUOT`] or [`ENOSPC`] if there
    /// may not be as many pages, and [`ENOMEM`].
    pub(super) fn write(&mut self, position: usize, mut from: &[u8]) -> Result {
        if from.is_empty() {
            return Ok(());
        }
        let end = position.checked_add(from.len()).ok_or(EFBIG)?;
        if end > self.size_max() {
            return Err(EFBIG);
        }
        self.provide(position, end)?;
        // INVARIANT: There are pages up to `end`, which is at most the size from here on.
        self.size = self.size.max(end);
        let mut position = position;
        while !from.is_empty() {
            let piece = Piece::first(position, from.len());
            let (Some((part, rest)), Some(Some(page))) =
                (from.split_at_checked(piece.len), self.place(piece.page))
            else {
                break;
            };
            piece.of_mut(page).copy_from_slice(part);
            from = rest;
            position += piece.len;
        }
        Ok(())
    }

    /// Sees to it that there are pages from a position to another.
    ///
    /// Fails as [`Self::write`] does; there are no more pages then than before.
    fn provide(&mut self, position: usize, end: usize) -> Result {
        let range = position / PAGE_SIZE..pages_up_to(end);
        let missing = range.clone().filter(|at| self.page(*at).is_none()).count();
        if missing == 0 {
            return Ok(());
        }
        // First, so that who may have no more does not make anybody wait for memory either.
        self.charge.grow(missing)?;
        let made = Self::make(missing).and_then(|fresh| {
            self.make_groups(&range)?;
            Ok(fresh)
        });
        let mut fresh = match made {
            Ok(fresh) => fresh,
            Err(error) => {
                self.drop_empty_groups(range.start);
                self.charge.shrink(missing);
                return Err(error);
            }
        };
        // INVARIANT: As many as were charged.
        for at in range {
            if let Some(place @ None) = self.place(at) {
                *place = fresh.pop();
            }
        }
        Ok(())
    }

    /// Makes pages.
    ///
    /// Fails with [`ENOMEM`].
    fn make(count: usize) -> Result<KVec<Page>> {
        let mut fresh = KVec::with_capacity(count, GFP_KERNEL)?;
        for _ in 0..count {
            fresh.push(
                Page::init(pin_init::init_zeroed(), GFP_KERNEL_ACCOUNT)?,
                GFP_KERNEL,
            )?;
        }
        Ok(fresh)
    }

    /// Sees to it that there are groups for pages.
    ///
    /// Fails with [`ENOMEM`]; there may be groups then that have no page.
    fn make_groups(&mut self, pages: &Range<usize>) -> Result {
        let groups = pages.start / GROUP..pages.end.div_ceil(GROUP);
        while self.groups.len() < groups.end {
            self.groups.push(None, GFP_KERNEL_ACCOUNT)?;
        }
        for at in groups {
            if let Some(group @ None) = self.groups.get_mut(at) {
                *group = Some(Group::init(pin_init::init_zeroed(), GFP_KERNEL_ACCOUNT)?);
            }
        }
        Ok(())
    }

    /// Forgets what groups have no page, from that of a page on.
    fn drop_empty_groups(&mut self, page: usize) {
        for group in self.groups.iter_mut().skip(page / GROUP) {
            if matches!(group, Some(pages) if pages.iter().all(Option::is_none)) {
                *group = None;
            }
        }
        while matches!(self.groups.last(), Some(None)) {
            self.groups.pop();
        }
        // A vector keeps what room it has.
        if self.groups.is_empty() {
            self.groups = KVec::new();
        }
    }

    /// Changes the size: what is beyond the new one is gone, what comes to the old one is zero.
    ///
    /// Fails with [`EFBIG`] if the file would become too large.
    pub(super) fn truncate(&mut self, size: usize) -> Result {
        if size > self.size_max() {
            return Err(EFBIG);
        }
        if size < self.size {
            let mut gone = 0;
            let kept = pages_up_to(size);
            let mut first = kept % GROUP;
            for group in self.groups.iter_mut().skip(kept / GROUP) {
                for place in group
                    .iter_mut()
                    .flat_map(|pages| pages.iter_mut().skip(first))
                {
                    gone += usize::from(place.take().is_some());
                }
                first = 0;
            }
            self.drop_empty_groups(kept);
            self.charge.shrink(gone);
            // INVARIANT: The rest of the last page is beyond the size from here on.
            let rest = Piece::first(size, PAGE_SIZE);
            if let Some(Some(page)) = self.place(rest.page) {
                rest.of_mut(page).fill(0);
            }
        }
        self.size = size;
        Ok(())
    }
}

#[allow(unsafe_code, reason = "what the macro makes of it is called by C")]
#[kunit_tests(sysdemo_contents)]
mod tests {
    use super::*;
    use crate::{
        bridge::cred::Uid,
        fs::quota::{
            room,
            Limits,
            Quota, //
        },
    };
    use kernel::sync::Arc;

    /// A file that may have eight pages, of which the tree has four.
    fn contents() -> Result<Contents> {
        // CAST: The size of a page is a small number.
        let page = PAGE_SIZE as u64;
        let limits = Limits::new(4 * page, 1, 4 * page, 1, 8 * page);
        let quota = Arc::pin_init(Quota::new(limits), GFP_KERNEL)?;
        Ok(Contents::new(Charge::node(&quota, Uid(1), room()?)?))
    }

    /// What is in the file at a position.
    fn at(contents: &Contents, position: usize, len: usize) -> Result<KVec<u8>> {
        let mut bytes = KVec::from_elem(0xff, len, GFP_KERNEL)?;
        let got = contents.read(position, &mut bytes);
        bytes.truncate(got);
        Ok(bytes)
    }

    #[test]
    fn what_is_written_is_read_over_the_edges_of_pages() -> Result {
        let mut contents = contents()?;
        let edge = PAGE_SIZE - 2;
        contents.write(edge, b"abcd")?;
        assert_eq!(contents.size(), PAGE_SIZE + 2);
        assert_eq!(contents.pages(), 2);
        assert!(*at(&contents, edge, 4)? == *b"abcd");
        assert!(*at(&contents, edge - 1, 100)? == *b"\0abcd");
        assert!(at(&contents, PAGE_SIZE + 2, 1)?.is_empty());
        assert!(at(&contents, usize::MAX, 1)?.is_empty());
        Ok(())
    }

    #[test]
    fn holes_are_zero_and_take_nothing() -> Result {
        let mut contents = contents()?;
        contents.write(3 * PAGE_SIZE, b"x")?;
        assert_eq!(contents.pages(), 1);
        assert!(at(&contents, 0, 4 * PAGE_SIZE)?
            .iter()
            .all(|byte| *byte == 0 || *byte == b'x'));
        contents.truncate(8 * PAGE_SIZE)?;
        assert_eq!(contents.pages(), 1);
        assert_eq!(contents.truncate(8 * PAGE_SIZE + 1), Err(EFBIG));
        assert_eq!(contents.write(8 * PAGE_SIZE, b"x"), Err(EFBIG));
        assert_eq!(contents.write(usize::MAX, b"x"), Err(EFBIG));
        Ok(())
    }

    #[test]
    fn what_is_cut_does_not_come_back() -> Result {
        let mut contents = contents()?;
        contents.write(0, b"secret")?;
        contents.write(PAGE_SIZE, b"secret")?;
        contents.truncate(2)?;
        assert_eq!(contents.pages(), 1);
        contents.truncate(2 * PAGE_SIZE)?;
        assert!(at(&contents, 0, 3)?.starts_with(b"se\0"));
        assert!(at(&contents, 2, 2 * PAGE_SIZE)?
            .iter()
            .all(|byte| *byte == 0));
        contents.truncate(0)?;
        assert_eq!(contents.pages(), 0);
        Ok(())
    }

    #[test]
    fn where_pages_were_nothing_is_kept() -> Result {
        // CAST: Small numbers.
        let (page, size) = (PAGE_SIZE as u64, (4 * GROUP * PAGE_SIZE) as u64);
        let limits = Limits::new(4 * page, 1, 4 * page, 1, size);
        let quota = Arc::pin_init(Quota::new(limits), GFP_KERNEL)?;
        let mut contents = Contents::new(Charge::node(&quota, Uid(1), room()?)?);
        // CAST: As above.
        let last = size as usize - 1;
        contents.write(last, b"x")?;
        contents.write(GROUP * PAGE_SIZE - 1, b"yz")?;
        assert_eq!(contents.pages(), 3);
        assert_eq!(contents.groups.iter().flatten().count(), 3);
        assert!(*at(&contents, GROUP * PAGE_SIZE - 1, 2)? == *b"yz");
        contents.truncate(last)?;
        assert_eq!(contents.pages(), 3);
        contents.truncate(3 * GROUP * PAGE_SIZE)?;
        assert_eq!(contents.pages(), 2);
        assert_eq!(contents.groups.len(), 2);
        contents.truncate(GROUP * PAGE_SIZE)?;
        assert_eq!((contents.pages(), contents.groups.len()), (1, 1));
        contents.truncate(0)?;
        assert_eq!((contents.pages(), contents.groups.capacity()), (0, 0));
        // What is refused leaves no group behind either.
        let much = KVVec::from_elem(b'x', 5 * PAGE_SIZE, GFP_KERNEL)?;
        assert_eq!(contents.write(0, &much), Err(EDQUOT));
        assert_eq!(contents.groups.len(), 0);
        Ok(())
    }

    #[test]
    fn a_write_that_fails_changes_nothing() -> Result {
        let mut contents = contents()?;
        contents.write(0, b"abc")?;
        let much = KVVec::from_elem(b'x', 5 * PAGE_SIZE, GFP_KERNEL)?;
        assert_eq!(contents.write(1, &much), Err(EDQUOT));
        assert_eq!(contents.size(), 3);
        assert_eq!(contents.pages(), 1);
        assert!(*at(&contents, 0, 10)? == *b"abc");
        Ok(())
    }
}
