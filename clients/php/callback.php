<?php

// Receives callbacks under any PHP web server. Environment:
//   SUNSWEEP_API_SECRET  the secret of the key that placed the orders
//   SUNSWEEP_SEEN_DIR    a directory that remembers serials (use your database's unique key)
// Writes one line to standard output per event: a callback's JSON, or "refused: why".

declare(strict_types=1);

require __DIR__ . '/Sunsweep.php';

const MAX_BODY_BYTES = 64 * 1024;

$out = fopen('php://stdout', 'w');
$body = file_get_contents('php://input', false, null, 0, MAX_BODY_BYTES);
try {
    $fields = Sunsweep::verifyCallback(
        getenv('SUNSWEEP_API_SECRET'),
        $_SERVER['HTTP_TIMESTAMP'] ?? '',
        $_SERVER['HTTP_SIGNATURE'] ?? '',
        $body,
    );
} catch (BadCallback $why) {
    answer(401);
    fwrite($out, 'refused: ' . $why->getMessage() . "\n");
    return;
}
// Mode x fails if the file exists, so of two equal callbacks at once only one is new. The same
// serial again means that our 200 got lost: it was dealt with already.
$mark = getenv('SUNSWEEP_SEEN_DIR') . '/' . hash('sha256', $fields['serial']);
$isNew = @fopen($mark, 'x') !== false;
// Only what is remembered may be answered with 200: the server will not send it again.
answer(200);
if ($isNew) {
    fwrite($out, Sunsweep::canonical($fields) . "\n");
}

function answer(int $status): void
{
    http_response_code($status);
    header('Content-Length: 0');
    flush();
}
