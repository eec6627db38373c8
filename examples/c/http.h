/* The requests of an exchange, sent with libcurl. It ends the program on an error. */
#ifndef PROOFKEY_EXAMPLE_HTTP_H
#define PROOFKEY_EXAMPLE_HTTP_H

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

/* Sends the request of an exchange once. The status says why no response came. */
static int32_t send_once(const proofkey_exchange *exchange, proofkey_response *response) {
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = NULL;
    char line[8192];
    long status = 0, sent = 0;
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
    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK) must(proofkey_response_set_status(response, (int32_t)status), NULL);
    proofkey_memzero(line, sizeof line);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    switch (code) {
    case CURLE_OK: return PROOFKEY_STATUS_OK;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return PROOFKEY_STATUS_TLS_FAILED;
    case CURLE_WRITE_ERROR: return PROOFKEY_STATUS_RESPONSE_TOO_LARGE;
    default: break;
    }
    if (sent == 0) return PROOFKEY_STATUS_CONNECT_FAILED;
    return code == CURLE_OPERATION_TIMEDOUT ? PROOFKEY_STATUS_TIMEOUT : PROOFKEY_STATUS_RESPONSE_INTERRUPTED;
}

/* The loop of every exchange. */
static void run(proofkey_exchange *exchange) {
    while (proofkey_exchange_is_pending(exchange)) {
        proofkey_response *response = NULL;
        sleep((unsigned)proofkey_exchange_wait_seconds(exchange));
        must(proofkey_response_new(&response), NULL);
        int32_t status = send_once(exchange, response);
        if (status == PROOFKEY_STATUS_OK) status = proofkey_exchange_receive(exchange, response, time(NULL));
        else status = proofkey_exchange_transport_failed(exchange, status, time(NULL));
        must(status, proofkey_exchange_error(exchange));
        proofkey_response_free(response);
    }
}

#endif
