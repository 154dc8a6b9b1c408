"""Prints what tronpy makes of private keys: addresses and signatures, as JSON.

Usage: tronpy_keys.py <32 bytes to sign, hex> <private key, hex>...
"""

import json
import sys

from tronpy.keys import PrivateKey

digest = bytes.fromhex(sys.argv[1])
rows = []
for digits in sys.argv[2:]:
    key = PrivateKey(bytes.fromhex(digits))
    address = key.public_key.to_base58check_address()
    signature = key.sign_msg_hash(digest).hex()
    rows.append({"private_key": digits, "address": address, "signature": signature})
print(json.dumps(rows))
