/* Runs the vectors of the flow: every case through handles, with its outcome and its values. */
#include "flow.h"

struct url_case {
    const char *name;
    struct bytes endpoint, client_id, redirect_uri, verifier, state, scope, extra, value;
    const char *error_name;
    struct bytes pairs;
};
struct form_case { const char *name; struct bytes decoded, encoded, received; };
struct callback_case {
    const char *name;
    struct bytes url, state;
    const char *outcome;
    struct bytes code, redirect_uri, issuer;
    int iss_supported, form_post, is_post;
    struct bytes content_type, body;
};
struct token_case {
    const char *name;
    int64_t status;
    struct bytes content_type, header, value, body, scope;
    int is_refresh;
    struct bytes quirk;
    const char *outcome;
    struct bytes access_token;
    int64_t expires_in;
    struct bytes refresh_token, granted;
    const char *flag;
};
struct basic_case { const char *name; struct bytes id, secret, authorization; const char *error_name; };
struct discovery_url { struct bytes issuer, rfc8414, oidc; };
struct metadata_case { const char *name; struct bytes issuer, document; const char *outcome, *pkce, *auth_method; };
struct discovery_case {
    const char *name;
    struct bytes issuer;
    int32_t first_status;
    struct bytes first_type, first_location, first_body;
    size_t first_padded;
    int32_t second_status;
    struct bytes second_type, second_location, second_body;
    size_t second_padded;
    const char *error_name;
    struct bytes token_endpoint;
    int iss_supported;
    struct bytes algorithms, end_session_endpoint, userinfo_endpoint;
};
struct redirect_uri_case { const char *name; struct bytes registered, requested; int native, ok, ok_with_option; };
struct key_case { struct bytes secret, prefix; };
struct opens {
    const char *name;
    struct bytes secrets[3], context, issuer, authorization_endpoint, token_endpoint, client_id, redirect_uri;
    int iss_supported;
    struct bytes sealed;
};
struct sealed_case { struct opens of; struct bytes state; int64_t expires_at; struct bytes data; int form_post; struct bytes pairs; };
struct refused_case { struct opens of; const char *error_name; };
struct clock_case { struct opens of; int64_t now; const char *error_name; };
struct id_token_case {
    const char *name;
    struct bytes issuer, authorization_endpoint, token_endpoint, jwks_uri, client_id, nonce;
    int64_t now;
    uint32_t leeway;
    struct bytes algorithm, audience, access_token, code;
    int64_t max_age;
    struct bytes acr_values, stored, jwt;
    const char *outcome;
    struct bytes subject;
};
struct hash_case {
    const char *name;
    struct bytes algorithm, input;
    int is_code;
    struct bytes right, wrong;
    const char *error_name;
};

#include "flow_tables.h"

#define REDIRECT_URI "https://client.example/cb"

enum { NOW = 1700000000 };
static const struct bytes none = {NULL, 0};

/* A provider with these endpoints. */
static proofkey_provider *provider(void) {
    proofkey_provider *made = NULL;
    OK(proofkey_provider_new(LITERAL("https://as.example/authorize"), LITERAL("https://as.example/token"), &made));
    return made;
}

/* A client of a provider, which is freed at once: the client has a copy. */
static proofkey_client *client_of(proofkey_provider *of, const char *id, size_t id_len) {
    proofkey_client *made = NULL;
    OK(proofkey_client_new(of, id, id_len, &made));
    proofkey_provider_free(of);
    return made;
}

static proofkey_client *client(void) {
    proofkey_client *made = client_of(provider(), LITERAL("c"));
    OK(proofkey_client_set_redirect_uri(made, LITERAL(REDIRECT_URI)));
    return made;
}

/* A login with a chosen state. */
static proofkey_login *begin(const proofkey_client *of, struct bytes scope, struct bytes state) {
    proofkey_authorize *authorize = NULL;
    proofkey_login *login = NULL;
    OK(proofkey_client_authorize(of, TEXT(scope), &authorize));
    OK(proofkey_authorize_set_state(authorize, TEXT(state)));
    OK(proofkey_authorize_begin(authorize, NOW, &login));
    proofkey_authorize_free(authorize);
    return login;
}

static const struct bytes state_s = {LITERAL("s")};

/* The exchange of a code of such a login. */
static proofkey_exchange *exchange_of(proofkey_login *login) {
    proofkey_exchange *exchange = NULL;
    OK(proofkey_login_accept(login, LITERAL(REDIRECT_URI "?code=c&state=s"), NOW, &exchange));
    proofkey_login_free(login);
    return exchange;
}

