//! Addresses: one has one writing.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tron::Address;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(address) = text.parse::<Address>() {
            assert_eq!(address.to_string(), text);
            assert_eq!(Address::from_hex(&address.to_hex()), Ok(address));
        }
        if let Ok(address) = Address::from_hex(text) {
            assert_eq!(address.to_string().parse(), Ok(address));
        }
    }
    if let Ok(address) = Address::from_slice(bytes) {
        assert_eq!(address.to_string().parse(), Ok(address));
        assert_eq!(Address::from_evm(address.evm_bytes()), address);
    }
});
