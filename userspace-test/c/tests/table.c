// SPDX-License-Identifier: GPL-2.0
/*
 * The table: what the device says of it, what the header says of it, and what calling shows.
 */
#include "tester.h"

/* The header's numbers. A number that is not here must be a hole. */
static const struct {
	__u32 nr;
	const char *name;
	__u32 count;
} calls[] = {
	{ SYSDEMO_NR_NULL, "null", 0 },
	{ SYSDEMO_NR_GETPID, "getpid", 0 },
	{ SYSDEMO_NR_GETTID, "gettid", 0 },
	{ SYSDEMO_NR_SUM6, "sum6", 6 },
	{ SYSDEMO_NR_ECHO, "echo", 4 },
	{ SYSDEMO_NR_FILL, "fill", 2 },
	{ SYSDEMO_NR_IDENTITY, "identity", 2 },
	{ SYSDEMO_NR_SET_LABEL, "set_label", 2 },
	{ SYSDEMO_NR_GET_LABEL, "get_label", 3 },
	{ SYSDEMO_NR_CLEAR_LABEL, "clear_label", 0 },
	{ SYSDEMO_NR_REGS, "regs", 2 },
	{ SYSDEMO_NR_ENTRY, "entry", 2 },
	{ SYSDEMO_NR_SUM3, "sum3", 3 },
	{ SYSDEMO_NR_SLEEP, "sleep", 2 },
	{ SYSDEMO_NR_WAIT, "wait", 4 },
	{ SYSDEMO_NR_WAKE, "wake", 2 },
	{ SYSDEMO_NR_OPEN, "open", 3 },
	{ SYSDEMO_NR_MKDIR, "mkdir", 2 },
	{ SYSDEMO_NR_UNLINK, "unlink", 1 },
	{ SYSDEMO_NR_RMDIR, "rmdir", 1 },
	{ SYSDEMO_NR_STAT, "stat", 3 },
	{ SYSDEMO_NR_LIST, "list", 4 },
	{ SYSDEMO_NR_READ, "read", 3 },
	{ SYSDEMO_NR_WRITE, "write", 3 },
	{ SYSDEMO_NR_FACTS, "facts", 2 },
};

static const char *name_of(__u32 nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].nr == nr)
			return calls[i].name;
	}
	return NULL;
}

/* The numbers are an ABI: here they are once more, as literals, so that none can be changed. */
TEST(numbers_never_change)
{
	EXPECT_EQ(0, SYSDEMO_NR_NULL);
	EXPECT_EQ(1, SYSDEMO_NR_GETPID);
	EXPECT_EQ(2, SYSDEMO_NR_GETTID);
	EXPECT_EQ(3, SYSDEMO_NR_SUM6);
	EXPECT_EQ(4, SYSDEMO_NR_ECHO);
	EXPECT_EQ(5, SYSDEMO_NR_FILL);
	EXPECT_EQ(6, SYSDEMO_NR_IDENTITY);
	EXPECT_EQ(7, SYSDEMO_NR_SET_LABEL);
	EXPECT_EQ(8, SYSDEMO_NR_GET_LABEL);
	EXPECT_EQ(10, SYSDEMO_NR_CLEAR_LABEL);
	EXPECT_EQ(11, SYSDEMO_NR_REGS);
	EXPECT_EQ(12, SYSDEMO_NR_ENTRY);
	EXPECT_EQ(13, SYSDEMO_NR_SUM3);
	EXPECT_EQ(14, SYSDEMO_NR_SLEEP);
	EXPECT_EQ(15, SYSDEMO_NR_WAIT);
	EXPECT_EQ(16, SYSDEMO_NR_WAKE);
	EXPECT_EQ(17, SYSDEMO_NR_OPEN);
	EXPECT_EQ(18, SYSDEMO_NR_MKDIR);
	EXPECT_EQ(19, SYSDEMO_NR_UNLINK);
	EXPECT_EQ(20, SYSDEMO_NR_RMDIR);
	EXPECT_EQ(21, SYSDEMO_NR_STAT);
	EXPECT_EQ(22, SYSDEMO_NR_LIST);
	EXPECT_EQ(23, SYSDEMO_NR_READ);
	EXPECT_EQ(24, SYSDEMO_NR_WRITE);
	EXPECT_EQ(25, SYSDEMO_NR_FACTS);
	EXPECT_EQ(0xc0407c90, SYSDEMO_IOC_CALL);
	EXPECT_EQ(0xc0187c91, SYSDEMO_IOC_BATCH);
	EXPECT_EQ(0xc1a87c92, SYSDEMO_IOC_TABLE);
	EXPECT_EQ(0x80207c93, SYSDEMO_IOC_INFO);
	EXPECT_EQ(0x40207c94, SYSDEMO_IOC_RESTRICT);
	EXPECT_EQ(0xc0187c95, SYSDEMO_IOC_LOG);
	EXPECT_EQ(0xc0207c96, SYSDEMO_IOC_RING);
	EXPECT_EQ(0x7c97, SYSDEMO_IOC_ENTER);
}