/* Whether `query` has each of the `pairs`, and no other. */
static int has_pairs(const char *query, struct bytes pairs) {
    char pair[512];
    size_t wanted = 0, found = 0;
    for (const char *at = pairs.data; at != NULL && *at == '&'; wanted++) {
        size_t len = strcspn(at + 1, "&");
        snprintf(pair, sizeof pair, "&%.*s&", (int)len, at + 1);
        if (strstr(query, pair) == NULL) return 0;
        at += 1 + len;
    }
    for (const char *at = query; *at != '\0'; at++) found += *at == '&';
    return found == wanted + 1; /* one before each pair, and one after the last */
}

static int32_t begin_url(const struct url_case *c, proofkey_login **login) {
    proofkey_provider *known = NULL;
    proofkey_client *of = NULL;
    proofkey_authorize *authorize = NULL;
    int32_t status = proofkey_provider_new(TEXT(c->endpoint), LITERAL("https://as.example/token"), &known);
    if (status == PROOFKEY_STATUS_OK) status = proofkey_client_new(known, TEXT(c->client_id), &of);
    if (status == PROOFKEY_STATUS_OK) status = proofkey_client_set_redirect_uri(of, TEXT(c->redirect_uri));
    if (status == PROOFKEY_STATUS_OK) status = proofkey_client_authorize(of, TEXT(c->scope), &authorize);
    if (status == PROOFKEY_STATUS_OK) status = proofkey_authorize_set_verifier(authorize, TEXT(c->verifier));
    if (status == PROOFKEY_STATUS_OK && c->state.data != NULL)
        status = proofkey_authorize_set_state(authorize, TEXT(c->state));
    if (status == PROOFKEY_STATUS_OK && c->extra.data != NULL)
        status = proofkey_authorize_add_extra(authorize, TEXT(c->extra), TEXT(c->value));
    if (status == PROOFKEY_STATUS_OK) status = proofkey_authorize_begin(authorize, NOW, login);
    proofkey_provider_free(known);
    proofkey_client_free(of);
    proofkey_authorize_free(authorize);
    return status;
}

static unsigned run_authorization_url(void) {
    unsigned ran = 0;
    for (EACH(i, authorization_url)) {
        const struct url_case *c = &authorization_url[i];
        proofkey_login *login = NULL;
        int32_t status = begin_url(c, &login);
        CHECK_IN(c->name, same_text(status == PROOFKEY_STATUS_OK ? NULL : proofkey_status_name(status), c->error_name));
        CHECK_IN(c->name, (login != NULL) == (status == PROOFKEY_STATUS_OK));
        if (login != NULL) {
            char query[4096];
            size_t len = 0;
            const char *url = proofkey_login_url(login, &len);
            CHECK_IN(c->name, len > c->endpoint.len && memcmp(url, c->endpoint.data, c->endpoint.len) == 0);
            snprintf(query, sizeof query, "&%s&", url + c->endpoint.len + 1);
            CHECK_IN(c->name, url[c->endpoint.len] == '?' && has_pairs(query, c->pairs));
        }
        proofkey_login_free(login);
        ran++;
    }
    CHECK(ran == DECLARED_AUTHORIZATION_URL);
    return ran;
}

static unsigned run_form_encoding(void) {
    unsigned ran = 0;
    for (EACH(i, form_encoding)) {
        const struct form_case *c = &form_encoding[i];
        proofkey_client *of = client();
        proofkey_authorize *authorize = NULL;
        proofkey_login *login = NULL;
        proofkey_exchange *exchange = NULL;
        char callback[512];
        size_t len = 0;
        OK(proofkey_client_authorize(of, NULL, 0, &authorize));
        OK(proofkey_authorize_set_state(authorize, LITERAL("s")));
        OK(proofkey_authorize_add_extra(authorize, LITERAL("x"), TEXT(c->decoded)));
        OK(proofkey_authorize_begin(authorize, NOW, &login));
        const char *url = proofkey_login_url(login, &len);
        CHECK_IN(c->name, len > c->encoded.len + 3);
        CHECK_IN(c->name, memcmp(url + len - c->encoded.len - 3, "&x=", 3) == 0);
        CHECK_IN(c->name, memcmp(url + len - c->encoded.len, c->encoded.data, c->encoded.len) == 0);
        int written = snprintf(callback, sizeof callback, REDIRECT_URI "?state=s&error=e&error_description=%s", c->received.data);
        int32_t status = proofkey_login_accept(login, callback, (size_t)written, NOW, &exchange);
        CHECK_IN(c->name, status == PROOFKEY_STATUS_AUTHORIZATION_ERROR && exchange == NULL);
        LENT(c->name, proofkey_error_oauth_description(proofkey_login_error(login), &len), c->decoded);
        proofkey_authorize_free(authorize);
        proofkey_login_free(login);
        proofkey_client_free(of);
        ran++;
    }
    CHECK(ran == DECLARED_FORM_ENCODING + ALTERNATIVES_OF_FORM_ENCODING);
    return ran;
}

