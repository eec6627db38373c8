package dev.proofkey

/**
 * The natives: `bindings/kotlin/src/lib.rs` says what crosses.
 *
 * Shrinkers must keep the names: see `META-INF/proguard/proofkey.pro`.
 */
internal object Native {
    init {
        Loader.load()
    }

    @JvmStatic external fun providerNew(authorization: ByteArray, token: ByteArray): Long

    @JvmStatic external fun providerFromMetadata(issuer: ByteArray, document: ByteArray): Long

    @JvmStatic external fun providerMicrosoft(tenant: ByteArray): Long

    @JvmStatic external fun providerGithub(): Long

    @JvmStatic external fun providerGoogle(): Long

    @JvmStatic external fun providerDropbox(): Long

    @JvmStatic external fun providerDiscover(issuer: ByteArray): Long

    @JvmStatic external fun clientNew(provider: Long, id: ByteArray): Long

    @JvmStatic external fun clientAuthorize(client: Long, scope: ByteArray?): Long

    @JvmStatic external fun clientResume(client: Long, keys: Long, sealed: ByteArray, context: ByteArray, now: Long): Long

    @JvmStatic external fun clientBeginRefresh(client: Long, tokens: Long, now: Long): Long

    @JvmStatic external fun clientBeginRevocation(client: Long, tokens: Long): Long

    @JvmStatic external fun clientBeginUserinfo(client: Long, tokens: Long): Long

    @JvmStatic external fun authorizeBegin(authorize: Long, now: Long): Long

    @JvmStatic external fun loginAccept(login: Long, callback: ByteArray, now: Long): Long

    @JvmStatic external fun loginAcceptFormPost(login: Long, url: ByteArray, contentType: ByteArray, body: ByteArray, now: Long): Long

    @JvmStatic external fun loginAcceptPastedCode(login: Long, code: ByteArray, now: Long): Long

    @JvmStatic external fun exchangeProvider(exchange: Long): Long

    @JvmStatic external fun exchangeTokens(exchange: Long): Long

    @JvmStatic external fun exchangeClaims(exchange: Long): Long

    @JvmStatic external fun tokensClaims(tokens: Long): Long

    @JvmStatic external fun tokensFromParts(accessToken: ByteArray, refreshToken: ByteArray?, idToken: ByteArray?, scope: ByteArray?, expiresAt: Long): Long

    @JvmStatic external fun responseNew(): Long

    @JvmStatic external fun sealKeysNew(secret: ByteArray): Long

    @JvmStatic external fun providerSetIssuer(handle: Long, issuer: ByteArray): Int

    @JvmStatic external fun providerSetJwksUri(handle: Long, uri: ByteArray): Int

    @JvmStatic external fun providerSetRevocationEndpoint(handle: Long, endpoint: ByteArray): Int

    @JvmStatic external fun providerSetUserinfoEndpoint(handle: Long, endpoint: ByteArray): Int

    @JvmStatic external fun providerSetEndSessionEndpoint(handle: Long, endpoint: ByteArray): Int

    @JvmStatic external fun providerAddQuirk(handle: Long, name: ByteArray): Int

    @JvmStatic external fun providerSetIssParameterSupported(handle: Long): Int

    @JvmStatic external fun providerRequireAdvertisedPkce(handle: Long): Int

    @JvmStatic external fun clientAcceptEndSession(handle: Long, callback: ByteArray, returnTo: ByteArray, state: ByteArray): Int

    @JvmStatic external fun tokensAddResource(handle: Long, resource: ByteArray): Int

    @JvmStatic external fun clientSetRedirectUri(handle: Long, uri: ByteArray): Int

    @JvmStatic external fun clientSetSecretBasic(handle: Long, secret: ByteArray): Int

    @JvmStatic external fun clientSetSecretPost(handle: Long, secret: ByteArray): Int

    @JvmStatic external fun clientSetIdTokenAlgorithms(handle: Long, names: ByteArray): Int

    @JvmStatic external fun clientAddTrustedAudience(handle: Long, audience: ByteArray): Int

    @JvmStatic external fun authorizeAddExtra(handle: Long, name: ByteArray, value: ByteArray): Int

