/*
 * A complete login with libcurl: discovery, a browser that comes back to a listener on loopback, tokens with an ID token,
 * userinfo, refresh and revocation.
 *
 *     cc login.c $(pkg-config --cflags --libs proofkey libcurl) -o login
 *     login https://login.example.com my-app 8400 "openid profile" [NAME=VALUE...]
 *
 * Register http://127.0.0.1:8400/callback as the redirect URI. Further arguments are parameters of the authorization
 * request, such as prompt=consent. What the server offers beyond a login is used if it is there.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>

#include "http.h"

static int listen_on(unsigned short port) {
    struct sockaddr_in address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0) {
        perror("listen");
        exit(EXIT_FAILURE);
    }
    return listener;
}

/* Waits for the callback that belongs to the login. Others, such as a favicon or a forgery, leave it pending. */
static proofkey_exchange *wait_for_callback(proofkey_login *login, int listener, const char *origin) {
    proofkey_exchange *exchange = NULL;
    while (proofkey_login_is_pending(login)) {
        char request[8192], url[8192];
        int browser = accept(listener, NULL, NULL);
        ssize_t len = browser < 0 ? -1 : read(browser, request, sizeof request - 1);
        if (len > 4 && memcmp(request, "GET ", 4) == 0) {
            request[len] = '\0';
            request[4 + strcspn(request + 4, " \r\n")] = '\0';
            int url_len = snprintf(url, sizeof url, "%s%s", origin, request + 4);
            int32_t status = proofkey_login_accept(login, url, (size_t)url_len, time(NULL), &exchange);
            const char *page = exchange ? "You are signed in. Close this window." : "This is not the sign-in.";
            dprintf(browser, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n%s\n",
                    exchange ? "200 OK" : "400 Bad Request", page);
            if (exchange == NULL) fprintf(stderr, "ignored or refused: %s\n", proofkey_status_name(status));
        }
        if (browser >= 0) close(browser);
    }
    const proofkey_error *error = proofkey_login_error(login);
    must(proofkey_error_status(error), error);
    return exchange;
}

int main(int argc, char **argv) {
    proofkey_provider *provider = NULL;
    proofkey_client *client = NULL;
    proofkey_authorize *authorize = NULL;
    proofkey_login *login = NULL;
    proofkey_exchange *exchange = NULL;
    proofkey_tokens *tokens = NULL;
    char origin[64], redirect_uri[80];
    if (argc < 5) {
        fprintf(stderr, "usage: login ISSUER CLIENT_ID PORT SCOPE [NAME=VALUE...] (proofkey %s)\n", proofkey_version());
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    snprintf(origin, sizeof origin, "http://127.0.0.1:%s", argv[3]);
    int redirect_uri_len = snprintf(redirect_uri, sizeof redirect_uri, "%s/callback", origin);

    must(proofkey_provider_discover(argv[1], strlen(argv[1]), &exchange), NULL);
    run(exchange);
    must(proofkey_exchange_provider(exchange, &provider), NULL);
    proofkey_exchange_free(exchange);
    must(proofkey_client_new(provider, argv[2], strlen(argv[2]), &client), NULL);
    must(proofkey_client_set_redirect_uri(client, redirect_uri, (size_t)redirect_uri_len), NULL);

    must(proofkey_client_authorize(client, argv[4], strlen(argv[4]), &authorize), NULL);
    for (int at = 5; at < argc; at++) {
        size_t name = strcspn(argv[at], "="), end = strlen(argv[at]);
        const char *value = argv[at] + name + (name < end);
        must(proofkey_authorize_add_extra(authorize, argv[at], name, value, strlen(value)), NULL);
    }
    must(proofkey_authorize_begin(authorize, time(NULL), &login), NULL);
    proofkey_authorize_free(authorize);
    int listener = listen_on((unsigned short)atoi(argv[3]));
    printf("Open %s\n", proofkey_login_url(login, NULL));
    fflush(stdout);
    exchange = wait_for_callback(login, listener, origin);
    close(listener);
    run(exchange);
    must(proofkey_exchange_tokens(exchange, &tokens), proofkey_exchange_error(exchange));
    proofkey_exchange_free(exchange);
    proofkey_login_free(login);
    const proofkey_claims *claims = proofkey_tokens_claims(tokens);
    if (claims != NULL) printf("signed in as %s\n", proofkey_claims_text(claims, "sub", 3, NULL));

    if (proofkey_provider_userinfo_endpoint(provider, NULL) != NULL && claims != NULL) {
        proofkey_claims *user = NULL;
        must(proofkey_client_begin_userinfo(client, tokens, &exchange), NULL);
        run(exchange);
        must(proofkey_exchange_claims(exchange, &user), proofkey_exchange_error(exchange));
        printf("userinfo %s\n", proofkey_claims_text(user, "sub", 3, NULL));
        proofkey_claims_free(user);
        proofkey_exchange_free(exchange);
    }
    if (proofkey_tokens_refresh_token_expose(tokens, NULL) != NULL) {
        must(proofkey_client_begin_refresh(client, tokens, time(NULL), &exchange), NULL);
        run(exchange);
        proofkey_tokens_free(tokens);
        must(proofkey_exchange_tokens(exchange, &tokens), proofkey_exchange_error(exchange));
        must(proofkey_exchange_saved(exchange), NULL); /* A program that keeps its tokens stores them first. */
        proofkey_exchange_free(exchange);
        puts("refreshed");
    }
    if (proofkey_provider_revocation_endpoint(provider, NULL) != NULL) {
        must(proofkey_client_begin_revocation(client, tokens, &exchange), NULL);
        run(exchange);
        proofkey_exchange_free(exchange);
        puts("revoked");
    }
    proofkey_tokens_free(tokens);
    proofkey_client_free(client);
    proofkey_provider_free(provider);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
