//! Keys in a mounted Secret: the kubelet never writes to a file that is there. It makes a new folder, and swaps the link
//! `..data` to it, by which every file of the mount is reached.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::harness::admin::get;
use crate::harness::wait::when;
use crate::harness::{Proxy, Settings, eventually, mails};

/// A volume as the kubelet makes it: `callers` is a link to `..data/callers`, and `..data` one to a folder with a time for a
/// name.
struct Mount {
    folder: TempDir,
    versions: usize,
}

impl Mount {
    fn of(files: &[(&str, &str)]) -> Self {
        let mut mount = Self { folder: TempDir::new().expect("a temporary folder can be made"), versions: 0 };
        mount.write(files);
        for (name, _) in files {
            symlink(format!("..data/{name}"), mount.path(name)).expect("a link can be made");
        }
        mount
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts all files in the place of those before, at once.
    fn write(&mut self, files: &[(&str, &str)]) {
        let before = fs::read_link(self.path("..data")).ok();
        self.versions += 1;
        let version = format!("..2026_11_27_08_00_00.{}", self.versions);
        fs::create_dir(self.path(&version)).expect("a folder can be made");
        for (name, text) in files {
            fs::write(self.path(&version).join(name), text).expect("a file can be written");
        }
        symlink(&version, self.path("..data_tmp")).expect("a link can be made");
        fs::rename(self.path("..data_tmp"), self.path("..data")).expect("and swapped");
        if let Some(before) = before {
            fs::remove_dir_all(self.path(&before.to_string_lossy())).expect("what nothing leads to is removed");
        }
    }

    fn settings(&self) -> Settings {
        let path = |name| self.path(name).display().to_string();
        let settings = Settings::mock().without("SMSP_API_KEY").with("SMSP_API_KEYS_FILE", &path("callers"));
        settings.with("SMSP_ADMIN_KEYS_FILE", &path("admins"))
    }
}

/// The statuses of a mail and of a look at the circuits, with these keys.
async fn statuses(proxy: &Proxy, caller: &str, admin: &str) -> (u16, u16) {
    let mail = proxy.client.post_raw(mails::plain().to_string(), &[("x-api-key", caller)]).await;
    (mail.status, get(proxy.ops, "/circuits", &[("x-admin-key", admin)]).await.status)
}

#[tokio::test]
async fn keys_of_a_mounted_secret_are_replaced_while_serving_once_its_link_is_swapped() {
    let mut mount = Mount::of(&[("callers", "shop:c1\n"), ("admins", "ada:viewer:a1\n")]);
    let proxy = Proxy::start(mount.settings()).await;
    assert_eq!(statuses(&proxy, "c1", "a1").await, (200, 200));
    // Both keys of a name hold while clients go over to the new one.
    mount.write(&[("callers", "shop:c1\nshop:c2\n"), ("admins", "ada:viewer:a1\nada:viewer:a2\n")]);
    eventually("the new keys open", async || {
        let seen = statuses(&proxy, "c2", "a2").await;
        when(seen == (200, 200), || format!("{seen:?}"))
    })
    .await;
    assert_eq!(statuses(&proxy, "c1", "a1").await, (200, 200), "and so do those before");
    mount.write(&[("callers", "shop:c2\n"), ("admins", "ada:viewer:a2\n")]);
    eventually("the old keys open nothing", async || {
        let seen = statuses(&proxy, "c1", "a1").await;
        when(seen == (401, 401), || format!("{seen:?}"))
    })
    .await;
    assert_eq!(statuses(&proxy, "c2", "a2").await, (200, 200));
}

#[tokio::test]
async fn a_mounted_secret_that_makes_no_sense_leaves_the_keys_before_in_force() {
    let mut mount = Mount::of(&[("callers", "shop:c1\n"), ("admins", "ada:viewer:a1\n")]);
    let proxy = Proxy::start(mount.settings()).await;
    // Swapped as a whole: the half that makes sense holds.
    mount.write(&[("callers", "nonsense\n"), ("admins", "ada:viewer:a2\n")]);
    eventually("the admin's new key opens, and the log tells of the other file", async || {
        let seen = statuses(&proxy, "c1", "a2").await;
        let is_told = proxy.logs().iter().any(|event| {
            event["level"] == "ERROR" && event["message"] == "cannot read the caller keys: keeping the previous ones"
        });
        when(seen == (200, 200) && is_told, || format!("{seen:?} {:#?}", proxy.logs()))
    })
    .await;
}