TEST(layouts_never_change)
{
	EXPECT_EQ(64, sizeof(struct sysdemo_call));
	EXPECT_EQ(8, offsetof(struct sysdemo_call, args));
	EXPECT_EQ(56, offsetof(struct sysdemo_call, ret));
	EXPECT_EQ(24, sizeof(struct sysdemo_batch));
	EXPECT_EQ(424, sizeof(struct sysdemo_table));
	EXPECT_EQ(SYSDEMO_FILL_SIZE_VER0, offsetof(struct sysdemo_fill, value));
	EXPECT_EQ(SYSDEMO_FILL_SIZE_VER1, sizeof(struct sysdemo_fill));
	EXPECT_EQ(SYSDEMO_IDENTITY_SIZE_VER0, offsetof(struct sysdemo_identity, seccomp_mode));
	EXPECT_EQ(SYSDEMO_IDENTITY_SIZE_VER1, sizeof(struct sysdemo_identity));
	EXPECT_EQ(SYSDEMO_REGS_SIZE_VER0, sizeof(struct sysdemo_regs));
	EXPECT_EQ(SYSDEMO_ENTRY_SIZE_VER0, sizeof(struct sysdemo_entry));
	EXPECT_EQ(SYSDEMO_TIME_SIZE_VER0, sizeof(struct sysdemo_time));
	EXPECT_EQ(8, offsetof(struct sysdemo_time, time));
	EXPECT_EQ(SYSDEMO_INFO_SIZE_VER0, sizeof(struct sysdemo_info));
	EXPECT_EQ(SYSDEMO_OPEN_HOW_SIZE_VER0, sizeof(struct sysdemo_open_how));
	EXPECT_EQ(SYSDEMO_STAT_SIZE_VER0, sizeof(struct sysdemo_stat));
	EXPECT_EQ(24, sizeof(struct sysdemo_dirent));
	EXPECT_EQ(SYSDEMO_FACTS_SIZE_VER0, sizeof(struct sysdemo_facts));
	EXPECT_EQ(8, offsetof(struct sysdemo_vvar, clock));
	EXPECT_EQ(64, offsetof(struct sysdemo_vvar, counters));
	EXPECT_EQ(96, sizeof(struct sysdemo_vvar));
	EXPECT_EQ(32, sizeof(struct sysdemo_ring));
	EXPECT_EQ(64, sizeof(struct sysdemo_ring_head));
	EXPECT_EQ(64, sizeof(struct sysdemo_submission));
	EXPECT_EQ(16, sizeof(struct sysdemo_completion));
}

TEST_F(device, table_is_that_of_the_header)
{
	for (__u32 nr = 0; nr < 65536; nr++) {
		struct sysdemo_table call;
		const char *name = name_of(nr);
		int ret;

		memset(&call, 0xa5, sizeof(call));
		call.nr = nr;
		ret = ioctl(self->fd, SYSDEMO_IOC_TABLE, &call);
		if (!name) {
			EXPECT_EQ(-1, ret)
				TH_LOG("number %u", nr);
			EXPECT_EQ(ENOSYS, errno);
			continue;
		}
		ASSERT_EQ(0, ret)
			TH_LOG("number %u", nr);
		EXPECT_STREQ(name, call.name);
	}
}

TEST_F(device, metadata_is_whole)
{
	static const struct sysdemo_parameter none;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct sysdemo_table call;

		memset(&call, 0xa5, sizeof(call));
		call.nr = calls[i].nr;
		ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_TABLE, &call));
		EXPECT_EQ(calls[i].nr, call.nr);
		EXPECT_EQ(calls[i].count, call.count);
		for (__u32 j = 0; j < SYSDEMO_ARGS_MAX; j++) {
			const struct sysdemo_parameter *p = &call.parameters[j];

			if (j >= call.count) {
				EXPECT_EQ(0, memcmp(p, &none, sizeof(none)));
				continue;
			}
			EXPECT_LT(0, strnlen(p->name, sizeof(p->name)));
			EXPECT_GT(sizeof(p->name), strnlen(p->name, sizeof(p->name)));
			EXPECT_LT(0, strnlen(p->type, sizeof(p->type)));
			EXPECT_GT(sizeof(p->type), strnlen(p->type, sizeof(p->type)));
		}
	}
}

TEST_F(device, types_are_spelled_as_in_c)
{
	struct sysdemo_table call = { .nr = SYSDEMO_NR_SUM6 };

	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_TABLE, &call));
	EXPECT_STREQ("__s8", call.parameters[0].type);
	EXPECT_STREQ("a", call.parameters[0].name);
	EXPECT_STREQ("__u32", call.parameters[5].type);
	EXPECT_STREQ("f", call.parameters[5].name);

	call.nr = SYSDEMO_NR_ECHO;
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_TABLE, &call));
	EXPECT_STREQ("void *", call.parameters[0].type);
	EXPECT_STREQ("const void *", call.parameters[1].type);
	EXPECT_STREQ("size_t", call.parameters[2].type);
	EXPECT_STREQ("__u32", call.parameters[3].type);

	call.nr = SYSDEMO_NR_SET_LABEL;
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_TABLE, &call));
	EXPECT_STREQ("const char *", call.parameters[1].type);

	call.nr = SYSDEMO_NR_IDENTITY;
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_TABLE, &call));
	EXPECT_STREQ("struct sysdemo_identity *", call.parameters[0].type);
}

