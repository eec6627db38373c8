//! The store of files: what is written, who may read it, and whose turn it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, process, thread};

use proofkey::{ErrorKind, FileTokenStore, SealKeys, SealedTokenStore, TokenStore};

/// A folder of a test's own, which is deleted when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("proofkey-files-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// The folder of the store, which does not exist yet.
    fn store(&self) -> PathBuf {
        self.0.join("state/tokens")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn only_what_was_read_is_replaced() {
    let folder = Folder::new();
    let (one, other) = (FileTokenStore::new(folder.store()).unwrap(), FileTokenStore::new(folder.store()).unwrap());
    assert_eq!(one.load("key").unwrap(), None);
    assert!(!one.save("key", "first", Some("nothing")).unwrap());
    assert!(one.delete("key", "nothing").unwrap(), "it is not there");
    assert!(one.save("key", "first", None).unwrap());
    assert!(!other.save("key", "second", None).unwrap());
    assert!(other.save("key", "second", Some("first")).unwrap());
    assert!(!one.delete("key", "first").unwrap());
    assert_eq!(one.load("key").unwrap().as_deref(), Some("second"));
    assert_eq!(one.load("another").unwrap(), None);
    assert!(one.delete("key", "second").unwrap());
    assert_eq!(other.load("key").unwrap(), None);
    assert_eq!(names(&folder.store()), ["key.lock"]);
}

#[test]
fn of_many_writers_one_is_the_first() {
    let folder = Folder::new();
    let store = FileTokenStore::new(folder.store()).unwrap();
    let saved = thread::scope(|scope| {
        let store = &store;
        let writers: Vec<_> = (0..16).map(|at| scope.spawn(move || store.save("key", &at.to_string(), None))).collect();
        // Busy is an answer, too: another writer had the lock at this moment.
        writers.into_iter().map(|writer| writer.join().unwrap()).filter(|saved| *saved == Ok(true)).count()
    });
    assert_eq!(saved, 1);
}

#[test]
fn a_lease_has_one_owner() {
    let folder = Folder::new();
    let (one, other) = (FileTokenStore::new(folder.store()).unwrap(), FileTokenStore::new(folder.store()).unwrap());
    assert!(one.lease("key", "me", 60).unwrap());
    assert!(!one.lease("key", "me", 60).unwrap());
    assert!(!other.lease("key", "you", 60).unwrap());
    assert!(other.lease("another", "you", 60).unwrap());
    other.release("key", "you");
    assert!(!other.lease("key", "you", 60).unwrap(), "only its owner returns it");
    assert!(one.save("key", "sealed", None).unwrap(), "with the lease");
    one.release("key", "me");
    assert!(other.lease("key", "you", 60).unwrap());
    other.release("key", "you");
    other.release("another", "you");
    other.release("another", "you");
}

#[test]
fn what_a_crash_leaves_behind_is_overwritten() {
    let folder = Folder::new();
    let store = FileTokenStore::new(folder.store()).unwrap();
    assert!(store.save("key", "first", None).unwrap());
    // A crash in the middle of a write, of something longer.
    fs::copy(folder.store().join("key.tokens"), folder.store().join("key.new")).unwrap();
    fs::write(folder.store().join("key.new"), "half of a long rec").unwrap();
    assert_eq!(store.load("key").unwrap().as_deref(), Some("first"));
    assert!(store.save("key", "second", Some("first")).unwrap());
    assert_eq!(store.load("key").unwrap().as_deref(), Some("second"));
    assert_eq!(names(&folder.store()), ["key.lock", "key.tokens"]);
}

#[test]
fn every_key_is_a_file_in_the_folder() {
    let folder = Folder::new();
    let store = FileTokenStore::new(folder.store()).unwrap();
    let long = "k".repeat(65);
    let keys = ["key", "../key", "/etc/key", "", ".", "key\0", "Käse", long.as_str(), "key.tokens"];
    for key in keys {
        assert!(store.save(key, key, None).unwrap(), "{key}");
    }
    for key in keys {
        assert_eq!(store.load(key).unwrap().as_deref(), Some(key));
    }
    assert_eq!(names(&folder.store()).len(), keys.len() * 2);
    assert_eq!(names(&folder.0), ["state"]);
}

#[test]
fn a_folder_that_disappears_is_made_again() {
    let folder = Folder::new();
    let store = FileTokenStore::new(folder.store()).unwrap();
    fs::remove_dir_all(folder.store()).unwrap();
    assert_eq!(store.load("key").unwrap(), None);
    fs::remove_dir_all(folder.store()).unwrap();
    assert!(store.lease("key", "me", 60).unwrap());
    assert!(store.save("key", "sealed", None).unwrap());
    store.release("key", "me");
}

#[test]
fn what_is_not_a_text_is_not_a_record() {
    let folder = Folder::new();
    let store = FileTokenStore::new(folder.store()).unwrap();
    assert!(store.save("key", "sealed", None).unwrap());
    fs::write(folder.store().join("key.tokens"), [0xff, 0xfe]).unwrap();
    assert_eq!(store.load("key").unwrap_err().kind(), ErrorKind::SealMalformed);
}

#[test]
fn debug_shows_where_but_not_what() {
    let folder = Folder::new();
    let keys = SealKeys::new([7; 32]).unwrap();
    let store = SealedTokenStore::new(FileTokenStore::new(folder.store()).unwrap(), keys);
    let path = folder.store();
    assert_eq!(
        format!("{store:?}"),
        format!("SealedTokenStore {{ store: FileTokenStore {{ folder: {path:?} }}, .. }}")
    );
}

#[cfg(unix)]
mod unix {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn nobody_else_may_read_it() {
        let folder = Folder::new();
        let store = FileTokenStore::new(folder.store()).unwrap();
        assert!(store.save("key", "sealed", None).unwrap());
        assert_eq!(mode(&folder.store()), 0o700);
        for name in ["key.tokens", "key.lock"] {
            assert_eq!(mode(&folder.store().join(name)), 0o600);
        }
    }

    #[test]
    fn a_folder_that_others_may_use_is_refused() {
        let folder = Folder::new();
        let store = FileTokenStore::new(folder.store()).unwrap();
        for open in [0o750, 0o701, 0o777] {
            set_mode(&folder.store(), open);
            assert_eq!(FileTokenStore::new(folder.store()).unwrap_err().kind(), ErrorKind::StoreInsecure);
            assert_eq!(store.load("key").unwrap_err().kind(), ErrorKind::StoreInsecure);
            assert_eq!(store.save("key", "sealed", None).unwrap_err().kind(), ErrorKind::StoreInsecure);
            assert_eq!(store.lease("key", "me", 60).unwrap_err().kind(), ErrorKind::StoreInsecure);
        }
    }

    #[test]
    fn a_folder_that_is_something_else_is_refused() {
        let folder = Folder::new();
        let (link, file) = (folder.0.join("link"), folder.0.join("file"));
        FileTokenStore::new(folder.store()).unwrap();
        symlink(folder.store(), &link).unwrap();
        fs::write(&file, "").unwrap();
        set_mode(&file, 0o600);
        for path in [link, file.clone()] {
            assert_eq!(FileTokenStore::new(path).unwrap_err().kind(), ErrorKind::StoreInsecure);
        }
        assert_eq!(FileTokenStore::new(file.join("below")).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    }

    #[test]
    fn a_file_that_is_a_link_or_open_to_others_is_refused() {
        let folder = Folder::new();
        let store = FileTokenStore::new(folder.store()).unwrap();
        let elsewhere = folder.0.join("elsewhere");
        fs::write(&elsewhere, "precious").unwrap();
        set_mode(&elsewhere, 0o600);
        let using = |name: &str| match name {
            "key.tokens" => store.load("key").map(|_| ()),
            "key.new" => store.save("key", "sealed", None).map(|_| ()),
            _ => store.lease("other", "me", 60).map(|_| ()),
        };
        for name in ["key.tokens", "key.new", "other.lock"] {
            let path = folder.store().join(name);
            symlink(&elsewhere, &path).unwrap();
            assert_eq!(using(name).unwrap_err().kind(), ErrorKind::StoreInsecure, "{name}");
            fs::remove_file(&path).unwrap();
            fs::write(&path, "").unwrap();
            set_mode(&path, 0o640);
            assert_eq!(using(name).unwrap_err().kind(), ErrorKind::StoreInsecure, "{name}");
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "precious");
    }

    #[test]
    fn a_folder_in_place_of_a_file_is_refused() {
        let folder = Folder::new();
        let store = FileTokenStore::new(folder.store()).unwrap();
        fs::create_dir(folder.store().join("key.tokens")).unwrap();
        set_mode(&folder.store().join("key.tokens"), 0o700);
        assert_eq!(store.load("key").unwrap_err().kind(), ErrorKind::StoreInsecure);
        // One that cannot even be opened is no link.
        fs::create_dir(folder.store().join("other.lock")).unwrap();
        assert_eq!(store.lease("other", "me", 60).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    }
}
