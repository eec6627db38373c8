/* What constant_time.c must find. */
#include <stddef.h>

#ifdef __cplusplus
extern "C"
#endif
int early_exit_equal(const char *a, const char *b, size_t len);

int early_exit_equal(const char *a, const char *b, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i]) return 0;
    }
    return 1;
}
