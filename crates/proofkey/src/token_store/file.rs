use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::TokenStore;
use super::file_locks::{self, Held};
use super::owner;
use crate::error::{Error, ErrorKind};

/// A [`TokenStore`] of files in one folder, for programs on a user's machine: a file and a lock for each key.
///
/// The folder is made with the permissions 0700, its files with 0600. A folder or a file that is a link, or that
/// belongs to or is open to other users, is refused. On Windows, the folder has the permissions that it inherits:
/// choose one in the user's profile (`%LOCALAPPDATA%`), which other users cannot read.
///
/// A file is replaced as a whole, and written to the disk before it takes the other's place, so that a crash leaves the
/// old one or the new one. The folder must be on a local disk, where locks work. A lease ends with the process that has
/// it. Lock files are empty, and stay.
///
/// A program that forks calls the three functions below around it: a child must not keep a lock of its parent alive.
/// Python does so by itself. Programs that start others with [`Command`](std::process::Command) need not care.
///
/// ```
/// use proofkey::{FileTokenStore, TokenStore};
/// # let folder = std::env::temp_dir().join(format!("proofkey-doc-{}", std::process::id()));
///
/// let store = FileTokenStore::new(&folder)?;
/// assert!(store.save("a-key", "sealed", None)?);
/// assert_eq!(store.load("a-key")?.as_deref(), Some("sealed"));
/// assert!(!store.save("a-key", "other", None)?, "it is not what was read");
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Debug)]
pub struct FileTokenStore {
    folder: PathBuf,
}

impl FileTokenStore {
    /// A store in this folder, which is made if it does not exist.
    ///
    /// # Errors
    /// [`StoreInsecure`](ErrorKind::StoreInsecure) if it is a link, belongs to another user, or is open to others;
    /// [`StoreUnavailable`](ErrorKind::StoreUnavailable) if it cannot be made.
    pub fn new(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        // Absolute, because the program may change its working directory.
        let folder = std::path::absolute(folder.into()).map_err(failed)?;
        let store = Self { folder };
        store.prepare()?;
        Ok(store)
    }

    /// Call this before a fork, and then one of the other two in the same thread. No lock is taken or given up, and no
    /// file is written, until then.
    pub fn before_fork() {
        file_locks::before_fork();
    }

    /// Call this in the parent, after a fork that [`before_fork`](Self::before_fork) announced.
    pub fn after_fork_in_parent() {
        file_locks::after_fork_in_parent();
    }

    /// Call this in the child, after a fork that [`before_fork`](Self::before_fork) announced. It closes the child's
    /// copies of its parent's locks.
    pub fn after_fork_in_child() {
        file_locks::after_fork_in_child();
    }

    /// Makes the folder if need be, and checks it. Somebody may have deleted it since.
    fn prepare(&self) -> Result<(), Error> {
        let found = match fs::symlink_metadata(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = DirBuilder::new();
                if let Some(parent) = self.folder.parent() {
                    fs::create_dir_all(parent).map_err(failed)?;
                }
                match owner::only_for_owner(&mut builder).create(&self.folder) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
                    // Another process may have made it in the meantime.
                    _ => fs::symlink_metadata(&self.folder),
                }
            }
            found => found,
        };
        let found = found.map_err(failed)?;
        if !found.is_dir() || !owner::is_ours_alone(&found) {
            return Err(ErrorKind::StoreInsecure.into());
        }
        Ok(())
    }

    /// The path of a file of this key. A key that cannot be the name of a file is replaced by its hash.
    fn path(&self, key: &str, extension: &str) -> PathBuf {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let name = if (1..=64).contains(&key.len()) && key.bytes().all(is_name) {
            key.to_owned()
        } else {
            URL_SAFE_NO_PAD.encode(Sha256::digest(key))
        };
        self.folder.join(name + extension)
    }

    /// Runs `change` while nobody else can change the files of this key: with the lease if this process has it, else
    /// with the lock, for this moment only.
    fn locked<T>(&self, key: &str, change: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        self.prepare()?;
        let path = self.path(key, LOCK);
        let held = file_locks::held();
        if held.contains(&path) {
            return change();
        }
        let file = open(&path, OpenOptions::new().write(true).create(true))?;
        if !file_locks::try_lock(&file)? {
            return Err(ErrorKind::StoreBusy.into());
        }
        let changed = change();
        file_locks::unlock(&file);
        changed
    }

    fn replace(&self, key: &str, sealed: &str) -> Result<(), Error> {
        let (path, new) = (self.path(key, RECORD), self.path(key, NEW));
        // What a crash has left is overwritten.
        let mut file = open(&new, OpenOptions::new().write(true).create(true).truncate(true))?;
        let written = file.write_all(sealed.as_bytes()).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&new, &path)).and_then(|()| owner::sync_folder(&self.folder)).map_err(failed)
    }
}

