/*
 * What a program with sealed logins contains, for its size: it begins a login and prints its URL and its sealed text, or
 * opens one and prints its data and the body of its request.
 *
 *     sealed begin ISSUER AUTHORIZATION_ENDPOINT TOKEN_ENDPOINT REDIRECT_URI SECRET
 *     sealed finish ISSUER AUTHORIZATION_ENDPOINT TOKEN_ENDPOINT REDIRECT_URI SECRET SEALED CALLBACK_URL
 */
#include <time.h>

#include "../../c/flow.h"

#define ARGUMENT(at) argv[at], strlen(argv[at])

int main(int argc, char **argv) {
    static char sealed[PROOFKEY_SEALED_MAX_LEN];
    proofkey_provider *provider = NULL;
    proofkey_client *client = NULL;
    proofkey_authorize *authorize = NULL;
    proofkey_login *login = NULL;
    proofkey_exchange *exchange = NULL;
    proofkey_seal_keys *keys = NULL;
    size_t len = 0;
    CHECK(argc == 7 || argc == 9);
    OK(proofkey_provider_new(ARGUMENT(3), ARGUMENT(4), &provider));
    OK(proofkey_provider_set_issuer(provider, ARGUMENT(2)));
    OK(proofkey_provider_set_iss_parameter_supported(provider));
    OK(proofkey_client_new(provider, LITERAL("my-app"), &client));
    OK(proofkey_client_set_redirect_uri(client, ARGUMENT(5)));
    OK(proofkey_seal_keys_new((const uint8_t *)argv[6], strlen(argv[6]), &keys));
    if (argc == 7) {
        OK(proofkey_client_authorize(client, LITERAL("files.read"), &authorize));
        OK(proofkey_authorize_set_data(authorize, LITERAL("/photos")));
        OK(proofkey_authorize_begin(authorize, time(NULL), &login));
        OK(proofkey_login_seal(login, keys, LITERAL("example"), sealed, sizeof sealed, &len));
        printf("%s\n%.*s\n", proofkey_login_url(login, NULL), (int)len, sealed);
    } else {
        OK(proofkey_client_resume(client, ARGUMENT(7), keys, LITERAL("example"), time(NULL), &login));
        OK(proofkey_login_accept(login, ARGUMENT(8), time(NULL), &exchange));
        printf("%s\n%s\n", proofkey_login_data(login, NULL), proofkey_exchange_body_expose(exchange, NULL));
    }
    proofkey_exchange_free(exchange);
    proofkey_login_free(login);
    proofkey_authorize_free(authorize);
    proofkey_seal_keys_free(keys);
    proofkey_client_free(client);
    proofkey_provider_free(provider);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
