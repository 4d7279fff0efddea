/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the testers of calls that sleep share: times, signals, and to see that somebody sleeps.
 */
#ifndef SLEEPING_H
#define SLEEPING_H

#include "tester.h"

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#define MILLISECOND 1000000LL
#define SECOND 1000000000LL

static inline __s64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static inline void pause_for(__s64 ns)
{
	const struct timespec time = { .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };

	nanosleep(&time, NULL);
}

static inline void handler(int signal)
{
	(void)signal;
}

static inline int handle(int signal, int flags)
{
	const struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	return sigaction(signal, &action, NULL);
}

/*
 * Sends SIGALRM again and again: one that comes before the sleep begins ends nothing. 0 ends that.
 */
static inline void alarm_in(__s64 ns)
{
	const struct timeval time = { .tv_sec = ns / SECOND, .tv_usec = ns % SECOND / 1000 };
	const struct itimerval timer = { .it_value = time, .it_interval = time };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* The state of a thread, as in its file `stat`. */
static inline char state_of(const char *path)
{
	char text[512], *state;

	if (read_file(path, text, sizeof(text)) < 0)
		return 0;
	state = strrchr(text, ')');
	return state ? state[2] : 0;
}

/*
 * Waits until a thread, by its id, sleeps so that a signal wakes it; false if it does not come to
 * that.
 */
static inline bool is_asleep(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	for (int i = 0; i < 5000; i++) {
		char state = state_of(path);

		if (state == 'S')
			return true;
		if (state == 'Z' || !state)
			return false;
		pause_for(MILLISECOND);
	}
	return false;
}

/* How many wait on an open device; -1 if it does not say. */
static inline int waiting_on(int fd)
{
	char path[64], text[512], *line;
	int waiting;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (read_file(path, text, sizeof(text)) < 0)
		return -1;
	line = strstr(text, "sysdemo-waiting:");
	return line && sscanf(line, "sysdemo-waiting: %d", &waiting) == 1 ? waiting : -1;
}

/* Waits until so many do. */
static inline bool have_come(int fd, int waiting)
{
	for (int i = 0; i < 20000; i++) {
		if (waiting_on(fd) == waiting)
			return true;
		pause_for(MILLISECOND);
	}
	return false;
}

#endif /* SLEEPING_H */
