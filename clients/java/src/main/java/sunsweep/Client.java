package sunsweep;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** A merchant's view of sunsweep: one key at one server. */
public final class Client {
    private static final MediaType JSON = MediaType.get("application/json");

    private final HttpUrl base;
    private final String key;
    private final String secret;
    private final OkHttpClient http =
            new OkHttpClient.Builder()
                    .callTimeout(Duration.ofSeconds(30))
                    .followRedirects(false)
                    .build();

    /** The server answered, and the answer is no. */
    public static final class Refused extends Exception {
        public final transient JsonObject answer;

        Refused(int status, JsonObject answer) {
            super("refused with HTTP " + status + ": " + answer);
            this.answer = answer;
        }
    }

    public Client(String url, String key, String secret) {
        this.base = HttpUrl.get(url).newBuilder().addPathSegments("api/v1/frontend").build();
        this.key = key;
        this.secret = secret;
    }

    /**
     * Places a collect order. {@code fields} are those of the page: scene, receive_address and, if
     * wanted, to_address, callback_url, out_trade_no.
     */
    public JsonObject collect(JsonObject fields) throws IOException, Refused {
        String body = Signing.canonical(fields);
        String timestamp = String.valueOf(Instant.now().getEpochSecond());
        return call(
                new Request.Builder()
                        .url(base.newBuilder().addPathSegments("order/collect-manual").build())
                        .post(RequestBody.create(body, JSON))
                        .addHeader("TIMESTAMP", timestamp)
                        .addHeader("SIGNATURE", Signing.sign(secret, timestamp, body)));
    }

    /** One order by {@code serial}, or the newest one by {@code out_trade_no}. */
    public JsonObject query(String name, String value) throws IOException, Refused {
        HttpUrl url =
                base.newBuilder()
                        .addPathSegments("order/query")
                        .addQueryParameter(name, value)
                        .build();
        return call(new Request.Builder().url(url).get());
    }

    /** The answer if it is a yes. A yes is HTTP 200 <em>and</em> errno 0. */
    private JsonObject call(Request.Builder request) throws IOException, Refused {
        try (Response response = http.newCall(request.addHeader("API-KEY", key).build()).execute()) {
            JsonObject answer = object(response.body().string());
            boolean isYes = new JsonPrimitive(0).equals(answer.get("errno"));
            if (response.code() != 200 || !isYes) {
                throw new Refused(response.code(), answer);
            }
            return answer;
        }
    }

    private static JsonObject object(String text) {
        try {
            JsonElement answer = JsonParser.parseString(text);
            if (answer.isJsonObject()) {
                return answer.getAsJsonObject();
            }
        } catch (JsonParseException notJson) {
            // Said below: what counts is that it is no JSON object.
        }
        JsonObject answer = new JsonObject();
        answer.addProperty("detail", "the answer is not a JSON object");
        return answer;
    }
}
