/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What of the kernel's memory an open device takes: how much more is in use when very many are
 * open, and how much of that any open file takes.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include "bench/facts.h"
#include "libsysdemo.h"

#include <stdlib.h>
#include <sys/resource.h>

/*
 * How many are opened before it is looked at for the first time, so that what others have left is
 * used up, and how many after that.
 */
#define FILES_BEFORE 1024
#define FILES_WEIGHED 2048
#define FILES (FILES_BEFORE + FILES_WEIGHED)

/*
 * Bytes of kernel memory in use: objects, memory of each CPU, and areas; -1 if that is not told.
 * Objects are counted, not the pages that they are in: what was freed is kept there for the next.
 */
static inline long kernel_memory(void)
{
	static const char *const words[] = { "\nPercpu:", "\nVmallocUsed:" };
	static char text[1 << 17];
	char *line, *rest = text;
	long sum = 0, objects, size;

	contents("/proc/slabinfo", text, sizeof(text));
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%*s %ld %*d %ld", &objects, &size) == 2)
			sum += objects * size;
	}
	if (!sum)
		return -1;
	contents("/proc/meminfo", text, sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		line = strstr(text, words[i]);
		if (!line)
			return -1;
		sum += atol(line + strlen(words[i])) * 1024;
	}
	return sum;
}

/* Opens many and says what one takes. NULL, or what is wrong. */
static inline const char *weigh(const char *device, const char *path, const char *name,
				unsigned int capacity)
{
	const struct rlimit many = { FILES + 64, FILES + 64 };
	const char *wrong = NULL;
	static int opened[FILES];
	long before = 0, after;
	int count;

	if (setrlimit(RLIMIT_NOFILE, &many))
		return "the limit of open files cannot be raised";
	/* What others have closed is freed by and by, by threads that this one does not let run. */
	sleep(1);
	/* The table of descriptors grows, and stays as large as it is. */
	close(dup2(STDIN_FILENO, FILES + 32));
	for (count = 0; count < FILES && !wrong; count++) {
		if (count == FILES_BEFORE)
			before = kernel_memory();
		opened[count] = sysdemo_open(path);
		if (opened[count] < 0)
			wrong = "it cannot be opened so often";
		else if (capacity && sysdemo_log(opened[count], SYSDEMO_LOG_ON, capacity, NULL))
			wrong = "the log cannot be switched on";
	}
	after = kernel_memory();
	while (count--) {
		if (opened[count] >= 0)
			close(opened[count]);
	}
	if (before < 0)
		return "the kernel does not tell how much memory it uses";
	if (!wrong) {
		begin_line("memory", name);
		say_text("device", device);
		say_number("bytes", (double)(after - before) / FILES_WEIGHED);
		say_number("count", FILES_WEIGHED);
		end_line();
	}
	return wrong;
}

#endif /* BENCH_MEMORY_H */
