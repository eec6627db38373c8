/* Handles: every function with NULL, used handles, handles freed in any order, and what is lent. calls.py makes the calls. */
#include "flow.h"

#define REDIRECT_URI "https://client.example/cb"
#define CALLBACK REDIRECT_URI "?code=c&state=s"
#define TEXT_OF_43 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NOW 1700000000

/* One of each kind, and where calls write new ones. */
static proofkey_provider *a_provider, *new_provider;
static proofkey_client *a_client, *new_client;
static proofkey_authorize *a_authorize, *new_authorize;
static proofkey_login *a_login, *new_login;
static proofkey_exchange *a_exchange, *new_exchange;
static proofkey_response *a_response, *new_response;
static proofkey_tokens *a_tokens, *new_tokens;
static proofkey_claims *a_claims, *new_claims;
static proofkey_seal_keys *a_seal_keys, *new_seal_keys;
static proofkey_authorize_device *a_authorize_device, *new_authorize_device;
static proofkey_device_authorization *a_device_authorization, *new_device_authorization;
static const proofkey_error *a_error;

static char buffer[PROOFKEY_SEALED_MAX_LEN];
static size_t number;

static void free_new(void) {
    proofkey_provider_free(new_provider);
    proofkey_client_free(new_client);
    proofkey_authorize_free(new_authorize);
    proofkey_login_free(new_login);
    proofkey_exchange_free(new_exchange);
    proofkey_response_free(new_response);
    proofkey_tokens_free(new_tokens);
    proofkey_claims_free(new_claims);
    proofkey_seal_keys_free(new_seal_keys);
    proofkey_authorize_device_free(new_authorize_device);
    proofkey_device_authorization_free(new_device_authorization);
    new_provider = NULL;
    new_client = NULL;
    new_authorize = NULL;
    new_login = NULL;
    new_exchange = NULL;
    new_response = NULL;
    new_tokens = NULL;
    new_claims = NULL;
    new_seal_keys = NULL;
    new_authorize_device = NULL;
    new_device_authorization = NULL;
}

/* What calls.h passes: long enough for a verifier. */
#undef TEXT
static const char TEXT[] = TEXT_OF_43;
static const uint8_t BYTES[] = TEXT_OF_43;
#define RAN(what, condition) \
    do { \
        CHECK_IN(what, condition); \
        free_new(); \
    } while (0)
#include "calls.h"

static const struct bytes token_response = {LITERAL(
    "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"refresh_token\":\"r\",\"scope\":\"x y\",\"expires_in\":60,"
    "\"account_id\":\"dbid:1\",\"nul\":\"a\\u0000b\"}")};
static const struct bytes user = {LITERAL("{\"sub\":\"248\",\"name\":\"Jane\",\"email_verified\":true,\"nul\":\"a\\u0000b\"}")};
static const struct bytes refusal = {LITERAL("{\"error\":\"invalid_grant\",\"error_description\":\"too \\nlate\"}")};

static const struct bytes codes = {LITERAL(
    "{\"device_code\":\"d\",\"user_code\":\"WDJB-MJHT\",\"verification_uri\":\"https://as.example/go\",\"expires_in\":600}")};

static proofkey_authorize *authorize(void) {
    proofkey_authorize *made = NULL;
    OK(proofkey_client_authorize(a_client, LITERAL("x y"), &made));
    OK(proofkey_authorize_set_state(made, LITERAL("s")));
    OK(proofkey_authorize_set_data(made, LITERAL("a\0b")));
    return made;
}

static proofkey_login *login(void) {
    proofkey_authorize *request = authorize();
    proofkey_login *made = NULL;
    OK(proofkey_authorize_begin(request, NOW, &made));
    proofkey_authorize_free(request);
    return made;
}

static proofkey_exchange *exchange(void) {
    proofkey_login *pending = login();
    proofkey_exchange *made = NULL;
    OK(proofkey_login_accept(pending, LITERAL(CALLBACK), NOW, &made));
    proofkey_login_free(pending);
    return made;
}

