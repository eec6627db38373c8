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
#include <curl/curl.h>
#include <proofkey.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Ends the program unless the call succeeded. `error` knows more than the status; it may be NULL. */
static void must(int32_t status, const proofkey_error *error) {
    const char *message = proofkey_error_message(error, NULL), *next = proofkey_error_recovery(error, NULL);
    if (status == PROOFKEY_STATUS_OK) return;
    fprintf(stderr, "%s: %s. Next: %s\n", proofkey_status_name(status), message ? message : proofkey_status_message(status),
            next ? next : proofkey_status_recovery(status));
    exit(EXIT_FAILURE);
}

static size_t on_header(char *line, size_t size, size_t count, void *response) {
    size_t len = size * count, at = 0;
    while (at < len && line[at] != ':') at++;
    if (at == len) return len; /* the status line, or the end */
    char *value = line + at + 1, *end = line + len;
    while (value < end && strchr(" \t", *value)) value++;
    while (end > value && strchr(" \t\r\n", end[-1])) end--;
    int32_t status = proofkey_response_add_header((proofkey_response *)response, line, at, value, (size_t)(end - value));
    return status == PROOFKEY_STATUS_OK ? len : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *response) {
    int32_t status = proofkey_response_add_body((proofkey_response *)response, (const uint8_t *)bytes, size * count);
    return status == PROOFKEY_STATUS_OK ? size * count : 0;
}

/* Sends the request of an exchange once. `*sent` is how many bytes of it may have reached the server. */
static CURLcode send_once(const proofkey_exchange *exchange, proofkey_response *response, long *sent) {
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = NULL;
    char line[8192];
    long status = 0;
    for (size_t at = 0; proofkey_exchange_header_name(exchange, at, NULL) != NULL; at++) {
        snprintf(line, sizeof line, "%s: %s", proofkey_exchange_header_name(exchange, at, NULL),
                 proofkey_exchange_header_expose(exchange, at, NULL));
        headers = curl_slist_append(headers, line);
    }
    curl_easy_setopt(curl, CURLOPT_URL, proofkey_exchange_url(exchange, NULL));
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http"); /* http is for loopback: the library checks */
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (strcmp(proofkey_exchange_method(exchange, NULL), "POST") == 0)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, proofkey_exchange_body_expose(exchange, NULL));
    /* On a connection of its own: libcurl sends a request again if an old connection turns out to be closed. */
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, response);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, response);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, sent);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK) must(proofkey_response_set_status(response, (int32_t)status), NULL);
    proofkey_memzero(line, sizeof line);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code;
}

/* The loop of every exchange. Sends a request again only if nothing of it, or nothing but a GET, was sent. */
static void run(proofkey_exchange *exchange) {
    for (int left = 3; proofkey_exchange_is_pending(exchange);) {
        proofkey_response *response = NULL;
        long sent = 0;
        sleep((unsigned)proofkey_exchange_wait_seconds(exchange));
        must(proofkey_response_new(&response), NULL);
        CURLcode code = send_once(exchange, response, &sent);
        if (code == CURLE_OK) {
            int32_t status = proofkey_exchange_receive(exchange, response, time(NULL));
            must(status, proofkey_exchange_error(exchange));
        } else if (sent != 0 && strcmp(proofkey_exchange_method(exchange, NULL), "GET") != 0) {
            fprintf(stderr, "%s, after something was sent. Next: restart_login\n", curl_easy_strerror(code));
            exit(EXIT_FAILURE);
        } else if (--left == 0) {
            fprintf(stderr, "%s. Next: retry_later\n", curl_easy_strerror(code));
            exit(EXIT_FAILURE);
        }
        proofkey_response_free(response);
    }
}

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
