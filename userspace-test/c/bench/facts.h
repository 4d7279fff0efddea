/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has to be known of the machine to make sense of the figures.
 */
#ifndef FACTS_H
#define FACTS_H

#include "bench/clock.h"
#include "bench/lines.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>

/* The first bytes of a file; empty if there is none. */
static inline const char *contents(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = 0, more = 1;

	/* Some give only a page at a time. */
	while (fd >= 0 && more > 0) {
		more = read(fd, text + length, size - 1 - length);
		length += more > 0 ? more : 0;
	}
	text[length] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static inline void say_processor(void)
{
	static char text[1 << 16];
	char *line, *end;

	contents("/proc/cpuinfo", text, sizeof(text));
	if (strstr(text, " hypervisor")) {
		char virtual[] = "this is a virtual one";

		say_fact("machine", virtual);
	}
	line = strstr(text, "model name");
	line = line ? strchr(line, ':') : NULL;
	if (!line)
		return;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	say_fact("processor", line + 2);
}

/* Each vulnerability that the kernel knows of, and what it does about it. */
#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"

static inline void say_mitigations(void)
{
	DIR *folder = opendir(VULNERABILITIES);
	struct dirent *entry;
	char path[512], name[300], text[256];

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), VULNERABILITIES "/%s", entry->d_name);
		snprintf(name, sizeof(name), "vulnerability %s", entry->d_name);
		contents(path, text, sizeof(text));
		say_fact(name, text);
	}
	if (folder)
		closedir(folder);
}

static inline void say_facts(void)
{
	struct utsname system;
	char text[4096];

	uname(&system);
	say_fact("kernel", system.release);
	say_fact("version", system.version);
	say_processor();
	contents("/sys/devices/system/clocksource/clocksource0/current_clocksource", text,
		 sizeof(text));
	say_fact("clocksource", text);
	say_mitigations();
}

/*
 * Before all others, on one CPU: in a guest the kernel's own threads have much to do right after
 * the boot.
 */
static inline void be_first(void)
{
	const struct sched_param first = { .sched_priority = 50 };
	char text[64] = "SCHED_FIFO";
	cpu_set_t cpus;

	if (sched_setscheduler(0, SCHED_FIFO, &first))
		snprintf(text, sizeof(text), "SCHED_OTHER: %s", strerror(errno));
	say_fact("scheduling", text);
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

#endif /* FACTS_H */
