/* A panic inside the library is a status, and the program goes on. For the build with the feature `test-panic`. */
#include "test.h"

#ifdef __cplusplus
extern "C"
#endif
int32_t proofkey_test_panic(void);

int main(void) {
    char verifier[PROOFKEY_VERIFIER_GENERATED_LEN];
    size_t written;
    for (int i = 0; i < 3; i++) {
        CHECK(proofkey_test_panic() == PROOFKEY_STATUS_INTERNAL);
        CHECK(proofkey_verifier_generate(verifier, sizeof verifier, &written) == PROOFKEY_STATUS_OK);
    }
    return report("panic");
}
