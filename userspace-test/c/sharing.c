// SPDX-License-Identifier: GPL-2.0
/*
 * sharing [DEVICE]: which cache lines calls on two CPUs share, each CPU with an open device of its
 * own. Such a line, that one of them writes to, is all that can make them get in each other's way.
 *
 * This is told by a plugin of the QEMU that it runs in (qemu/sharing): calls are made on one CPU
 * and then on the other, and each begins and ends with an instruction that the plugin knows. So
 * nothing here depends on how fast, or how busy, the host is. There are two threads all the time,
 * so that none has what was the other's.
 *
 * What an ioctl of /dev/null shares, or a nop by io_uring, is the kernel's business. The module's
 * calls share no more than that; and those that are known to share something, one lock or one open
 * device, do.
 */
#include "libsysdemo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest.h"
#include "tests/uring.h"

#define CPUS 2

/* So often something is done before it counts, and then. */
#define WARM_UP 8
#define TIMES 64

/* Calls in a batch, or in the rings. */
#define CALLS 64

/* What a thread works with: its own, on cache lines of its own. */
struct worker {
	struct sysdemo_call calls[CALLS];
	struct sysdemo_batch batch;
	struct sysdemo_rings rings;
	struct uring uring;
	char buffer[4096], label[SYSDEMO_LABEL_MAX + 1];
	int cpu, fd, null, file, failures;
	pthread_t thread;
	/* Its turn, and the end of that. */
	sem_t turn, done;
	/* So that no cache line has something of the next one's in it. */
	char apart[4096];
};

static struct worker workers[CPUS];

static const char *device;

/* What the plugin tells; see there. */
struct answer {
	__u64 count, lines, calls[CPUS], typical[CPUS], accesses[CPUS];
	struct line {
		__u64 address;
		struct {
			__u64 writes, by;
		} cpus[CPUS];
	} line[1000];
};

static const volatile struct answer *answer;

/* What the plugin knows: a `nopl` that says something. */
static inline void call_begins(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x80, 'C', 'A', 'L', 'L'" ::: "memory");
}

static inline void call_ends(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x80, 'D', 'O', 'N', 'E'" ::: "memory");
}

static inline void ask_plugin(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x80, 'T', 'E', 'L', 'L'" ::: "memory");
}

/* What is done, once: gives whether it was. */
static bool null_ioctl(struct worker *worker)
{
	return ioctl(worker->null, SYSDEMO_IOC_CALL, worker->calls) < 0 && errno == ENOTTY;
}

static bool call(struct worker *worker)
{
	return !ioctl(worker->fd, SYSDEMO_IOC_CALL, worker->calls);
}

static bool batch(struct worker *worker)
{
	return !ioctl(worker->fd, SYSDEMO_IOC_BATCH, &worker->batch) &&
	       worker->batch.done == CALLS;
}

static bool ring(struct worker *worker)
{
	struct sysdemo_completion completion;
	int done = 0;

	for (int i = 0; i < CALLS; i++)
		*sysdemo_next_submission(&worker->rings) =
			(struct sysdemo_submission) { .nr = SYSDEMO_NR_NULL };
	sysdemo_enter(&worker->rings, CALLS);
	while (sysdemo_next_completion(&worker->rings, &completion))
		done += !completion.ret;
	return done == CALLS;
}

static bool uring_nop(struct worker *worker)
{
	const struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP };

	return !submit(&worker->uring, &sqe) && !wait_for_it(&worker->uring);
}

static bool uring_cmd(struct worker *worker)
{
	struct io_uring_sqe *sqe = next_sqe(&worker->uring);
	const __u64 record = (uintptr_t)worker->calls;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = worker->fd;
	sqe->cmd_op = SYSDEMO_IOC_CALL;
	memcpy(sqe->cmd, &record, sizeof(record));
	return !submit_next(&worker->uring) && !wait_for_it(&worker->uring);
}

static bool file_by_system_call(struct worker *worker)
{
	return pwrite(worker->file, worker->buffer, 64, 0) == 64 &&
	       pread(worker->file, worker->buffer, 64, 0) == 64;
}

static bool file_by_call(struct worker *worker)
{
	return !lseek(worker->file, 0, SEEK_SET) &&
	       sysdemo_write(worker->fd, worker->file, worker->buffer, 64) == 64 &&
	       !lseek(worker->file, 0, SEEK_SET) &&
	       sysdemo_read(worker->fd, worker->file, worker->buffer, 64) == 64;
}

static bool stat_root(struct worker *worker)
{
	return !sysdemo_stat(worker->fd, "/", (void *)worker->buffer, sizeof(struct sysdemo_stat));
}

static bool label(struct worker *worker)
{
	return sysdemo_get_label(worker->fd, SYSDEMO_LABEL_MODULE, worker->label,
				 sizeof(worker->label)) >= 0;
}

/* How what is shared is judged. */
enum verdict { TOLD, NOTHING, SOMETHING };

