/*
 * No branch and no memory address depends on a secret: to memcheck the secrets are uninitialised, and it reports each
 * branch and address that is made from them. One place may branch, `proofkey_core::alphabet::reveal`: constant_time.supp
 * names it. With the argument "reveal" the same operations run and the run's report shows that there is no other place.
 *
 * valgrind hides the SHA instructions, so the portable code runs, which is the one that could go wrong.
 */
#include <valgrind/memcheck.h>

#include "test.h"

static unsigned operations;
static char text[PROOFKEY_VERIFIER_MAX_LEN];
static size_t written;

/* Poisons a secret, runs one operation, and marks all it may have touched as defined again. */
#define WITH_SECRET(secret, len, operation, expected) \
    do { \
        VALGRIND_MAKE_MEM_UNDEFINED((secret), (len)); \
        int32_t status_ = (operation); \
        VALGRIND_MAKE_MEM_DEFINED((secret), (len)); \
        VALGRIND_MAKE_MEM_DEFINED(text, sizeof text); \
        CHECK_IN(#operation, status_ == (expected)); \
        operations++; \
    } while (0)

static void entropy(void) {
    for (size_t len = PROOFKEY_ENTROPY_MIN_LEN; len <= PROOFKEY_ENTROPY_MAX_LEN; len++) {
        uint8_t octets[PROOFKEY_ENTROPY_MAX_LEN];
        for (size_t i = 0; i < len; i++) octets[i] = (uint8_t)(i * 37 + len);
        WITH_SECRET(octets, len, proofkey_verifier_from_entropy(octets, len, text, sizeof text, &written),
                    PROOFKEY_STATUS_OK);
        CHECK(proofkey_verifier_check(text, written) == PROOFKEY_STATUS_OK);
    }
}

static void verifiers(void) {
    char verifier[PROOFKEY_VERIFIER_MAX_LEN], binding[PROOFKEY_BINDING_MAX_LEN];
    for (size_t len = PROOFKEY_VERIFIER_MIN_LEN; len <= PROOFKEY_VERIFIER_MAX_LEN; len++) {
        size_t challenge_len, binding_len;
        memset(verifier, 'a' + (int)(len % 26), len);
        WITH_SECRET(verifier, len, proofkey_verifier_check(verifier, len), PROOFKEY_STATUS_OK);
        WITH_SECRET(verifier, len, proofkey_challenge_s256(verifier, len, text, sizeof text, &challenge_len),
                    PROOFKEY_STATUS_OK);
        CHECK(proofkey_policy_bind(text, challenge_len, "S256", 4, PROOFKEY_POLICY_STRICT, binding, sizeof binding, &binding_len)
              == PROOFKEY_STATUS_OK);

        WITH_SECRET(verifier, len, proofkey_binding_verify(binding, binding_len, verifier, len), PROOFKEY_STATUS_OK);
        verifier[len / 2] = '-'; /* the wrong one */
        WITH_SECRET(verifier, len, proofkey_binding_verify(binding, binding_len, verifier, len),
                    PROOFKEY_STATUS_VERIFIER_MISMATCH);
        verifier[len / 2] = ' '; /* a malformed one */
        WITH_SECRET(verifier, len, proofkey_binding_verify(binding, binding_len, verifier, len),
                    PROOFKEY_STATUS_VERIFIER_CHARACTER);
        WITH_SECRET(verifier, len, proofkey_verifier_check(verifier, len), PROOFKEY_STATUS_VERIFIER_CHARACTER);
        WITH_SECRET(verifier, len, proofkey_challenge_s256(verifier, len, text, sizeof text, &challenge_len),
                    PROOFKEY_STATUS_VERIFIER_CHARACTER);
    }
}

/* The control, what everybody writes: it stops at the first difference. control.c, so that nothing inlines it. */
#ifdef __cplusplus
extern "C"
#endif
int early_exit_equal(const char *a, const char *b, size_t len);

static unsigned control(void) {
    char verifier[PROOFKEY_VERIFIER_MIN_LEN], other[PROOFKEY_VERIFIER_MIN_LEN];
    unsigned before = VALGRIND_COUNT_ERRORS;
    memset(verifier, 'a', sizeof verifier);
    memset(other, 'b', sizeof other);
    VALGRIND_MAKE_MEM_UNDEFINED(verifier, sizeof verifier);
    int equal = early_exit_equal(verifier, other, sizeof verifier);
    VALGRIND_MAKE_MEM_DEFINED(&equal, sizeof equal);
    CHECK(equal == 0);
    return VALGRIND_COUNT_ERRORS - before;
}

int main(int argc, char **argv) {
    if (!RUNNING_ON_VALGRIND) {
        fputs("constant_time runs under valgrind only\n", stderr);
        return EXIT_FAILURE;
    }
    int only_reveal = argc > 1 && strcmp(argv[1], "reveal") == 0;
    entropy();
    verifiers();
    unsigned errors = VALGRIND_COUNT_ERRORS;
    if (only_reveal) {
        printf("constant_time: %u operations, %u errors without the suppression\n", operations, errors);
        CHECK(errors > 0);
    } else {
        unsigned control_errors = control();
        printf("constant_time: %u operations, %u errors; the control: %u errors\n", operations, errors, control_errors);
        CHECK(errors == 0);
        CHECK(control_errors > 0);
    }
    return report("constant_time");
}