static unsigned run_callback_cases(void) {
    unsigned ran = 0;
    for (EACH(i, callback_cases)) {
        const struct callback_case *c = &callback_cases[i];
        proofkey_provider *known = provider();
        proofkey_authorize *authorize = NULL;
        proofkey_login *login = NULL;
        proofkey_exchange *exchange = NULL;
        if (c->issuer.data != NULL) OK(proofkey_provider_set_issuer(known, TEXT(c->issuer)));
        if (c->iss_supported) OK(proofkey_provider_set_iss_parameter_supported(known));
        proofkey_client *of = client_of(known, LITERAL("c"));
        OK(proofkey_client_set_redirect_uri(of, TEXT(c->redirect_uri)));
        OK(proofkey_client_authorize(of, NULL, 0, &authorize));
        OK(proofkey_authorize_set_state(authorize, TEXT(c->state)));
        if (c->form_post) OK(proofkey_authorize_set_form_post(authorize));
        OK(proofkey_authorize_begin(authorize, NOW, &login));
        int32_t status = c->is_post
            ? proofkey_login_accept_form_post(login, TEXT(c->url), TEXT(c->content_type), TEXT(c->body), NOW, &exchange)
            : proofkey_login_accept(login, TEXT(c->url), NOW, &exchange);
        CHECK_IN(c->name, same_text(outcome("code", status, proofkey_login_error(login)), c->outcome));
        CHECK_IN(c->name, (exchange != NULL) == (status == PROOFKEY_STATUS_OK));
        if (exchange != NULL) CHECK_IN(c->name, contains(proofkey_exchange_body_expose(exchange, NULL), c->code));
        /* It is pending, or over with an error, or an exchange. */
        CHECK_IN(c->name, proofkey_login_is_pending(login) + (proofkey_login_error(login) != NULL) + (exchange != NULL) == 1);
        proofkey_exchange_free(exchange);
        proofkey_login_free(login);
        proofkey_authorize_free(authorize);
        proofkey_client_free(of);
        ran++;
    }
    CHECK(ran == DECLARED_CALLBACK_CASES);
    return ran;
}

static proofkey_exchange *begin_tokens(const struct token_case *c, const proofkey_client *of) {
    proofkey_exchange *exchange = NULL;
    if (c->is_refresh) {
        proofkey_tokens *old = NULL;
        OK(proofkey_tokens_from_parts(LITERAL("old"), LITERAL("kept"), NULL, 0, NULL, 0, -1, &old));
        OK(proofkey_client_begin_refresh(of, old, NOW, &exchange));
        proofkey_tokens_free(old);
        return exchange;
    }
    return exchange_of(begin(of, c->scope, state_s));
}

static unsigned run_token_responses(void) {
    unsigned ran = 0;
    for (EACH(i, token_responses)) {
        const struct token_case *c = &token_responses[i];
        proofkey_provider *known = provider();
        OK(proofkey_provider_set_issuer(known, LITERAL("https://as.example")));
        if (c->quirk.data != NULL) OK(proofkey_provider_add_quirk(known, TEXT(c->quirk)));
        proofkey_client *of = client_of(known, LITERAL("c"));
        OK(proofkey_client_set_redirect_uri(of, LITERAL(REDIRECT_URI)));
        OK(proofkey_client_trust_token_endpoint_tls(of));
        proofkey_exchange *exchange = begin_tokens(c, of);
        proofkey_response *received = response((int32_t)c->status, c->content_type, TEXT(c->header), c->value, c->body);
        proofkey_tokens *tokens = NULL;
        int32_t status = proofkey_exchange_receive(exchange, received, NOW);
        CHECK_IN(c->name, same_text(outcome("ok", status, proofkey_exchange_error(exchange)), c->outcome));
        CHECK_IN(c->name, proofkey_exchange_is_pending(exchange) == 0);
        CHECK_IN(c->name, proofkey_exchange_tokens(exchange, &tokens) == status);
        CHECK_IN(c->name, (tokens != NULL) == (status == PROOFKEY_STATUS_OK));
        if (tokens != NULL) {
            int64_t expires_at = c->expires_in < 0 ? -1 : NOW + c->expires_in;
            LENT(c->name, proofkey_tokens_access_token_expose(tokens, &len), c->access_token);
            LENT(c->name, proofkey_tokens_refresh_token_expose(tokens, &len), c->refresh_token);
            LENT(c->name, proofkey_tokens_scope(tokens, &len), c->granted);
            CHECK_IN(c->name, proofkey_tokens_expires_at(tokens) == expires_at);
            CHECK_IN(c->name, proofkey_tokens_scope_changed(tokens) == same_text(c->flag, "scope_changed"));
            if (same_text(c->flag, "token_type_defaulted")) CHECK_IN(c->name, proofkey_tokens_token_type_defaulted(tokens));
        }
        proofkey_tokens_free(tokens);
        proofkey_response_free(received);
        proofkey_exchange_free(exchange);
        proofkey_client_free(of);
        ran++;
    }
    CHECK(ran == DECLARED_TOKEN_RESPONSES);
    return ran;
}

