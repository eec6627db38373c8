/* Begins and seals a login, or finishes one that was sealed: see test_seal_table.py. */
#define _POSIX_C_SOURCE 200809L
#include "../../examples/c/http.h"

#define LITERAL(text) text, sizeof text - 1

/* A line of the standard input, without its end. */
static char *line(void) {
    static char lines[2][8192];
    static int at;
    char *text = fgets(lines[at], sizeof lines[at], stdin);
    if (text == NULL) exit(EXIT_FAILURE);
    text[strcspn(text, "\n")] = '\0';
    at = 1;
    return text;
}

int main(int argc, char **argv) {
    static char sealed[PROOFKEY_SEALED_MAX_LEN];
    const char *issuer = getenv("ISSUER"), *id = getenv("CLIENT_ID"), *redirect_uri = getenv("REDIRECT_URI");
    const char *scope = getenv("SCOPE"), *secret = getenv("SECRET");
    proofkey_provider *provider = NULL;
    proofkey_client *client = NULL;
    proofkey_authorize *authorize = NULL;
    proofkey_login *login = NULL;
    proofkey_exchange *exchange = NULL;
    proofkey_tokens *tokens = NULL;
    proofkey_seal_keys *keys = NULL;
    size_t len = 0;
    if (argc != 2 || !issuer || !id || !redirect_uri || !scope || !secret) return 2;
    must(proofkey_provider_discover(issuer, strlen(issuer), &exchange), NULL);
    run(exchange);
    must(proofkey_exchange_provider(exchange, &provider), NULL);
    proofkey_exchange_free(exchange);
    exchange = NULL;
    must(proofkey_client_new(provider, id, strlen(id), &client), NULL);
    must(proofkey_client_set_redirect_uri(client, redirect_uri, strlen(redirect_uri)), NULL);
    must(proofkey_seal_keys_new((const uint8_t *)secret, strlen(secret), &keys), NULL);
    if (strcmp(argv[1], "begin") == 0) {
        must(proofkey_client_authorize(client, scope, strlen(scope), &authorize), NULL);
        must(proofkey_authorize_set_data(authorize, LITERAL("/photos")), NULL);
        must(proofkey_authorize_begin(authorize, time(NULL), &login), NULL);
        must(proofkey_login_seal(login, keys, LITERAL("example"), sealed, sizeof sealed, &len), NULL);
        printf("%s\n%.*s\n", proofkey_login_url(login, NULL), (int)len, sealed);
    } else {
        const char *text = line(), *callback = line();
        must(proofkey_client_resume(client, text, strlen(text), keys, LITERAL("example"), time(NULL), &login), NULL);
        int32_t status = proofkey_login_accept(login, callback, strlen(callback), time(NULL), &exchange);
        must(status, proofkey_login_error(login));
        run(exchange);
        must(proofkey_exchange_tokens(exchange, &tokens), proofkey_exchange_error(exchange));
        const proofkey_claims *claims = proofkey_tokens_claims(tokens);
        puts(claims ? proofkey_claims_text(claims, LITERAL("sub"), NULL) : proofkey_tokens_scope(tokens, NULL));
        puts(proofkey_login_data(login, NULL));
    }
    proofkey_tokens_free(tokens);
    proofkey_exchange_free(exchange);
    proofkey_login_free(login);
    proofkey_authorize_free(authorize);
    proofkey_seal_keys_free(keys);
    proofkey_client_free(client);
    proofkey_provider_free(provider);
    return EXIT_SUCCESS;
}