    @JvmStatic external fun authorizeAddResource(handle: Long, resource: ByteArray): Int

    @JvmStatic external fun authorizeSetData(handle: Long, data: ByteArray): Int

    @JvmStatic external fun authorizeSetAcrValues(handle: Long, values: ByteArray): Int

    @JvmStatic external fun authorizeSetFormPost(handle: Long): Int

    @JvmStatic external fun authorizeSetState(handle: Long, state: ByteArray): Int

    @JvmStatic external fun authorizeSetNonce(handle: Long, nonce: ByteArray): Int

    @JvmStatic external fun authorizeSetVerifier(handle: Long, verifier: ByteArray): Int

    @JvmStatic external fun exchangeSaved(handle: Long): Int

    @JvmStatic external fun responseAddHeader(handle: Long, name: ByteArray, value: ByteArray): Int

    @JvmStatic external fun providerIssuer(handle: Long): ByteArray?

    @JvmStatic external fun providerAuthorizationEndpoint(handle: Long): ByteArray?

    @JvmStatic external fun providerTokenEndpoint(handle: Long): ByteArray?

    @JvmStatic external fun providerJwksUri(handle: Long): ByteArray?

    @JvmStatic external fun providerRevocationEndpoint(handle: Long): ByteArray?

    @JvmStatic external fun providerUserinfoEndpoint(handle: Long): ByteArray?

    @JvmStatic external fun providerEndSessionEndpoint(handle: Long): ByteArray?

    @JvmStatic external fun providerPkceSupport(handle: Long): ByteArray?

    @JvmStatic external fun providerTokenEndpointAuthMethod(handle: Long): ByteArray?

    @JvmStatic external fun clientIdTokenAlgorithms(handle: Long): ByteArray?

    @JvmStatic external fun loginUrl(handle: Long): ByteArray?

    @JvmStatic external fun loginData(handle: Long): ByteArray?

    @JvmStatic external fun exchangeMethod(handle: Long): ByteArray?

    @JvmStatic external fun exchangeUrl(handle: Long): ByteArray?

    @JvmStatic external fun exchangeBody(handle: Long): ByteArray?

    @JvmStatic external fun tokensAccessToken(handle: Long): ByteArray?

    @JvmStatic external fun tokensRefreshToken(handle: Long): ByteArray?

    @JvmStatic external fun tokensIdToken(handle: Long): ByteArray?

    @JvmStatic external fun tokensScope(handle: Long): ByteArray?

    @JvmStatic external fun tokensResource(handle: Long): ByteArray?

    @JvmStatic external fun claimsJson(handle: Long): ByteArray?

    @JvmStatic external fun loginErrorMessage(handle: Long): ByteArray?

    @JvmStatic external fun loginErrorRecovery(handle: Long): ByteArray?

    @JvmStatic external fun loginErrorOauthError(handle: Long): ByteArray?

    @JvmStatic external fun loginErrorOauthDescription(handle: Long): ByteArray?

    @JvmStatic external fun loginErrorOauthUri(handle: Long): ByteArray?

    @JvmStatic external fun exchangeErrorMessage(handle: Long): ByteArray?

    @JvmStatic external fun exchangeErrorRecovery(handle: Long): ByteArray?

    @JvmStatic external fun exchangeErrorEndpoint(handle: Long): ByteArray?

    @JvmStatic external fun exchangeErrorOauthError(handle: Long): ByteArray?

    @JvmStatic external fun exchangeErrorOauthDescription(handle: Long): ByteArray?

    @JvmStatic external fun exchangeErrorOauthUri(handle: Long): ByteArray?

    @JvmStatic external fun providerIssParameterSupported(handle: Long): Long

    @JvmStatic external fun loginExpiresAt(handle: Long): Long

    @JvmStatic external fun loginIsPending(handle: Long): Long

    @JvmStatic external fun exchangeIsPending(handle: Long): Long

    @JvmStatic external fun exchangeWaitSeconds(handle: Long): Long

    @JvmStatic external fun exchangeErrorHttpStatus(handle: Long): Long

    @JvmStatic external fun exchangeErrorRetryAfter(handle: Long): Long

    @JvmStatic external fun exchangeErrorRequestSent(handle: Long): Long