/* The value of a header of the request. */
static const char *header(const proofkey_exchange *exchange, const char *name) {
    for (size_t at = 0; proofkey_exchange_header_name(exchange, at, NULL) != NULL; at++)
        if (strcmp(proofkey_exchange_header_name(exchange, at, NULL), name) == 0)
            return proofkey_exchange_header_expose(exchange, at, NULL);
    return NULL;
}

static unsigned run_client_secret_basic(void) {
    unsigned ran = 0;
    for (EACH(i, client_secret_basic)) {
        const struct basic_case *c = &client_secret_basic[i];
        proofkey_client *of = client_of(provider(), TEXT(c->id));
        int32_t status = proofkey_client_set_secret_basic(of, TEXT(c->secret));
        CHECK_IN(c->name, same_text(status == PROOFKEY_STATUS_OK ? NULL : proofkey_status_name(status), c->error_name));
        if (status == PROOFKEY_STATUS_OK) {
            OK(proofkey_client_set_redirect_uri(of, LITERAL(REDIRECT_URI)));
            proofkey_exchange *exchange = exchange_of(begin(of, none, state_s));
            CHECK_IN(c->name, same_text(header(exchange, "Authorization"), c->authorization.data));
            CHECK_IN(c->name, strstr(proofkey_exchange_body_expose(exchange, NULL), "client_") == NULL);
            proofkey_exchange_free(exchange);
        }
        proofkey_client_free(of);
        ran++;
    }
    CHECK(ran == DECLARED_CLIENT_SECRET_BASIC);
    return ran;
}

static unsigned run_discovery_urls(void) {
    unsigned ran = 0;
    for (EACH(i, discovery_urls)) {
        const struct discovery_url *c = &discovery_urls[i];
        const struct bytes empty = {"", 0};
        proofkey_exchange *exchange = NULL;
        int32_t status = proofkey_provider_discover(TEXT(c->issuer), &exchange);
        CHECK_IN(c->issuer.data, (status == PROOFKEY_STATUS_OK) == (c->rfc8414.data != NULL));
        if (status == PROOFKEY_STATUS_OK) {
            CHECK(same_text(proofkey_exchange_method(exchange, NULL), "GET"));
            CHECK(proofkey_exchange_body_expose(exchange, NULL) == NULL);
            LENT(c->issuer.data, proofkey_exchange_url(exchange, &len), c->rfc8414);
            OK(receive(exchange, 404, empty, NOW));
            LENT(c->issuer.data, proofkey_exchange_url(exchange, &len), c->oidc);
            CHECK(receive(exchange, 500, empty, NOW) == PROOFKEY_STATUS_RESPONSE_STATUS);
            CHECK(proofkey_exchange_url(exchange, NULL) == NULL);
        } else {
            CHECK(strncmp(proofkey_status_name(status), "endpoint_", 9) == 0);
        }
        proofkey_exchange_free(exchange);
        ran++;
    }
    CHECK(ran == DECLARED_DISCOVERY_URLS);
    return ran;
}

static unsigned run_metadata_cases(void) {
    unsigned ran = 0;
    for (EACH(i, metadata_cases)) {
        const struct metadata_case *c = &metadata_cases[i];
        proofkey_provider *known = NULL;
        int32_t status = proofkey_provider_from_metadata(TEXT(c->issuer), (const uint8_t *)c->document.data, c->document.len, &known);
        CHECK_IN(c->name, same_text(outcome("ok", status, NULL), c->outcome));
        if (status == PROOFKEY_STATUS_OK) {
            LENT(c->name, proofkey_provider_issuer(known, &len), c->issuer);
            if (c->pkce != NULL) CHECK_IN(c->name, same_text(proofkey_provider_pkce_support(known, NULL), c->pkce));
            CHECK_IN(c->name, same_text(proofkey_provider_token_endpoint_auth_method(known, NULL), c->auth_method));
        }
        proofkey_provider_free(known);
        ran++;
    }
    CHECK(ran == DECLARED_METADATA_CASES);
    return ran;
}

