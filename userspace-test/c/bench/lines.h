/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is written for programs to read: lines of JSON among the results.
 */
#ifndef LINES_H
#define LINES_H

#include <stdio.h>
#include <string.h>

#include "kselftest.h"

/* Begins a line with what it is of. The texts have nothing in them that JSON would mind. */
static inline void begin_line(const char *kind, const char *name)
{
	ksft_print_msg("bench {\"%s\": \"%s\"", kind, name);
}

static inline void say_text(const char *name, const char *text)
{
	printf(", \"%s\": \"%s\"", name, text);
}

static inline void say_number(const char *name, double number)
{
	printf(", \"%s\": %.12g", name, number);
}

static inline void end_line(void)
{
	printf("}\n");
	fflush(stdout);
}

/* Makes of any text one that can stand in a line. */
static inline char *plain_text(char *text)
{
	size_t length = strlen(text);

	while (length && (unsigned char)text[length - 1] <= ' ')
		text[--length] = '\0';
	for (char *at = text; *at; at++) {
		if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ' || *at & 0x80)
			*at = '\'';
	}
	return text;
}

/* Says a fact. The text is made plain in its place. */
static inline void say_fact(const char *name, char *text)
{
	begin_line("fact", name);
	say_text("text", plain_text(text));
	end_line();
}

#endif /* LINES_H */
