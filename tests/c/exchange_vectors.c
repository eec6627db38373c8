/* Runs the vectors about devices, and about requests that got no response: what is pending, for how long, and why not. */
#include "flow.h"

struct device_case {
    const char *name;
    int64_t status;
    struct bytes content_type, body;
    const char *outcome;
    struct bytes user_code, verification_uri, verification_uri_complete;
    int64_t expires_in, interval;
};
struct polling_step {
    int is_lost;
    int64_t status;
    struct bytes content_type, header, value, body;
    int64_t delay, wait;
    const char *outcome;
};
struct polling_case { const char *name; int64_t interval, expires_in, first; size_t at, steps; };
struct failure_step { int32_t reason; const char *outcome, *error; int request_sent; };
struct failure_case { const char *name, *request; size_t at, steps; };

#include "exchange_tables.h"

#define REDIRECT_URI "https://client.example/cb"

enum { NOW = 1700000000 };

static proofkey_client *client(void) {
    proofkey_provider *provider = NULL;
    proofkey_client *made = NULL;
    OK(proofkey_provider_new(LITERAL("https://as.example/authorize"), LITERAL("https://as.example/token"), &provider));
    OK(proofkey_provider_set_device_authorization_endpoint(provider, LITERAL("https://as.example/device")));
    OK(proofkey_provider_set_userinfo_endpoint(provider, LITERAL("https://as.example/userinfo")));
    OK(proofkey_client_new(provider, LITERAL("s6BhdRkqt3"), &made));
    OK(proofkey_client_set_redirect_uri(made, LITERAL(REDIRECT_URI)));
    proofkey_provider_free(provider);
    return made;
}

/* The exchange for the codes. */
static proofkey_exchange *authorize_device(const proofkey_client *of) {
    proofkey_authorize_device *request = NULL;
    proofkey_exchange *made = NULL;
    OK(proofkey_client_authorize_device(of, LITERAL("a b"), &request));
    OK(proofkey_authorize_device_set_verifier(request, LITERAL("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")));
    OK(proofkey_authorize_device_begin(request, &made));
    CHECK(same_text(proofkey_exchange_url(made, NULL), "https://as.example/device"));
    CHECK(same_text(proofkey_exchange_body_expose(made, NULL),
                    "scope=a+b&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
                    "&client_id=s6BhdRkqt3"));
    proofkey_authorize_device_free(request);
    return made;
}

/* As the vectors write it: codes expire by the server's `expired_token` or by the clock. */
static const char *device_outcome(int32_t status, const proofkey_error *error) {
    if (status != PROOFKEY_STATUS_DEVICE_CODE_EXPIRED) return outcome("ok", status, error);
    return same_text(proofkey_error_oauth_error(error, NULL), "expired_token") ? "expired:expired_token"
                                                                              : "reject:device_code_expired";
}

static unsigned run_device_authorization_responses(void) {
    unsigned ran = 0;
    for (EACH(i, device_authorization_responses)) {
        const struct device_case *c = &device_authorization_responses[i];
        const struct bytes none = {NULL, 0};
        proofkey_client *of = client();
        proofkey_exchange *exchange = authorize_device(of);
        proofkey_device_authorization *device = NULL;
        proofkey_response *received = response((int32_t)c->status, c->content_type, NULL, 0, none, c->body);
        int32_t status = proofkey_exchange_receive(exchange, received, NOW);
        const proofkey_error *error = proofkey_exchange_error(exchange);
        CHECK_IN(c->name, same_text(device_outcome(status, error), c->outcome));
        CHECK_IN(c->name, proofkey_exchange_device_authorization(exchange, &device) == status);
        if (status == PROOFKEY_STATUS_OK) {
            LENT(c->name, proofkey_device_authorization_user_code(device, &len), c->user_code);
            LENT(c->name, proofkey_device_authorization_verification_uri(device, &len), c->verification_uri);
            LENT(c->name, proofkey_device_authorization_verification_uri_complete(device, &len), c->verification_uri_complete);
            CHECK_IN(c->name, proofkey_device_authorization_expires_at(device) == NOW + c->expires_in);
            CHECK_IN(c->name, proofkey_device_authorization_interval(device) == c->interval);
        } else {
            CHECK_IN(c->name, same_text(proofkey_error_endpoint(error, NULL), "device_authorization"));
            CHECK_IN(c->name, proofkey_error_http_status(error) == c->status && proofkey_error_request_sent(error) == 1);
        }
        proofkey_response_free(received);
        proofkey_device_authorization_free(device);
        proofkey_exchange_free(exchange);
        proofkey_client_free(of);
        ran++;
    }
    CHECK(ran == DECLARED_DEVICE_AUTHORIZATION_RESPONSES);
    return ran;
}

