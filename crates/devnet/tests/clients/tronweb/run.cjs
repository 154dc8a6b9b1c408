// One order's way over the chain with unmodified TronWeb as every wallet on it.
// Usage: node run.cjs <node url>. The devnet's clock is manual; this script mines.
const assert = require('node:assert/strict');
const { TronWeb } = require('tronweb');

const url = process.argv[2];
const key = (number) => number.toString(16).padStart(64, '0');
const wallet = (number) => new TronWeb({ fullHost: url, privateKey: key(number) });
const TRX = 1_000_000;

const pool = wallet(1);
const customer = wallet(2);
const cold = wallet(3);
const address = (web) => web.defaultAddress.base58;

async function control(path, body) {
  const answer = await fetch(`${url}/devnet/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

// Signs, sends, mines; the receipt.
async function included(web, built) {
  const signed = await web.trx.sign(built.transaction ?? built);
  const sent = await web.trx.sendRawTransaction(signed);
  assert.equal(sent.result, true, JSON.stringify(sent));
  return mined(web, sent.txid);
}

async function mined(web, txid) {
  assert.deepEqual(await web.trx.getUnconfirmedTransactionInfo(txid), {});
  await control('mine', { blocks: 1 });
  const info = await web.trx.getUnconfirmedTransactionInfo(txid);
  assert.equal(info.id, txid);
  return info;
}

async function main() {
  const { usdt } = await control('status', {});
  await control('faucet', { address: address(pool), sun: 50_000 * TRX });
  await control('mint', { address: address(customer), units: 7_000_000 });
  await control('mint', { address: address(cold), units: 1 });
  await control('mine', { blocks: 1 });
  await control('solidify', {});
  assert.equal(await pool.isConnected().then((all) => all.fullNode), true);
  assert.equal(await pool.trx.getBalance(address(pool)), 50_000 * TRX);
  assert.deepEqual(await pool.trx.getUnconfirmedAccount(address(customer)), {});

  // Activate by a TRX transfer: 1 TRX for the account and 0.1 TRX instead of bandwidth.
  const transfer = await pool.transactionBuilder.sendTrx(address(customer), 1, address(pool));
  const activation = await included(pool, transfer);
  assert.equal(activation.fee, 1_100_000);
  assert.equal(await pool.trx.getUnconfirmedBalance(address(customer)), 1);

  const freeze = await pool.transactionBuilder.freezeBalanceV2(20_000 * TRX, 'ENERGY', address(pool));
  assert.ok((await included(pool, freeze)).receipt.net_usage > 250);

  const lent = 6_900 * TRX;
  const lend = await pool.transactionBuilder.delegateResource(
    lent, address(customer), 'ENERGY', address(pool), false,
  );
  assert.equal((await included(pool, lend)).fee ?? 0, 0);
  const resources = await pool.trx.getAccountResources(address(customer));
  assert.ok(resources.EnergyLimit >= 65_000, JSON.stringify(resources));
  const records = await pool.fullNode.request('wallet/getdelegatedresourcev2', {
    fromAddress: pool.defaultAddress.hex, toAddress: customer.defaultAddress.hex,
  }, 'post');
  assert.equal(records.delegatedResource[0].frozen_balance_for_energy, lent);

  // The customer owns 1 sun and sends all its USDT.
  const token = await customer.contract().at(usdt);
  assert.equal(String(await token.balanceOf(address(customer)).call()), '7000000');
  const txid = await token.transfer(address(cold), 7_000_000).send({ feeLimit: 30 * TRX });
  const sweep = await mined(customer, txid);
  assert.equal(sweep.receipt.result, 'SUCCESS');
  assert.equal(sweep.receipt.energy_usage, 64_285);
  assert.equal(sweep.fee ?? 0, 0);
  assert.equal(String(await token.balanceOf(address(cold)).call()), '7000001');
  assert.equal(await customer.trx.getUnconfirmedBalance(address(customer)), 1);

  const take = await pool.transactionBuilder.undelegateResource(
    lent, address(customer), 'ENERGY', address(pool),
  );
  await included(pool, take);
  const used = (await pool.trx.getAccountResources(address(pool))).EnergyUsed;
  assert.ok(used > 64_000 && used <= 64_285, String(used));
  await control('advance', { ms: 43_200_000, mine: true });
  const halved = (await pool.trx.getAccountResources(address(pool))).EnergyUsed;
  assert.ok(halved > 31_000 && halved < 33_000, String(halved));
  const most = await pool.trx.getCanDelegatedMaxSize(address(pool), 'ENERGY', { confirmed: false });
  assert.ok(most.max_size > 0 && most.max_size < 20_000 * TRX, JSON.stringify(most));

  const parameters = await pool.trx.getChainParameters();
  assert.equal(parameters.find((one) => one.key === 'getEnergyFee').value, 100);
  const built = await pool.transactionBuilder.unfreezeBalanceV2(1_000 * TRX, 'ENERGY', address(pool));
  await included(pool, built);
  assert.equal((await control('invariants', {})).holds, true);
  process.stdout.write('tronweb ok\n');
}

main().catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exit(1);
});