    @JvmStatic external fun tokensExpiresAt(handle: Long): Long

    @JvmStatic external fun tokensExpiresWithin(handle: Long, seconds: Int, now: Long): Long

    @JvmStatic external fun tokensScopeChanged(handle: Long): Long

    @JvmStatic external fun tokensTokenTypeDefaulted(handle: Long): Long

    @JvmStatic external fun tokensSignatureVerified(handle: Long): Long

    @JvmStatic external fun sealKeysIsWeak(handle: Long): Long

    @JvmStatic external fun claimsText(claims: Long, name: ByteArray): ByteArray

    @JvmStatic external fun tokensExtra(handle: Long, name: ByteArray): ByteArray

    @JvmStatic external fun clientTrustTokenEndpointTls(client: Long): Int

    @JvmStatic external fun clientSetIdTokenLeeway(client: Long, seconds: Int): Int

    @JvmStatic external fun authorizeSetMaxAge(authorize: Long, seconds: Int): Int

    @JvmStatic external fun loginSeal(login: Long, keys: Long, context: ByteArray): ByteArray

    @JvmStatic external fun clientEndSessionUrl(client: Long, tokens: Long, returnTo: ByteArray?, state: ByteArray?): ByteArray

    @JvmStatic external fun verifierGenerate(): ByteArray

    @JvmStatic external fun verifierFromEntropy(entropy: ByteArray): ByteArray

    @JvmStatic external fun challengeS256(verifier: ByteArray): ByteArray

    @JvmStatic external fun policyBind(challenge: ByteArray?, method: ByteArray?, plainAllowed: Int, optional: Int): ByteArray

    @JvmStatic external fun bindingVerify(binding: ByteArray?, verifier: ByteArray?): Int

    @JvmStatic external fun redirectUriMatch(registered: ByteArray, requested: ByteArray, port: Int): Int

    @JvmStatic external fun exchangeHeaderName(exchange: Long, at: Int): ByteArray?

    @JvmStatic external fun exchangeHeader(exchange: Long, at: Int): ByteArray?

    @JvmStatic external fun clientAuthorizeDevice(client: Long, scope: ByteArray?): Long

    @JvmStatic external fun authorizeDeviceAddExtra(handle: Long, name: ByteArray, value: ByteArray): Int

    @JvmStatic external fun authorizeDeviceAddResource(handle: Long, resource: ByteArray): Int

    @JvmStatic external fun authorizeDeviceSetPkce(handle: Long): Int

    @JvmStatic external fun authorizeDeviceSetVerifier(handle: Long, verifier: ByteArray): Int

    @JvmStatic external fun authorizeDeviceBegin(authorize: Long): Long

    @JvmStatic external fun exchangeDeviceAuthorization(exchange: Long): Long

    @JvmStatic external fun deviceAuthorizationBeginPolling(device: Long, now: Long): Long

    @JvmStatic external fun deviceAuthorizationUserCode(handle: Long): ByteArray?

    @JvmStatic external fun deviceAuthorizationVerificationUri(handle: Long): ByteArray?

    @JvmStatic external fun deviceAuthorizationVerificationUriComplete(handle: Long): ByteArray?

    @JvmStatic external fun deviceAuthorizationExpiresAt(handle: Long): Long

    @JvmStatic external fun deviceAuthorizationInterval(handle: Long): Long

    @JvmStatic external fun providerSetDeviceAuthorizationEndpoint(handle: Long, endpoint: ByteArray): Int

    @JvmStatic external fun providerDeviceAuthorizationEndpoint(handle: Long): ByteArray?

    @JvmStatic external fun exchangeTransportFailed(exchange: Long, reason: Int, now: Long): Int

    @JvmStatic external fun exchangeReceive(exchange: Long, response: Long, now: Long): Int

    @JvmStatic external fun responseSetStatus(response: Long, status: Int): Int

    @JvmStatic external fun responseAddBody(response: Long, body: ByteArray): Int

    @JvmStatic external fun sealKeysAddOlder(keys: Long, secret: ByteArray): Int

    @JvmStatic external fun errorTexts(number: Int): ByteArray

    @JvmStatic external fun free(handle: Long): Int

    @JvmStatic external fun handles(): Long
}
