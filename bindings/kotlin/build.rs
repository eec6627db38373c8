//! Android refuses libraries whose segments are not aligned to its largest page size.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,max-page-size=16384");
}
