/* The one function that is called here. The headers of Debian are a package of their own. */
#include <stddef.h>
unsigned char *SHA256(const unsigned char *bytes, size_t len, unsigned char *digest);
