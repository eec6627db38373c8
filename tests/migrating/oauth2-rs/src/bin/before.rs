include!(concat!(env!("OUT_DIR"), "/before.rs"));