/* Lets a discovery receive what is at a place, spaces included; returns the status. */
static int32_t ask(proofkey_exchange *exchange, int32_t http, struct bytes type, struct bytes location, struct bytes body,
                   size_t padded) {
    char *space = (char *)malloc(padded + 1);
    memset(space, ' ', padded);
    if (body.len != 0) memcpy(space, body.data, body.len);
    struct bytes whole = {space, padded};
    proofkey_response *made = NULL;
    OK(proofkey_response_new(&made));
    OK(proofkey_response_set_status(made, http));
    if (type.data != NULL) OK(proofkey_response_add_header(made, LITERAL("content-type"), TEXT(type)));
    if (location.data != NULL) OK(proofkey_response_add_header(made, LITERAL("location"), TEXT(location)));
    int32_t status = proofkey_response_add_body(made, (const uint8_t *)whole.data, whole.len);
    if (status == PROOFKEY_STATUS_OK) status = proofkey_exchange_receive(exchange, made, NOW);
    proofkey_response_free(made);
    free(space);
    return status;
}

static unsigned run_discovery_cases(void) {
    unsigned ran = 0;
    for (EACH(i, discovery_cases)) {
        const struct discovery_case *c = &discovery_cases[i];
        proofkey_exchange *exchange = NULL;
        proofkey_provider *found = NULL;
        int first = 0, second = 0;
        int32_t status = proofkey_provider_discover(TEXT(c->issuer), &exchange);
        if (status == PROOFKEY_STATUS_OK) {
            first = 1;
            status = ask(exchange, c->first_status, c->first_type, c->first_location, c->first_body, c->first_padded);
        }
        if (status == PROOFKEY_STATUS_OK && proofkey_exchange_is_pending(exchange)) {
            second = 1;
            status = ask(exchange, c->second_status, c->second_type, c->second_location, c->second_body, c->second_padded);
        }
        CHECK_IN(c->name, same_text(status == PROOFKEY_STATUS_OK ? NULL : proofkey_status_name(status), c->error_name));
        CHECK_IN(c->name, first == (c->first_status != 0) && second == (c->second_status != 0));
        if (status == PROOFKEY_STATUS_OK) {
            OK(proofkey_exchange_provider(exchange, &found));
            LENT(c->name, proofkey_provider_token_endpoint(found, &len), c->token_endpoint);
            LENT(c->name, proofkey_provider_end_session_endpoint(found, &len), c->end_session_endpoint);
            LENT(c->name, proofkey_provider_userinfo_endpoint(found, &len), c->userinfo_endpoint);
            CHECK_IN(c->name, proofkey_provider_iss_parameter_supported(found) == c->iss_supported);
            proofkey_client *of = client_of(found, LITERAL("c"));
            LENT(c->name, proofkey_client_id_token_algorithms(of, &len), c->algorithms);
            proofkey_client_free(of);
        }
        proofkey_exchange_free(exchange);
        ran++;
    }
    CHECK(ran == DECLARED_DISCOVERY_CASES);
    return ran;
}

static unsigned run_redirect_uri_match(void) {
    unsigned ran = 0;
    for (EACH(i, redirect_uri_match)) {
        const struct redirect_uri_case *c = &redirect_uri_match[i];
        uint32_t port = c->native ? PROOFKEY_LOOPBACK_PORT_ANY : PROOFKEY_LOOPBACK_PORT_EXACT;
        CHECK_IN(c->name, proofkey_redirect_uri_matches(TEXT(c->registered), TEXT(c->requested), port) == c->ok);
        if (c->ok_with_option >= 0) {
            port = PROOFKEY_LOOPBACK_PORT_ANY_INCLUDING_LOCALHOST;
            CHECK_IN(c->name, proofkey_redirect_uri_matches(TEXT(c->registered), TEXT(c->requested), port) == c->ok_with_option);
        }
        CHECK_IN(c->name, proofkey_redirect_uri_matches(TEXT(c->registered), TEXT(c->registered), 3u) == 0);
        ran++;
    }
    CHECK(ran == DECLARED_REDIRECT_URI_MATCH);
    return ran;
}

/* The newest secret is the first. */
static proofkey_seal_keys *seal_keys(const struct bytes *secrets) {
    proofkey_seal_keys *made = NULL;
    OK(proofkey_seal_keys_new((const uint8_t *)secrets[0].data, secrets[0].len, &made));
    for (int i = 1; i < 3 && secrets[i].data != NULL; i++)
        OK(proofkey_seal_keys_add_older(made, (const uint8_t *)secrets[i].data, secrets[i].len));
    return made;
}

