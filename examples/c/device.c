/*
 * The login of a device without a browser (RFC 8628), with libcurl: discovery, the code that the user types on another
 * device, and the tokens.
 *
 *     cc device.c $(pkg-config --cflags --libs proofkey libcurl) -o device
 *     device https://login.example.com my-tv "openid profile"
 */
#define _POSIX_C_SOURCE 200809L
#include "http.h"

int main(int argc, char **argv) {
    proofkey_provider *provider = NULL;
    proofkey_client *client = NULL;
    proofkey_authorize_device *authorize = NULL;
    proofkey_exchange *exchange = NULL;
    proofkey_device_authorization *device = NULL;
    proofkey_tokens *tokens = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: device ISSUER CLIENT_ID SCOPE (proofkey %s)\n", proofkey_version());
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    must(proofkey_provider_discover(argv[1], strlen(argv[1]), &exchange), NULL);
    run(exchange);
    must(proofkey_exchange_provider(exchange, &provider), NULL);
    proofkey_exchange_free(exchange);
    must(proofkey_client_new(provider, argv[2], strlen(argv[2]), &client), NULL);

    must(proofkey_client_authorize_device(client, argv[3], strlen(argv[3]), &authorize), NULL);
    must(proofkey_authorize_device_begin(authorize, &exchange), NULL);
    proofkey_authorize_device_free(authorize);
    run(exchange);
    must(proofkey_exchange_device_authorization(exchange, &device), proofkey_exchange_error(exchange));
    proofkey_exchange_free(exchange);
    printf("Go to %s and enter %s\n", proofkey_device_authorization_verification_uri(device, NULL),
           proofkey_device_authorization_user_code(device, NULL));
    fflush(stdout);

    must(proofkey_device_authorization_begin_polling(device, time(NULL), &exchange), NULL);
    run(exchange); /* until the user has decided */
    must(proofkey_exchange_tokens(exchange, &tokens), proofkey_exchange_error(exchange));
    const proofkey_claims *claims = proofkey_tokens_claims(tokens);
    if (claims != NULL) printf("signed in as %s\n", proofkey_claims_text(claims, "sub", 3, NULL));
    else printf("granted %s\n", proofkey_tokens_scope(tokens, NULL));

    proofkey_tokens_free(tokens);
    proofkey_exchange_free(exchange);
    proofkey_device_authorization_free(device);
    proofkey_client_free(client);
    proofkey_provider_free(provider);
    curl_global_cleanup();
    return EXIT_SUCCESS;
}
