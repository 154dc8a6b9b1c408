// What the page of test callbacks shows beside a test, run against what was really sent: its files as they
// are shown, and its call as it is shown.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// This file runs in .cache/console; ci/tools.sh puts the libraries of each language beside it.
const CACHE = join(dirname(fileURLToPath(import.meta.url)), "..");
const JAVA_PATH = (directory) => `${directory}${delimiter}${join(CACHE, "java", "*")}`;
const ENVIRONMENT = {
  ...process.env,
  GOMODCACHE: join(CACHE, "go", "mod"),
  GOCACHE: join(CACHE, "go", "build"),
  GOFLAGS: "-modcacherw -buildvcs=false",
  GOTOOLCHAIN: "local",
  NODE_PATH: join(CACHE, "node", "node_modules"),
  PYTHONDONTWRITEBYTECODE: "1",
};

// A program around each call, which ends well if the call believes what is in its environment; where one has
// to be built, how.
const PROGRAMS = {
  Python: {
    file: "check.py",
    text: (call) => `import os
from sunsweep import verify_callback
secret, timestamp, signature = (os.environ[name] for name in ("SECRET", "TIMESTAMP", "SIGNATURE"))
body = open("body", "rb").read()
assert ${call}["serial"] == "0" * 32
`,
    run: [join(CACHE, "venv", "bin", "python"), "check.py"],
  },
  PHP: {
    file: "check.php",
    text: (call) => `<?php
require 'Sunsweep.php';
[$secret, $timestamp, $signature] = array_map('getenv', ['SECRET', 'TIMESTAMP', 'SIGNATURE']);
$body = file_get_contents('body');
exit(${call}['serial'] === str_repeat('0', 32) ? 0 : 1);
`,
    run: ["php", "check.php"],
  },
  Java: {
    file: "Check.java",
    text: (call) => `package sunsweep;
import java.nio.file.*;
import java.time.Instant;
class Check {
    public static void main(String[] words) throws Exception {
        String secret = System.getenv("SECRET"), timestamp = System.getenv("TIMESTAMP");
        String signature = System.getenv("SIGNATURE");
        byte[] body = Files.readAllBytes(Path.of("body"));
        if (!${call}.get("serial").getAsString().equals("0".repeat(32))) System.exit(1);
    }
}
`,
    build: (files) => ["javac", "-d", ".", "-cp", JAVA_PATH("."), "Check.java", ...files],
    run: ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", JAVA_PATH("."), "sunsweep.Check"],
  },
  Go: {
    file: "main.go",
    text: (call) => `package main

import (
	"os"
	"strings"
	"time"
)

func main() {
	secret, timestamp, signature := os.Getenv("SECRET"), os.Getenv("TIMESTAMP"), os.Getenv("SIGNATURE")
	body, _ := os.ReadFile("body")
	fields, err := ${call}
	if err != nil || fields["serial"] != strings.Repeat("0", 32) {
		os.Exit(1)
	}
}
`,
    build: () => ["go", "build", "-o", "check", "main.go", "sunsweep.go"],
    run: ["./check"],
  },
  Shell: {
    file: "check.sh",
    text: (call) => `set -euo pipefail
source ./sunsweep.sh
export SUNSWEEP_API_SECRET=$SECRET
timestamp=$TIMESTAMP signature=$SIGNATURE
fields=$(${call})
[[ $(jq -r .serial <<<"$fields") == 00000000000000000000000000000000 ]]
`,
    run: ["bash", "check.sh"],
  },
  Node: {
    file: "check.js",
    text: (call) => `const { verifyCallback } = require('./sunsweep.js');
const { SECRET: secret, TIMESTAMP: timestamp, SIGNATURE: signature } = process.env;
const body = require('fs').readFileSync('body');
if (${call}.serial !== '0'.repeat(32)) process.exit(1);
`,
    run: [process.execPath, "check.js"],
  },
};

/**
 * Runs every verifier that the page shows: each takes the post that was received, and refuses it with one
 * byte of its body changed.
 */
export async function verify(page, secret, post) {
  const directory = await mkdtemp(join(tmpdir(), "sunsweep-verifiers-"));
  try {
    const shown = await page.$$eval("details[data-language]", (all) => all.map((one) => ({
      language: one.dataset.language,
      call: one.querySelector(".call").textContent,
      files: [...one.querySelectorAll("code.file")].map((name) => ({
        name: name.textContent,
        text: document.querySelector(name.nextElementSibling.dataset.copy).textContent,
      })),
    })));
    assert.deepEqual(shown.map(({ language }) => language).sort(), Object.keys(PROGRAMS).sort());
    await Promise.all(shown.map((one) => verifyOne(join(directory, one.language), one, secret, post)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function verifyOne(directory, { language, call, files }, secret, post) {
  const program = PROGRAMS[language];
  await mkdir(directory);
  for (const { name, text } of files) await writeFile(join(directory, name), text);
  await writeFile(join(directory, program.file), program.text(call));
  if (program.build) {
    const built = await ran(directory, program.build(files.map(({ name }) => name)), {});
    assert.ok(built.succeeded, `${language}: ${built.said}`);
  }
  const { timestamp: TIMESTAMP, signature: SIGNATURE } = post.headers;
  const environment = { SECRET: secret, TIMESTAMP, SIGNATURE };
  for (const [body, isGenuine] of [[post.body, true], [post.body.replace("65000", "65001"), false]]) {
    await writeFile(join(directory, "body"), body);
    const { succeeded, said } = await ran(directory, program.run, environment);
    assert.equal(succeeded, isGenuine, `${language}: ${said}`);
  }
}

/** Whether a program ended well, and what it said. */
function ran(directory, [program, ...words], environment) {
  const options = { cwd: directory, env: { ...ENVIRONMENT, ...environment } };
  return new Promise((resolve) => {
    execFile(program, words, options, (failed, stdout, stderr) => {
      if (failed?.code === "ENOENT") stderr = `${program} is not installed`;
      resolve({ succeeded: failed === null, said: `${failed ?? ""} ${stdout}${stderr}` });
    });
  });
}
