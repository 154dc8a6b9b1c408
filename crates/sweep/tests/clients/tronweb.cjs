// Prints what TronWeb makes of a mnemonic: addresses, private keys and signatures, as JSON.
// Usage: node tronweb.cjs <mnemonic> <32 bytes to sign, hex> <path>...
const { TronWeb, utils } = require('tronweb');

const [mnemonic, digest, ...paths] = process.argv.slice(2);
const rows = paths.map((path) => {
  const account = TronWeb.fromMnemonic(mnemonic, path);
  const privateKey = account.privateKey.replace(/^0x/, '');
  const signature = utils.crypto.ECKeySign(
    utils.code.hexStr2byteArray(digest),
    utils.code.hexStr2byteArray(privateKey),
  );
  return { path, address: account.address, privateKey, signature };
});
process.stdout.write(JSON.stringify(rows));
