//! The response with a device's codes gives only what may be shown and opened, and polling never asks too early or after
//! the codes have expired, whatever the server sends.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofkey::{Client, DevicePolling, Error, ErrorKind, Provider, Response, Roundtrip as _, Step, Tokens};
use proofkey_fuzz::{assert_web_url, fields, is_printable};

fuzz_target!(|input: &[u8]| {
    let [content_type, codes, polls] = fields(input);
    let content_type = String::from_utf8_lossy(content_type);
    let header = (!content_type.is_empty()).then_some(("Content-Type", &*content_type));
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").expect("a provider");
    let provider = provider.with_device_authorization_endpoint("https://as.example/device").expect("an endpoint");
    let request = Client::new(provider, "my-tv").expect("a client").authorize_device().begin().expect("a request");
    let device = match request.receive(Response::new(200, header, codes), 0) {
        Ok(Step::Done(device)) => device,
        Ok(_) => panic!("one response is all"),
        Err(failure) => {
            assert!(failure.pending.is_none() && failure.error.request_sent());
            return assert_ne!(failure.error.kind(), ErrorKind::Internal);
        }
    };
    assert!(is_printable(device.user_code()) && device.user_code().len() <= 64);
    assert_web_url(device.verification_uri());
    device.verification_uri_complete().into_iter().for_each(assert_web_url);
    let (interval, end) = (device.interval(), device.expires_at());
    assert!((1..=86_400).contains(&end) && 0 < interval && i64::from(interval) < end);

    let mut now = 0;
    let mut step: Result<Step<DevicePolling, Tokens>, Error> = device.begin_polling(now);
    // Each body is the response to one poll; an empty one is none.
    for body in polls.split(|byte| *byte == b'\n') {
        let polling = match step {
            Ok(Step::Wait(seconds, polling)) => {
                assert!(seconds >= interval, "too early");
                now += i64::from(seconds);
                assert!(now < end, "too late");
                polling
            }
            Ok(Step::Send(_)) => panic!("without a pause"),
            Ok(Step::Done(_)) | Err(_) => return,
        };
        step = match body {
            [] => polling.connection_lost(now),
            body => polling.receive(Response::new(400, header, body), now).map_err(Into::into),
        };
    }
});
