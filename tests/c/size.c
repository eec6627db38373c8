/* The primitives and nothing else, for the size that they add to a program. */
#include <proofkey.h>

int main(void) {
    char verifier[PROOFKEY_VERIFIER_GENERATED_LEN], challenge[PROOFKEY_CHALLENGE_LEN], binding[PROOFKEY_BINDING_MAX_LEN];
    size_t len;
    return proofkey_verifier_generate(verifier, sizeof verifier, &len) != PROOFKEY_STATUS_OK
        || proofkey_challenge_s256(verifier, sizeof verifier, challenge, sizeof challenge, &len) != PROOFKEY_STATUS_OK
        || proofkey_policy_bind(challenge, sizeof challenge, "S256", 4, PROOFKEY_POLICY_STRICT, binding, sizeof binding, &len) != PROOFKEY_STATUS_OK
        || proofkey_binding_verify(binding, len, verifier, sizeof verifier) != PROOFKEY_STATUS_OK;
}