/* The codes of a device that asked for nothing in particular. */
static proofkey_device_authorization *device_authorization(void) {
    proofkey_authorize_device *request = NULL;
    proofkey_exchange *asked = NULL;
    proofkey_device_authorization *made = NULL;
    OK(proofkey_client_authorize_device(a_client, NULL, 0, &request));
    OK(proofkey_authorize_device_begin(request, &asked));
    OK(receive(asked, 200, codes, NOW));
    OK(proofkey_exchange_device_authorization(asked, &made));
    proofkey_exchange_free(asked);
    proofkey_authorize_device_free(request);
    return made;
}

static void make_all(void) {
    const struct bytes empty = {"", 0}, none = {NULL, 0};
    OK(proofkey_provider_new(LITERAL("https://as.example/authorize"), LITERAL("https://as.example/token"), &a_provider));
    OK(proofkey_provider_set_userinfo_endpoint(a_provider, LITERAL("https://as.example/userinfo")));
    OK(proofkey_provider_set_revocation_endpoint(a_provider, LITERAL("https://as.example/revoke")));
    OK(proofkey_provider_set_end_session_endpoint(a_provider, LITERAL("https://as.example/bye")));
    OK(proofkey_provider_set_device_authorization_endpoint(a_provider, LITERAL("https://as.example/device")));
    OK(proofkey_client_new(a_provider, LITERAL("c"), &a_client));
    OK(proofkey_client_set_redirect_uri(a_client, LITERAL(REDIRECT_URI)));
    a_authorize = authorize();
    a_login = login();
    a_exchange = exchange();
    a_response = response(200, none, NULL, 0, none, empty);
    OK(proofkey_seal_keys_new((const uint8_t *)TEXT_OF_43, 43, &a_seal_keys));
    OK(proofkey_client_authorize_device(a_client, LITERAL("x y"), &a_authorize_device));
    a_device_authorization = device_authorization();

    proofkey_exchange *done = exchange();
    OK(receive(done, 200, token_response, NOW));
    OK(proofkey_exchange_tokens(done, &a_tokens));
    proofkey_exchange_free(done);
    OK(proofkey_client_begin_userinfo(a_client, a_tokens, &done));
    OK(receive(done, 200, user, NOW));
    OK(proofkey_exchange_claims(done, &a_claims));
    proofkey_exchange_free(done);
}

/* What the handles that are left still say. */
static void use(void) {
    if (a_provider != NULL) CHECK(same_text(proofkey_provider_token_endpoint(a_provider, NULL), "https://as.example/token"));
    if (a_client != NULL) CHECK(same_text(proofkey_client_id_token_algorithms(a_client, NULL), "RS256"));
    if (a_authorize != NULL) OK(proofkey_authorize_add_resource(a_authorize, LITERAL("https://api.example")));
    if (a_login != NULL) CHECK(proofkey_login_is_pending(a_login) == 1 && proofkey_login_url(a_login, NULL) != NULL);
    if (a_exchange != NULL) CHECK(same_text(proofkey_exchange_url(a_exchange, NULL), "https://as.example/token"));
    if (a_response != NULL) OK(proofkey_response_set_status(a_response, 404));
    if (a_tokens != NULL) CHECK(same_text(proofkey_tokens_access_token_expose(a_tokens, NULL), "a"));
    if (a_claims != NULL) CHECK(same_text(proofkey_claims_text(a_claims, LITERAL("sub"), NULL), "248"));
    if (a_seal_keys != NULL) CHECK(proofkey_seal_keys_is_weak(a_seal_keys) == 0);
    if (a_authorize_device != NULL) OK(proofkey_authorize_device_add_resource(a_authorize_device, LITERAL("https://api.example")));
    if (a_device_authorization != NULL)
        CHECK(same_text(proofkey_device_authorization_user_code(a_device_authorization, NULL), "WDJB-MJHT"));
    if (a_login != NULL && a_seal_keys != NULL)
        OK(proofkey_login_seal(a_login, a_seal_keys, LITERAL("context"), buffer, sizeof buffer, &number));
    if (a_client != NULL && a_tokens != NULL) OK(proofkey_client_begin_revocation(a_client, a_tokens, &new_exchange));
    free_new();
}

