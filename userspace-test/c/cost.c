// SPDX-License-Identifier: GPL-2.0
/*
 * cost [DEVICE]: what a call costs, in instructions of the guest, and whether that is too much.
 *
 * To be run under `qemu -icount shift=0,sleep=off`, where the guest's clock advances by a
 * nanosecond with each instruction: the figures are then exact, whatever the host is doing. They
 * say nothing of time on real hardware.
 */
#include "libsysdemo.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"

#define ROUNDS 20000

/*
 * What a plain driver in C takes for getpid by a record that is copied in and whose result is
 * copied back, without a restriction, tracepoints or counting: measured the same way.
 */
#define PLAIN_C_DRIVER 826

static int fd;
static struct sysdemo_call record = { .nr = SYSDEMO_NR_NULL };

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void nothing(void)
{
	asm volatile("");
}

static void getppid_by_syscall(void)
{
	syscall(SYS_getppid);
}

static void unknown_ioctl(void)
{
	ioctl(fd, SYSDEMO_IOC_CALL + 1, &record);
}

static void call(void)
{
	ioctl(fd, SYSDEMO_IOC_CALL, &record);
}

/* Instructions for each time that something is done, with the loop and the call of it. */
static long cost(void (*what)(void))
{
	long best = 0;

	/* The least of some rounds: a timer's interrupt may fall into one. */
	for (int try = 0; try < 5; try++) {
		long start = now();

		for (int i = 0; i < ROUNDS; i++)
			what();
		start = (now() - start) / ROUNDS;
		if (!try || start < best)
			best = start;
	}
	return best;
}

int main(int argc, char **argv)
{
	const struct sched_param first = { .sched_priority = 50 };
	long null;

	fd = sysdemo_open(argc > 1 ? argv[1] : NULL);
	ksft_print_header();
	ksft_set_plan(2);
	if (fd < 0 || sched_setscheduler(0, SCHED_FIFO, &first))
		ksft_exit_fail_perror("setting up");

	ksft_print_msg("empty loop: %ld instructions\n", cost(nothing));
	ksft_print_msg("getppid(2): %ld instructions\n", cost(getppid_by_syscall));
	ksft_print_msg("unknown ioctl command: %ld instructions\n", cost(unknown_ioctl));
	null = cost(call);
	ksft_print_msg("null by CALL: %ld instructions, at most %d\n", null, PLAIN_C_DRIVER);
	record.nr = SYSDEMO_NR_GETPID;
	ksft_print_msg("getpid by CALL: %ld instructions\n", cost(call));
	/* A clock that runs by the host's time would show more: then nothing is measured here. */
	ksft_test_result(cost(nothing) < 20, "the clock counts instructions\n");
	ksft_test_result(null <= PLAIN_C_DRIVER, "null costs no more than a plain C driver\n");
	ksft_finished();
}