/**
 * struct way - something whose sharing is asked for
 * @name: What the results call it.
 * @work: Does it once.
 * @log: The log is on.
 * @one: Both threads use one open device.
 * @verdict: What may be shared, besides what the last that is told shares.
 */
static const struct way {
	const char *name;
	bool (*work)(struct worker *worker);
	bool log, one;
	enum verdict verdict;
} ways[] = {
	{ .name = "an ioctl of /dev/null", .work = null_ioctl },
	{ .name = "null by CALL", .work = call, .verdict = NOTHING },
	{ .name = "null by BATCH", .work = batch, .verdict = NOTHING },
	{ .name = "null by the rings", .work = ring, .verdict = NOTHING },
	{ .name = "write(2) and read(2) of a file", .work = file_by_system_call,
	  .verdict = NOTHING },
	{ .name = "write and read of a file by CALL", .work = file_by_call, .verdict = NOTHING },
	{ .name = "null by CALL, log on", .work = call, .log = true, .verdict = NOTHING },
	{ .name = "io_uring's own nop", .work = uring_nop },
	{ .name = "null by io_uring", .work = uring_cmd, .verdict = NOTHING },
	{ .name = "stat by CALL, one lock of all names", .work = stat_root, .verdict = SOMETHING },
	{ .name = "get_label by CALL, one lock", .work = label, .verdict = SOMETHING },
	{ .name = "null by CALL, one open device", .work = call, .one = true,
	  .verdict = SOMETHING },
};

/* What is done just now. */
static const struct way *way;

static void *work(void *arg)
{
	struct worker *worker = arg;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(worker->cpu, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		ksft_exit_fail_perror("sched_setaffinity");
	for (;;) {
		sem_wait(&worker->turn);
		if (!way)
			return NULL;
		worker->failures = 0;
		for (int i = 0; i < WARM_UP; i++)
			worker->failures += !way->work(worker);
		for (int i = 0; i < TIMES; i++) {
			call_begins();
			worker->failures += !way->work(worker);
			call_ends();
		}
		sem_post(&worker->done);
	}
}

/* Gives a thread its turn. */
static void turn(struct worker *worker)
{
	sem_post(&worker->turn);
	sem_wait(&worker->done);
}

/* A device for a worker, with all that the calls need. */
static void prepare(struct worker *worker)
{
	const struct sysdemo_open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0600 };
	char path[16];

	worker->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	worker->fd = sysdemo_open(device);
	snprintf(path, sizeof(path), "shared-%d", worker->cpu);
	worker->file = sysdemo_open_file(worker->fd, path, &how, sizeof(how));
	if (worker->null < 0 || worker->fd < 0 || worker->file < 0)
		ksft_exit_fail_perror("the device");
	if (sysdemo_unlink(worker->fd, path) ||
	    sysdemo_open_rings(worker->fd, CALLS, &worker->rings) || open_uring(&worker->uring))
		ksft_exit_fail_perror("the device");
	worker->batch.calls = (uintptr_t)worker->calls;
	worker->batch.count = CALLS;
	if (sem_init(&worker->turn, 0, 0) || sem_init(&worker->done, 0, 0) ||
	    pthread_create(&worker->thread, NULL, work, worker))
		ksft_exit_fail_perror("a thread");
}

/* The memory that the plugin writes to, of QEMU's device `ivshmem-plain`. */
static const struct answer *map_answer(void)
{
	const struct dirent *entry;
	DIR *devices = opendir("/sys/bus/pci/devices");
	void *memory = MAP_FAILED;
	char path[320], id[8];

	while (devices && (entry = readdir(devices))) {
		int file;
		bool found;

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/device", entry->d_name);
		file = open(path, O_RDONLY);
		found = file >= 0 && read(file, id, 6) == 6 && !memcmp(id, "0x1110", 6);
		close(file);
		if (!found)
			continue;
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource2", entry->d_name);
		file = open(path, O_RDWR);
		memory = mmap(NULL, sizeof(struct answer), PROT_READ, MAP_SHARED, file, 0);
		close(file);
	}
	if (devices)
		closedir(devices);
	return memory == MAP_FAILED ? NULL : memory;
}

/* Instructions to be named, and the last symbol up to each. */
static struct {
	__u64 at, symbol;
	char name[128];
} places[128];
static size_t nr_places;

/* What is named when all is done: to read the kernel's symbols takes a while. */
static struct {
	const struct way *way;
	struct line line;
	size_t places[CPUS];
} found[64];
static size_t nr_found;

static size_t place_of(__u64 at)
{
	size_t i = 0;

	while (i < nr_places && places[i].at != at)
		i++;
	if (i == nr_places && i < ARRAY_SIZE(places) - 1)
		places[nr_places++].at = at;
	return i;
}

