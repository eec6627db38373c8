/* Runs tests/vectors/pkce.json and errors.json: every case, its values and its error name. */
#include "test.h"

struct bytes { const char *data; size_t len; };
struct s256_case { const char *name; struct bytes verifier, challenge; };
struct invalid_verifier { const char *name; struct bytes value; const char *error_name; };
struct invalid_challenge { const char *name; int sent; struct bytes value, method; const char *policy, *error_name; };
struct challenge_method { struct bytes value; const char *strict, *plain; };
struct verify_case {
    const char *name;
    struct bytes verifier, challenge, method;
    const char *policy;
    int ok;
    const char *error_name, *oauth_error;
    int ok_if_plain_allowed; /* -1: says nothing about it */
    const char *error_name_if_plain_allowed;
};
struct error_row { const char *name; int32_t number; const char *oauth_error, *recovery, *message; };
struct macro { const char *name; int32_t number; };

#include "tables.h"

#define EACH(index, table) size_t index = 0; index < sizeof table / sizeof *table; index++

static uint32_t policy(const char *name, int plain_allowed) {
    uint32_t plain = plain_allowed ? PROOFKEY_POLICY_ALLOW_PLAIN : PROOFKEY_POLICY_STRICT;
    if (strcmp(name, "strict") == 0) return plain;
    if (strcmp(name, "plain") == 0) return PROOFKEY_POLICY_ALLOW_PLAIN;
    if (strcmp(name, "optional") == 0) return PROOFKEY_POLICY_OPTIONAL_FOR_CONFIDENTIAL_CLIENT | plain;
    fprintf(stderr, "no policy is called %s\n", name);
    exit(EXIT_FAILURE);
}

static char out[PROOFKEY_VERIFIER_MAX_LEN];
static size_t written;

static int32_t bind(uint32_t relaxations, struct bytes challenge, struct bytes method) {
    return proofkey_policy_bind(challenge.data, challenge.len, method.data, method.len, relaxations, out, sizeof out,
                                &written);
}

static int wrote(struct bytes expected) {
    return written == expected.len && memcmp(out, expected.data, expected.len) == 0;
}

static int32_t from_entropy(struct bytes octets) {
    return proofkey_verifier_from_entropy((const uint8_t *)octets.data, octets.len, out, sizeof out, &written);
}

/* The name of the error, NULL if there is none: as in the tables. */
static const char *error_name(int32_t status) {
    return status == PROOFKEY_STATUS_OK ? NULL : proofkey_status_name(status);
}

static unsigned appendices(void) {
    /* Appendix A's five octets, followed by zeros up to 32: the zeros only add characters. */
    char octets[PROOFKEY_ENTROPY_MIN_LEN] = {0};
    struct bytes padded = {octets, sizeof octets};
    memcpy(octets, a_octets.data, a_octets.len);
    CHECK(from_entropy(padded) == PROOFKEY_STATUS_OK);
    CHECK(memcmp(out, a_base64url.data, a_base64url.len) == 0);

    CHECK(from_entropy(b_verifier_octets) == PROOFKEY_STATUS_OK && wrote(b_verifier));
    CHECK(proofkey_challenge_s256(out, written, out, sizeof out, &written) == PROOFKEY_STATUS_OK && wrote(b_challenge));
    /* The digest itself, encoded as if it were entropy: base64url of sha256_octets is the challenge. */
    CHECK(from_entropy(b_sha256_octets) == PROOFKEY_STATUS_OK && wrote(b_challenge));
    return 2;
}

static unsigned run_s256(void) {
    unsigned ran = 0;
    for (EACH(i, s256)) {
        const struct s256_case *c = &s256[i];
        struct bytes method = {"S256", 4};
        CHECK_IN(c->name, proofkey_verifier_check(c->verifier.data, c->verifier.len) == PROOFKEY_STATUS_OK);
        CHECK_IN(c->name, proofkey_challenge_s256(c->verifier.data, c->verifier.len, out, sizeof out, &written)
                              == PROOFKEY_STATUS_OK);
        CHECK_IN(c->name, wrote(c->challenge));
        CHECK_IN(c->name, bind(PROOFKEY_POLICY_STRICT, c->challenge, method) == PROOFKEY_STATUS_OK);
        CHECK_IN(c->name, written == 5 + c->challenge.len && memcmp(out, "S256:", 5) == 0);
        CHECK_IN(c->name, memcmp(out + 5, c->challenge.data, c->challenge.len) == 0);
        CHECK_IN(c->name, proofkey_binding_verify(out, written, c->verifier.data, c->verifier.len)
                              == PROOFKEY_STATUS_OK);
        ran++;
    }
    CHECK(ran == DECLARED_S256);
    return ran;
}

static unsigned run_invalid_verifiers(void) {
    unsigned ran = 0;
    for (EACH(i, invalid_verifiers)) {
        const struct invalid_verifier *c = &invalid_verifiers[i];
        int32_t status = proofkey_verifier_check(c->value.data, c->value.len);
        CHECK_IN(c->name, same_text(error_name(status), c->error_name));
        CHECK_IN(c->name, proofkey_challenge_s256(c->value.data, c->value.len, out, sizeof out, &written) == status);
        CHECK_IN(c->name, written == 0);
        ran++;
    }
    CHECK(ran == DECLARED_INVALID_VERIFIERS);
    return ran;
}