enum { KINDS = 11 };

static void free_one(int kind) {
    switch (kind) {
    case 0: proofkey_provider_free(a_provider); a_provider = NULL; break;
    case 1: proofkey_client_free(a_client); a_client = NULL; break;
    case 2: proofkey_authorize_free(a_authorize); a_authorize = NULL; break;
    case 3: proofkey_login_free(a_login); a_login = NULL; break;
    case 4: proofkey_exchange_free(a_exchange); a_exchange = NULL; break;
    case 5: proofkey_response_free(a_response); a_response = NULL; break;
    case 6: proofkey_tokens_free(a_tokens); a_tokens = NULL; break;
    case 7: proofkey_claims_free(a_claims); a_claims = NULL; break;
    case 8: proofkey_seal_keys_free(a_seal_keys); a_seal_keys = NULL; break;
    case 9: proofkey_authorize_device_free(a_authorize_device); a_authorize_device = NULL; break;
    default: proofkey_device_authorization_free(a_device_authorization); a_device_authorization = NULL;
    }
}

/* Two hundred orders: each kind before and after each other. */
static void freed_in_any_order(void) {
    uint32_t random = 1;
    int before[KINDS][KINDS] = {{0}};
    for (int round = 0; round < 200; round++) {
        int order[KINDS];
        for (int i = 0; i < KINDS; i++) {
            random = random * 1664525u + 1013904223u;
            int at = (int)((random >> 16) % (uint32_t)(i + 1));
            order[i] = order[at];
            order[at] = i;
        }
        make_all();
        for (int i = 0; i < KINDS; i++) {
            use();
            free_one(order[i]);
            for (int j = i + 1; j < KINDS; j++) before[order[i]][order[j]]++;
        }
    }
    for (int i = 0; i < KINDS; i++)
        for (int j = 0; j < KINDS; j++) CHECK((before[i][j] > 0) == (i != j));
}

static void with_null(void) {
    make_all();
    a_error = NULL;
    calls_with_null();
    for (int kind = 0; kind < KINDS; kind++) free_one(kind);
}

static void when_used(void) {
    make_all();
    OK(proofkey_authorize_begin(a_authorize, NOW, &new_login));
    free_new();
    OK(proofkey_login_accept(a_login, LITERAL(CALLBACK), NOW, &new_exchange));
    free_new();
    OK(receive(a_exchange, 200, token_response, NOW));
    OK(proofkey_response_set_status(a_response, 200));
    OK(proofkey_authorize_device_begin(a_authorize_device, &new_exchange));
    free_new();
    OK(proofkey_device_authorization_begin_polling(a_device_authorization, NOW, &new_exchange));
    free_new();
    calls_when_used();
    /* It still says what it held, and no more. */
    CHECK(proofkey_login_url(a_login, NULL) != NULL && proofkey_login_is_pending(a_login) == 0);
    CHECK(proofkey_login_error(a_login) == NULL && proofkey_exchange_error(a_exchange) == NULL);
    CHECK(proofkey_exchange_is_pending(a_exchange) == 0 && proofkey_exchange_wait_seconds(a_exchange) == 0);
    CHECK(proofkey_exchange_method(a_exchange, NULL) == NULL && proofkey_exchange_url(a_exchange, NULL) == NULL);
    CHECK(same_text(proofkey_device_authorization_user_code(a_device_authorization, NULL), "WDJB-MJHT"));
    CHECK(proofkey_exchange_body_expose(a_exchange, NULL) == NULL);
    CHECK(proofkey_exchange_header_name(a_exchange, 0, NULL) == NULL);
    CHECK(proofkey_exchange_header_expose(a_exchange, 0, NULL) == NULL);
    for (int i = 0; i < 2; i++) {
        OK(proofkey_exchange_tokens(a_exchange, &new_tokens));
        free_new();
    }
    for (int kind = 0; kind < KINDS; kind++) free_one(kind);
}

