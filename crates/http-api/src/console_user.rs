//! The name of a user of this machine, for the operation log.

use std::{fs, io::Read as _};

/// Where the machine's own users are. Those of a directory service are named by their number.
const FILE: &str = "/etc/passwd";
/// Bytes of it that are read at most.
const MAX_FILE: u64 = 1 << 20;

/// The name of a user; `uid 1000` when the machine has none for it.
pub(crate) fn name_of(uid: u32) -> String {
    let mut text = String::new();
    let read = fs::File::open(FILE).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text));
    let found = read.ok().and_then(|_| find(&text, uid));
    found.unwrap_or_else(|| format!("uid {uid}"))
}

fn find(text: &str, uid: u32) -> Option<String> {
    let wanted = uid.to_string();
    let mut lines = text.lines().map(|line| line.split(':'));
    lines.find_map(|mut fields| {
        let name = fields.next()?;
        (fields.nth(1)? == wanted).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names_or_numbers() {
        let text = "root:x:0:0:root:/root:/bin/bash\nbroken\nmail:x:8:8::/var/mail:\n";
        assert_eq!(find(text, 8).as_deref(), Some("mail"));
        assert_eq!(find(text, 9), None);
        assert_eq!(name_of(4_294_000_000), "uid 4294000000");
    }
}
