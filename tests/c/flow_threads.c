/* Sixteen threads on one client, one login and one exchange: one of them gets the exchange, and one the tokens. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "flow.h"

enum { THREADS = 16, ROUNDS = 50, NOW = 1700000000 };

static proofkey_client *client;
static proofkey_login *login;
static proofkey_exchange *exchange;
static pthread_barrier_t start;

struct results { int32_t accepted, received, begun; proofkey_exchange *exchange; char url[512]; };
static struct results all[THREADS];

static void *run(void *own) {
    static const struct bytes tokens = {LITERAL("{\"access_token\":\"a\",\"token_type\":\"Bearer\"}")};
    struct results *mine = (struct results *)own;
    proofkey_authorize *authorize = NULL;
    proofkey_login *other = NULL;
    proofkey_response *response = NULL;
    mine->received = proofkey_response_new(&response);
    if (mine->received == PROOFKEY_STATUS_OK) mine->received = proofkey_response_set_status(response, 200);
    if (mine->received == PROOFKEY_STATUS_OK)
        mine->received = proofkey_response_add_body(response, (const uint8_t *)tokens.data, tokens.len);
    pthread_barrier_wait(&start);
    mine->accepted = proofkey_login_accept(login, LITERAL("https://client.example/cb?code=c&state=s"), NOW, &mine->exchange);
    if (mine->received == PROOFKEY_STATUS_OK) mine->received = proofkey_exchange_receive(exchange, response, NOW);
    /* The client is changed and used at the same time. */
    mine->begun = proofkey_client_set_id_token_leeway(client, 30);
    if (mine->begun == PROOFKEY_STATUS_OK) mine->begun = proofkey_client_authorize(client, NULL, 0, &authorize);
    if (mine->begun == PROOFKEY_STATUS_OK) mine->begun = proofkey_authorize_begin(authorize, NOW, &other);
    snprintf(mine->url, sizeof mine->url, "%s", other == NULL ? "" : proofkey_login_url(other, NULL));
    (void)proofkey_login_is_pending(login);
    (void)proofkey_login_url(login, NULL);
    proofkey_login_free(other);
    proofkey_authorize_free(authorize);
    proofkey_response_free(response);
    return NULL;
}

static proofkey_login *begin(void) {
    proofkey_authorize *authorize = NULL;
    proofkey_login *made = NULL;
    OK(proofkey_client_authorize(client, NULL, 0, &authorize));
    OK(proofkey_authorize_set_state(authorize, LITERAL("s")));
    OK(proofkey_authorize_begin(authorize, NOW, &made));
    proofkey_authorize_free(authorize);
    return made;
}

static void round_of_threads(void) {
    pthread_t threads[THREADS];
    unsigned exchanges = 0, tokens = 0;
    memset(all, 0, sizeof all);
    login = begin();
    OK(proofkey_login_accept(login, LITERAL("https://client.example/cb?code=c&state=s"), NOW, &exchange));
    proofkey_login_free(login);
    login = begin();
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, run, &all[i]) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < THREADS; i++) {
        exchanges += all[i].accepted == PROOFKEY_STATUS_OK;
        tokens += all[i].received == PROOFKEY_STATUS_OK;
        CHECK((all[i].exchange != NULL) == (all[i].accepted == PROOFKEY_STATUS_OK));
        CHECK(all[i].accepted == PROOFKEY_STATUS_OK || all[i].accepted == PROOFKEY_STATUS_LOGIN_ALREADY_USED);
        CHECK(all[i].received == PROOFKEY_STATUS_OK || all[i].received == PROOFKEY_STATUS_LOGIN_ALREADY_USED);
        OK(all[i].begun);
        for (int j = 0; j < i; j++) CHECK(strcmp(all[i].url, all[j].url) != 0);
        proofkey_exchange_free(all[i].exchange);
    }
    CHECK(exchanges == 1 && tokens == 1);
    proofkey_login_free(login);
    proofkey_exchange_free(exchange);
}

int main(void) {
    proofkey_provider *provider = NULL;
    OK(proofkey_provider_new(LITERAL("https://as.example/authorize"), LITERAL("https://as.example/token"), &provider));
    OK(proofkey_client_new(provider, LITERAL("c"), &client));
    proofkey_provider_free(provider);
    OK(proofkey_client_set_redirect_uri(client, LITERAL("https://client.example/cb")));
    CHECK(pthread_barrier_init(&start, NULL, THREADS) == 0);
    for (int i = 0; i < ROUNDS; i++) round_of_threads();
    CHECK(pthread_barrier_destroy(&start) == 0);
    proofkey_client_free(client);
    return report("flow_threads");
}
