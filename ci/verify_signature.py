#!/usr/bin/env python3
"""Checks the signatures of the golden wire files without any code of ours.

The product must not confirm itself: this uses Python's hmac, hashlib and json only, and judges each
request of crates/wire/golden by what its note claims (see the README there). Prints one line for
each signature that is not what the note says, with the digest that would be right, and a summary.
Exit status: 0 if all are right, 1 if not.
"""

import hashlib
import hmac
import json
import pathlib
import sys

SECRET = b"0285A2741D0E76E2E187260EB23E51851D48403A756333E7D0CF845406ABF3E8"
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "crates" / "wire" / "golden"
HEX_DIGITS = set("0123456789abcdefABCDEF")
# Fewer would mean that the files were not found or that a rename hid them.
LEAST_SIGNATURES = 80


def message(path):
    """First line, headers in upper case, body of a message file."""
    head, blank, rest = path.read_bytes().partition(b"\n\n")
    if not blank or not rest.endswith(b"\n"):
        raise ValueError("no blank line after the head, or no line feed at the end")
    first, *lines = head.decode("ascii").split("\n")
    headers = {}
    for line in lines:
        name, value = line.split(": ", 1)
        headers[name.upper()] = value.strip()
    return first, headers, rest[:-1]


def unique(pairs):
    """An object, unless it names a key twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate key")
    return members


def canonical(body):
    """The four sorted copies of a body, by name; none if it is not an object with distinct keys."""
    try:
        parsed = json.loads(body, object_pairs_hook=unique) if body else {}
    except ValueError:
        return {}
    if not isinstance(parsed, dict):
        return {}
    compact = {"sort_keys": True, "separators": (",", ":")}
    ascii_copy = json.dumps(parsed, **compact)
    utf8_copy = json.dumps(parsed, ensure_ascii=False, **compact)
    html_copy = utf8_copy
    for character in "<>&\u2028\u2029":
        html_copy = html_copy.replace(character, f"\\u{ord(character):04x}")
    copies = {
        "X1": ascii_copy,
        "X2": utf8_copy,
        "X3": ascii_copy.replace("/", "\\/"),
        "X4": html_copy,
    }
    return {name: copy.encode() for name, copy in copies.items()}


def digest(timestamp, body):
    return hmac.new(SECRET, timestamp.encode() + b"&" + body, hashlib.sha256).hexdigest()


def verdict(headers, body):
    """The note's word for how a message is signed."""
    signature = headers.get("SIGNATURE")
    if signature is None:
        return "none"
    if len(signature) != 64 or not set(signature) <= HEX_DIGITS:
        return "malformed"
    timestamp = headers.get("TIMESTAMP", "")
    for name, copy in {"X0": body, **canonical(body)}.items():
        if hmac.compare_digest(digest(timestamp, copy), signature.lower()):
            return name
    return "mismatch"


def callback_complaint(body):
    """What is wrong with the bytes of a callback, if anything."""
    if canonical(body).get("X1") != body:
        return "is not the sorted compact ASCII form of itself"
    for name, value in json.loads(body).items():
        if isinstance(value, (float, bool, list, dict)):
            return f"{name} is neither an integer nor a text"
        if value is None and name != "out_trade_no":
            return f"{name} is null"
        if isinstance(value, str) and set(value) & set("<>&"):
            return f"{name} holds a character that Go escapes"
    return None


def check_case(folder):
    """The complaints about one case and the number of its requests that are signed."""
    note = (folder / "note.md").read_text(encoding="utf-8")
    fields = dict(line.split(": ", 1) for line in note.split("\n\n")[0].split("\n"))
    claims = fields["signature"].split()
    complaints, signed = [], 0
    for number, claim in enumerate(claims, 1):
        path = folder / ("request.http" if number == 1 else f"request-{number}.http")
        _, headers, body = message(path)
        found = verdict(headers, body)
        signed += found not in ("none", "malformed", "mismatch")
        if found != claim:
            right = digest(headers.get("TIMESTAMP", ""), body)
            complaints.append(f"{path}: {found}, not {claim}; as sent it would be {right}")
        if folder.parent.name == "callback" and (complaint := callback_complaint(body)):
            complaints.append(f"{path}: {complaint}")
    if len(list(folder.glob("request*.http"))) != len(claims):
        complaints.append(f"{folder}: the note does not speak of every request")
    return complaints, signed


def main():
    folders = sorted(path.parent for path in GOLDEN.glob("*/*/note.md"))
    complaints, signed = [], 0
    for folder in folders:
        found, count = check_case(folder)
        complaints += found
        signed += count
    if signed < LEAST_SIGNATURES:
        complaints.append(f"only {signed} signatures found below {GOLDEN}")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(folders)} cases, {signed} good signatures, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
