//! Whose a file is, and who else may read it. Windows answers that by the permissions that a folder inherits, which are
//! left alone.

use std::fs::{DirBuilder, Metadata, OpenOptions};
use std::io;
use std::path::Path;

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};

    use rustix::fs::OFlags;
    use rustix::io::Errno;
    use rustix::process::geteuid;

    use super::{DirBuilder, Metadata, OpenOptions, Path, io};

    pub(in super::super) fn only_for_owner(builder: &mut DirBuilder) -> &mut DirBuilder {
        builder.mode(0o700)
    }

    /// Nobody else may read a new file, and a link is not followed.
    pub(in super::super) fn only_for_owner_file(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits() as i32)
    }

    pub(in super::super) fn is_link_refused(error: &io::Error) -> bool {
        Errno::from_io_error(error) == Some(Errno::LOOP)
    }

    pub(in super::super) fn is_ours_alone(found: &Metadata) -> bool {
        is_only_of(geteuid().as_raw(), found.uid(), found.mode())
    }

    pub(super) const fn is_only_of(us: u32, owner: u32, mode: u32) -> bool {
        owner == us && mode & 0o077 == 0
    }

    /// Writes the names of the files in it to the disk.
    pub(in super::super) fn sync_folder(folder: &Path) -> io::Result<()> {
        std::fs::File::open(folder)?.sync_all()
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use super::{DirBuilder, Metadata, OpenOptions, Path, io};

    pub(in super::super) fn only_for_owner(builder: &mut DirBuilder) -> &mut DirBuilder {
        builder
    }

    pub(in super::super) fn only_for_owner_file(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    pub(in super::super) fn is_link_refused(_: &io::Error) -> bool {
        false
    }

    pub(in super::super) fn is_ours_alone(_: &Metadata) -> bool {
        true
    }

    pub(in super::super) fn sync_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(not(unix))]
pub(super) use elsewhere::*;
#[cfg(unix)]
pub(super) use unix::*;

#[cfg(all(test, unix))]
mod tests {
    use super::unix::is_only_of;

    #[test]
    fn a_file_of_another_user_or_for_others_is_not_ours_alone() {
        assert!(is_only_of(1000, 1000, 0o100_600));
        assert!(is_only_of(0, 0, 0o40_700));
        for (us, owner, mode) in [(1000, 0, 0o600), (0, 1000, 0o600), (1000, 1000, 0o640), (1000, 1000, 0o602)] {
            assert!(!is_only_of(us, owner, mode));
        }
    }
}