static int32_t resume(const struct opens *of, int64_t now, proofkey_client **made, proofkey_login **login) {
    proofkey_provider *known = NULL;
    OK(proofkey_provider_new(TEXT(of->authorization_endpoint), TEXT(of->token_endpoint), &known));
    if (of->issuer.data != NULL) OK(proofkey_provider_set_issuer(known, TEXT(of->issuer)));
    if (of->iss_supported) OK(proofkey_provider_set_iss_parameter_supported(known));
    *made = client_of(known, TEXT(of->client_id));
    OK(proofkey_client_trust_token_endpoint_tls(*made));
    if (of->redirect_uri.data != NULL) OK(proofkey_client_set_redirect_uri(*made, TEXT(of->redirect_uri)));
    proofkey_seal_keys *keys_of = seal_keys(of->secrets);
    int32_t status = proofkey_client_resume(*made, TEXT(of->sealed), keys_of, TEXT(of->context), now, login);
    proofkey_seal_keys_free(keys_of);
    return status;
}

/* The body of the token request of a resumed login. */
static void check_exchange(const struct sealed_case *c, proofkey_login *login) {
    static char callback[16384], form[8192], state[4096];
    char *end = state;
    proofkey_exchange *exchange = NULL;
    for (size_t i = 0; i < c->state.len; i++) end += sprintf(end, "%%%02X", (unsigned)(unsigned char)c->state.data[i]);
    const char *iss = c->of.iss_supported ? "&iss=" : "", *issuer = c->of.iss_supported ? c->of.issuer.data : "";
    const char *redirect_uri = c->of.redirect_uri.data;
    if (redirect_uri == NULL) {
        OK(proofkey_login_accept_pasted_code(login, LITERAL("the-code"), NOW, &exchange));
    } else {
        char query = strchr(redirect_uri, '?') == NULL ? '?' : '&';
        int len = snprintf(form, sizeof form, "code=the-code&state=%s%s%s", state, iss, issuer);
        if (c->form_post) {
            OK(proofkey_login_accept_form_post(login, TEXT(c->of.redirect_uri), LITERAL("application/x-www-form-urlencoded"),
                                               form, (size_t)len, NOW, &exchange));
        } else {
            len = snprintf(callback, sizeof callback, "%s%c%s", redirect_uri, query, form);
            CHECK_IN(c->of.name, proofkey_login_accept(login, callback, (size_t)len, NOW, &exchange) == PROOFKEY_STATUS_OK);
        }
    }
    CHECK_IN(c->of.name, contains(proofkey_exchange_body_expose(exchange, NULL), c->pairs));
    proofkey_exchange_free(exchange);
}

static unsigned run_seal(void) {
    static char again[PROOFKEY_SEALED_MAX_LEN], other[PROOFKEY_SEALED_MAX_LEN];
    unsigned ran = 0, of_keys = 0, of_refused = 0, of_clock = 0;
    for (EACH(i, sealed)) {
        const struct sealed_case *c = &sealed[i];
        proofkey_client *of = NULL;
        proofkey_login *login = NULL, *resealed = NULL;
        size_t written = 0;
        CHECK_IN(c->of.name, resume(&c->of, NOW, &of, &login) == PROOFKEY_STATUS_OK);
        CHECK_IN(c->of.name, proofkey_login_url(login, NULL) == NULL);
        CHECK_IN(c->of.name, proofkey_login_expires_at(login) == c->expires_at);
        LENT(c->of.name, proofkey_login_data(login, &len), c->data);
        /* Sealed again it is another text, which opens. */
        proofkey_seal_keys *keys_of = seal_keys(c->of.secrets);
        OK(proofkey_login_seal(login, keys_of, TEXT(c->of.context), again, sizeof again, &written));
        OK(proofkey_client_resume(of, again, written, keys_of, TEXT(c->of.context), NOW, &resealed));
        CHECK_IN(c->of.name, proofkey_login_expires_at(resealed) == c->expires_at);
        OK(proofkey_login_seal(login, keys_of, TEXT(c->of.context), other, sizeof other, &written));
        CHECK_IN(c->of.name, memcmp(again, other, written) != 0);
        CHECK_IN(c->of.name, proofkey_login_seal(login, keys_of, TEXT(c->of.context), again, written - 1, &written)
                                 == PROOFKEY_STATUS_BUFFER_TOO_SMALL);
        proofkey_seal_keys_free(keys_of);
        check_exchange(c, resealed);
        proofkey_login_free(resealed);
        proofkey_login_free(login);
        proofkey_client_free(of);
        ran++;
    }
    for (EACH(i, refused)) {
        const struct refused_case *c = &refused[i];
        proofkey_client *of = NULL;
        proofkey_login *login = NULL;
        int32_t status = resume(&c->of, NOW, &of, &login);
        CHECK_IN(c->of.name, login == NULL && same_text(proofkey_status_name(status), c->error_name));
        proofkey_client_free(of);
        of_refused++;
    }
    for (EACH(i, seal_clock)) {
        const struct clock_case *c = &seal_clock[i];
        proofkey_client *of = NULL;
        proofkey_login *login = NULL;
        int32_t status = resume(&c->of, c->now, &of, &login);
        CHECK(same_text(status == PROOFKEY_STATUS_OK ? NULL : proofkey_status_name(status), c->error_name));
        proofkey_login_free(login);
        proofkey_client_free(of);
        of_clock++;
    }
    for (EACH(i, keys)) {
        const struct key_case *c = &keys[i];
        struct bytes secrets[3] = {c->secret, {NULL, 0}, {NULL, 0}};
        proofkey_seal_keys *keys_of = seal_keys(secrets);
        proofkey_client *of = client();
        proofkey_login *login = begin(of, none, state_s);
        size_t written = 0;
        OK(proofkey_login_seal(login, keys_of, LITERAL(""), again, sizeof again, &written));
        CHECK(memcmp(again, c->prefix.data, c->prefix.len) == 0);
        CHECK(proofkey_seal_keys_is_weak(keys_of) == (c->secret.len < 32));
        proofkey_login_free(login);
        proofkey_client_free(of);
        proofkey_seal_keys_free(keys_of);
        of_keys++;
    }
    CHECK(ran == DECLARED_SEALED && of_keys == DECLARED_KEYS && of_refused == DECLARED_REFUSED && of_clock == DECLARED_CLOCK);
    return ran + of_keys + of_refused + of_clock;
}

