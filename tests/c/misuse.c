/* What a caller can get wrong: NULL, lengths, buffers, texts with NUL bytes, unknown statuses. */
#define _DEFAULT_SOURCE
#include <sys/mman.h>

#include "test.h"

static const char VERIFIER[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
static const char CHALLENGE[] = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
static const char BINDING[] = "S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
static const uint8_t ENTROPY[PROOFKEY_ENTROPY_MAX_LEN] = {7};
#define LITERAL(text) (text), sizeof(text) - 1

/* Every function with an output, called rightly but for the output. */
typedef int32_t producer(char *out, size_t capacity, size_t *written);

#define STRICT PROOFKEY_POLICY_STRICT
#define PLAIN PROOFKEY_POLICY_ALLOW_PLAIN
#define OPTIONAL PROOFKEY_POLICY_OPTIONAL_FOR_CONFIDENTIAL_CLIENT

static int32_t generate(char *out, size_t capacity, size_t *written) {
    return proofkey_verifier_generate(out, capacity, written);
}
static int32_t from_entropy(char *out, size_t capacity, size_t *written) {
    return proofkey_verifier_from_entropy(ENTROPY, sizeof ENTROPY, out, capacity, written);
}
static int32_t s256(char *out, size_t capacity, size_t *written) {
    return proofkey_challenge_s256(LITERAL(VERIFIER), out, capacity, written);
}
static int32_t bind_s256(char *out, size_t capacity, size_t *written) {
    return proofkey_policy_bind(LITERAL(CHALLENGE), LITERAL("S256"), STRICT, out, capacity, written);
}
static int32_t bind_plain(char *out, size_t capacity, size_t *written) {
    return proofkey_policy_bind(LITERAL(VERIFIER), LITERAL("plain"), PLAIN, out, capacity, written);
}
static int32_t bind_none(char *out, size_t capacity, size_t *written) {
    return proofkey_policy_bind(NULL, 0, NULL, 0, OPTIONAL, out, capacity, written);
}
static int32_t bind_implied_plain(char *out, size_t capacity, size_t *written) {
    return proofkey_policy_bind(LITERAL(VERIFIER), NULL, 0, PLAIN | OPTIONAL, out, capacity, written);
}

static const struct { const char *name; producer *call; size_t needed; } producers[] = {
    {"generate", generate, PROOFKEY_VERIFIER_GENERATED_LEN},
    {"from_entropy", from_entropy, PROOFKEY_VERIFIER_MAX_LEN},
    {"s256", s256, PROOFKEY_CHALLENGE_LEN},
    {"bind_s256", bind_s256, PROOFKEY_BINDING_MAX_LEN - 1},
    {"bind_plain", bind_plain, PROOFKEY_BINDING_MAX_LEN},
    {"bind_none", bind_none, 4},
    {"bind_implied_plain", bind_implied_plain, PROOFKEY_BINDING_MAX_LEN},
};
#define PRODUCERS (sizeof producers / sizeof *producers)

static int is_filled(const char *from, const char *to) {
    while (from < to) {
        if (*from++ != 'x') return 0;
    }
    return 1;
}

static void outputs(void) {
    for (size_t i = 0; i < PRODUCERS; i++) {
        const char *name = producers[i].name;
        producer *call = producers[i].call;
        size_t needed = producers[i].needed, slot;
        char room[3 * PROOFKEY_VERIFIER_MAX_LEN];

        for (size_t capacity = 0; capacity < needed; capacity++) {
            memset(room, 'x', sizeof room);
            slot = 12345;
            CHECK_IN(name, call(room + PROOFKEY_VERIFIER_MAX_LEN, capacity, &slot) == PROOFKEY_STATUS_BUFFER_TOO_SMALL);
            CHECK_IN(name, slot == needed);
            CHECK_IN(name, is_filled(room, room + sizeof room));
        }
        for (size_t spare = 0; spare < 3; spare++) {
            char *out = room + PROOFKEY_VERIFIER_MAX_LEN;
            memset(room, 'x', sizeof room);
            slot = 12345;
            CHECK_IN(name, call(out, needed + spare, &slot) == PROOFKEY_STATUS_OK);
            CHECK_IN(name, slot == needed);
            CHECK_IN(name, memchr(out, '\0', needed) == NULL);
            CHECK_IN(name, is_filled(room, out) && is_filled(out + needed, room + sizeof room));
        }
        CHECK_IN(name, call(room, SIZE_MAX, &slot) == PROOFKEY_STATUS_OK);

        /* Uninitialised, exactly large enough, and watched by the memory checkers. */
        char *out = (char *)malloc(needed);
        size_t *written = (size_t *)malloc(sizeof *written);
        CHECK_IN(name, call(out, needed, written) == PROOFKEY_STATUS_OK && *written == needed);
        free(out);
        free(written);

        slot = 12345;
        CHECK_IN(name, call(NULL, 0, &slot) == PROOFKEY_STATUS_NULL_POINTER && slot == 0);
        slot = 12345;
        CHECK_IN(name, call(NULL, needed, &slot) == PROOFKEY_STATUS_NULL_POINTER && slot == 0);
        memset(room, 'x', sizeof room);
        CHECK_IN(name, call(room, needed, NULL) == PROOFKEY_STATUS_NULL_POINTER);
        CHECK_IN(name, call(NULL, 0, NULL) == PROOFKEY_STATUS_NULL_POINTER);
        CHECK_IN(name, is_filled(room, room + sizeof room));
    }
}

static char out[PROOFKEY_VERIFIER_MAX_LEN];
static size_t written;

/* An error of an input: nothing written, length 0. */
#define REFUSED(call, expected) \
    do { \
        memset(out, 'x', sizeof out); \
        written = 12345; \
        CHECK_IN(#call, (call) == (expected)); \
        CHECK_IN(#call, written == 0 && is_filled(out, out + sizeof out)); \
    } while (0)
#define OUT out, sizeof out, &written

static void inputs_that_are_null(void) {
    for (size_t len = 0; len < 2; len++) {
        REFUSED(proofkey_verifier_from_entropy(NULL, len * 32, OUT), PROOFKEY_STATUS_NULL_POINTER);
        REFUSED(proofkey_challenge_s256(NULL, len * 43, OUT), PROOFKEY_STATUS_NULL_POINTER);
        CHECK(proofkey_verifier_check(NULL, len * 43) == PROOFKEY_STATUS_NULL_POINTER);
    }
    REFUSED(proofkey_policy_bind(NULL, 0, NULL, 0, STRICT, OUT), PROOFKEY_STATUS_CHALLENGE_MISSING);
    REFUSED(proofkey_policy_bind(NULL, 0, LITERAL("S256"), STRICT, OUT), PROOFKEY_STATUS_METHOD_WITHOUT_CHALLENGE);
    REFUSED(proofkey_policy_bind(LITERAL(CHALLENGE), NULL, 0, STRICT, OUT), PROOFKEY_STATUS_METHOD_UNSUPPORTED);
    REFUSED(proofkey_policy_bind(NULL, 43, LITERAL("S256"), STRICT, OUT), PROOFKEY_STATUS_NULL_POINTER);
    REFUSED(proofkey_policy_bind(LITERAL(CHALLENGE), NULL, 4, STRICT, OUT), PROOFKEY_STATUS_NULL_POINTER);

    CHECK(proofkey_binding_verify(NULL, 0, LITERAL(VERIFIER)) == PROOFKEY_STATUS_BINDING_MALFORMED);
    CHECK(proofkey_binding_verify(NULL, 0, NULL, 0) == PROOFKEY_STATUS_BINDING_MALFORMED);
    CHECK(proofkey_binding_verify(NULL, 48, LITERAL(VERIFIER)) == PROOFKEY_STATUS_NULL_POINTER);
    CHECK(proofkey_binding_verify(LITERAL(BINDING), NULL, 0) == PROOFKEY_STATUS_VERIFIER_MISSING);
    CHECK(proofkey_binding_verify(LITERAL(BINDING), NULL, 43) == PROOFKEY_STATUS_NULL_POINTER);
    CHECK(proofkey_binding_verify(LITERAL("none"), NULL, 0) == PROOFKEY_STATUS_OK);
    CHECK(proofkey_binding_verify(LITERAL("none"), LITERAL(VERIFIER)) == PROOFKEY_STATUS_VERIFIER_UNEXPECTED);
}

/* Every bit that is no relaxation is refused, alone and beside one. */
static void unknown_relaxations(void) {
    for (uint32_t bit = 4u; bit != 0u; bit <<= 1) {
        REFUSED(proofkey_policy_bind(LITERAL(CHALLENGE), LITERAL("S256"), bit, OUT), PROOFKEY_STATUS_RELAXATION_UNKNOWN);
        REFUSED(proofkey_policy_bind(NULL, 0, NULL, 0, bit | OPTIONAL, OUT), PROOFKEY_STATUS_RELAXATION_UNKNOWN);
    }
    REFUSED(proofkey_policy_bind(LITERAL(CHALLENGE), LITERAL("S256"), UINT32_MAX, OUT),
            PROOFKEY_STATUS_RELAXATION_UNKNOWN);
}

static void inputs_that_are_empty(void) {
    REFUSED(proofkey_verifier_from_entropy(ENTROPY, 0, OUT), PROOFKEY_STATUS_ENTROPY_LENGTH);
    REFUSED(proofkey_challenge_s256("", 0, OUT), PROOFKEY_STATUS_VERIFIER_LENGTH);
    REFUSED(proofkey_policy_bind("", 0, "", 0, STRICT, OUT), PROOFKEY_STATUS_CHALLENGE_MISSING);
    CHECK(proofkey_verifier_check("", 0) == PROOFKEY_STATUS_VERIFIER_LENGTH);
    CHECK(proofkey_binding_verify("", 0, LITERAL(VERIFIER)) == PROOFKEY_STATUS_BINDING_MALFORMED);
    CHECK(proofkey_binding_verify(LITERAL(BINDING), "", 0) == PROOFKEY_STATUS_VERIFIER_MISSING);
    CHECK(proofkey_binding_verify(LITERAL("none"), "", 0) == PROOFKEY_STATUS_OK);
}

/* Lengths that no valid input has, with a pointer to memory whose first byte cannot be read. */
static void inputs_that_are_too_long(void) {
    static const size_t lengths[] = {129, 4096, SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX};
    const char *unreadable = (const char *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(unreadable != MAP_FAILED);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t len = lengths[i];
        REFUSED(proofkey_verifier_from_entropy((const uint8_t *)unreadable, len, OUT), PROOFKEY_STATUS_ENTROPY_LENGTH);
        REFUSED(proofkey_challenge_s256(unreadable, len, OUT), PROOFKEY_STATUS_VERIFIER_LENGTH);
        REFUSED(proofkey_policy_bind(unreadable, len, LITERAL("S256"), STRICT, OUT), PROOFKEY_STATUS_CHALLENGE_MALFORMED);
        REFUSED(proofkey_policy_bind(unreadable, len, NULL, 0, PLAIN, OUT), PROOFKEY_STATUS_CHALLENGE_MALFORMED);
        REFUSED(proofkey_policy_bind(LITERAL(CHALLENGE), unreadable, len, STRICT, OUT), PROOFKEY_STATUS_METHOD_UNSUPPORTED);
        CHECK(proofkey_verifier_check(unreadable, len) == PROOFKEY_STATUS_VERIFIER_LENGTH);
        CHECK(proofkey_binding_verify(unreadable, len, NULL, 0) == PROOFKEY_STATUS_BINDING_MALFORMED);
        CHECK(proofkey_binding_verify(LITERAL(BINDING), unreadable, len) == PROOFKEY_STATUS_VERIFIER_LENGTH);
        CHECK(proofkey_binding_verify(LITERAL("none"), unreadable, len) == PROOFKEY_STATUS_VERIFIER_UNEXPECTED);
    }
    munmap((void *)unreadable, 4096);
}

/* sizeof counts the NUL of a literal: it is one character too many, not an end. */
static void embedded_nul(void) {
    REFUSED(proofkey_challenge_s256(VERIFIER, sizeof VERIFIER, OUT), PROOFKEY_STATUS_VERIFIER_CHARACTER);
    REFUSED(proofkey_policy_bind(CHALLENGE, sizeof CHALLENGE, LITERAL("S256"), STRICT, OUT), PROOFKEY_STATUS_CHALLENGE_MALFORMED);
    REFUSED(proofkey_policy_bind(LITERAL(CHALLENGE), "S256", 5, STRICT, OUT), PROOFKEY_STATUS_METHOD_UNSUPPORTED);
    REFUSED(proofkey_policy_bind(LITERAL("\0"), LITERAL("S256"), STRICT, OUT), PROOFKEY_STATUS_CHALLENGE_MALFORMED);
    CHECK(proofkey_verifier_check(VERIFIER, sizeof VERIFIER) == PROOFKEY_STATUS_VERIFIER_CHARACTER);
    CHECK(proofkey_binding_verify(BINDING, sizeof BINDING, LITERAL(VERIFIER)) == PROOFKEY_STATUS_BINDING_MALFORMED);
    CHECK(proofkey_binding_verify("none", 5, NULL, 0) == PROOFKEY_STATUS_BINDING_MALFORMED);
}

static void output_over_input(void) {
    char room[PROOFKEY_BINDING_MAX_LEN];
    memcpy(room, VERIFIER, PROOFKEY_CHALLENGE_LEN);
    CHECK(proofkey_challenge_s256(room, PROOFKEY_CHALLENGE_LEN, room, sizeof room, &written) == PROOFKEY_STATUS_OK);
    CHECK(memcmp(room, CHALLENGE, PROOFKEY_CHALLENGE_LEN) == 0);
    CHECK(proofkey_policy_bind(room, PROOFKEY_CHALLENGE_LEN, LITERAL("S256"), STRICT, room, sizeof room, &written)
          == PROOFKEY_STATUS_OK);
    CHECK(written == sizeof BINDING - 1 && memcmp(room, BINDING, written) == 0);
}

static void memzero(void) {
    char room[64];
    for (size_t len = 0; len <= 32; len++) {
        memset(room, 'x', sizeof room);
        proofkey_memzero(room + 16, len);
        for (size_t i = 0; i < len; i++) CHECK(room[16 + i] == '\0');
        CHECK(is_filled(room, room + 16) && is_filled(room + 16 + len, room + sizeof room));
    }
    proofkey_memzero(NULL, 0);
    proofkey_memzero(NULL, 32);
}

static void unknown_statuses(void) {
    static const int32_t unknown[] = {-1, 5, 998, 1000, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        CHECK(same_text(proofkey_status_name(unknown[i]), "unknown"));
        CHECK(proofkey_status_message(unknown[i])[0] != '\0');
        CHECK(proofkey_status_oauth_error(unknown[i]) == NULL);
        CHECK(same_text(proofkey_status_recovery(unknown[i]), "unknown"));
    }
    CHECK(PROOFKEY_STATUS_OK == 0);
    CHECK(same_text(proofkey_status_name(PROOFKEY_STATUS_OK), "ok"));
    CHECK(proofkey_status_message(PROOFKEY_STATUS_OK)[0] != '\0');
    CHECK(proofkey_status_oauth_error(PROOFKEY_STATUS_OK) == NULL);
    CHECK(same_text(proofkey_status_recovery(PROOFKEY_STATUS_OK), "none"));
}

static void sizes_and_versions(void) {
    char version[32];
    CHECK(proofkey_verifier_min_len() == PROOFKEY_VERIFIER_MIN_LEN && PROOFKEY_VERIFIER_MIN_LEN == 43);
    CHECK(proofkey_verifier_max_len() == PROOFKEY_VERIFIER_MAX_LEN && PROOFKEY_VERIFIER_MAX_LEN == 128);
    CHECK(proofkey_verifier_generated_len() == PROOFKEY_VERIFIER_GENERATED_LEN && PROOFKEY_VERIFIER_GENERATED_LEN == 43);
    CHECK(proofkey_entropy_min_len() == PROOFKEY_ENTROPY_MIN_LEN && PROOFKEY_ENTROPY_MIN_LEN == 32);
    CHECK(proofkey_entropy_max_len() == PROOFKEY_ENTROPY_MAX_LEN && PROOFKEY_ENTROPY_MAX_LEN == 96);
    CHECK(proofkey_challenge_len() == PROOFKEY_CHALLENGE_LEN && PROOFKEY_CHALLENGE_LEN == 43);
    CHECK(proofkey_binding_max_len() == PROOFKEY_BINDING_MAX_LEN && PROOFKEY_BINDING_MAX_LEN == 49);
    CHECK(proofkey_sealed_max_len() == PROOFKEY_SEALED_MAX_LEN && PROOFKEY_SEALED_MAX_LEN == 8192);
    CHECK(proofkey_abi_version() == PROOFKEY_ABI_VERSION && PROOFKEY_ABI_VERSION == 1);
    snprintf(version, sizeof version, "%d.%d.%d", PROOFKEY_VERSION_MAJOR, PROOFKEY_VERSION_MINOR, PROOFKEY_VERSION_PATCH);
    CHECK(same_text(proofkey_version(), version));
}

int main(void) {
    outputs();
    inputs_that_are_null();
    unknown_relaxations();
    inputs_that_are_empty();
    inputs_that_are_too_long();
    embedded_nul();
    output_over_input();
    memzero();
    unknown_statuses();
    sizes_and_versions();
    return report("misuse");
}
