package sunsweep;

import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Command line around the other classes; the same in every language, see clients/README.md. */
public final class Main {
    private static final int MAX_BODY_BYTES = 64 * 1024;

    /** Per verb: the options that must be given and those that may be. */
    private static final Map<String, List<List<String>>> VERBS =
            Map.of(
                    "collect",
                    List.of(
                            List.of("url", "key", "secret", "receive"),
                            List.of("to", "callback", "reference", "scene")),
                    "query",
                    List.of(List.of("url", "key"), List.of("serial", "reference")),
                    "listen",
                    List.of(List.of("port", "secret", "count"), List.of("max-seconds")));

    /** One verified callback, or why one was refused. */
    private record Event(JsonObject fields, String refused) {}

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        String verb = arguments.length > 0 ? arguments[0] : "";
        Map<String, String> given = given(verb, arguments);
        String failure;
        try {
            failure = verb.equals("listen") ? listen(given) : ask(verb, given);
        } catch (IOException error) {
            failure = "no answer: " + error.getMessage();
        }
        if (failure != null) {
            System.err.println(verb + ": " + failure);
        }
        // The HTTP library keeps threads for a while; the work is done.
        System.exit(failure == null ? 0 : 1);
    }

    private static Map<String, String> given(String verb, String[] arguments) {
        List<List<String>> options = VERBS.get(verb);
        if (options == null) {
            throw usage("say collect, query or listen");
        }
        Map<String, String> given = new HashMap<>();
        given.put("key", System.getenv("SUNSWEEP_API_KEY"));
        given.put("secret", System.getenv("SUNSWEEP_API_SECRET"));
        for (int i = 1; i < arguments.length; i += 2) {
            String name = arguments[i].replaceFirst("^--", "");
            boolean isKnown = options.stream().anyMatch(names -> names.contains(name));
            if (!isKnown || i + 1 == arguments.length) {
                throw usage("what is " + arguments[i] + "?");
            }
            given.put(name, arguments[i + 1]);
        }
        for (String name : options.get(0)) {
            if (given.get(name) == null) {
                throw usage("--" + name + " is missing");
            }
        }
        if (verb.equals("query") && given.containsKey("serial") == given.containsKey("reference")) {
            throw usage("give --serial or --reference");
        }
        return given;
    }

    private static RuntimeException usage(String why) {
        System.err.println("client: " + why + "; see clients/README.md");
        System.exit(2);
        return new IllegalStateException("unreachable: exit does not return");
    }

    private static String ask(String verb, Map<String, String> given) throws IOException {
        Client client = new Client(given.get("url"), given.get("key"), given.get("secret"));
        try {
            JsonObject answer;
            if (verb.equals("collect")) {
                answer = client.collect(order(given));
            } else if (given.containsKey("serial")) {
                answer = client.query("serial", given.get("serial"));
            } else {
                answer = client.query("out_trade_no", given.get("reference"));
            }
            System.out.println(answer);
            return null;
        } catch (Client.Refused refused) {
            System.out.println(refused.answer);
            return refused.getMessage();
        }
    }

    private static JsonObject order(Map<String, String> given) {
        JsonObject order = new JsonObject();
        order.addProperty("scene", Integer.parseInt(given.getOrDefault("scene", "0")));
        order.addProperty("receive_address", given.get("receive"));
        Map<String, String> optional =
                Map.of("to_address", "to", "callback_url", "callback", "out_trade_no", "reference");
        optional.forEach(
                (field, option) -> {
                    if (given.containsKey(option)) {
                        order.addProperty(field, given.get(option));
                    }
                });
        return order;
    }

    /** Returns why it failed, or null after {@code count} callbacks. */
    private static String listen(Map<String, String> given) throws Exception {
        int count = Integer.parseInt(given.get("count"));
        int maxSeconds = Integer.parseInt(given.getOrDefault("max-seconds", "300"));
        BlockingQueue<Event> events = new LinkedBlockingQueue<>();
        InetSocketAddress address =
                new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), Integer.parseInt(given.get("port")));
        HttpServer server = HttpServer.create(address, 0);
        server.createContext("/", exchange -> events.add(receive(exchange, given.get("secret"))));
        server.start();
        System.err.println("listening on 127.0.0.1:" + server.getAddress().getPort());

        Set<String> seen = new HashSet<>();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(maxSeconds);
        while (seen.size() < count) {
            Event event = events.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (event == null) {
                return "only " + seen.size() + " of " + count + " in " + maxSeconds + " s";
            }
            if (event.refused != null) {
                return event.refused;
            }
            // The same serial again means that our 200 got lost: it was dealt with already.
            if (seen.add(event.fields.get("serial").getAsString())) {
                System.out.println(Signing.canonical(event.fields));
            }
        }
        return null;
    }

    /** Answers 200 to a genuine callback and 401 to anything else. */
    private static Event receive(HttpExchange exchange, String secret) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES);
            try {
                JsonObject fields =
                        Callbacks.verify(
                                secret,
                                exchange.getRequestHeaders().getFirst("TIMESTAMP"),
                                exchange.getRequestHeaders().getFirst("SIGNATURE"),
                                body,
                                Instant.now());
                exchange.sendResponseHeaders(200, -1);
                return new Event(fields, null);
            } catch (Callbacks.Bad bad) {
                exchange.sendResponseHeaders(401, -1);
                return new Event(null, bad.getMessage());
            }
        }
    }
}
