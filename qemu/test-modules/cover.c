// SPDX-License-Identifier: GPL-2.0
/*
 * Records which of sysdemo's code ran, whoever ran it.
 *
 * The compiler calls a function at the start of each piece of code without a branch in it. The
 * kernel's own (KCOV) records this for a thread that asks for it; here it is wanted of every
 * thread, of the module's loading and of its unloading. So the calls are redirected to this module
 * (see scripts/build), which keeps a bit for each.
 *
 * /sys/kernel/debug/sysdemo_cover says where the module's code (`text`) and that of its loading
 * (`init`) began, and has a line for each place in them that was reached: its distance from there.
 */
#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/seq_file.h>

#include "cover.h"

#define ROOM (1 << 20)

static const struct {
	const char *name;
	enum mod_mem_type type;
} areas[] = {
	{ "text", MOD_TEXT },
	{ "init", MOD_INIT_TEXT },
};

static unsigned long start[ARRAY_SIZE(areas)];
static unsigned long size[ARRAY_SIZE(areas)];
static DECLARE_BITMAP(reached[ARRAY_SIZE(areas)], ROOM);
static struct dentry *file;

void notrace sysdemo_cover(void)
{
	unsigned long offset;
	int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		offset = _RET_IP_ - READ_ONCE(start[i]);
		if (offset < READ_ONCE(size[i]))
			set_bit(offset, reached[i]);
	}
}
EXPORT_SYMBOL_GPL(sysdemo_cover);

static int module_event(struct notifier_block *self, unsigned long event, void *data)
{
	struct module *module = data;
	int i;

	if (strcmp(module->name, "sysdemo"))
		return NOTIFY_DONE;
	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		if (event == MODULE_STATE_COMING) {
			WRITE_ONCE(start[i], (unsigned long)module->mem[areas[i].type].base);
			WRITE_ONCE(size[i], min(module->mem[areas[i].type].size, ROOM));
		} else if (event == MODULE_STATE_LIVE && areas[i].type == MOD_INIT_TEXT) {
			/* It is freed soon, and something else may come to be there. */
			WRITE_ONCE(size[i], 0);
		}
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = module_event };

static int cover_show(struct seq_file *seq, void *unused)
{
	unsigned long offset;
	int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++) {
		seq_printf(seq, "start %s %#lx\n", areas[i].name, start[i]);
		for_each_set_bit(offset, reached[i], ROOM)
			seq_printf(seq, "%s %#lx\n", areas[i].name, offset);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cover);

static int __init cover_init(void)
{
	int error = register_module_notifier(&notifier);

	/* Last: a file of a module that is not there would be read all the same. */
	if (error)
		return error;
	/* What all may read can be read in a kernel that is locked down as well. */
	file = debugfs_create_file("sysdemo_cover", 0444, NULL, NULL, &cover_fops);
	return 0;
}
module_init(cover_init);

static void __exit cover_exit(void)
{
	debugfs_remove(file);
	unregister_module_notifier(&notifier);
}
module_exit(cover_exit);

MODULE_DESCRIPTION("Records which of sysdemo's code ran, for the tests");
MODULE_LICENSE("GPL");
