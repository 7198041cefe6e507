//! One session of a fake remote.

use std::{
    net::TcpStream,
    sync::{Arc, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::{Action, RemoteTls, Shared, Stage, Taken, stream::Stream};

/// What comes after an action.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// The reply began with this digit.
    Said(char),
    /// The connection is over.
    End,
}

struct Session<'a> {
    shared: &'a Arc<Shared>,
    number: u64,
    stream: Stream,
    mail: String,
    rcpts: Vec<String>,
}

pub(super) fn serve(shared: &Arc<Shared>, number: u64, tcp: TcpStream) -> Result<()> {
    let mut session = Session {
        shared,
        number,
        stream: Stream::plain(tcp)?,
        mail: String::new(),
        rcpts: Vec::new(),
    };
    if shared.offer.tls == RemoteTls::Implicit {
        session.stream.encrypt(Arc::clone(&shared.tls))?;
    }
    let greeting = format!("220 {} ESMTP", shared.offer.name);
    if session.act(Stage::Greeting, "", &greeting)? != Next::Said('2') {
        session.stream.cut();
        return Ok(());
    }
    while let Some(line) = session.stream.line()? {
        shared.note(|state| state.heard.push((number, line.clone())));
        if session.command(&line)? == Next::End {
            session.stream.cut();
            return Ok(());
        }
    }
    Ok(())
}