/* Begins to poll with codes of this interval and lifetime. */
static proofkey_exchange *poll(const struct polling_case *c, const proofkey_client *of) {
    char body[256];
    proofkey_device_authorization *device = NULL;
    proofkey_exchange *asked = authorize_device(of), *made = NULL;
    int len = snprintf(body, sizeof body,
                       "{\"device_code\":\"d\",\"user_code\":\"u\",\"verification_uri\":\"https://as.example/go\","
                       "\"expires_in\":%d,\"interval\":%d}", (int)c->expires_in, (int)c->interval);
    struct bytes codes = {body, (size_t)len};
    OK(receive(asked, 200, codes, NOW));
    OK(proofkey_exchange_device_authorization(asked, &device));
    OK(proofkey_device_authorization_begin_polling(device, NOW, &made));
    proofkey_device_authorization_free(device);
    proofkey_exchange_free(asked);
    return made;
}

static unsigned run_polling(void) {
    unsigned ran = 0;
    for (EACH(i, polling)) {
        const struct polling_case *c = &polling[i];
        proofkey_client *of = client();
        proofkey_exchange *exchange = poll(c, of);
        int64_t now = NOW;
        CHECK_IN(c->name, proofkey_exchange_wait_seconds(exchange) == c->first);
        for (size_t at = c->at; at < c->at + c->steps; at++) {
            const struct polling_step *step = &polling_steps[at];
            int32_t status;
            CHECK_IN(c->name, same_text(proofkey_exchange_url(exchange, NULL), "https://as.example/token"));
            CHECK_IN(c->name, same_text(proofkey_exchange_body_expose(exchange, NULL),
                                        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d"
                                        "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&client_id=s6BhdRkqt3"));
            now += proofkey_exchange_wait_seconds(exchange) + step->delay;
            if (step->is_lost) {
                status = proofkey_exchange_transport_failed(exchange, PROOFKEY_STATUS_CONNECT_FAILED, now);
            } else {
                proofkey_response *received = response((int32_t)step->status, step->content_type, step->header.data,
                                                       step->header.len, step->value, step->body);
                status = proofkey_exchange_receive(exchange, received, now);
                proofkey_response_free(received);
            }
            CHECK_IN(c->name, same_text(device_outcome(status, proofkey_exchange_error(exchange)), step->outcome));
            CHECK_IN(c->name, proofkey_exchange_is_pending(exchange) == (step->wait >= 0));
            CHECK_IN(c->name, step->wait < 0 || proofkey_exchange_wait_seconds(exchange) == step->wait);
            if (step->wait < 0 && status == PROOFKEY_STATUS_OK) {
                proofkey_tokens *tokens = NULL;
                OK(proofkey_exchange_tokens(exchange, &tokens));
                CHECK_IN(c->name, same_text(proofkey_tokens_access_token_expose(tokens, NULL), "2YotnFZFEjr1zCsicMWpAA"));
                proofkey_tokens_free(tokens);
            }
        }
        CHECK_IN(c->name, proofkey_exchange_is_pending(exchange) == 0);
        proofkey_exchange_free(exchange);
        proofkey_client_free(of);
        ran++;
    }
    CHECK(ran == DECLARED_POLLING);
    return ran;
}

