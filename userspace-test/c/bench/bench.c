// SPDX-License-Identifier: GPL-2.0
/*
 * bench [DEVICE...]: what calls cost, by each door, and what goes by without a call.
 *
 * It is run in a guest under `qemu -icount shift=0,sleep=off`, where the figures are instructions
 * and exact, or anywhere else, where they are nanoseconds, and cycles where those may be counted.
 * All figures are for one operation and with the loop around it: the row of the empty loop says
 * what that is.
 *
 * Besides the devices that it is told, the module's twin in C is measured if it is there. The
 * figures are lines of JSON among the results, which scripts/in-root/bench understands.
 */
#include "bench/calls.h"
#include "bench/doors.h"
#include "bench/facts.h"
#include "bench/memory.h"
#include "bench/sample.h"

/* The same interface in C, if it is loaded. */
#define TWIN SYSDEMO_DEVICE "_c"

#define DEVICES_MOST 8

/* Where that is in a guest, unless it is loaded. */
#define TWIN_MODULE "/usr/lib/sysdemo/sysdemo_c.ko"

/* What is measured of each device, a result each. */
#define PARTS 5

static int null_fd;

static void nothing(unsigned int i)
{
	asm volatile("" : : "r" (i));
}

static void clock_by_vdso(unsigned int i)
{
	struct timespec t;

	(void)i;
	clock_gettime(CLOCK_MONOTONIC, &t);
}

static void clock_by_syscall(unsigned int i)
{
	struct timespec t;

	(void)i;
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
}

static void getppid_by_syscall(unsigned int i)
{
	(void)i;
	syscall(SYS_getppid);
}

/* As far as an ioctl gets without a driver of its own: the device has none. */
static void ioctl_of_null(unsigned int i)
{
	ioctl(null_fd, SYSDEMO_IOC_CALL, &records[i % RECORDS]);
}

static void unknown_command(unsigned int i)
{
	ioctl(fd, SYSDEMO_IOC_CALL + 1, &records[i % RECORDS]);
}

/* It is copied in and looked at, and that is all. */
static void refused_record(unsigned int i)
{
	static struct sysdemo_call refused = { .flags = 1 };

	(void)i;
	ioctl(fd, SYSDEMO_IOC_CALL, &refused);
}

/* What is the kernel's own. */
static const struct subject kernels[] = {
	{ .name = "empty loop", .turn = nothing },
	{ .name = "clock_gettime by the vDSO", .turn = clock_by_vdso },
	{ .name = "clock_gettime by a system call", .turn = clock_by_syscall },
	{ .name = "getppid", .turn = getppid_by_syscall },
	{ .name = "ioctl of /dev/null", .turn = ioctl_of_null },
};

/*
 * What is done with a device but is no call through a door. What is read without a call at all
 * would be a row of this.
 */
static const struct subject plain[] = {
	{ .name = "unknown command", .turn = unknown_command },
	{ .name = "refused record", .turn = refused_record },
};

static const struct sysdemo_vvar *vvar;

static void time_by_the_page(unsigned int i)
{
	(void)i;
	sysdemo_vvar_time(vvar);
}

static void coarse_time_by_the_page(unsigned int i)
{
	(void)i;
	sysdemo_vvar_coarse(vvar);
}

/* What is read without a call. */
static const struct subject by_the_page[] = {
	{ .name = "coarse time by the page", .turn = coarse_time_by_the_page },
	/* Last: where the kernel does not go by the TSC there is none. */
	{ .name = "time by the page", .turn = time_by_the_page },
};

/* Measures what is done as often as one likes. NULL, or what is wrong. */
static const char *measure_plain(const struct subject *list, size_t count, const char *device)
{
	const char *wrong = NULL;

	for (size_t i = 0; i < count && !wrong; i++) {
		struct subject subject = list[i];

		subject.device = device;
		subject.door = "";
		subject.depth = 1;
		subject.turns = MANY;
		wrong = measure(&subject);
	}
	return wrong;
}

/* Measures what is read without a call, if the device has it. NULL, or what is wrong. */
static const char *measure_page(void)
{
	size_t count = ARRAY_SIZE(by_the_page);
	const char *wrong;

	vvar = sysdemo_map_vvar(fd);
	if (!vvar)
		return errno == ENODEV ? NULL : failed("the page", errno);
	if (!sysdemo_vvar_time(vvar))
		count--;
	wrong = measure_plain(by_the_page, count, device_name);
	sysdemo_unmap_vvar(vvar);
	return wrong;
}

/* What there is no call of: that is refused by the table, not by the ioctl. */
static const char *measure_unknown_call(void)
{
	measured = (struct measured) {
		.table = { .nr = SYSDEMO_NR_CALLS + 7 }, .error = ENOSYS,
	};
	return measure_call("unknown call");
}

