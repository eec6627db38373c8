/*
 * What an authorization server does with PKCE: it binds the challenge to the code, then checks the verifier. It prints:
 *
 * > authorize, with a challenge: 302 code
 * > authorize, without one: 302 error=invalid_request (challenge_missing)
 * > authorize, without one, a confidential client: 302 code
 * > token, another verifier: 400 invalid_grant (verifier_mismatch)
 * > token, no verifier: 400 invalid_grant (verifier_missing)
 * > token, the right verifier: 200
 * > token, a verifier where no challenge was bound: 400 invalid_request (verifier_unexpected)
 * > token, an unknown code: 400 invalid_grant
 * > token, a damaged binding: 400 invalid_grant (binding_malformed, for the operator to repair)
 */
#include <proofkey.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A parameter as a form decoder returns it, with its length: a NUL is a byte like any other. NULL means not sent. */
struct param {
    const char *data;
    size_t len;
};

/* A file stands in for the table of codes. Each line has a code and its binding. */
static const char *const TABLE = "server-codes.txt";

static FILE *open_table(const char *mode) {
    FILE *table = fopen(TABLE, mode);
    if (table == NULL) {
        perror(TABLE);
        exit(EXIT_FAILURE);
    }
    return table;
}

static void insert(const char *code, const char *binding, size_t binding_len) {
    FILE *table = open_table("a");
    int failed = fprintf(table, "%s %.*s\n", code, (int)binding_len, binding) < 0;
    if (fclose(table) != 0 || failed) exit(EXIT_FAILURE);
}

/* Reads the binding into `line` and returns it, or NULL if there is no such code. */
static const char *look_up(const char *code, char *line, int capacity) {
    FILE *table = open_table("r");
    const char *binding = NULL;
    while (binding == NULL && fgets(line, capacity, table) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *space = strchr(line, ' ');
        if (space == NULL) continue;
        *space = '\0';
        if (strcmp(line, code) == 0) binding = space + 1;
    }
    fclose(table);
    return binding;
}

/* The client gets the OAuth error; the name behind it is for the server's log. */
static void refuse(const char *response, int32_t status) {
    const char *error = proofkey_status_oauth_error(status);
    const char *note = status == PROOFKEY_STATUS_BINDING_MALFORMED ? ", for the operator to repair" : "";
    printf("%s%s (%s%s)\n", response, error ? error : "server_error", proofkey_status_name(status), note);
}

/* The authorization endpoint. `relaxations` is PROOFKEY_POLICY_STRICT, unless this client needs a relaxation. */
static void authorize(uint32_t relaxations, const char *code, struct param challenge, struct param method) {
    char binding[PROOFKEY_BINDING_MAX_LEN];
    size_t len;
    int32_t status = proofkey_policy_bind(challenge.data, challenge.len, method.data, method.len, relaxations, binding,
                                          sizeof binding, &len);
    if (status != PROOFKEY_STATUS_OK) {
        refuse("302 error=", status);
        return;
    }
    insert(code, binding, len);
    puts("302 code");
}

/* The token endpoint, once the client is authenticated. */
static void token(const char *code, struct param verifier) {
    char line[256];
    const char *binding = look_up(code, line, sizeof line);
    if (binding == NULL) {
        puts("400 invalid_grant");
        return;
    }
    int32_t status = proofkey_binding_verify(binding, strlen(binding), verifier.data, verifier.len);
    if (status != PROOFKEY_STATUS_OK) {
        refuse("400 ", status); /* The code stays: a wrong verifier must not use up somebody else's code. */
        return;
    }
    /* Now a single DELETE decides which of several correct requests gets the tokens. */
    puts("200");
}

int main(void) {
    static const char challenge[] = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", s256[] = "S256";
    static const char verifier[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    static const char other[] = "kiNgBo0-r4GdQld6ShdPoxGq9SheI2m5moxtX-tFce4";
    const struct param absent = {NULL, 0}, sent_challenge = {challenge, sizeof challenge - 1}, method = {s256, 4};
    const struct param sent_verifier = {verifier, sizeof verifier - 1}, sent_other = {other, sizeof other - 1};

    remove(TABLE);
    printf("authorize, with a challenge: ");
    authorize(PROOFKEY_POLICY_STRICT, "code-1", sent_challenge, method);
    printf("authorize, without one: ");
    authorize(PROOFKEY_POLICY_STRICT, "code-2", absent, absent);
    printf("authorize, without one, a confidential client: ");
    authorize(PROOFKEY_POLICY_OPTIONAL_FOR_CONFIDENTIAL_CLIENT, "code-3", absent, absent);
    insert("code-4", "S256:E9Melhoa2OwvFrEM", 21); /* a column that was too short */

    printf("token, another verifier: ");
    token("code-1", sent_other);
    printf("token, no verifier: ");
    token("code-1", absent);
    printf("token, the right verifier: ");
    token("code-1", sent_verifier);
    printf("token, a verifier where no challenge was bound: ");
    token("code-3", sent_verifier);
    printf("token, an unknown code: ");
    token("code-2", sent_verifier);
    printf("token, a damaged binding: ");
    token("code-4", sent_verifier);
    return remove(TABLE) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
