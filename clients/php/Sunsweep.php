<?php

declare(strict_types=1);

/** The server answered, and the answer is no; `$answer` is its JSON object. */
final class Refused extends RuntimeException
{
    public function __construct(public readonly int $status, public readonly array $answer)
    {
        parent::__construct("refused with HTTP $status: " . json_encode($answer));
    }
}

/** No answer came: the network failed or was too slow. */
final class NoAnswer extends RuntimeException
{
}

/** The callback must not be believed; the message says why. */
final class BadCallback extends RuntimeException
{
}

/** A merchant's view of sunsweep: one key at one server. */
final class Sunsweep
{
    /** How far a callback's TIMESTAMP may lie from our clock, in either direction. */
    public const WINDOW_SECS = 300;

    private readonly string $base;

    /** `$timeoutSecs` bounds each wait on the network. */
    public function __construct(
        string $url,
        private readonly string $key,
        #[\SensitiveParameter] private readonly string $secret = '',
        private readonly int $timeoutSecs = 30,
    ) {
        $this->base = rtrim($url, '/') . '/api/v1/frontend';
    }

    /** Order what `$receiveAddress` lacks for one USDT transfer. Returns the answer. */
    public function collect(
        string $receiveAddress,
        ?string $toAddress = null,
        ?string $callbackUrl = null,
        ?string $outTradeNo = null,
        int $scene = 0,
    ): array {
        $fields = array_filter([
            'scene' => $scene,
            'receive_address' => $receiveAddress,
            'to_address' => $toAddress,
            'callback_url' => $callbackUrl,
            'out_trade_no' => $outTradeNo,
        ], fn ($value) => $value !== null);
        $body = self::canonical($fields);
        $timestamp = (string) time();
        return $this->call('POST', '/order/collect-manual', $body, [
            "TIMESTAMP: $timestamp",
            'SIGNATURE: ' . self::sign($this->secret, $timestamp, $body),
            'Content-Type: application/json',
        ]);
    }

    /** One order by its serial, or the newest one with this reference. */
    public function query(?string $serial = null, ?string $outTradeNo = null): array
    {
        $which = $serial !== null ? ['serial' => $serial] : ['out_trade_no' => $outTradeNo];
        return $this->call('GET', '/order/query?' . http_build_query($which));
    }

    /** Sorted, compact, ASCII JSON: the one form that is signed. */
    public static function canonical(array $fields): string
    {
        ksort($fields, SORT_STRING);
        return json_encode($fields, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
    }

    /** Lower-case hex HMAC-SHA256; the secret is used as text, not decoded. */
    public static function sign(
        #[\SensitiveParameter] string $secret,
        string $timestamp,
        string $body,
    ): string {
        return hash_hmac('sha256', "$timestamp&$body", $secret);
    }

    /**
     * The fields of a genuine, fresh callback; throws `BadCallback` for any other.
     *
     * `$body` is `file_get_contents('php://input')`. Remember the `serial` of what this returns:
     * the same callback comes again if our HTTP 200 got lost.
     */
    public static function verifyCallback(
        #[\SensitiveParameter] string $secret,
        string $timestamp,
        string $signature,
        string $body,
        ?int $now = null,
    ): array {
        if (preg_match('/^[0-9]{1,10}$/D', $timestamp) !== 1) {
            throw new BadCallback('TIMESTAMP is not a number of seconds');
        }
        if (abs(($now ?? time()) - (int) $timestamp) > self::WINDOW_SECS) {
            throw new BadCallback('TIMESTAMP is too far from our clock');
        }
        $fields = json_decode($body, true);
        if (!is_array($fields) || !is_string($fields['serial'] ?? null)) {
            throw new BadCallback('the body is not a callback');
        }
        $wanted = self::sign($secret, $timestamp, self::canonical($fields));
        if (!hash_equals($wanted, strtolower($signature))) {
            throw new BadCallback('SIGNATURE does not match');
        }
        return $fields;
    }

    /** The answer if it is a yes. A yes is HTTP 200 *and* `errno` 0. */
    private function call(string $method, string $path, string $body = '', array $headers = []): array
    {
        $context = stream_context_create(['http' => [
            'method' => $method,
            'header' => ["API-KEY: $this->key", ...$headers],
            'content' => $body,
            'timeout' => $this->timeoutSecs,
            'follow_location' => 0,
            // Without this a refusal's body is lost and only a PHP warning remains.
            'ignore_errors' => true,
        ]]);
        $text = @file_get_contents($this->base . $path, false, $context);
        if ($text === false) {
            throw new NoAnswer(error_get_last()['message'] ?? 'no answer');
        }
        $status = (int) explode(' ', $http_response_header[0])[1];
        $answer = json_decode($text, true);
        if (!is_array($answer)) {
            $answer = ['detail' => 'the answer is not a JSON object'];
        }
        if ($status !== 200 || ($answer['errno'] ?? null) !== 0) {
            throw new Refused($status, $answer);
        }
        return $answer;
    }
}
