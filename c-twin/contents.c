// SPDX-License-Identifier: GPL-2.0
/*
 * What is in a file: pages, those that were ever written. What a page has beyond the size is zero.
 *
 * Twin: rust_sysdemo/fs/contents.rs
 */
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "tree.h"

static unsigned long page_of(size_t position)
{
	return position >> PAGE_SHIFT;
}

/* How much of what is at a position lies within one page. */
static size_t within_page(size_t position, size_t len)
{
	return min(len, PAGE_SIZE - offset_in_page(position));
}

/* The size of a file; 0 for a directory. */
size_t sdc_size(struct sdc_node *node)
{
	size_t size;

	mutex_lock(&node->lock);
	size = node->size;
	mutex_unlock(&node->lock);
	return size;
}

/* Copies what is at a position, as much as there is and there is room for. */
size_t sdc_read_contents(struct sdc_node *node, size_t position, void *to, size_t len)
{
	size_t done, part;

	mutex_lock(&node->lock);
	len = position < node->size ? min(len, node->size - position) : 0;
	for (done = 0; done < len; done += part) {
		const void *page = xa_load(&node->pages, page_of(position + done));

		part = within_page(position + done, len - done);
		if (page)
			memcpy(to + done, page + offset_in_page(position + done), part);
		else
			memset(to + done, 0, part);
	}
	mutex_unlock(&node->lock);
	return len;
}

static void free_page_at(struct sdc_node *node, unsigned long at)
{
	free_page((unsigned long)xa_erase(&node->pages, at));
}

static void release_places(struct sdc_fresh *fresh, struct sdc_node *node)
{
	unsigned long i;

	if (!fresh->reserved)
		return;
	/* Those in which there is a page by now stay as they are. */
	for (i = fresh->first; i <= fresh->last; i++)
		xa_release(&node->pages, i);
	fresh->reserved = false;
}

/* Takes memory for what a write has found to lack. Others have the file's lock meanwhile. */
int sdc_fresh_alloc(struct sdc_fresh *fresh, struct sdc_node *node)
{
	unsigned long i;
	int err;

	while (fresh->count < fresh->lack) {
		unsigned long page = get_zeroed_page(GFP_KERNEL_ACCOUNT);

		if (!page)
			return -ENOMEM;
		fresh->pages[fresh->count++] = page;
	}
	fresh->reserved = true;
	for (i = fresh->first; i <= fresh->last; i++) {
		err = xa_reserve(&node->pages, i, GFP_KERNEL);
		if (err)
			return err;
	}
	return 0;
}

/* Gives back what was not needed. */
void sdc_fresh_free(struct sdc_fresh *fresh, struct sdc_node *node)
{
	release_places(fresh, node);
	while (fresh->count)
		free_page(fresh->pages[--fresh->count]);
}

/* Notes what lacks, in place of what did before. */
static int lacks(struct sdc_fresh *fresh, struct sdc_node *node, unsigned long count,
		 unsigned long first, unsigned long last)
{
	release_places(fresh, node);
	fresh->lack = count;
	fresh->first = first;
	fresh->last = last;
	return -EAGAIN;
}

/* Sees to it that there are pages. If it fails there are no more than before. */
static int provide(struct sdc_node *node, unsigned long first, unsigned long last,
		   struct sdc_fresh *fresh)
{
	DECLARE_BITMAP(missing, SDC_PAGES_MAX) = {};
	unsigned long i, j, count;
	int err;

	for (i = first; i <= last; i++) {
		if (!xa_load(&node->pages, i))
			__set_bit(i - first, missing);
	}
	count = bitmap_weight(missing, SDC_PAGES_MAX);
	if (!count)
		return 0;
	if (fresh->count < count)
		return lacks(fresh, node, count, first, last);
	err = sdc_charge_pages(node, count);
	if (err)
		return err;
	for_each_set_bit(i, missing, SDC_PAGES_MAX) {
		void *page = (void *)fresh->pages[--fresh->count];

		/* Nearly always the place is reserved. */
		if (xa_err(xa_store(&node->pages, first + i, page, GFP_NOWAIT | __GFP_NOWARN))) {
			fresh->pages[fresh->count++] = (unsigned long)page;
			goto undo;
		}
	}
	node->nr_pages += count;
	return 0;
undo:
	for_each_set_bit(j, missing, i) {
		void *page = xa_erase(&node->pages, first + j);

		fresh->pages[fresh->count++] = (unsigned long)page;
	}
	sdc_uncharge(node->user, 0, count);
	return lacks(fresh, node, count, first, last);
}

/*
 * Copies bytes, at least one and at most a piece, to a position, under the file's lock. All that
 * can fail does so before anything is changed. -EAGAIN: memory has to be taken first, without the
 * lock; then again, as more may lack by then.
 */
int sdc_write_contents(struct sdc_node *node, size_t position, const void *from, size_t len,
		       struct sdc_fresh *fresh)
{
	size_t done, part;
	int err;

	if (position > sdc_file_size_max || len > sdc_file_size_max - position)
		return -EFBIG;
	err = provide(node, page_of(position), page_of(position + len - 1), fresh);
	if (err)
		return err;
	node->size = max(node->size, position + len);
	for (done = 0; done < len; done += part) {
		void *page = xa_load(&node->pages, page_of(position + done));

		part = within_page(position + done, len - done);
		memcpy(page + offset_in_page(position + done), from + done, part);
	}
	return 0;
}

/* Gives the pages back from one on. */
static void free_pages_from(struct sdc_node *node, unsigned long first)
{
	unsigned long at, gone = 0;
	void *page;

	xa_for_each_start(&node->pages, at, page, first) {
		free_page_at(node, at);
		gone++;
	}
	node->nr_pages -= gone;
	if (gone)
		sdc_uncharge(node->user, 0, gone);
}

/* Changes the size, under the file's lock: what is beyond it is gone, what comes to it is zero. */
int sdc_truncate_contents(struct sdc_node *node, size_t size)
{
	if (size > sdc_file_size_max)
		return -EFBIG;
	if (size < node->size) {
		void *page;

		free_pages_from(node, DIV_ROUND_UP(size, PAGE_SIZE));
		page = offset_in_page(size) ? xa_load(&node->pages, page_of(size)) : NULL;
		if (page)
			memset(page + offset_in_page(size), 0, PAGE_SIZE - offset_in_page(size));
	}
	node->size = size;
	return 0;
}

/* For the last who has the node. */
void sdc_free_contents(struct sdc_node *node)
{
	free_pages_from(node, 0);
	xa_destroy(&node->pages);
	mutex_destroy(&node->lock);
}
