// SPDX-License-Identifier: GPL-2.0

//! What is in a file: pages, those that were ever written.
//!
//! They are found by way of groups. What a group takes is not counted, but there is none without a
//! page, so it is at most as much again as the pages that are counted; and the list of the groups
//! of a file of the largest size that can be allowed takes a page.

use super::quota::{
    Charge,
    Room, //
};
use crate::bridge::nospec;
use core::mem::{
    self,
    size_of, //
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

/// Memory for a write, taken before the lock of what is in the file is. To wait for memory may take
/// long, the more so for who has little of it allowed, and with that lock everybody would wait who
/// as much as looks at the file.
pub(super) struct Fresh {
    pages: KVec<Page>,
    groups: KVec<Group>,
    /// Room for the list of groups.
    list: KVec<Option<Group>>,
}

/// What a write needs that a file does not have.
pub(super) struct Lack {
    pages: usize,
    groups: usize,
    /// How long the list of groups has to be; 0 if there is room for that.
    list: usize,
}

impl Fresh {
    /// Nothing: it suffices if all is there.
    pub(super) fn none() -> Self {
        Self {
            pages: KVec::new(),
            groups: KVec::new(),
            list: KVec::new(),
        }
    }

    /// Takes memory for what lacks.
    ///
    /// Fails with [`ENOMEM`].
    pub(super) fn of(lack: &Lack) -> Result<Self> {
        let mut fresh = Self {
            pages: KVec::with_capacity(lack.pages, GFP_KERNEL)?,
            groups: KVec::with_capacity(lack.groups, GFP_KERNEL)?,
            list: KVec::with_capacity(lack.list, GFP_KERNEL_ACCOUNT)?,
        };
        for _ in 0..lack.pages {
            let page = Page::init(pin_init::init_zeroed(), GFP_KERNEL_ACCOUNT)?;
            fresh.pages.push(page, GFP_KERNEL)?;
        }
        for _ in 0..lack.groups {
            let group = Group::init(pin_init::init_zeroed(), GFP_KERNEL_ACCOUNT)?;
            fresh.groups.push(group, GFP_KERNEL)?;
        }
        Ok(fresh)
    }

    /// Whether it is enough.
    pub(super) fn suffices(&self, lack: &Lack) -> bool {
        self.pages.len() >= lack.pages
            && self.groups.len() >= lack.groups
            && self.list.capacity() >= lack.list
    }
}

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
    /// Starts empty, with the account of the node, of which nothing is taken yet.
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

    /// Counts the node itself, when it gets a name.
    ///
    /// Fails as [`Charge::take_node`] does.
    pub(super) fn count_node(&mut self, room: &mut Option<Room>) -> Result {
        self.charge.take_node(room)
    }

    /// The largest size that it may have.
    pub(super) fn size_max(&self) -> usize {
        self.charge.quota().file_size()
    }

    /// A page, if there is one.
    fn page(&self, at: usize) -> Option<&Page> {
        let at_group = nospec::array_index(at / GROUP, self.groups.len())?;
        let group = self.groups.get(at_group)?.as_ref()?;
        group.get(at % GROUP)?.as_ref()
    }

    /// Where a page is or will be, if there is a group for it.
    fn place(&mut self, at: usize) -> Option<&mut Option<Page>> {
        let at_group = nospec::array_index(at / GROUP, self.groups.len())?;
        let group = self.groups.get_mut(at_group)?.as_mut()?;
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

    /// Where so many bytes at a position end.
    ///
    /// Fails with [`EFBIG`] if the file would become too large.
    fn end(&self, position: usize, len: usize) -> Result<usize> {
        let end = position.checked_add(len).ok_or(EFBIG)?;
        if end > self.size_max() {
            return Err(EFBIG);
        }
        Ok(end)
    }

    /// What a write of so many bytes, one at least, to a position needs besides what is there.
    ///
    /// Fails with [`EFBIG`] if the file would become too large.
    pub(super) fn lack(&self, position: usize, len: usize) -> Result<Lack> {
        let pages = position / PAGE_SIZE..pages_up_to(self.end(position, len)?);
        let groups = pages.start / GROUP..pages.end.div_ceil(GROUP);
        let has_room = groups.end <= self.groups.capacity();
        Ok(Lack {
            list: if has_room { 0 } else { groups.end },
            pages: pages.filter(|at| self.page(*at).is_none()).count(),
            groups: groups
                .filter(|at| !matches!(self.groups.get(*at), Some(Some(_))))
                .count(),
        })
    }

    /// Copies bytes, one at least, to a position. All that can fail does so before anything is
    /// changed. What is fresh is used as far as it is needed.
    ///
    /// Fails with [`EFBIG`] if the file would become too large, [`EDQUOT`] or [`ENOSPC`] if there
    /// may not be as many pages, and [`ENOMEM`] if what is fresh does not suffice.
    pub(super) fn write(&mut self, position: usize, mut from: &[u8], fresh: &mut Fresh) -> Result {
        let lack = self.lack(position, from.len())?;
        // Cannot overflow: the file may be that large.
        let end = position + from.len();
        self.provide(position, end, &lack, fresh)?;
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
    /// Fails as [`Self::write`] does, and has then changed nothing.
    fn provide(&mut self, position: usize, end: usize, lack: &Lack, fresh: &mut Fresh) -> Result {
        if !fresh.suffices(lack) {
            return Err(ENOMEM);
        }
        if lack.pages == 0 {
            return Ok(());
        }
        self.charge.grow(lack.pages)?;
        if lack.list > 0 {
            let old = mem::replace(&mut self.groups, mem::take(&mut fresh.list));
            for group in old {
                self.add_group(group);
            }
        }
        // INVARIANT: As many pages as were charged.
        for at in position / PAGE_SIZE..pages_up_to(end) {
            while self.groups.len() <= at / GROUP {
                self.add_group(None);
            }
            if let Some(group @ None) = self.groups.get_mut(at / GROUP) {
                *group = fresh.groups.pop();
            }
            if let Some(place @ None) = self.place(at) {
                *place = fresh.pages.pop();
            }
        }
        Ok(())
    }

    /// Adds a group to the list, which has room for it.
    fn add_group(&mut self, group: Option<Group>) {
        let added = self.groups.push_within_capacity(group);
        debug_assert!(added.is_ok());
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
        counted(&quota)
    }

    /// A file of a user's that has nothing in it yet.
    fn counted(quota: &Arc<Quota>) -> Result<Contents> {
        let mut contents = Contents::new(Charge::new(quota, Uid(1)));
        contents.count_node(&mut Some(room()?))?;
        Ok(contents)
    }

    /// Writes, with all memory that it takes.
    fn write(contents: &mut Contents, position: usize, from: &[u8]) -> Result {
        let mut fresh = Fresh::of(&contents.lack(position, from.len())?)?;
        contents.write(position, from, &mut fresh)?;
        assert!(fresh.pages.is_empty() && fresh.groups.is_empty());
        Ok(())
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
        write(&mut contents, edge, b"abcd")?;
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
        write(&mut contents, 3 * PAGE_SIZE, b"x")?;
        assert_eq!(contents.pages(), 1);
        assert!(at(&contents, 0, 4 * PAGE_SIZE)?
            .iter()
            .all(|byte| *byte == 0 || *byte == b'x'));
        contents.truncate(8 * PAGE_SIZE)?;
        assert_eq!(contents.pages(), 1);
        assert_eq!(contents.truncate(8 * PAGE_SIZE + 1), Err(EFBIG));
        assert_eq!(write(&mut contents, 8 * PAGE_SIZE, b"x"), Err(EFBIG));
        assert_eq!(write(&mut contents, usize::MAX, b"x"), Err(EFBIG));
        Ok(())
    }

    #[test]
    fn what_is_cut_does_not_come_back() -> Result {
        let mut contents = contents()?;
        write(&mut contents, 0, b"secret")?;
        write(&mut contents, PAGE_SIZE, b"secret")?;
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
        let mut contents = counted(&quota)?;
        // CAST: As above.
        let last = size as usize - 1;
        write(&mut contents, last, b"x")?;
        write(&mut contents, GROUP * PAGE_SIZE - 1, b"yz")?;
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
        assert_eq!(write(&mut contents, 0, &much), Err(EDQUOT));
        assert_eq!(contents.groups.len(), 0);
        Ok(())
    }

    #[test]
    fn a_write_takes_no_memory_by_itself() -> Result {
        let mut contents = contents()?;
        let mut little = Fresh::of(&contents.lack(0, 1)?)?;
        assert_eq!(contents.write(0, b"x", &mut Fresh::none()), Err(ENOMEM));
        assert_eq!(
            contents.write(PAGE_SIZE - 1, b"xy", &mut little),
            Err(ENOMEM)
        );
        assert_eq!(
            (contents.size(), contents.pages(), contents.groups.len()),
            (0, 0, 0)
        );
        contents.write(0, b"x", &mut little)?;
        // What is there needs nothing.
        contents.write(1, b"y", &mut Fresh::none())?;
        assert!(*at(&contents, 0, 3)? == *b"xy");
        Ok(())
    }

    #[test]
    fn a_write_that_fails_changes_nothing() -> Result {
        let mut contents = contents()?;
        write(&mut contents, 0, b"abc")?;
        let much = KVVec::from_elem(b'x', 5 * PAGE_SIZE, GFP_KERNEL)?;
        assert_eq!(write(&mut contents, 1, &much), Err(EDQUOT));
        assert_eq!(contents.size(), 3);
        assert_eq!(contents.pages(), 1);
        assert!(*at(&contents, 0, 10)? == *b"abc");
        Ok(())
    }
}
