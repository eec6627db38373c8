/* What every test shares. All of it is C99 and C++17 at once. */
#ifndef PROOFKEY_TEST_H
#define PROOFKEY_TEST_H

#include <proofkey.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long checks, failures;

/* `what` says which case it is. */
#define CHECK_IN(what, condition) \
    do { \
        checks++; \
        if (!(condition)) { \
            failures++; \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, (what), #condition); \
        } \
    } while (0)
#define CHECK(condition) CHECK_IN("false", condition)

static inline int same_text(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The exit status of a test. */
static inline int report(const char *test) {
    printf("%s: %lu checks, %lu failed\n", test, checks, failures);
    return failures == 0 && checks != 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
