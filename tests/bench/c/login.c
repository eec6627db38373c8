/*
 * Compares a login without a network through the C ABI with the same login in Rust, and with libcurl's own work for the
 * one request of it, to a listener on loopback that responds at once.
 *
 * Machines are noisy: each round runs a short slice of every candidate in turn, and only ratios within a round count.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <curl/curl.h>
#include <proofkey.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LITERAL(text) (text), sizeof(text) - 1
#define TOKENS \
    "{\"access_token\":\"2YotnFZFEjr1zCsicMWpAA\",\"token_type\":\"Bearer\",\"expires_in\":3600,\"refresh_token\":" \
    "\"tGzv3JOkF0XG5Qx2TlKWIA\",\"scope\":\"files.read\"}"

enum { ROUNDS = 201, SLICE_NS = 400000, CANDIDATES = 3, NOW = 1700000000 };

int rust_login(void);

static proofkey_client *client;
static char url[64];

/* Reads what a program reads. */
static size_t use(const char *text) { return text == NULL ? 0 : strlen(text); }

static int c_login(void) {
    proofkey_authorize *authorize = NULL;
    proofkey_login *login = NULL;
    proofkey_exchange *exchange = NULL;
    proofkey_response *response = NULL;
    proofkey_tokens *tokens = NULL;
    volatile size_t used = 0;
    int is_right = proofkey_client_authorize(client, LITERAL("files.read"), &authorize) == PROOFKEY_STATUS_OK
        && proofkey_authorize_set_state(authorize, LITERAL("af0ifjsldkj")) == PROOFKEY_STATUS_OK
        && proofkey_authorize_begin(authorize, NOW, &login) == PROOFKEY_STATUS_OK;
    used += use(proofkey_login_url(login, NULL));
    is_right = is_right && proofkey_login_accept(login, LITERAL("https://client.example/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj"), NOW, &exchange) == PROOFKEY_STATUS_OK;
    used += use(proofkey_exchange_method(exchange, NULL)) + use(proofkey_exchange_url(exchange, NULL));
    for (size_t at = 0; proofkey_exchange_header_name(exchange, at, NULL) != NULL; at++)
        used += use(proofkey_exchange_header_expose(exchange, at, NULL));
    used += use(proofkey_exchange_body_expose(exchange, NULL));
    is_right = is_right && proofkey_response_new(&response) == PROOFKEY_STATUS_OK
        && proofkey_response_set_status(response, 200) == PROOFKEY_STATUS_OK
        && proofkey_response_add_header(response, LITERAL("Content-Type"), LITERAL("application/json")) == PROOFKEY_STATUS_OK
        && proofkey_response_add_body(response, (const uint8_t *)TOKENS, sizeof TOKENS - 1) == PROOFKEY_STATUS_OK
        && proofkey_exchange_receive(exchange, response, NOW) == PROOFKEY_STATUS_OK
        && proofkey_exchange_is_pending(exchange) == 0
        && proofkey_exchange_tokens(exchange, &tokens) == PROOFKEY_STATUS_OK;
    used += use(proofkey_tokens_refresh_token_expose(tokens, NULL)) + use(proofkey_tokens_scope(tokens, NULL));
    is_right = is_right && strcmp(proofkey_tokens_access_token_expose(tokens, NULL), "2YotnFZFEjr1zCsicMWpAA") == 0
        && proofkey_tokens_expires_at(tokens) == NOW + 3600;
    proofkey_tokens_free(tokens);
    proofkey_response_free(response);
    proofkey_exchange_free(exchange);
    proofkey_login_free(login);
    proofkey_authorize_free(authorize);
    return is_right;
}

static size_t discard(char *bytes, size_t size, size_t count, void *nothing) {
    (void)bytes;
    (void)nothing;
    return size * count;
}

/* The token request of that login with a handle of its own, as examples/c/login.c sends it. */
static int curl_request(void) {
    CURL *curl = curl_easy_init();
    long status = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA&client_id=my-app");
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return code == CURLE_OK && status == 200;
}

static void *respond(void *listener) {
    static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    for (;;) {
        char request[4096];
        int peer = accept(*(int *)listener, NULL, NULL);
        if (peer < 0) return NULL;
        if (read(peer, request, sizeof request) > 0 && write(peer, response, sizeof response - 1) > 0) shutdown(peer, SHUT_WR);
        while (read(peer, request, sizeof request) > 0) continue;
        close(peer);
    }
}

static double seconds(int (*job)(void), int times) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < times; i++)
        if (!job()) {
            fprintf(stderr, "a login ended otherwise: there is nothing to compare\n");
            exit(EXIT_FAILURE);
        }
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9) / times;
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values) {
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

int main(void) {
    static int (*const jobs[CANDIDATES])(void) = {c_login, rust_login, curl_request};
    static const char *const names[CANDIDATES] = {"", "the same login in Rust", "libcurl's request alone, on loopback"};
    static double took[CANDIDATES][ROUNDS], ratios[ROUNDS];
    int times[CANDIDATES];
    pthread_t responder;
    proofkey_provider *provider = NULL;
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 8) != 0
        || getsockname(listener, (struct sockaddr *)&address, &len) != 0
        || pthread_create(&responder, NULL, respond, &listener) != 0
        || proofkey_provider_new(LITERAL("https://as.example/authorize"), LITERAL("https://as.example/token"), &provider) != PROOFKEY_STATUS_OK
        || proofkey_client_new(provider, LITERAL("my-app"), &client) != PROOFKEY_STATUS_OK
        || proofkey_client_set_redirect_uri(client, LITERAL("https://client.example/cb")) != PROOFKEY_STATUS_OK)
        return EXIT_FAILURE;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/token", ntohs(address.sin_port));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (int i = 0; i < CANDIDATES; i++) {
        times[i] = (int)(SLICE_NS / 1e9 / seconds(jobs[i], 20));
        if (times[i] < 1) times[i] = 1;
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < CANDIDATES; i++) took[i][round] = seconds(jobs[i], times[i]);
    for (int i = 1; i < CANDIDATES; i++) {
        for (int round = 0; round < ROUNDS; round++) ratios[round] = took[0][round] / took[i][round];
        double ratio = median(ratios), target = i == 1 ? 1.1 : 0;
        double other[ROUNDS], own[ROUNDS];
        memcpy(own, took[0], sizeof own);
        memcpy(other, took[i], sizeof other);
        printf("| C | a login without a network | %.1f µs | %s | %.1f µs | %.2f | ", median(own) * 1e6, names[i], median(other) * 1e6, ratio);
        if (target > 0) printf("≤ %.1f | %s |\n", target, ratio <= target ? "met" : "**missed**");
        else printf("– | – |\n");
    }
    return EXIT_SUCCESS;
}
