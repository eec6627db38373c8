//! Takes the two programs from the page.

use std::path::Path;
use std::{env, fs};

fn main() {
    let page = Path::new("../../../docs/migrating.md");
    println!("cargo::rerun-if-changed={}", page.display());
    let text = fs::read_to_string(page).unwrap();
    for (fence, file) in [("```rust before\n", "before.rs"), ("```rust\n", "after.rs")] {
        let (_, rest) = text.split_once(fence).unwrap();
        let (program, _) = rest.split_once("```\n").unwrap();
        fs::write(Path::new(&env::var_os("OUT_DIR").unwrap()).join(file), program).unwrap();
    }
}