/* Keeps which lines are shared, and by what. */
static void keep_lines(void)
{
	for (__u64 i = 0; i < answer->lines && nr_found < ARRAY_SIZE(found); i++) {
		found[nr_found].way = way;
		found[nr_found].line = answer->line[i];
		for (int cpu = 0; cpu < CPUS; cpu++)
			found[nr_found].places[cpu] = place_of(answer->line[i].cpus[cpu].by);
		nr_found++;
	}
}

static void name_places(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	size_t size = 0;
	char *text = NULL;

	while (symbols && getline(&text, &size, symbols) > 0) {
		char *rest;
		__u64 at = strtoull(text, &rest, 16);

		for (size_t i = 0; i < nr_places; i++) {
			if (at > places[i].at || at <= places[i].symbol)
				continue;
			places[i].symbol = at;
			snprintf(places[i].name, sizeof(places[i].name), "%.*s",
				 (int)strcspn(rest + 3, "\t\n"), rest + 3);
		}
	}
	free(text);
	if (symbols)
		fclose(symbols);
}

static void tell_lines(void)
{
	name_places();
	for (size_t i = 0; i < nr_found; i++) {
		for (int cpu = 0; cpu < CPUS; cpu++)
			ksft_print_msg("%s: %#llx is %s on CPU %d by %s\n",
				       found[i].way->name, found[i].line.address,
				       found[i].line.cpus[cpu].writes ? "written" : "read", cpu,
				       places[found[i].places[cpu]].name);
	}
}

/* How many lines are shared that are none of the kernel's own. */
static __u64 count_further(const struct answer *kernel)
{
	__u64 further = 0;

	for (__u64 i = 0; i < answer->lines; i++) {
		bool known = false;

		for (__u64 j = 0; j < kernel->lines; j++)
			known |= kernel->line[j].address == answer->line[i].address;
		further += !known;
	}
	return further;
}

static bool is_typical(void)
{
	for (int cpu = 0; cpu < CPUS; cpu++) {
		if (answer->calls[cpu] != TIMES || answer->typical[cpu] <= TIMES / 2)
			return false;
	}
	return true;
}

/* Has both threads do it, and asks what they shared. */
static void ask(void)
{
	const int own = workers[1].fd;
	const __u64 before = answer->count;

	for (int i = 0; i < CPUS; i++) {
		if (way->log && sysdemo_log(workers[i].fd, SYSDEMO_LOG_ON, 16, NULL))
			ksft_exit_fail_perror("the log");
	}
	if (way->one)
		workers[1].fd = workers[0].fd;
	for (int i = 0; i < CPUS; i++)
		turn(&workers[i]);
	workers[1].fd = own;
	ask_plugin();
	for (int i = 0; i < CPUS; i++) {
		if (way->log)
			sysdemo_log(workers[i].fd, SYSDEMO_LOG_OFF, 0, NULL);
	}
	if (answer->count != before + 1)
		ksft_exit_fail_msg("there is no answer: this needs QEMU's plugin\n");
}

/* Judges what they shared; what is the kernel's own is kept. */
static void judge(struct answer *kernel)
{
	__u64 further;

	if (workers[0].failures || workers[1].failures) {
		ksft_test_result_fail("%s: it cannot be done\n", way->name);
		return;
	}
	if (!is_typical()) {
		ksft_print_msg("%llu of %llu and %llu of %llu are alike\n", answer->typical[0],
			       answer->calls[0], answer->typical[1], answer->calls[1]);
		ksft_test_result_fail("%s: no two are alike\n", way->name);
		return;
	}
	if (way->verdict == TOLD)
		memcpy(kernel, (const void *)answer, sizeof(*kernel));
	further = count_further(kernel);
	ksft_print_msg("%s: %llu accesses to memory, %llu cache lines shared\n", way->name,
		       answer->accesses[0], answer->lines);
	keep_lines();
	switch (way->verdict) {
	case NOTHING:
		ksft_test_result(!further, "%s: nothing is shared\n", way->name);
		break;
	case SOMETHING:
		ksft_test_result(further, "%s: what is shared is seen\n", way->name);
		break;
	case TOLD:
		ksft_test_result_pass("%s\n", way->name);
		break;
	}
}

int main(int argc, char **argv)
{
	static struct answer kernel;

	device = argc > 1 ? argv[1] : NULL;
	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(ways));
	if (sysconf(_SC_NPROCESSORS_ONLN) < CPUS)
		ksft_exit_fail_msg("there are no two CPUs\n");
	answer = map_answer();
	if (!answer)
		ksft_exit_fail_msg("there is no memory for an answer: this needs QEMU's plugin\n");
	for (int i = 0; i < CPUS; i++) {
		workers[i].cpu = i;
		prepare(&workers[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		way = &ways[i];
		ask();
		judge(&kernel);
	}
	way = NULL;
	for (int i = 0; i < CPUS; i++) {
		sem_post(&workers[i].turn);
		pthread_join(workers[i].thread, NULL);
	}
	tell_lines();
	ksft_finished();
}
