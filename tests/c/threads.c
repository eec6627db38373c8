/* Many threads at once: each makes verifiers, and each verifier matches its own challenge and no other. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "test.h"

enum { THREADS = 8, ROUNDS = 200, LEN = PROOFKEY_VERIFIER_GENERATED_LEN };

struct login { char verifier[LEN]; char binding[PROOFKEY_BINDING_MAX_LEN]; size_t binding_len; int32_t status; };
static struct login logins[THREADS][ROUNDS];

static int32_t login(struct login *made) {
    char challenge[PROOFKEY_CHALLENGE_LEN];
    size_t written;
    int32_t status = proofkey_verifier_generate(made->verifier, LEN, &written);
    if (status == PROOFKEY_STATUS_OK)
        status = proofkey_challenge_s256(made->verifier, LEN, challenge, sizeof challenge, &written);
    if (status == PROOFKEY_STATUS_OK)
        status = proofkey_policy_bind(challenge, sizeof challenge, "S256", 4, PROOFKEY_POLICY_STRICT, made->binding, sizeof made->binding,
                                      &made->binding_len);
    if (status == PROOFKEY_STATUS_OK)
        status = proofkey_binding_verify(made->binding, made->binding_len, made->verifier, LEN);
    return status;
}

static void *run(void *own) {
    struct login *made = (struct login *)own;
    for (int round = 0; round < ROUNDS; round++) made[round].status = login(&made[round]);
    return NULL;
}

static int compare(const void *a, const void *b) {
    return memcmp(((const struct login *)a)->verifier, ((const struct login *)b)->verifier, LEN);
}

int main(void) {
    pthread_t threads[THREADS];
    struct login *all = &logins[0][0];
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, run, logins[i]) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);

    for (int i = 0; i < THREADS * ROUNDS; i++) CHECK(all[i].status == PROOFKEY_STATUS_OK);
    qsort(all, THREADS * ROUNDS, sizeof *all, compare);
    for (int i = 1; i < THREADS * ROUNDS; i++) {
        CHECK(compare(&all[i - 1], &all[i]) < 0);
        CHECK(proofkey_binding_verify(all[i - 1].binding, all[i - 1].binding_len, all[i].verifier, LEN)
              == PROOFKEY_STATUS_VERIFIER_MISMATCH);
    }
    return report("threads");
}
