/* A fork copies no randomness: parent and child go on with different verifiers. */
#define _POSIX_C_SOURCE 200809L
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { ROUNDS = 4, LEN = PROOFKEY_VERIFIER_GENERATED_LEN };

static void generate(char verifiers[ROUNDS][LEN]) {
    size_t written;
    for (int i = 0; i < ROUNDS; i++) CHECK(proofkey_verifier_generate(verifiers[i], LEN, &written) == PROOFKEY_STATUS_OK);
}

int main(void) {
    char before[ROUNDS][LEN], parent[ROUNDS][LEN], child[ROUNDS][LEN];
    int ends[2], status;
    CHECK(pipe(ends) == 0);
    generate(before);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        generate(child);
        _exit(failures != 0 || write(ends[1], child, sizeof child) != (ssize_t)sizeof child);
    }
    generate(parent);
    CHECK(read(ends[0], child, sizeof child) == (ssize_t)sizeof child);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < ROUNDS; j++) {
            CHECK(memcmp(parent[i], child[j], LEN) != 0);
            CHECK(memcmp(before[i], child[j], LEN) != 0);
        }
    }
    return report("fork");
}
