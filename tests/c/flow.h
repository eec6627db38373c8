/* What the tests of the login share. C99 and C++17 at once. */
#ifndef PROOFKEY_TEST_FLOW_H
#define PROOFKEY_TEST_FLOW_H

#include "test.h"

struct bytes { const char *data; size_t len; };

#define LITERAL(text) (text), sizeof(text) - 1
#define TEXT(bytes) (bytes).data, (bytes).len
#define EACH(index, table) size_t index = 0; index < sizeof table / sizeof *table; index++
#define OK(call) CHECK((call) == PROOFKEY_STATUS_OK)

/* The texts of both, or NULL. */
static inline int lent_is(const char *lent, size_t len, struct bytes expected) {
    if (lent == NULL || expected.data == NULL) return lent == NULL && expected.data == NULL && len == 0;
    return len == expected.len && memcmp(lent, expected.data, len) == 0 && lent[len] == '\0';
}

/* LENT(name, proofkey_login_url(login, &len), expected): the text that is lent, and its length. */
#define LENT(what, call, expected) \
    do { \
        size_t len = 12345; \
        const char *lent = (call); \
        CHECK_IN(what, lent_is(lent, len, expected)); \
    } while (0)

/* Whether a NUL-terminated text contains these bytes. */
static inline int contains(const char *text, struct bytes part) {
    return text != NULL && part.data != NULL && strstr(text, part.data) != NULL;
}

/* A response with up to two headers; NULL leaves one out. */
static inline proofkey_response *response(int32_t status, struct bytes content_type, const char *name, size_t name_len,
                                          struct bytes value, struct bytes body) {
    proofkey_response *made = NULL;
    OK(proofkey_response_new(&made));
    OK(proofkey_response_set_status(made, status));
    if (content_type.data != NULL)
        OK(proofkey_response_add_header(made, LITERAL("Content-Type"), TEXT(content_type)));
    if (name != NULL && value.data != NULL) OK(proofkey_response_add_header(made, name, name_len, TEXT(value)));
    OK(proofkey_response_add_body(made, (const uint8_t *)body.data, body.len));
    return made;
}

/* Lets an exchange receive a response in JSON. */
static inline int32_t receive(proofkey_exchange *exchange, int32_t status, struct bytes body, int64_t now) {
    struct bytes json = {LITERAL("application/json")}, none = {NULL, 0};
    proofkey_response *made = response(status, json, NULL, 0, none, body);
    int32_t received = proofkey_exchange_receive(exchange, made, now);
    proofkey_response_free(made);
    return received;
}

/* "ok", "code", "error:" with the server's word, or "reject:" with a name: as in the vectors. */
static inline const char *outcome(const char *good, int32_t status, const proofkey_error *error) {
    static char text[256];
    const char *said = proofkey_error_oauth_error(error, NULL);
    if (status == PROOFKEY_STATUS_OK) return good;
    if (error != NULL) CHECK(proofkey_error_status(error) == status);
    if (said != NULL) snprintf(text, sizeof text, "error:%s", said);
    else snprintf(text, sizeof text, "reject:%s", proofkey_status_name(status));
    return text;
}

#endif
