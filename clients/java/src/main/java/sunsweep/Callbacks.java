package sunsweep;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Locale;

/** Tells genuine callbacks from others. */
public final class Callbacks {
    /** How far a callback's TIMESTAMP may lie from our clock, in either direction. */
    public static final long WINDOW_SECS = 300;

    /** The callback must not be believed; the message says why. */
    public static final class Bad extends Exception {
        Bad(String why) {
            super(why);
        }
    }

    private Callbacks() {}

    /**
     * The fields of a genuine, fresh callback. Remember the serial of what this returns: the same
     * callback comes again if our HTTP 200 got lost.
     */
    public static JsonObject verify(
            String secret, String timestamp, String signature, byte[] body, Instant now)
            throws Bad {
        if (timestamp == null || !timestamp.matches("[0-9]{1,10}")) {
            throw new Bad("TIMESTAMP is not a number of seconds");
        }
        if (Math.abs(now.getEpochSecond() - Long.parseLong(timestamp)) > WINDOW_SECS) {
            throw new Bad("TIMESTAMP is too far from our clock");
        }
        JsonObject fields = object(body);
        String wanted = Signing.sign(secret, timestamp, Signing.canonical(fields));
        String given = signature == null ? "" : signature.toLowerCase(Locale.ROOT);
        if (!MessageDigest.isEqual(bytes(wanted), bytes(given))) {
            throw new Bad("SIGNATURE does not match");
        }
        return fields;
    }

    private static JsonObject object(byte[] body) throws Bad {
        JsonElement parsed;
        try {
            parsed = JsonParser.parseString(new String(body, StandardCharsets.UTF_8));
        } catch (JsonParseException notJson) {
            throw new Bad("the body is not JSON");
        }
        if (!parsed.isJsonObject()
                || !(parsed.getAsJsonObject().get("serial") instanceof JsonPrimitive serial)
                || !serial.isString()) {
            throw new Bad("the body is not a callback");
        }
        return parsed.getAsJsonObject();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