/* Asked too early, for another kind, and after a failure. */
static void results(void) {
    const struct bytes empty = {"", 0};
    make_all();
    CHECK(proofkey_exchange_tokens(a_exchange, &new_tokens) == PROOFKEY_STATUS_RESULT_ABSENT && new_tokens == NULL);
    OK(receive(a_exchange, 200, token_response, NOW));
    CHECK(proofkey_exchange_provider(a_exchange, &new_provider) == PROOFKEY_STATUS_RESULT_ABSENT);
    CHECK(proofkey_exchange_claims(a_exchange, &new_claims) == PROOFKEY_STATUS_RESULT_ABSENT);
    CHECK(proofkey_exchange_device_authorization(a_exchange, &new_device_authorization) == PROOFKEY_STATUS_RESULT_ABSENT);

    proofkey_exchange *failed = exchange();
    CHECK(receive(failed, 400, refusal, NOW) == PROOFKEY_STATUS_TOKEN_ERROR);
    CHECK(proofkey_exchange_tokens(failed, &new_tokens) == PROOFKEY_STATUS_TOKEN_ERROR);
    CHECK(proofkey_exchange_provider(failed, &new_provider) == PROOFKEY_STATUS_TOKEN_ERROR);
    const proofkey_error *error = proofkey_exchange_error(failed);
    CHECK(proofkey_error_status(error) == PROOFKEY_STATUS_TOKEN_ERROR && same_text(proofkey_error_name(error), "token_error"));
    CHECK(same_text(proofkey_error_message(error, NULL),
                    "the server refused the request (token endpoint, HTTP 400): invalid_grant (too \\nlate)"));
    CHECK(same_text(proofkey_error_recovery(error, NULL), "restart_login"));
    CHECK(same_text(proofkey_error_endpoint(error, NULL), "token") && proofkey_error_http_status(error) == 400);
    CHECK(same_text(proofkey_error_oauth_error(error, NULL), "invalid_grant"));
    CHECK(same_text(proofkey_error_oauth_description(error, NULL), "too \nlate"));
    CHECK(proofkey_error_oauth_uri(error, NULL) == NULL && proofkey_error_retry_after(error) == -1);
    CHECK(proofkey_error_request_sent(error) == 1);
    CHECK(receive(failed, 200, token_response, NOW) == PROOFKEY_STATUS_TOKEN_ERROR);
    proofkey_exchange_free(failed);

    /* A response without a status changes nothing, and one that is too large is not kept. */
    failed = exchange();
    OK(proofkey_response_new(&new_response));
    CHECK(proofkey_exchange_receive(failed, new_response, NOW) == PROOFKEY_STATUS_RESPONSE_MALFORMED);
    CHECK(proofkey_exchange_is_pending(failed) == 1 && proofkey_exchange_error(failed) == NULL);
    CHECK(proofkey_response_set_status(new_response, 99) == PROOFKEY_STATUS_RESPONSE_MALFORMED);
    CHECK(proofkey_response_set_status(new_response, 1000) == PROOFKEY_STATUS_RESPONSE_MALFORMED);
    CHECK(proofkey_response_set_status(new_response, -1) == PROOFKEY_STATUS_RESPONSE_MALFORMED);
    int32_t added = PROOFKEY_STATUS_OK;
    size_t bytes = 0;
    for (; added == PROOFKEY_STATUS_OK && bytes < 2u << 20; bytes += sizeof buffer)
        added = proofkey_response_add_body(new_response, (const uint8_t *)buffer, sizeof buffer);
    CHECK(added == PROOFKEY_STATUS_RESPONSE_TOO_LARGE && bytes == (1u << 20) + sizeof buffer);
    free_new();
    proofkey_exchange_free(failed);

    /* 503 with Retry-After, at the revocation endpoint; then both tokens. */
    OK(proofkey_client_begin_revocation(a_client, a_tokens, &failed));
    const struct bytes html = {LITERAL("text/html")}, thirty = {LITERAL("30")};
    new_response = response(503, html, LITERAL("Retry-After"), thirty, empty);
    CHECK(proofkey_exchange_receive(failed, new_response, NOW) == PROOFKEY_STATUS_RESPONSE_STATUS);
    CHECK(proofkey_error_retry_after(proofkey_exchange_error(failed)) == 30);
    CHECK(same_text(proofkey_error_recovery(proofkey_exchange_error(failed), NULL), "retry_later"));
    free_new();
    proofkey_exchange_free(failed);
    OK(proofkey_client_begin_revocation(a_client, a_tokens, &failed));
    OK(receive(failed, 200, empty, NOW));
    CHECK(proofkey_exchange_is_pending(failed) == 1);
    OK(receive(failed, 200, empty, NOW));
    CHECK(proofkey_exchange_is_pending(failed) == 0 && proofkey_exchange_error(failed) == NULL);
    CHECK(proofkey_exchange_tokens(failed, &new_tokens) == PROOFKEY_STATUS_RESULT_ABSENT);
    proofkey_exchange_free(failed);
    for (int kind = 0; kind < KINDS; kind++) free_one(kind);
}