impl Session<'_> {
    fn command(&mut self, line: &str) -> Result<Next> {
        let verb = line.split([' ', ':']).next().unwrap_or("");
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                let usual = self.hello();
                self.act(Stage::Ehlo, line, &usual)
            }
            "HELO" => {
                let usual = format!("250 {}", self.shared.offer.name);
                self.act(Stage::Helo, line, &usual)
            }
            "STARTTLS" => self.start_tls(line),
            "AUTH" => self.auth(line),
            "MAIL" => {
                line.clone_into(&mut self.mail);
                self.rcpts.clear();
                self.act(Stage::Mail, line, "250 2.1.0 sender ok")
            }
            "RCPT" => {
                let next = self.act(Stage::Rcpt, line, "250 2.1.5 recipient ok")?;
                if next == Next::Said('2') {
                    self.rcpts.push(line.to_owned());
                }
                Ok(next)
            }
            "DATA" => self.data(line),
            "RSET" => {
                self.rcpts.clear();
                self.act(Stage::Rset, line, "250 2.0.0 reset")
            }
            "QUIT" => {
                self.act(Stage::Quit, line, "221 2.0.0 bye")?;
                Ok(Next::End)
            }
            _ => self.say("500 5.5.2 no such command"),
        }
    }

    fn hello(&self) -> String {
        let offer = &self.shared.offer;
        let mut lines = vec![format!("{} greets you", offer.name)];
        lines.extend(offer.extensions.iter().cloned());
        let upgrades = matches!(offer.tls, RemoteTls::StartTls | RemoteTls::Broken);
        if upgrades && !self.stream.is_encrypted {
            lines.push("STARTTLS".to_owned());
        }
        let last = lines.pop().unwrap_or_default();
        let mut reply = String::new();
        for line in lines {
            reply.extend(["250-", &line, "\r\n"]);
        }
        reply + "250 " + &last
    }

    fn start_tls(&mut self, line: &str) -> Result<Next> {
        let next = self.act(Stage::StartTls, line, "220 2.0.0 go ahead")?;
        if next != Next::Said('2') {
            return Ok(next);
        }
        if self.shared.offer.tls == RemoteTls::Broken {
            self.stream.write(b"this is no TLS at all\r\n")?;
            self.stream.until_gone();
            return Ok(Next::End);
        }
        self.stream.encrypt(Arc::clone(&self.shared.tls))?;
        Ok(next)
    }

    /// PLAIN and LOGIN, compared in base64 as they come.
    fn auth(&mut self, line: &str) -> Result<Next> {
        let mut said: Vec<String> = line.split(' ').skip(1).map(str::to_owned).collect();
        let is_login = said
            .first()
            .is_some_and(|m| m.eq_ignore_ascii_case("LOGIN"));
        let wanted = if is_login { 3 } else { 2 };
        while said.len() < wanted {
            let next = self.act(Stage::Auth, line, "334 VXNlcm5hbWU6")?;
            if next != Next::Said('3') {
                return Ok(next);
            }
            let answer = self.stream.line()?.context("the client left")?;
            said.push(answer);
        }
        let secret: Vec<&str> = said.iter().skip(1).map(String::as_str).collect();
        let usual = if self.knows(&secret) {
            "235 2.7.0 welcome"
        } else {
            "535 5.7.8 wrong name or password"
        };
        self.act(Stage::Auth, line, usual)
    }

    fn knows(&self, said: &[&str]) -> bool {
        let Some((login, password)) = &self.shared.offer.login else {
            return false;
        };
        let plain = format!("\0{login}\0{password}");
        match said {
            [message] => *message == base64(plain.as_bytes()),
            [name, secret] => {
                *name == base64(login.as_bytes()) && *secret == base64(password.as_bytes())
            }
            _ => false,
        }
    }

    fn data(&mut self, line: &str) -> Result<Next> {
        let next = self.act(Stage::Data, line, "354 go ahead")?;
        if next != Next::Said('3') {
            return Ok(next);
        }
        if let Some(action) = self.rule_for(Stage::Content, "") {
            self.stream.wait_for_octets()?;
            self.perform(action)?;
            return Ok(Next::End);
        }
        let Some(content) = self.stream.message()? else {
            return Ok(Next::End);
        };
        let taken = Taken {
            connection: self.number,
            mail: self.mail.clone(),
            rcpts: std::mem::take(&mut self.rcpts),
            content,
            encrypted: self.stream.is_encrypted,
            acknowledged: false,
        };
        let at = self.shared.note(|state| {
            state.taken.push(taken);
            state.taken.len() - 1
        });
        let next = match self.rule_for(Stage::Dot, &self.mail.clone()) {
            Some(Action::Reply(text)) if text.starts_with('2') => self.acknowledge(at, &text)?,
            Some(Action::ReplyAndCut(text)) if text.starts_with('2') => {
                self.acknowledge(at, &text)?;
                Next::End
            }
            Some(action) => self.perform(action)?,
            None => self.acknowledge(at, &format!("250 2.0.0 taken as {at}"))?,
        };
        Ok(next)
    }

    /// Says yes. It counts as said from before the client can know it, unless the socket does not
    /// take it: who has seen what the client does next finds it here.
    fn acknowledge(&mut self, at: usize, text: &str) -> Result<Next> {
        self.mark(at, true);
        let said = self.say(text);
        if said.is_err() {
            self.mark(at, false);
        }
        said
    }

    fn mark(&self, at: usize, acknowledged: bool) {
        self.shared.note(|state| {
            if let Some(taken) = state.taken.get_mut(at) {
                taken.acknowledged = acknowledged;
            }
        });
    }

    fn act(&mut self, stage: Stage, line: &str, usual: &str) -> Result<Next> {
        match self.rule_for(stage, line) {
            Some(action) => self.perform(action),
            None => self.say(usual),
        }
    }

    fn rule_for(&self, stage: Stage, line: &str) -> Option<Action> {
        let mut state = self.shared.lock();
        let rule = state.rules.iter_mut().rev().find(|rule| {
            rule.stage == stage && line.contains(&rule.containing) && rule.left != Some(0)
        })?;
        if let Some(left) = &mut rule.left {
            *left -= 1;
        }
        Some(rule.action.clone())
    }

    fn perform(&mut self, action: Action) -> Result<Next> {
        match action {
            Action::Reply(text) => self.say(&text),
            Action::ReplyAndCut(text) => {
                self.say(&text)?;
                Ok(Next::End)
            }
            Action::Octets(octets) => {
                self.stream.write(&octets)?;
                Ok(Next::Said(octets.first().map_or(' ', |b| char::from(*b))))
            }
            Action::Stall => {
                self.stream.until_gone();
                Ok(Next::End)
            }
            Action::Cut => Ok(Next::End),
            Action::Endless => {
                // Until the client closes, which makes the writing fail.
                while self.stream.write(b"250-and another thing\r\n").is_ok() {}
                Ok(Next::End)
            }
            Action::Drip(text, pause_ms) => self.drip(&text, pause_ms),
        }
    }

    fn drip(&mut self, text: &str, pause_ms: u64) -> Result<Next> {
        for octet in format!("{text}\r\n").bytes() {
            self.stream.write(&[octet])?;
            let state = self.shared.lock();
            let pause = Duration::from_millis(pause_ms);
            let (state, _) = self
                .shared
                .changed
                .wait_timeout_while(state, pause, |state| !state.is_over)
                .unwrap_or_else(PoisonError::into_inner);
            if state.is_over {
                return Ok(Next::End);
            }
        }
        Ok(Next::Said(text.chars().next().unwrap_or(' ')))
    }

    fn say(&mut self, text: &str) -> Result<Next> {
        self.stream.write(format!("{text}\r\n").as_bytes())?;
        if text.starts_with("421") {
            return Ok(Next::End);
        }
        Ok(Next::Said(text.chars().next().unwrap_or(' ')))
    }
}

/// RFC 4648 §4; few octets, and no dependency for them.
fn base64(octets: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in octets.chunks(3) {
        let bits = group
            .iter()
            .fold(0_u32, |bits, octet| bits << 8 | u32::from(*octet));
        let bits = bits << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > group.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    text
}
