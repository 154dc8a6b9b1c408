package sunsweep;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What both directions share: the form that is signed, and the signature. */
final class Signing {
    /** Nulls are part of what was signed; HTML escapes are not what anybody else writes. */
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

    private Signing() {}

    /**
     * Sorted, compact, ASCII JSON of a flat object. Members stay {@link JsonElement}s: read into a
     * {@code Map<String, Object>}, every number would become a double and 40 would print as 40.0.
     */
    static String canonical(JsonObject fields) {
        Map<String, JsonElement> sorted = new TreeMap<>(fields.asMap());
        StringBuilder ascii = new StringBuilder();
        for (char unit : GSON.toJson(sorted).toCharArray()) {
            if (unit < 0x80) {
                ascii.append(unit);
            } else {
                ascii.append(String.format("\\u%04x", (int) unit));
            }
        }
        return ascii.toString();
    }

    /** Lower-case hex HMAC-SHA256; the secret is used as text, not decoded. */
    static String sign(String secret, String timestamp, String body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            String message = timestamp + "&" + body;
            return HexFormat.of().formatHex(mac.doFinal(message.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java has HmacSHA256", impossible);
        }
    }
}
