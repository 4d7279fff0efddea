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

/* How many pages a write can be in: it is no longer than a piece. */
#define PAGES_MAX (SYSDEMO_COPY_MAX / PAGE_SIZE + 1)

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

/* Sees to it that there are pages. If it fails there are no more than before. */
static int provide(struct sdc_node *node, unsigned long first, unsigned long last)
{
	DECLARE_BITMAP(missing, PAGES_MAX) = {};
	unsigned long i, j, count;
	int err;

	for (i = first; i <= last; i++) {
		if (!xa_load(&node->pages, i))
			__set_bit(i - first, missing);
	}
	count = bitmap_weight(missing, PAGES_MAX);
	if (!count)
		return 0;
	/* First, so that who may have no more does not make anybody wait for memory either. */
	err = sdc_charge_pages(node, count);
	if (err)
		return err;
	for_each_set_bit(i, missing, PAGES_MAX) {
		unsigned long page = get_zeroed_page(GFP_KERNEL_ACCOUNT);

		err = -ENOMEM;
		if (!page)
			goto undo;
		err = xa_err(xa_store(&node->pages, first + i, (void *)page, GFP_KERNEL));
		if (err) {
			free_page(page);
			goto undo;
		}
	}
	node->nr_pages += count;
	return 0;
undo:
	for_each_set_bit(j, missing, i)
		free_page_at(node, first + j);
	sdc_uncharge(node->user, 0, count);
	return err;
}

/*
 * Copies bytes, at least one and at most a piece, to a position, under the file's lock. All that
 * can fail does so before anything is changed.
 */
int sdc_write_contents(struct sdc_node *node, size_t position, const void *from, size_t len)
{
	size_t done, part;
	int err;

	if (position > sdc_file_size_max || len > sdc_file_size_max - position)
		return -EFBIG;
	err = provide(node, page_of(position), page_of(position + len - 1));
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
