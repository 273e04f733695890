/* A store on a real database in a directory of its own, for the tests that need one. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"
#include "err_checks.h"

static char directory[64], path[96];
static struct store *store;
static struct err err;

static int setup(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/terakoya-store-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/terakoya.db", directory);
	store = store_open(path, &err);
	return store ? 0 : -1;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	store_close(store);
	store = NULL;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

#endif