impl TokenStore for FileTokenStore {
    fn load(&self, key: &str) -> Result<Option<String>, Error> {
        self.prepare()?;
        read(&self.path(key, RECORD))
    }

    fn save(&self, key: &str, sealed: &str, read: Option<&str>) -> Result<bool, Error> {
        self.locked(key, || {
            let is_still_there = self.load(key)?.as_deref() == read;
            if is_still_there {
                self.replace(key, sealed)?;
            }
            Ok(is_still_there)
        })
    }

    fn delete(&self, key: &str, read: &str) -> Result<bool, Error> {
        self.locked(key, || match self.load(key)? {
            None => Ok(true),
            Some(stored) if stored == read => {
                let deleted = fs::remove_file(self.path(key, RECORD));
                deleted.and_then(|()| owner::sync_folder(&self.folder)).map(|()| true).map_err(failed)
            }
            Some(_) => Ok(false),
        })
    }

    /// The lease does not end after `seconds`, but with the process.
    fn lease(&self, key: &str, owner: &str, _seconds: u32) -> Result<bool, Error> {
        self.prepare()?;
        let path = self.path(key, LOCK);
        // From the opening of the file on, so that no fork copies one that is not known to be held.
        let mut held = file_locks::held();
        let file = open(&path, OpenOptions::new().write(true).create(true))?;
        let is_ours = file_locks::try_lock(&file)?;
        if is_ours {
            held.insert(path, Held::new(owner, file));
        }
        Ok(is_ours)
    }

    fn release(&self, key: &str, owner: &str) {
        file_locks::held().release(&self.path(key, LOCK), owner);
    }
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    let file = match open(path, OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(Opened::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut text = String::new();
    match file.take(LONGEST).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        // Not a text: not what was saved here.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(ErrorKind::SealMalformed.into()),
        Err(error) => Err(failed(error)),
    }
}

/// Why a file was not opened.
enum Opened {
    NotFound,
    Insecure,
    Failed,
}

/// Opens a file of the store, unless it is a link or not ours alone.
fn open(path: &Path, options: &mut OpenOptions) -> Result<File, Opened> {
    let file = owner::only_for_owner_file(options).open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Opened::NotFound,
        io::ErrorKind::PermissionDenied => Opened::Insecure,
        _ if owner::is_link_refused(&error) => Opened::Insecure,
        _ => Opened::Failed,
    })?;
    let found = file.metadata().map_err(|_| Opened::Failed)?;
    if found.is_file() && owner::is_ours_alone(&found) { Ok(file) } else { Err(Opened::Insecure) }
}

impl From<Opened> for Error {
    fn from(opened: Opened) -> Self {
        match opened {
            Opened::Insecure => ErrorKind::StoreInsecure,
            Opened::NotFound | Opened::Failed => ErrorKind::StoreUnavailable,
        }
        .into()
    }
}

fn failed(_: io::Error) -> Error {
    ErrorKind::StoreUnavailable.into()
}

/// How the names of the files end: what is stored, what takes its place, and the lock.
const RECORD: &str = ".tokens";
const NEW: &str = ".new";
const LOCK: &str = ".lock";

/// The longest file that is read, in bytes. A longer one is cut off, and then does not open.
const LONGEST: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::{env, process};

    use super::{FileTokenStore, LOCK, TokenStore as _, file_locks};

    /// Alone here, because the list of locks is that of the whole process.
    #[test]
    fn locks_around_a_fork() {
        let folder = env::temp_dir().join(format!("proofkey-fork-{}", process::id()));
        let store = FileTokenStore::new(&folder).unwrap();
        let path = store.path("key", LOCK);
        assert!(store.lease("key", "me", 60).unwrap());
        for _ in 0..2 {
            FileTokenStore::before_fork();
            FileTokenStore::before_fork();
            assert!(file_locks::is_held_by_somebody(), "another thread waits");
            FileTokenStore::after_fork_in_parent();
            assert!(!file_locks::is_held_by_somebody());
            assert!(file_locks::held().contains(&path), "the parent keeps its lease");
        }
        FileTokenStore::before_fork();
        FileTokenStore::after_fork_in_child();
        assert!(!file_locks::is_held_by_somebody());
        assert!(!file_locks::held().contains(&path), "the child has none");
        // Nothing but a closed file gave the lock up.
        assert!(store.lease("key", "you", 60).unwrap());
        store.release("key", "you");

        // What a child has copied does not keep a lock that its owner gives up.
        let open = || OpenOptions::new().write(true).open(&path).unwrap();
        let (file, other) = (open(), open());
        let copy = file.try_clone().unwrap();
        assert!(file_locks::try_lock(&file).unwrap() && !file_locks::try_lock(&other).unwrap());
        file_locks::unlock(&file);
        drop(file);
        assert!(file_locks::try_lock(&other).unwrap(), "free, although there is a copy: {copy:?}");
        fs::remove_dir_all(folder).unwrap();
    }
}