/* All numbers that fit into 16 bits, by calling them: without arguments none does any harm. */
TEST_F(device, numbers_that_are_none_are_enosys)
{
	__u64 args[SYSDEMO_ARGS_MAX] = { 0 };
	int wrong = 0;

	for (__u32 nr = 0; nr < 65536; nr++) {
		__s64 ret = 0;

		ASSERT_EQ(0, sysdemo_call_raw(self->fd, nr, args, &ret));
		if ((ret == -ENOSYS) != !name_of(nr)) {
			TH_LOG("number %u gives %lld", nr, (long long)ret);
			wrong++;
		}
	}
	EXPECT_EQ(0, wrong);
}

/* Each power of two, its neighbours, and all numbers that look like a known one from below. */
TEST_F(device, numbers_are_not_cut)
{
	__u64 args[SYSDEMO_ARGS_MAX] = { 0 };
	__s64 ret;

	for (int bit = 16; bit < 32; bit++) {
		for (__u32 low = 0; low < SYSDEMO_NR_CALLS; low++) {
			ASSERT_EQ(0, sysdemo_call_raw(self->fd, (1U << bit) | low, args, &ret));
			EXPECT_EQ(-ENOSYS, ret);
			ASSERT_EQ(0, sysdemo_call_raw(self->fd, -(1U << bit) | low, args, &ret));
			EXPECT_EQ(-ENOSYS, ret);
		}
	}
}

TEST_F(device, info_tells_of_the_table)
{
	struct sysdemo_info info;

	memset(&info, 0xa5, sizeof(info));
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &info));
	EXPECT_EQ(SYSDEMO_ABI, info.abi);
	EXPECT_EQ(SYSDEMO_NR_CALLS, info.calls);
	EXPECT_EQ(SYSDEMO_BATCH_MAX, info.batch_max);
	EXPECT_EQ(SYSDEMO_FEATURE_BATCH | SYSDEMO_FEATURE_RESTRICT | SYSDEMO_FEATURE_REGS |
		  SYSDEMO_FEATURE_LOG | SYSDEMO_FEATURE_FILES | SYSDEMO_FEATURE_VVAR |
		  SYSDEMO_FEATURE_RING | SYSDEMO_FEATURE_URING, info.features);
	EXPECT_EQ(0, info.calls_made);
	EXPECT_EQ(0, info.restricted);
	sysdemo_null(self->fd);
	ASSERT_EQ(0, ioctl(self->fd, SYSDEMO_IOC_INFO, &info));
	EXPECT_EQ(1, info.calls_made);
}

#ifdef __LP64__ /* A 32-bit program cannot say a kernel address. */

/*
 * Where something in a section of the loaded module is: the kernel says where the section is, and
 * the list of symbols that came with the module where in it. (/proc/kallsyms has both, but takes
 * seconds to read.) 0 if there is no such thing.
 */
static unsigned long address_of(const char *section, const char *symbol)
{
	char path[128], text[65536], *line;
	unsigned long base, offset;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/%s", module_name(), section);
	if (read_file(path, text, sizeof(text)) < 0 || sscanf(text, "%lx", &base) != 1)
		return 0;
	if (!symbol)
		return base;
	snprintf(path, sizeof(path), "/usr/lib/sysdemo/%s.symbols", module_name());
	if (read_file(path, text, sizeof(text)) < 0)
		return 0;
	/* Each line is `offset section name`. */
	line = strstr(text, symbol);
	while (line && line > text && line[-1] != '\n')
		line--;
	if (!line || sscanf(line, "%lx %127s", &offset, path) != 2 || strcmp(path, section))
		return 0;
	return base + offset;
}

/* What a write to the kernel's memory ends in: see qemu/test-modules/probe.c. */
static int probe(unsigned long address)
{
	char parameter[64];
	int fd = open("/usr/lib/sysdemo/probe.ko", O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno;
	snprintf(parameter, sizeof(parameter), "address=%#lx", address);
	error = syscall(SYS_finit_module, fd, parameter, 0) ? errno : 0;
	close(fd);
	return error;
}

TEST(table_cannot_be_written)
{
	/* Mangled by rustc, the path of crate and module is in it; of the twin in C it is plain. */
	bool twin = strcmp(module_name(), "sysdemo");
	unsigned long table, data;

	table = address_of(".rodata", twin ? " sdc_table\n" : "7syscall5table3RUN");
	ASSERT_NE(0, table);
	EXPECT_EQ(EROFS, probe(table));

	/* The probe itself, on memory that can be written and on none at all. */
	data = address_of(".data", NULL);
	ASSERT_NE(0, data);
	EXPECT_EQ(ECANCELED, probe(data));
	/* The last page is never mapped: it is what error pointers point to. */
	EXPECT_EQ(EFAULT, probe(-4096UL));
}

#endif

TESTER_MAIN