static void login_over(void) {
    make_all();
    CHECK(proofkey_login_accept(a_login, LITERAL(REDIRECT_URI "?code=c&state=x"), NOW, &new_exchange)
          == PROOFKEY_STATUS_STATE_MISMATCH);
    CHECK(proofkey_login_is_pending(a_login) == 1 && proofkey_login_error(a_login) == NULL);
    CHECK(proofkey_login_accept(a_login, LITERAL(REDIRECT_URI "?error=access_denied&state=s"), NOW, &new_exchange)
          == PROOFKEY_STATUS_AUTHORIZATION_ERROR);
    const proofkey_error *error = proofkey_login_error(a_login);
    CHECK(proofkey_login_is_pending(a_login) == 0 && new_exchange == NULL);
    CHECK(same_text(proofkey_error_oauth_error(error, NULL), "access_denied"));
    CHECK(same_text(proofkey_error_recovery(error, NULL), "ask_user"));
    CHECK(proofkey_error_endpoint(error, NULL) == NULL && proofkey_error_http_status(error) == -1);
    CHECK(proofkey_error_request_sent(error) == 0);
    for (int kind = 0; kind < KINDS; kind++) free_one(kind);
}

static void lent_texts(void) {
    const struct bytes data = {LITERAL("a\0b")}, account = {LITERAL("\"dbid:1\"")}, scope = {LITERAL("x y")};
    const struct bytes escaped = {LITERAL("\"a\\u0000b\"")}, yes = {LITERAL("true")}, both = {LITERAL("https://a.example https://b.example")};
    make_all();
    LENT("data", proofkey_login_data(a_login, &len), data);
    LENT("scope", proofkey_tokens_scope(a_tokens, &len), scope);
    LENT("extra", proofkey_tokens_extra_expose(a_tokens, LITERAL("account_id"), &len), account);
    LENT("extra", proofkey_tokens_extra_expose(a_tokens, LITERAL("nul"), &len), escaped);
    LENT("claim", proofkey_claims_json(a_claims, LITERAL("email_verified"), &len), yes);
    LENT("claim", proofkey_claims_json(a_claims, LITERAL("nul"), &len), escaped);
    /* With a NUL inside it would be read as another text. */
    CHECK(proofkey_claims_text(a_claims, LITERAL("nul"), NULL) == NULL);
    CHECK(proofkey_claims_text(a_claims, LITERAL("email_verified"), NULL) == NULL);
    CHECK(proofkey_claims_text(a_claims, LITERAL("none"), NULL) == NULL);
    CHECK(same_text(proofkey_claims_all_json(a_claims, NULL),
                    "{\"email_verified\":true,\"name\":\"Jane\",\"nul\":\"a\\u0000b\",\"sub\":\"248\"}"));
    CHECK(proofkey_tokens_claims(a_tokens) == NULL && proofkey_tokens_id_token_expose(a_tokens, NULL) == NULL);
    CHECK(proofkey_tokens_extra_expose(a_tokens, LITERAL("access_token"), NULL) == NULL);
    /* The same text as long as the handle lives. */
    const char *token = proofkey_tokens_access_token_expose(a_tokens, NULL);
    CHECK(proofkey_tokens_access_token_expose(a_tokens, NULL) == token);
    CHECK(proofkey_tokens_expires_at(a_tokens) == NOW + 60);
    CHECK(proofkey_tokens_expires_within(a_tokens, 60, NOW) == 1 && proofkey_tokens_expires_within(a_tokens, 59, NOW) == 0);
    OK(proofkey_tokens_add_resource(a_tokens, LITERAL("https://a.example")));
    OK(proofkey_tokens_add_resource(a_tokens, LITERAL("https://b.example")));
    LENT("resource", proofkey_tokens_resource(a_tokens, &len), both);
    /* A setter is followed by what it set, and one that fails changes nothing. */
    CHECK(proofkey_provider_issuer(a_provider, NULL) == NULL);
    OK(proofkey_provider_set_issuer(a_provider, LITERAL("https://as.example")));
    CHECK(proofkey_provider_set_issuer(a_provider, LITERAL("ftp://as.example")) != PROOFKEY_STATUS_OK);
    CHECK(same_text(proofkey_provider_issuer(a_provider, NULL), "https://as.example"));
    /* What changes nothing takes nothing back. */
    const char *issuer = proofkey_provider_issuer(a_provider, NULL);
    CHECK(proofkey_provider_require_advertised_pkce(a_provider) == PROOFKEY_STATUS_PKCE_NOT_ADVERTISED);
    CHECK(proofkey_provider_issuer(a_provider, NULL) == issuer);
    const char *algorithms = proofkey_client_id_token_algorithms(a_client, NULL);
    OK(proofkey_client_trust_token_endpoint_tls(a_client));
    CHECK(proofkey_client_id_token_algorithms(a_client, NULL) == algorithms);
    OK(proofkey_client_set_id_token_algorithms(a_client, LITERAL("ES256 RS256")));
    CHECK(same_text(proofkey_client_id_token_algorithms(a_client, NULL), "ES256 RS256"));
    CHECK(proofkey_provider_add_quirk(a_provider, LITERAL("none")) == PROOFKEY_STATUS_QUIRK_UNKNOWN);
    CHECK(proofkey_client_set_secret_post(a_client, LITERAL("")) == PROOFKEY_STATUS_CLIENT_SECRET_EMPTY);
    CHECK(proofkey_client_set_redirect_uri(a_client, LITERAL("\xff")) == PROOFKEY_STATUS_TEXT_INVALID);
    CHECK(proofkey_client_set_id_token_algorithms(a_client, LITERAL("none")) == PROOFKEY_STATUS_ID_TOKEN_ALG);
    CHECK(proofkey_seal_keys_add_older(a_seal_keys, (const uint8_t *)"short", 5) == PROOFKEY_STATUS_SECRET_WEAK);
    CHECK(proofkey_client_set_redirect_uri(a_client, REDIRECT_URI, SIZE_MAX) == PROOFKEY_STATUS_NULL_POINTER);
    for (int kind = 0; kind < KINDS; kind++) free_one(kind);
}