static unsigned run_invalid_challenges(void) {
    unsigned ran = 0, of_the_framework = 0;
    for (EACH(i, invalid_challenges)) {
        const struct invalid_challenge *c = &invalid_challenges[i];
        int32_t status;
        if (c->sent > 1) {
            /* A pointer has one value: only the framework sees a repeated parameter, and the caller refuses it. */
            status = PROOFKEY_STATUS_PARAMETER_DUPLICATE;
            of_the_framework++;
        } else {
            CHECK_IN(c->name, (c->value.data != NULL) == (c->sent == 1));
            status = bind(policy(c->policy, 0), c->value, c->method);
            CHECK_IN(c->name, written == 0);
        }
        CHECK_IN(c->name, same_text(error_name(status), c->error_name));
        CHECK_IN(c->name, same_text(proofkey_status_oauth_error(status), "invalid_request"));
        ran++;
    }
    CHECK(ran == DECLARED_INVALID_CHALLENGES);
    CHECK(of_the_framework == 1);
    return ran;
}

/* The method that was bound, or the error to respond with. */
static const char *outcome(uint32_t relaxations, struct bytes method) {
    int32_t status = bind(relaxations, b_challenge, method);
    if (status != PROOFKEY_STATUS_OK) return proofkey_status_oauth_error(status);
    *strchr(out, ':') = '\0';
    return out;
}

static unsigned run_challenge_methods(void) {
    unsigned ran = 0;
    for (EACH(i, challenge_methods)) {
        const struct challenge_method *c = &challenge_methods[i];
        CHECK(same_text(outcome(PROOFKEY_POLICY_STRICT, c->value), c->strict));
        CHECK(same_text(outcome(PROOFKEY_POLICY_ALLOW_PLAIN, c->value), c->plain));
        ran++;
    }
    CHECK(ran == DECLARED_CHALLENGE_METHODS);
    return ran;
}

static int32_t verify(uint32_t relaxations, const struct verify_case *c) {
    int32_t status = bind(relaxations, c->challenge, c->method);
    if (status != PROOFKEY_STATUS_OK) return status;
    return proofkey_binding_verify(out, written, c->verifier.data, c->verifier.len);
}

static unsigned run_verify_cases(void) {
    unsigned ran = 0;
    for (EACH(i, verify_cases)) {
        const struct verify_case *c = &verify_cases[i];
        int32_t status = verify(policy(c->policy, 0), c);
        CHECK_IN(c->name, (status == PROOFKEY_STATUS_OK) == c->ok);
        CHECK_IN(c->name, same_text(error_name(status), c->error_name));
        CHECK_IN(c->name, same_text(proofkey_status_oauth_error(status), c->oauth_error));
        if (c->ok_if_plain_allowed >= 0) {
            status = verify(policy(c->policy, 1), c);
            CHECK_IN(c->name, (status == PROOFKEY_STATUS_OK) == c->ok_if_plain_allowed);
            CHECK_IN(c->name, same_text(error_name(status), c->error_name_if_plain_allowed));
        }
        ran++;
    }
    CHECK(ran == DECLARED_VERIFY_CASES);
    return ran;
}

static unsigned run_errors(void) {
    unsigned ran = 0;
    for (EACH(i, errors)) {
        const struct error_row *row = &errors[i];
        unsigned found = 0;
        for (EACH(j, macros)) found += same_text(macros[j].name, row->name) && macros[j].number == row->number;
        CHECK_IN(row->name, found == 1);
        CHECK_IN(row->name, same_text(proofkey_status_name(row->number), row->name));
        CHECK_IN(row->name, same_text(proofkey_status_message(row->number), row->message));
        CHECK_IN(row->name, same_text(proofkey_status_oauth_error(row->number), row->oauth_error));
        CHECK_IN(row->name, same_text(proofkey_status_recovery(row->number), row->recovery));
        ran++;
    }
    CHECK(ran == ERRORS_OF_C);
    /* The other way: each macro is a row, but for PROOFKEY_STATUS_OK; and no other number has a name. */
    CHECK(sizeof macros / sizeof *macros == ERRORS_OF_C + 1);
    for (EACH(i, macros)) {
        const char *name = proofkey_status_name(macros[i].number);
        CHECK_IN(macros[i].name, same_text(name, macros[i].name));
    }
    unsigned named = 0;
    for (int32_t number = -2000; number <= 20000; number++) named += strcmp(proofkey_status_name(number), "unknown") != 0;
    CHECK(named == ERRORS_OF_C + 1);
    return ran;
}

int main(void) {
    unsigned ran = appendices() + run_s256() + run_invalid_verifiers() + run_invalid_challenges()
                   + run_challenge_methods() + run_verify_cases();
    printf("vectors: %u cases of pkce.json, %u rows of errors.json\n", ran, run_errors());
    return report("vectors");
}