/* An exchange about this. */
static proofkey_exchange *about(const char *request, const proofkey_client *of) {
    proofkey_exchange *made = NULL;
    proofkey_tokens *tokens = NULL;
    OK(proofkey_tokens_from_parts(LITERAL("a"), LITERAL("r"), NULL, 0, NULL, 0, -1, &tokens));
    if (same_text(request, "metadata")) {
        OK(proofkey_provider_discover(LITERAL("https://as.example"), &made));
    } else if (same_text(request, "refresh")) {
        OK(proofkey_client_begin_refresh(of, tokens, NOW, &made));
    } else if (same_text(request, "userinfo")) {
        OK(proofkey_client_begin_userinfo(of, tokens, &made));
    } else if (same_text(request, "code")) {
        proofkey_authorize *authorize = NULL;
        proofkey_login *login = NULL;
        OK(proofkey_client_authorize(of, NULL, 0, &authorize));
        OK(proofkey_authorize_set_state(authorize, LITERAL("s")));
        OK(proofkey_authorize_begin(authorize, NOW, &login));
        OK(proofkey_login_accept(login, LITERAL(REDIRECT_URI "?code=c&state=s"), NOW, &made));
        proofkey_login_free(login);
        proofkey_authorize_free(authorize);
    }
    proofkey_tokens_free(tokens);
    return made;
}

static unsigned run_transport_failures(void) {
    unsigned ran = 0;
    for (EACH(i, transport_failures)) {
        const struct failure_case *c = &transport_failures[i];
        proofkey_client *of = client();
        proofkey_exchange *exchange = about(c->request, of);
        for (size_t at = c->at; at < c->at + c->steps; at++) {
            const struct failure_step *step = &transport_failure_steps[at];
            int32_t status = proofkey_exchange_transport_failed(exchange, step->reason, NOW);
            const proofkey_error *error = proofkey_exchange_error(exchange);
            int is_again = same_text(step->outcome, "again");
            CHECK_IN(c->name, (status == PROOFKEY_STATUS_OK) == is_again && (error == NULL) == is_again);
            CHECK_IN(c->name, proofkey_exchange_is_pending(exchange) == !same_text(step->outcome, "over"));
            CHECK_IN(c->name, proofkey_exchange_wait_seconds(exchange) == is_again);
            if (error == NULL) continue;
            CHECK_IN(c->name, same_text(proofkey_status_name(status), step->error) && proofkey_error_status(error) == status);
            CHECK_IN(c->name, proofkey_error_request_sent(error) == step->request_sent);
            CHECK_IN(c->name, proofkey_error_endpoint(error, NULL) != NULL);
        }
        proofkey_exchange_free(exchange);
        proofkey_client_free(of);
        ran++;
    }
    CHECK(ran == DECLARED_TRANSPORT_FAILURES);
    return ran;
}

/* The safe assumption about a number that is none of the reasons. */
static void an_unknown_reason_may_have_sent_something(void) {
    const int32_t reasons[] = {0, -1, 12345, PROOFKEY_STATUS_RESULT_ABSENT, PROOFKEY_STATUS_TOKEN_ERROR};
    for (EACH(i, reasons)) {
        proofkey_client *of = client();
        proofkey_exchange *exchange = about("code", of);
        CHECK(proofkey_exchange_transport_failed(exchange, reasons[i], NOW) == PROOFKEY_STATUS_RESPONSE_INTERRUPTED);
        CHECK(proofkey_error_request_sent(proofkey_exchange_error(exchange)) == 1);
        CHECK(proofkey_exchange_is_pending(exchange) == 0);
        proofkey_exchange_free(exchange);
        proofkey_client_free(of);
    }
}

int main(void) {
    unsigned ran = run_device_authorization_responses() + run_polling() + run_transport_failures();
    an_unknown_reason_may_have_sent_something();
    printf("%u cases of exchanges\n", ran);
    return report("exchange_vectors");
}
