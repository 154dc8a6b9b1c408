"""One order's way over the chain with unmodified tronpy as every wallet on it.

Usage: run.py <node url>. The devnet's clock is manual; this script mines.
"""

import sys

import requests
from tronpy import Tron
from tronpy.keys import PrivateKey
from tronpy.providers import HTTPProvider

TRX = 1_000_000
URL = sys.argv[1]
client = Tron(HTTPProvider(URL))


def key(number):
    return PrivateKey(number.to_bytes(32, "big"))


def address(number):
    return key(number).public_key.to_base58check_address()


def control(path, **body):
    answer = requests.post(f"{URL}/devnet/{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def included(builder, number):
    """Builds, signs, sends, mines; the receipt."""
    sent = builder.build().sign(key(number)).broadcast()
    control("mine", blocks=1)
    info = sent.wait()
    assert info["id"] == sent.txid, info
    return info


POOL, CUSTOMER, COLD = 1, 2, 3


def main():
    usdt = control("status")["usdt"]
    control("faucet", address=address(POOL), sun=50_000 * TRX)
    control("mint", address=address(CUSTOMER), units=7_000_000)
    control("mint", address=address(COLD), units=1)
    control("mine", blocks=1)
    control("solidify")
    assert client.get_account_balance(address(POOL)) == 50_000

    info = included(client.trx.transfer(address(POOL), address(CUSTOMER), 1), POOL)
    assert info["fee"] == 1_100_000, info
    assert client.get_account(address(CUSTOMER))["balance"] == 1

    info = included(client.trx.freeze_balance(address(POOL), 20_000 * TRX, "ENERGY"), POOL)
    assert info["receipt"]["net_usage"] > 250, info

    lent = 6_900 * TRX
    lend = client.trx.delegate_resource(address(POOL), address(CUSTOMER), lent, "ENERGY")
    assert "fee" not in included(lend, POOL)
    resource = client.get_account_resource(address(CUSTOMER))
    assert resource["EnergyLimit"] >= 65_000, resource
    records = client.get_delegated_resource_v2(address(POOL), address(CUSTOMER))
    assert records["delegatedResource"][0]["frozen_balance_for_energy"] == lent, records

    token = client.get_contract(usdt)
    assert token.functions.balanceOf(address(CUSTOMER)) == 7_000_000
    sweep = token.functions.transfer(address(COLD), 7_000_000)
    sweep = sweep.with_owner(address(CUSTOMER)).fee_limit(30 * TRX)
    info = included(sweep, CUSTOMER)
    assert info["receipt"]["result"] == "SUCCESS", info
    assert info["receipt"]["energy_usage"] == 64_285, info
    assert "fee" not in info, info
    assert token.functions.balanceOf(address(COLD)) == 7_000_001
    assert client.get_account(address(CUSTOMER))["balance"] == 1

    take = client.trx.undelegate_resource(address(POOL), address(CUSTOMER), lent, "ENERGY")
    included(take, POOL)
    used = client.get_account_resource(address(POOL))["EnergyUsed"]
    assert 64_000 < used <= 64_285, used
    most = client.get_can_delegated_max_size(address(POOL), "ENERGY")
    assert 0 < most["max_size"] < 20_000 * TRX, most
    control("advance", ms=86_400_000, mine=True)
    assert "EnergyUsed" not in client.get_account_resource(address(POOL))

    assert control("invariants")["holds"] is True
    print("tronpy ok")


main()
