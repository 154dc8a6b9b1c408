<?php

// Command line around Sunsweep.php; the same in every language, see ../README.md.

declare(strict_types=1);

require __DIR__ . '/Sunsweep.php';

// Per verb: the options that must be given and those that may be.
const VERBS = [
    'collect' => [['url', 'key', 'secret', 'receive'], ['to', 'callback', 'reference', 'scene']],
    'query' => [['url', 'key'], ['serial', 'reference']],
    'listen' => [['port', 'secret', 'count'], ['max-seconds']],
];

function usage(string $why): never
{
    fwrite(STDERR, "client: $why; see clients/README.md\n");
    exit(2);
}

function given(array $argv): array
{
    [, $verb] = $argv + [1 => ''];
    if (!isset(VERBS[$verb])) {
        usage('say collect, query or listen');
    }
    [$required, $optional] = VERBS[$verb];
    $values = array_filter([
        'key' => getenv('SUNSWEEP_API_KEY'),
        'secret' => getenv('SUNSWEEP_API_SECRET'),
    ]);
    foreach (array_chunk(array_slice($argv, 2), 2) as $pair) {
        $name = preg_replace('/^--/', '', $pair[0]);
        if (!in_array($name, [...$required, ...$optional], true) || !isset($pair[1])) {
            usage("what is {$pair[0]}?");
        }
        $values[$name] = $pair[1];
    }
    foreach ($required as $name) {
        isset($values[$name]) || usage("--$name is missing");
    }
    if ($verb === 'query' && isset($values['serial']) === isset($values['reference'])) {
        usage('give --serial or --reference');
    }
    return ['verb' => $verb] + $values;
}

/** Runs callback.php under PHP's own web server. Returns why it failed, or null. */
function listen(array $given): ?string
{
    $seenDir = sys_get_temp_dir() . '/sunsweep-seen-' . bin2hex(random_bytes(8));
    mkdir($seenDir, 0700);
    $server = proc_open(
        [PHP_BINARY, '-S', "127.0.0.1:{$given['port']}", __DIR__ . '/callback.php'],
        [1 => ['pipe', 'w'], 2 => ['pipe', 'w']],
        $pipes,
        null,
        ['SUNSWEEP_API_SECRET' => $given['secret'], 'SUNSWEEP_SEEN_DIR' => $seenDir] + getenv(),
    );
    try {
        return follow($pipes, (int) $given['count'], (int) ($given['max-seconds'] ?? 300));
    } finally {
        proc_terminate($server);
        proc_close($server);
        array_map(unlink(...), glob("$seenDir/*"));
        rmdir($seenDir);
    }
}

function follow(array $pipes, int $count, int $maxSeconds): ?string
{
    $seen = 0;
    $deadline = time() + $maxSeconds;
    while ($seen < $count) {
        $ready = $pipes;
        $left = $deadline - time();
        $none = null;
        if ($left <= 0 || stream_select($ready, $none, $none, $left) === 0) {
            return "only $seen of $count callbacks in $maxSeconds s";
        }
        foreach ($ready as $number => $pipe) {
            $line = fgets($pipe);
            if ($line === false) {
                return 'the web server ended';
            }
            if ($number === 2) {
                if (preg_match('#\(http://(127\.0\.0\.1:\d+)\) started#', $line, $match) === 1) {
                    fwrite(STDERR, "listening on $match[1]\n");
                }
            } elseif (str_starts_with($line, 'refused: ')) {
                return trim(substr($line, strlen('refused: ')));
            } else {
                fwrite(STDOUT, $line);
                $seen++;
            }
        }
    }
    return null;
}

function ask(array $given): ?string
{
    $client = new Sunsweep($given['url'], $given['key'], $given['secret'] ?? '');
    try {
        $answer = $given['verb'] === 'collect'
            ? $client->collect(
                $given['receive'],
                $given['to'] ?? null,
                $given['callback'] ?? null,
                $given['reference'] ?? null,
                (int) ($given['scene'] ?? 0),
            )
            : $client->query($given['serial'] ?? null, $given['reference'] ?? null);
        echo json_encode($answer), "\n";
        return null;
    } catch (Refused $refused) {
        echo json_encode($refused->answer), "\n";
        return $refused->getMessage();
    } catch (NoAnswer $error) {
        return $error->getMessage();
    }
}

$given = given($argv);
$failure = $given['verb'] === 'listen' ? listen($given) : ask($given);
if ($failure !== null) {
    fwrite(STDERR, "client: $failure\n");
    exit(1);
}