/* A token response with an ID token. */
static int32_t receive_tokens(proofkey_exchange *exchange, struct bytes access_token, struct bytes jwt, int64_t now) {
    static char body[16384];
    int len = snprintf(body, sizeof body, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"id_token\":\"%s\"}",
                       access_token.data, jwt.data);
    struct bytes json = {body, (size_t)len};
    return receive(exchange, 200, json, now);
}

static proofkey_exchange *begin_id_token(const struct id_token_case *c, const proofkey_client *of) {
    proofkey_exchange *exchange = NULL;
    proofkey_authorize *authorize = NULL;
    proofkey_login *login = NULL;
    char callback[512];
    if (c->nonce.data == NULL) { /* a refresh of tokens whose ID token had no nonce */
        proofkey_tokens *old = NULL;
        OK(proofkey_tokens_from_parts(LITERAL("a"), LITERAL("r"), TEXT(c->stored), NULL, 0, -1, &old));
        CHECK_IN(c->name, proofkey_tokens_signature_verified(old) == 0);
        OK(proofkey_client_begin_refresh(of, old, c->now, &exchange));
        proofkey_tokens_free(old);
        return exchange;
    }
    OK(proofkey_client_authorize(of, LITERAL("openid"), &authorize));
    OK(proofkey_authorize_set_state(authorize, LITERAL("s")));
    OK(proofkey_authorize_set_nonce(authorize, TEXT(c->nonce)));
    if (c->acr_values.data != NULL) OK(proofkey_authorize_set_acr_values(authorize, TEXT(c->acr_values)));
    if (c->max_age >= 0) OK(proofkey_authorize_set_max_age(authorize, (uint32_t)c->max_age));
    OK(proofkey_authorize_begin(authorize, c->now, &login));
    int len = snprintf(callback, sizeof callback, REDIRECT_URI "?code=%s&state=s", c->code.data);
    OK(proofkey_login_accept(login, callback, (size_t)len, c->now, &exchange));
    proofkey_authorize_free(authorize);
    proofkey_login_free(login);
    return exchange;
}

