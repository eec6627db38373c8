/* What tests/bench/login exports. */
#include <stddef.h>
#include <stdint.h>
int32_t rust_login_with_its_state(void);
int32_t rust_challenge(const char *verifier, size_t len, char *challenge);
