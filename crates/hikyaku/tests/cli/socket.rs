//! The control socket: for the server's own user, and for nobody else.

use std::{
    fs,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
};

use anyhow::{Context as _, Result, ensure};
use hikyaku_testkit::program::{Program, finish};

use crate::scene::{Scene, Server};

const CURL: Program = Program::named("curl");
const SETPRIV: Program = Program::of("setpriv", "util-linux");

/// curl's exit code.
const COULD_NOT_CONNECT: i32 = 7;

/// A user that is neither root nor anybody who works here.
const STRANGER: &str = "65533";

#[test]
fn only_its_owner_may_open_it() -> Result<()> {
    let mut scene = Scene::new(Server::Running)?;
    let socket = scene.host.dir().join("control.sock");
    let metadata = fs::metadata(&socket).context("there is no socket")?;
    ensure!(metadata.file_type().is_socket());
    let mode = metadata.permissions().mode() & 0o777;
    ensure!(mode == 0o600, "its mode is {mode:o}");
    let mut curl = scene.home.command(CURL)?;
    let path = socket.display().to_string();
    let arguments = [
        "--silent",
        "--fail",
        "--unix-socket",
        &path,
        "http://x/api/v1/tenants",
    ];
    finish(curl.args(arguments), b"")?
        .succeeded()?
        .says("\"name\":\"Test\"")?;
    scene.host.stop()?;
    ensure!(!socket.exists(), "the socket stays behind");
    scene.end()
}

/// Even where file modes would let them: who connects is asked of the kernel. Needs root, who
/// alone can become somebody else.
#[test]
fn strangers_get_no_answer() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    if fs::metadata(scene.host.dir())?.permissions().mode() & 0o777 != 0o700 {
        anyhow::bail!("the folder is open to others");
    }
    if !is_root() {
        eprintln!("not run: only root can become another user");
        return scene.end();
    }
    let socket = scene.host.dir().join("control.sock");
    let path = socket.display().to_string();
    let ask = || {
        let mut command = scene.home.command(SETPRIV)?;
        command.current_dir("/");
        command.args(["--reuid", STRANGER, "--regid", STRANGER, "--clear-groups"]);
        command.args([
            "curl",
            "--silent",
            "--unix-socket",
            &path,
            "http://x/api/v1/tenants",
        ]);
        finish(&mut command, b"")
    };
    ask()?.ended_with(COULD_NOT_CONNECT)?;
    // With the modes out of the way the server itself refuses.
    for folder in [scene.host.dir(), scene.host.dir().join("..")] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    }
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666))?;
    let log = scene.host.log()?;
    let turned_away = "stranger at the control socket was turned away";
    ensure!(!log.lines().iter().any(|line| line.contains(turned_away)));
    // How curl tells that it was hung up on depends on when it noticed.
    let refused = ask()?;
    ensure!(
        !refused.status.success() && refused.stdout.is_empty(),
        "let in: {refused:?}"
    );
    log.wait_for(turned_away, 0)?;
    scene.told(&["tenant", "list"])?;
    scene.end()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
