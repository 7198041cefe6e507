//! One process has the store open: who comes second learns who that is.

use std::{
    io::{BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::scene::{NOT_NOW, Scene, Server, TARO};

/// A command that holds the store until it is answered: it asks before it deletes.
struct Asking {
    child: Child,
    answer: ChildStdin,
}

impl Asking {
    fn start(scene: &Scene) -> Result<Self> {
        let mut child = scene
            .host
            .command(&["account", "delete", TARO])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let answer = child.stdin.take().context("no standard input")?;
        let mut question = BufReader::new(child.stderr.take().context("no standard error")?);
        let (mut asked, mut byte) = (Vec::new(), [0]);
        while !asked.ends_with(b"go on: ") {
            if question.read(&mut byte)? == 0 {
                bail!("it did not ask: {}", String::from_utf8_lossy(&asked));
            }
            asked.push(byte[0]);
        }
        Ok(Self { child, answer })
    }

    fn say_no(mut self) -> Result<()> {
        self.answer.write_all(b"no\n")?;
        drop(self.answer);
        ensure!(
            !self.child.wait()?.success(),
            "it deleted although it was told not to"
        );
        Ok(())
    }
}

#[test]
fn a_command_that_comes_second_learns_who_was_first() -> Result<()> {
    let scene = Scene::new(Server::Stopped)?;
    scene.account(TARO)?;
    let asking = Asking::start(&scene)?;
    let holder = format!("process {} (account)", asking.child.id());
    for arguments in [
        &["tenant", "list"][..],
        &["doctor"],
        &["--json", "account", "list"],
    ] {
        let said = scene.run(arguments)?.ended_with(NOT_NOW)?.says(&holder)?;
        ensure!(said.stdout.is_empty(), "it printed {}", said.text());
    }
    scene.run(&["serve"])?.ended_with(NOT_NOW)?.says(&holder)?;
    asking.say_no()?;
    scene.told(&["account", "show", TARO])?;
    scene.end()
}

#[test]
fn a_second_server_is_told_of_the_first() -> Result<()> {
    let scene = Scene::new(Server::Running)?;
    let id = scene.host.server_id().context("no server")?;
    scene
        .run(&["serve"])?
        .ended_with(NOT_NOW)?
        .says(&format!("process {id} (serve)"))?;
    // The first one is as it was, its socket too.
    scene.told(&["tenant", "list"])?;
    scene.end()
}

#[test]
fn what_a_killed_server_leaves_is_in_nobody_s_way() -> Result<()> {
    let mut scene = Scene::new(Server::Running)?;
    scene.account(TARO)?;
    scene.host.kill()?;
    ensure!(
        scene.host.dir().join("control.sock").exists(),
        "the socket is gone; nothing to test"
    );
    scene.told(&["account", "show", TARO])?;
    scene.host.start()?;
    scene.told(&["account", "show", TARO])?;
    scene.end()
}
