//! The chain's bytes: what decodes encodes to the same bytes, and so has the same id.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tron::{RawTx, SignedTx, TxId, trc20};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(raw) = RawTx::decode(bytes) {
        assert_eq!(raw.encode(), bytes);
        assert_eq!(raw.txid(), TxId::of_raw(bytes));
    }
    if let Ok(signed) = SignedTx::from_bytes(bytes) {
        // What a node appended is left out, so the bytes may differ; what we write we read.
        let written = signed.to_bytes();
        assert_eq!(SignedTx::from_bytes(&written).as_ref(), Ok(&signed));
        assert!(signed.bandwidth().get() > i64::try_from(written.len()).expect("it is short"));
    }
    if let Ok((to, amount)) = trc20::decode_transfer_call(bytes) {
        // The EVM ignores the padding of an address and what follows the arguments, and so do we.
        let written = trc20::transfer_data(to, amount);
        assert_eq!(trc20::decode_transfer_call(&written), Ok((to, amount)));
    }
    let _ = trc20::decode_uint256(bytes);
    let _ = trc20::decode_address(bytes);
});