static void known_providers(void) {
    proofkey_provider *known[4] = {NULL, NULL, NULL, NULL};
    OK(proofkey_provider_github(&known[0]));
    OK(proofkey_provider_google(&known[1]));
    OK(proofkey_provider_dropbox(&known[2]));
    OK(proofkey_provider_microsoft(LITERAL("common"), &known[3]));
    CHECK(same_text(proofkey_provider_issuer(known[0], NULL), "https://github.com/login/oauth"));
    CHECK(proofkey_provider_jwks_uri(known[1], NULL) != NULL && proofkey_provider_revocation_endpoint(known[1], NULL) != NULL);
    for (int i = 0; i < 4; i++) {
        CHECK(same_text(proofkey_provider_pkce_support(known[i], NULL), "S256"));
        OK(proofkey_provider_require_advertised_pkce(known[i]));
        CHECK(strncmp(proofkey_provider_authorization_endpoint(known[i], NULL), "https://", 8) == 0);
        proofkey_provider_free(known[i]);
    }
    CHECK(proofkey_provider_microsoft(LITERAL("a/b"), &known[3]) == PROOFKEY_STATUS_ENDPOINT_MALFORMED && known[3] == NULL);
}

static void end_of_session(void) {
    static const char expected[] = "https://as.example/bye?client_id=c&post_logout_redirect_uri=https%3A%2F%2Fclient.example%2Fbye&state=z";
    make_all();
    OK(proofkey_client_end_session_url(a_client, a_tokens, LITERAL("https://client.example/bye"), LITERAL("z"), buffer,
                                       sizeof buffer, &number));
    CHECK(number == sizeof expected - 1 && memcmp(buffer, expected, number) == 0);
    CHECK(proofkey_client_end_session_url(a_client, a_tokens, NULL, 0, NULL, 0, buffer, 3, &number)
          == PROOFKEY_STATUS_BUFFER_TOO_SMALL);
    OK(proofkey_client_accept_end_session(a_client, LITERAL("https://client.example/bye?state=z"),
                                          LITERAL("https://client.example/bye"), LITERAL("z")));
    CHECK(proofkey_client_accept_end_session(a_client, LITERAL("https://client.example/bye?state=y"),
                                             LITERAL("https://client.example/bye"), LITERAL("z"))
          == PROOFKEY_STATUS_STATE_MISMATCH);
    for (int kind = 0; kind < KINDS; kind++) free_one(kind);
}

