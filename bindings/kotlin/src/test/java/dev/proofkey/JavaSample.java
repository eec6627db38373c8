package dev.proofkey;

import java.nio.charset.StandardCharsets;

/** A login in Java, up to the URL for the browser, and its way through the death of the process. */
public final class JavaSample {
    public static void main(String[] arguments) {
        byte[] secret = "a secret of 32 bytes, or of more".getBytes(StandardCharsets.UTF_8);
        try (Provider provider = Provider.github();
                Client client = new Client(provider, "my-app", "https://app.example/callback");
                SealKeys keys = new SealKeys(secret);
                Login login = client.begin("read:user")) {
            System.out.println(login.getUrl().split("\\?")[0]);
            try (Login resumed = client.resume(login.seal(keys, "github"), keys, "github")) {
                System.out.println(resumed.isPending() ? "pending" : "over");
                resumed.accept("https://app.example/callback?code=stolen&state=forged").close();
            } catch (ProofKeyException refused) {
                System.out.println(refused.getName() + ": " + refused.getRecovery());
            }
        }
    }
}
