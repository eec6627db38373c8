/*
 * Lack of memory ends the process by abort(), as the header says; nothing unwinds into C and nothing is written through
 * NULL. Each allocation of a login fails once, in a child of its own. Linked with --wrap for the functions below.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
int __real_posix_memalign(void **block, size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);

static long left = -1; /* allocations until one fails; never if it is negative */
static long allocations;

static int fails(void) {
    allocations++;
    return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *block, size_t size) { return fails() ? NULL : __real_realloc(block, size); }
int __wrap_posix_memalign(void **block, size_t alignment, size_t size) {
    return fails() ? 12 /* ENOMEM */ : __real_posix_memalign(block, alignment, size);
}

static void login(void) {
    static const struct bytes json = {LITERAL("{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"x\":[1,2]}")};
    static char sealed[PROOFKEY_SEALED_MAX_LEN];
    proofkey_provider *provider = NULL;
    proofkey_client *client = NULL;
    proofkey_authorize *authorize = NULL;
    proofkey_login *pending = NULL, *resumed = NULL;
    proofkey_exchange *exchange = NULL;
    proofkey_tokens *tokens = NULL;
    proofkey_seal_keys *keys = NULL;
    size_t written;
    OK(proofkey_provider_new(LITERAL("https://as.example/authorize"), LITERAL("https://as.example/token"), &provider));
    OK(proofkey_client_new(provider, LITERAL("c"), &client));
    OK(proofkey_client_set_redirect_uri(client, LITERAL("https://client.example/cb")));
    OK(proofkey_client_authorize(client, LITERAL("x"), &authorize));
    OK(proofkey_authorize_set_state(authorize, LITERAL("s")));
    OK(proofkey_authorize_begin(authorize, 0, &pending));
    OK(proofkey_seal_keys_new((const uint8_t *)"0123456789abcdef0123456789abcdef", 32, &keys));
    OK(proofkey_login_seal(pending, keys, LITERAL("c"), sealed, sizeof sealed, &written));
    OK(proofkey_client_resume(client, sealed, written, keys, LITERAL("c"), 0, &resumed));
    OK(proofkey_login_accept(resumed, LITERAL("https://client.example/cb?code=c&state=s"), 0, &exchange));
    CHECK(proofkey_exchange_body_expose(exchange, NULL) != NULL);
    OK(receive(exchange, 200, json, 0));
    OK(proofkey_exchange_tokens(exchange, &tokens));
    CHECK(same_text(proofkey_tokens_extra_expose(tokens, LITERAL("x"), NULL), "[1,2]"));
    proofkey_provider_free(provider);
    proofkey_client_free(client);
    proofkey_authorize_free(authorize);
    proofkey_login_free(pending);
    proofkey_login_free(resumed);
    proofkey_exchange_free(exchange);
    proofkey_tokens_free(tokens);
    proofkey_seal_keys_free(keys);
}

int main(void) {
    const struct rlimit no_core = {0, 0};
    unsigned long aborted = 0;
    CHECK(setrlimit(RLIMIT_CORE, &no_core) == 0);
    login();
    long all = allocations;
    for (long failing = 0; failing < all; failing++) {
        int status = 0;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            int nowhere = open("/dev/null", O_WRONLY);
            dup2(nowhere, STDERR_FILENO);
            left = failing;
            login();
            _exit(failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
        }
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        aborted++;
    }
    CHECK(aborted > 50);
    printf("%lu allocations, each of which failed once\n", aborted);
    return report("allocation");
}