/* Resumed twice from one text, a login sends its code once. */
static void resumed_twice(void) {
    proofkey_login *first = NULL, *second = NULL;
    proofkey_exchange *sent = NULL;
    make_all();
    OK(proofkey_login_seal(a_login, a_seal_keys, LITERAL("context"), buffer, sizeof buffer, &number));
    OK(proofkey_client_resume(a_client, buffer, number, a_seal_keys, LITERAL("context"), NOW, &first));
    OK(proofkey_client_resume(a_client, buffer, number, a_seal_keys, LITERAL("context"), NOW, &second));
    OK(proofkey_login_accept(first, LITERAL(CALLBACK), NOW, &sent));
    CHECK(proofkey_exchange_body_expose(sent, NULL) != NULL);
    CHECK(proofkey_login_accept(second, LITERAL(CALLBACK), NOW, &new_exchange) == PROOFKEY_STATUS_LOGIN_ALREADY_USED);
    OK(receive(sent, 200, token_response, NOW));
    proofkey_exchange_free(sent);
    CHECK(proofkey_login_accept(second, LITERAL(CALLBACK), NOW, &new_exchange) == PROOFKEY_STATUS_LOGIN_ALREADY_USED);
    proofkey_login_free(first);
    proofkey_login_free(second);
    for (int kind = 0; kind < KINDS; kind++) free_one(kind);
}

