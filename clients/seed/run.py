"""Runs the code samples of docs/collection-api.md, taken from the page now, against a server.

Into each sample go the host, the key, the secret, the address and the callback URL, nothing else.
The two that cannot run as printed get the corrections listed in CORRECTIONS.

    run.py --url URL --key KEY --secret SECRET --receive ADDRESS x6 --callback URL

The last line is `N passed, N failed`; the exit status is 1 if any failed. The key and the secret
may come from SUNSWEEP_API_KEY and SUNSWEEP_API_SECRET instead.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import toolchain  # noqa: E402  (the line above makes it findable)

PAGE = toolchain.ROOT / "docs" / "collection-api.md"
TITLES = ["Python", "Php", "Java", "Go", "Shell", "Node"]
RUN_TIMEOUT_SECS = 60

# What the page prints, to be replaced; each stands exactly once in each sample.
PAGE_URL = "https://{domain}"
PAGE_KEY = "B433BFF1CDE7450AA38A56BEAC690DD4"
PAGE_SECRET = "0285A2741D0E76E2E187260EB23E51851D48403A756333E7D0CF845406ABF3E8"
PAGE_ADDRESS = "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw"
PAGE_CALLBACK = "http://{mydomain}/callback"

# Page text -> what makes it run. The texts must be there, exactly once.
CORRECTIONS = {
    # As printed it does not compile: `bytes` is used but not imported; `encoding/json` is imported
    # but shadowed by a variable, so unused; a string field is given the number 2. The field keeps
    # its printed type, so this sample is also the one that sends "scene":"2".
    "Go": [
        ('import (\n', 'import (\n\t"bytes"\n'),
        ('\t"encoding/json"\n', ''),
        ('Scene:   2,', 'Scene:   "2",'),
    ],
    # As printed `xxd -p` breaks the 64 digits of the signature over two lines. First it is run like
    # that and must be refused with 400; then 64 bytes go on a line.
    "Shell": [
        ('| xxd -p)', '| xxd -p -c 64)'),
    ],
}


class Failed(Exception):
    """A sample did not do what the page promises; the message says what it did."""


def samples(page):
    """Title -> program text, for every CodeGroupItem of the page."""
    item = r'<CodeGroupItem title="(\w+)"[^>]*>\s*```\w+\n(.*?)\n```\s*</CodeGroupItem>'
    found = dict(re.findall(item, page, re.DOTALL))
    if list(found) != TITLES:
        raise SystemExit(f"the page has samples for {list(found)}, not for {TITLES}")
    return found


def replaced_once(text, old, new):
    if text.count(old) != 1:
        raise Failed(f"the page's text {old!r} stands there {text.count(old)} times, not once")
    return text.replace(old, new)


def put_in(text, target, address):
    """The sample with our host, key, secret, address and callback URL."""
    for old, new in [
        (PAGE_URL, target.url.rstrip("/")),
        (PAGE_KEY, target.key),
        (PAGE_SECRET, target.secret),
        (PAGE_ADDRESS, address),
        (PAGE_CALLBACK, target.callback),
    ]:
        text = replaced_once(text, old, new)
    return text


def command(title, text, directory):
    """Writes the program into `directory`, compiles it if need be; returns how to start it."""
    names = {"Python": "sample.py", "Php": "sample.php", "Java": "Main.java", "Go": "main.go",
             "Shell": "sample.sh", "Node": "sample.js"}
    source = directory / names[title]
    source.write_text(text + "\n", encoding="utf-8")
    if title == "Java":
        toolchain.build_java([source], directory)
        return toolchain.java(directory, "Main")
    if title == "Go":
        for name in ("go.mod", "go.sum"):
            shutil.copy(Path(__file__).parent / "go" / name, directory)
        toolchain.build_go(directory, directory / "sample")
        return [str(directory / "sample")]
    interpreter = {"Python": toolchain.PYTHON, "Php": "php", "Shell": "bash", "Node": "node"}
    return [interpreter[title], str(source)]


def run(words, directory, **extra):
    """What the program printed on standard output."""
    try:
        done = subprocess.run(
            words, cwd=directory, env=toolchain.environment(**extra), text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_TIMEOUT_SECS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"no end after {RUN_TIMEOUT_SECS} s") from error
    except OSError as error:
        raise Failed(str(error)) from error
    if done.returncode != 0:
        raise Failed(f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def number(name, printed):
    """A member of the printed answer, be it JSON, a Python dict, a JavaScript object or a var_dump."""
    match = re.search(rf"\b{name}[\"']?\s*:\s*(\d+)\b", printed)
    return int(match.group(1)) if match else None


def serial_of(printed):
    """The order's serial, if the printed answer is the success that the page describes."""
    serial = re.search(r"\bserial[\"']?\s*:\s*[\"']([0-9a-f]{32})[\"']", printed)
    # Every sample asks for scene 2, and what is asked for is the least that is done.
    is_success = number("errno", printed) == 0 and number("scene", printed) == 2
    has_money = all(number(name, printed) is not None for name in ("amount", "balance"))
    if serial is None or not is_success or not has_money:
        raise Failed(f"this is not the page's answer:\n{printed}")
    return serial.group(1)


def run_corrected(title, text, directory):
    """Runs a sample, corrected if it must be; returns the serial of its order."""
    for old, new in CORRECTIONS.get(title, []):
        text = replaced_once(text, old, new)
    try:
        return serial_of(run(command(title, text, directory), directory))
    except toolchain.CannotBuild as error:
        raise Failed(str(error)) from error


def run_broken_shell(text, directory):
    """The shell sample as printed: the server must refuse the broken header with 400, at once."""
    # The sample's text stays as it is; curl is told by its own file to say the status.
    (directory / ".curlrc").write_text('write-out = "\\nstatus %{http_code}\\n"\n')
    printed = run(command("Shell", text, directory), directory, CURL_HOME=str(directory))
    if not printed.endswith("\nstatus 400\n"):
        raise Failed(f"expected a 400:\n{printed}")
    return "refused with 400"


def arguments():
    parser = argparse.ArgumentParser(description="Runs the page's code samples against a server.")
    parser.add_argument("--url", required=True)
    for name in ("key", "secret"):
        value = os.environ.get(f"SUNSWEEP_API_{name.upper()}")
        parser.add_argument(f"--{name}", default=value, required=value is None)
    parser.add_argument("--receive", required=True, nargs=len(TITLES), metavar="ADDRESS",
                        help=f"one payment address per sample: {', '.join(TITLES)}")
    parser.add_argument("--callback", required=True, metavar="URL")
    return parser.parse_args()


def main():
    target = arguments()
    found = samples(PAGE.read_text(encoding="utf-8"))
    passed = failed = 0

    def check(name, action, *details):
        nonlocal passed, failed
        try:
            with tempfile.TemporaryDirectory(prefix="sunsweep-sample-") as directory:
                print(f"ok    {name}: {action(*details, Path(directory))}", flush=True)
            passed += 1
        except Failed as why:
            print(f"FAIL  {name}: {why}", flush=True)
            failed += 1

    for title, address in zip(TITLES, target.receive):
        try:
            text = put_in(found[title], target, address)
        except Failed as why:
            print(f"FAIL  {title}: {why}", flush=True)
            failed += 1
            continue
        if title == "Shell":
            check("Shell as printed", run_broken_shell, text)
        check(f"{title} corrected" if title in CORRECTIONS else title, run_corrected, title, text)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
