/* One login: what a client sends, and what the authorization server does with it. */
#include <proofkey.h>
#include <stdio.h>
#include <stdlib.h>

static void must(int32_t status) {
    if (status == PROOFKEY_STATUS_OK) return;
    fprintf(stderr, "%s: %s\n", proofkey_status_name(status), proofkey_status_message(status));
    exit(EXIT_FAILURE);
}

int main(void) {
    char verifier[PROOFKEY_VERIFIER_GENERATED_LEN];
    char challenge[PROOFKEY_CHALLENGE_LEN];
    char binding[PROOFKEY_BINDING_MAX_LEN];
    size_t verifier_len, challenge_len, binding_len;

    /* The client keeps the verifier, and sends the challenge in the authorization request. */
    must(proofkey_verifier_generate(verifier, sizeof verifier, &verifier_len));
    must(proofkey_challenge_s256(verifier, verifier_len, challenge, sizeof challenge, &challenge_len));
    printf("code_challenge=%.*s&code_challenge_method=S256\n", (int)challenge_len, challenge);

    /* The server stores the binding with the code. A parameter that was not sent is NULL with length 0. */
    must(proofkey_policy_bind(challenge, challenge_len, "S256", 4, PROOFKEY_POLICY_STRICT, binding, sizeof binding,
                              &binding_len));

    /* The client then sends the code and the verifier in the token request, and the server checks them. */
    int32_t status = proofkey_binding_verify(binding, binding_len, verifier, verifier_len);
    proofkey_memzero(verifier, sizeof verifier);
    if (status != PROOFKEY_STATUS_OK) {
        const char *error = proofkey_status_oauth_error(status);
        printf("400 {\"error\":\"%s\"}\n", error ? error : "server_error");
        return EXIT_FAILURE;
    }
    puts("200 tokens may be issued");
    return EXIT_SUCCESS;
}
