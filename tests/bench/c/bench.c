/*
 * Compares the C library with hand-written code over OpenSSL's EVP.
 *
 * Machines are noisy: each round runs a short slice of every candidate in turn, and only ratios within a round count.
 */
#define _POSIX_C_SOURCE 199309L
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <proofkey.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 401, SLICE_NS = 100000, CANDIDATES = 3, CHALLENGE = PROOFKEY_CHALLENGE_LEN };

/* What the jobs work on. The length is volatile, so that the compiler cannot assume that it stays the same. */
static char verifier[PROOFKEY_VERIFIER_MAX_LEN];
static volatile size_t verifier_len;
static char expected[CHALLENGE];
static char binding[PROOFKEY_BINDING_MAX_LEN];
static size_t binding_len;
static EVP_MD *sha256;
static EVP_MD_CTX *context;

static int failed(const char *who) {
    fprintf(stderr, "%s computes another value: there is nothing to compare\n", who);
    return EXIT_FAILURE;
}

static void base64url(const unsigned char *bytes, char *text) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int i = 0; i < 30; i += 3) {
        *text++ = alphabet[bytes[i] >> 2];
        *text++ = alphabet[(bytes[i] << 4 | bytes[i + 1] >> 4) & 63];
        *text++ = alphabet[(bytes[i + 1] << 2 | bytes[i + 2] >> 6) & 63];
        *text++ = alphabet[bytes[i + 2] & 63];
    }
    *text++ = alphabet[bytes[30] >> 2];
    *text++ = alphabet[(bytes[30] << 4 | bytes[31] >> 4) & 63];
    *text = alphabet[(bytes[31] << 2) & 63];
}

static int proofkey_challenge(char *out) {
    size_t written;
    return proofkey_challenge_s256(verifier, verifier_len, out, CHALLENGE, &written) == PROOFKEY_STATUS_OK;
}

static int one_shot(char *out) {
    unsigned char digest[32];
    if (!EVP_Digest(verifier, verifier_len, digest, NULL, EVP_sha256(), NULL)) return 0;
    base64url(digest, out);
    return 1;
}

static int fetched(char *out) {
    unsigned char digest[32];
    if (!EVP_DigestInit_ex2(context, sha256, NULL) || !EVP_DigestUpdate(context, verifier, verifier_len)
        || !EVP_DigestFinal_ex(context, digest, NULL)) return 0;
    base64url(digest, out);
    return 1;
}

static int proofkey_verify(char *out) {
    (void)out;
    return proofkey_binding_verify(binding, binding_len, verifier, verifier_len) == PROOFKEY_STATUS_OK;
}

static int fetched_verify(char *out) {
    return fetched(out) && CRYPTO_memcmp(out, expected, CHALLENGE) == 0;
}

struct candidate {
    const char *name;
    int (*volatile job)(char *);
    double target; /* 0: none */
};

static double slice(const struct candidate *candidate, int times) {
    struct timespec start, end;
    char out[CHALLENGE];
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < times; i++)
        if (!candidate->job(out)) exit(failed(candidate->name));
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / times;
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values) {
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

/* Measures in interleaved slices and prints a row of the table for each candidate but the first, which is ours. */
static void report(const char *row, const struct candidate *candidates, int count) {
    static double ns[CANDIDATES][ROUNDS], ratio[CANDIDATES][ROUNDS];
    int times[CANDIDATES];
    for (int i = 0; i < count; i++) {
        slice(&candidates[i], 1000); /* warms up */
        times[i] = (int)(SLICE_NS / slice(&candidates[i], 1000)) + 1;
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < count; i++) {
            ns[i][round] = slice(&candidates[i], times[i]);
            ratio[i][round] = ns[0][round] / ns[i][round];
        }
    double ours = median(ns[0]);
    for (int i = 1; i < count; i++) {
        double middle = median(ratio[i]), target = candidates[i].target;
        printf("| C | %s | %.0f ns | %s | %.0f ns | %.2f |", row, ours, candidates[i].name, median(ns[i]), middle);
        /* Compared at the two digits that are printed. */
        if (target > 0) printf(" ≤ %.2f | %s |\n", target, middle < target + 0.005 ? "met" : "**missed**");
        else printf(" – | – |\n");
    }
}

static int bind_challenge_of_verifier(void) {
    if (!proofkey_challenge(expected)) return 0;
    return proofkey_policy_bind(expected, CHALLENGE, "S256", 4, PROOFKEY_POLICY_STRICT,
                                binding, sizeof binding, &binding_len) == PROOFKEY_STATUS_OK;
}

/* For verify.py: each line of stdin is a number of verifications to run. Prints how many nanoseconds one took. */
static int verify_when_told(void) {
    static const char appendix_b[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const struct candidate proofkey = {"proofkey", proofkey_verify, 0};
    char line[32];
    verifier_len = sizeof appendix_b - 1;
    memcpy(verifier, appendix_b, verifier_len);
    if (!bind_challenge_of_verifier()) return failed("proofkey");
    while (fgets(line, sizeof line, stdin) != NULL) {
        printf("%f\n", slice(&proofkey, atoi(line)));
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    /* Clients generate 43 characters. With more, the hash alone is a quarter of the one-shot call: no target there. */
    static const struct { size_t len; double one_shot, fetched; } lengths[] = {{43, 0.25, 0.65}, {64, 0, 0.65}, {128, 0, 0.65}};
    if (argc > 1 && strcmp(argv[1], "verify") == 0) return verify_when_told();
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    context = EVP_MD_CTX_new();
    if (sha256 == NULL || context == NULL) return EXIT_FAILURE;
    for (size_t at = 0; at < sizeof verifier; at++) verifier[at] = alphabet[at % (sizeof alphabet - 1)];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char out[CHALLENGE], row[32];
        verifier_len = lengths[i].len;
        if (!proofkey_challenge(expected)) return failed("proofkey");
        if (!one_shot(out) || memcmp(out, expected, CHALLENGE) != 0) return failed("EVP one-shot");
        if (!fetched(out) || memcmp(out, expected, CHALLENGE) != 0) return failed("EVP fetched before");
        snprintf(row, sizeof row, "challenge, %d characters", (int)lengths[i].len);
        report(row, (const struct candidate[]){
            {"proofkey", proofkey_challenge, 0},
            {"EVP one-shot", one_shot, lengths[i].one_shot},
            {"EVP, digest fetched before", fetched, lengths[i].fetched},
        }, 3);
    }

    verifier_len = lengths[0].len;
    if (!bind_challenge_of_verifier()) return failed("proofkey");
    report("verify, 43 characters", (const struct candidate[]){
        {"proofkey", proofkey_verify, 0},
        {"EVP, digest fetched before, and CRYPTO_memcmp", fetched_verify, 0},
    }, 2);
    EVP_MD_CTX_free(context);
    EVP_MD_free(sha256);
    return EXIT_SUCCESS;
}