/* A refresh token is sent once; late callers get the new tokens once they are saved. */
static void refreshed_once(void) {
    static const struct bytes renewed = {LITERAL("{\"access_token\":\"b\",\"token_type\":\"Bearer\",\"refresh_token\":\"q\"}")};
    proofkey_exchange *first = NULL;
    make_all();
    OK(proofkey_client_begin_refresh(a_client, a_tokens, NOW, &first));
    CHECK(proofkey_client_begin_refresh(a_client, a_tokens, NOW, &new_exchange) == PROOFKEY_STATUS_REFRESH_UNDER_WAY);
    CHECK(proofkey_exchange_saved(first) == PROOFKEY_STATUS_RESULT_ABSENT);
    /* Freed, it is no longer under way. */
    proofkey_exchange_free(first);
    OK(proofkey_client_begin_refresh(a_client, a_tokens, NOW, &first));
    OK(receive(first, 200, renewed, NOW));
    CHECK(proofkey_client_begin_refresh(a_client, a_tokens, NOW, &new_exchange) == PROOFKEY_STATUS_REFRESH_UNDER_WAY);
    OK(proofkey_exchange_tokens(first, &new_tokens));
    CHECK(same_text(proofkey_tokens_refresh_token_expose(new_tokens, NULL), "q"));
    free_new();
    OK(proofkey_exchange_saved(first));
    OK(proofkey_client_begin_refresh(a_client, a_tokens, NOW, &new_exchange));
    CHECK(proofkey_exchange_is_pending(new_exchange) == 0 && proofkey_exchange_url(new_exchange, NULL) == NULL);
    OK(proofkey_exchange_tokens(new_exchange, &new_tokens));
    CHECK(same_text(proofkey_tokens_access_token_expose(new_tokens, NULL), "b"));
    free_new();
    proofkey_exchange_free(first);
    CHECK(proofkey_exchange_saved(a_exchange) == PROOFKEY_STATUS_RESULT_ABSENT);
    for (int kind = 0; kind < KINDS; kind++) free_one(kind);
}

/* Keys that cannot be fetched use nothing up: the same exchange goes on later. */
static void keys_that_come_later(void) {
    static const struct bytes keys = {LITERAL("{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}")};
    const struct bytes empty = {"", 0}, html = {LITERAL("text/html")}, three = {LITERAL("3")};
    proofkey_authorize *request = NULL;
    make_all();
    OK(proofkey_provider_set_issuer(a_provider, LITERAL("https://as.example")));
    OK(proofkey_provider_set_jwks_uri(a_provider, LITERAL("https://as.example/keys")));
    OK(proofkey_client_new(a_provider, LITERAL("c"), &new_client));
    OK(proofkey_client_set_redirect_uri(new_client, LITERAL(REDIRECT_URI)));
    OK(proofkey_client_authorize(new_client, LITERAL("openid"), &request));
    OK(proofkey_authorize_set_state(request, LITERAL("s")));
    OK(proofkey_authorize_begin(request, NOW, &new_login));
    OK(proofkey_login_accept(new_login, LITERAL(CALLBACK), NOW, &new_exchange));
    CHECK(receive(new_exchange, 500, empty, NOW) == PROOFKEY_STATUS_KEYS_UNAVAILABLE);
    const proofkey_error *error = proofkey_exchange_error(new_exchange);
    CHECK(same_text(proofkey_error_endpoint(error, NULL), "jwks") && proofkey_error_request_sent(error) == 0);
    CHECK(proofkey_exchange_is_pending(new_exchange) == 1);
    CHECK(proofkey_exchange_tokens(new_exchange, &new_tokens) == PROOFKEY_STATUS_RESULT_ABSENT);
    /* A short pause that the server asks for is no error yet. */
    new_response = response(503, html, LITERAL("Retry-After"), three, empty);
    OK(proofkey_exchange_receive(new_exchange, new_response, NOW));
    CHECK(proofkey_exchange_wait_seconds(new_exchange) == 3 && proofkey_exchange_error(new_exchange) == NULL);
    CHECK(same_text(proofkey_exchange_method(new_exchange, NULL), "GET"));
    OK(receive(new_exchange, 200, keys, NOW));
    CHECK(same_text(proofkey_exchange_method(new_exchange, NULL), "POST"));
    CHECK(proofkey_exchange_wait_seconds(new_exchange) == 0);
    proofkey_authorize_free(request);
    free_new();
    for (int kind = 0; kind < KINDS; kind++) free_one(kind);
}

int main(void) {
    with_null();
    when_used();
    freed_in_any_order();
    results();
    login_over();
    lent_texts();
    known_providers();
    end_of_session();
    resumed_twice();
    refreshed_once();
    keys_that_come_later();
    return report("handles");
}