static const char *measure_calls(void)
{
	const char *wrong = set_up_calls();
	struct sysdemo_info info;
	static char where[192];

	if (!wrong)
		wrong = measure_unknown_call();
	if (!wrong && ioctl(fd, SYSDEMO_IOC_INFO, &info))
		wrong = "the device does not tell of itself";
	/* The first call is that which does nothing: it goes through all doors. */
	for (__u32 nr = SYSDEMO_NR_NULL + 1; !wrong && nr < info.calls; nr++) {
		struct sysdemo_table table = { .nr = nr };

		if (ioctl(fd, SYSDEMO_IOC_TABLE, &table)) {
			if (errno != ENOSYS)
				wrong = "the device does not tell of its calls";
			continue;
		}
		wrong = measure_all_of(&table);
		if (wrong) {
			snprintf(where, sizeof(where), "%s: %s", table.name, wrong);
			wrong = where;
		}
	}
	take_down_calls();
	return wrong;
}

/* Switches the tracepoints of the device's module. */
static const char *trace(const char *state)
{
	char path[128];
	int events;
	bool done;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/enable", device_name);
	events = open(path, O_WRONLY | O_CLOEXEC);
	done = events >= 0 && write(events, state, 1) == 1;
	if (events >= 0)
		close(events);
	return done ? NULL : "the tracepoints cannot be switched";
}

static const char *measure_traced(const char *path)
{
	const char *wrong = trace("1");

	/* The twin has none: they would have the same names. */
	if (wrong && !strcmp(path, TWIN))
		return NULL;
	if (!wrong)
		wrong = measure_door(&doors[0], 1, "null, traced", true);
	if (!wrong)
		wrong = measure_door(&doors[1], SOME, "null, traced", true);
	trace("0");
	return wrong;
}

static const char *measure_logged(void)
{
	const char *wrong;

	if (sysdemo_log(fd, SYSDEMO_LOG_ON, SYSDEMO_LOG_CAPACITY_MAX, NULL))
		return failed("the log", errno);
	wrong = measure_door(&doors[0], 1, "null, logged", false);
	if (!wrong)
		wrong = measure_door(&doors[1], SOME, "null, logged", false);
	sysdemo_log(fd, SYSDEMO_LOG_OFF, 0, NULL);
	return wrong;
}

static const char *weigh_device(const char *path)
{
	static bool null_weighed;
	const char *wrong = NULL;

	if (!null_weighed)
		wrong = weigh("", "/dev/null", "open file", 0);
	null_weighed = true;
	if (!wrong)
		wrong = weigh(device_name, path, "open device", 0);
	if (!wrong)
		wrong = weigh(device_name, path, "open device with a log",
			      SYSDEMO_LOG_CAPACITY_MAX);
	return wrong;
}

/* One result. */
static void result(const char *what, const char *wrong)
{
	if (wrong)
		ksft_print_msg("%s%s%s: %s\n", device_name, *device_name ? ", " : "", what, wrong);
	ksft_test_result(!wrong, "%s%s%s\n", device_name, *device_name ? ", " : "", what);
}

static void measure_device(const char *path)
{
	const char *slash = strrchr(path, '/');

	device_name = slash ? slash + 1 : path;
	fd = sysdemo_open(path);
	if (fd < 0) {
		const char *wrong = failed(path, errno);

		for (int i = 0; i < PARTS; i++)
			result("the device", wrong);
		return;
	}
	result("doors", measure_doors());
	result("commands and calls",
	       measure_plain(plain, ARRAY_SIZE(plain), device_name) ?: measure_page() ?:
	       measure_calls());
	result("with tracepoints", measure_traced(path));
	result("with the log", measure_logged());
	close(fd);
	result("memory", weigh_device(path));
}

/* Loads the twin, if it is there and is not loaded. Whether it has to be unloaded again. */
static bool load_twin(void)
{
	int file = open(TWIN_MODULE, O_RDONLY | O_CLOEXEC);
	bool loaded;

	if (file < 0)
		return false;
	loaded = !syscall(SYS_finit_module, file, "", 0);
	if (!loaded && errno != EEXIST)
		ksft_exit_fail_perror(TWIN_MODULE);
	close(file);
	return loaded;
}

int main(int argc, char **argv)
{
	const bool twin_loaded = load_twin();
	const char *devices[DEVICES_MOST], *no_cycles = NULL;
	int count = 0;
	bool twin = false;

	for (int i = 1; i < argc && count < DEVICES_MOST - 1; i++) {
		twin |= !strcmp(argv[i], TWIN);
		devices[count++] = argv[i];
	}
	if (!count && !access(SYSDEMO_DEVICE, F_OK))
		devices[count++] = SYSDEMO_DEVICE;
	if (!twin && !access(TWIN, F_OK))
		devices[count++] = TWIN;

	ksft_print_header();
	ksft_set_plan(1 + PARTS * count);
	device_name = "";
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		ksft_exit_fail_perror("/dev/null");
	be_first();
	clock_counts = count_instructions();
	if (!clock_counts)
		no_cycles = count_cycles();
	say_facts();
	if (no_cycles) {
		char text[64];

		snprintf(text, sizeof(text), "%s", no_cycles);
		say_fact("no cycles", text);
	}
	calibrate();
	result("what is the kernel's own", measure_plain(kernels, ARRAY_SIZE(kernels), ""));
	for (int i = 0; i < count; i++)
		measure_device(devices[i]);
	if (twin_loaded && syscall(SYS_delete_module, "sysdemo_c", O_NONBLOCK))
		ksft_exit_fail_perror("unloading " TWIN_MODULE);
	ksft_finished();
}
