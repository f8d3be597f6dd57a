#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fanlight_fuzz::camera_url(text));