static unsigned run_id_token_cases(void) {
    unsigned ran = 0;
    for (EACH(i, id_token_cases)) {
        const struct id_token_case *c = &id_token_cases[i];
        proofkey_provider *known = NULL;
        proofkey_tokens *tokens = NULL;
        int32_t status = PROOFKEY_STATUS_OK;
        int asked = 0;
        OK(proofkey_provider_new(TEXT(c->authorization_endpoint), TEXT(c->token_endpoint), &known));
        OK(proofkey_provider_set_issuer(known, TEXT(c->issuer)));
        OK(proofkey_provider_set_jwks_uri(known, TEXT(c->jwks_uri)));
        proofkey_client *of = client_of(known, TEXT(c->client_id));
        OK(proofkey_client_set_redirect_uri(of, LITERAL(REDIRECT_URI)));
        OK(proofkey_client_set_id_token_leeway(of, c->leeway));
        OK(proofkey_client_set_id_token_algorithms(of, TEXT(c->algorithm)));
        if (c->audience.data != NULL) OK(proofkey_client_add_trusted_audience(of, TEXT(c->audience)));
        proofkey_exchange *exchange = begin_id_token(c, of);
        while (status == PROOFKEY_STATUS_OK && proofkey_exchange_is_pending(exchange)) {
            if (same_text(proofkey_exchange_method(exchange, NULL), "GET")) {
                asked++;
                status = receive(exchange, 200, jwks, c->now);
            } else {
                status = receive_tokens(exchange, c->access_token, c->jwt, c->now);
            }
        }
        CHECK_IN(c->name, 1 <= asked && asked <= 2);
        CHECK_IN(c->name, same_text(outcome("ok", status, proofkey_exchange_error(exchange)), c->outcome));
        if (status == PROOFKEY_STATUS_OK) {
            OK(proofkey_exchange_tokens(exchange, &tokens));
            CHECK_IN(c->name, proofkey_tokens_signature_verified(tokens));
            LENT(c->name, proofkey_tokens_id_token_expose(tokens, &len), c->jwt);
            LENT(c->name, proofkey_claims_text(proofkey_tokens_claims(tokens), LITERAL("sub"), &len), c->subject);
            LENT(c->name, proofkey_claims_text(proofkey_tokens_claims(tokens), LITERAL("iss"), &len), c->issuer);
        } else {
            const proofkey_error *error = proofkey_exchange_error(exchange);
            CHECK_IN(c->name, same_text(proofkey_error_endpoint(error, NULL), "token") && proofkey_error_request_sent(error));
        }
        proofkey_tokens_free(tokens);
        proofkey_exchange_free(exchange);
        proofkey_client_free(of);
        ran++;
    }
    CHECK(ran == DECLARED_ID_TOKEN_CASES);
    return ran;
}

/* Lets a login end in an ID token with a hash, whose signature nobody checks. */
static const char *hash_outcome(const struct hash_case *c, struct bytes jwt) {
    const struct bytes a = {LITERAL("a")};
    proofkey_provider *known = NULL;
    proofkey_authorize *authorize = NULL;
    proofkey_login *login = NULL;
    proofkey_exchange *exchange = NULL;
    char callback[512];
    OK(proofkey_provider_new(LITERAL("https://op.example/authorize"), LITERAL("https://op.example/token"), &known));
    OK(proofkey_provider_set_issuer(known, LITERAL("https://op.example")));
    proofkey_client *of = client_of(known, LITERAL("c"));
    OK(proofkey_client_set_redirect_uri(of, LITERAL(REDIRECT_URI)));
    OK(proofkey_client_trust_token_endpoint_tls(of));
    int32_t status = proofkey_client_set_id_token_algorithms(of, TEXT(c->algorithm));
    OK(proofkey_client_authorize(of, LITERAL("openid"), &authorize));
    OK(proofkey_authorize_set_state(authorize, LITERAL("s")));
    OK(proofkey_authorize_set_nonce(authorize, LITERAL("n")));
    OK(proofkey_authorize_begin(authorize, 1000, &login));
    int len = snprintf(callback, sizeof callback, REDIRECT_URI "?code=%s&state=s", c->is_code ? c->input.data : "c");
    OK(proofkey_login_accept(login, callback, (size_t)len, 1000, &exchange));
    if (status == PROOFKEY_STATUS_OK) status = receive_tokens(exchange, c->is_code ? a : c->input, jwt, 1000);
    proofkey_exchange_free(exchange);
    proofkey_login_free(login);
    proofkey_authorize_free(authorize);
    proofkey_client_free(of);
    return proofkey_status_name(status);
}

static unsigned run_id_token_hashes(void) {
    unsigned ran = 0, unsupported = 0;
    for (EACH(i, id_token_hashes)) {
        const struct hash_case *c = &id_token_hashes[i];
        if (same_text(c->algorithm.data, "ES512")) { /* a token with this algorithm is refused */
            CHECK_IN(c->name, same_text(hash_outcome(c, c->right), "id_token_alg_unsupported"));
            unsupported++;
        } else {
            CHECK_IN(c->name, same_text(hash_outcome(c, c->right), "ok"));
            CHECK_IN(c->name, same_text(hash_outcome(c, c->wrong), c->error_name));
        }
        ran++;
    }
    CHECK(ran == DECLARED_ID_TOKEN_HASHES && unsupported == 1);
    return ran;
}

int main(void) {
    unsigned ran = run_authorization_url() + run_form_encoding() + run_callback_cases() + run_token_responses()
                   + run_client_secret_basic() + run_discovery_urls() + run_metadata_cases() + run_discovery_cases()
                   + run_redirect_uri_match() + run_seal() + run_id_token_cases() + run_id_token_hashes();
    printf("%u cases of the flow\n", ran);
    return report("flow_vectors");
}
