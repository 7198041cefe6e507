//! Rust text taken apart just far enough: code, contents of strings, and comments.
//!
//! This is no parser. It knows strings (also raw ones), character literals, lifetimes, line
//! comments and nested block comments, so that no rule about code trips over a word in a string.

/// One Rust file, line by line.
#[derive(Debug)]
pub(crate) struct Source {
    /// The code of each line; what strings and character literals hold, and comments, are blanks.
    code: Vec<String>,
    /// What each line holds inside comments, with the comment marks.
    comments: Vec<String>,
    /// Lines (from 0) that belong to a `#[cfg(test)]` module.
    test: Vec<bool>,
}

impl Source {
    pub(crate) fn read(text: &str) -> Self {
        let mut splitter = Splitter::new(text);
        splitter.run();
        let code: Vec<String> = splitter.code.split('\n').map(str::to_owned).collect();
        let comments = splitter.comments.split('\n').map(str::to_owned).collect();
        let test = test_lines(&code);
        Self {
            code,
            comments,
            test,
        }
    }

    /// The code of each line.
    pub(crate) fn code(&self) -> &[String] {
        &self.code
    }

    /// The comments of each line.
    pub(crate) fn comments(&self) -> &[String] {
        &self.comments
    }

    /// Does this line (from 0) belong to a `#[cfg(test)]` module?
    pub(crate) fn is_test(&self, line: usize) -> bool {
        self.test.get(line).copied().unwrap_or(false)
    }
}

/// Where a word stands in a line as a whole word (no letter, digit or `_` beside it).
pub(crate) fn find_word(line: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).map(|(at, _)| at).find(|&at| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The line (from 0) on which the block ends that opens at or after a place, counting braces.
/// `None` when a `;` comes before any brace, or when the block never ends.
pub(crate) fn block_end(code: &[String], line: usize, column: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut brackets = 0_usize;
    for (number, text) in code.iter().enumerate().skip(line) {
        let skip = if number == line { column } else { 0 };
        for c in text.chars().skip(skip) {
            match c {
                '{' => depth += 1,
                '}' if depth <= 1 => return (depth == 1).then_some(number),
                '}' => depth -= 1,
                '(' | '[' if depth == 0 => brackets += 1,
                ')' | ']' if depth == 0 => brackets = brackets.saturating_sub(1),
                ';' if depth == 0 && brackets == 0 => return None,
                _ => {}
            }
        }
    }
    None
}

fn test_lines(code: &[String]) -> Vec<bool> {
    let mut test = vec![false; code.len()];
    for (line, text) in code.iter().enumerate() {
        let Some(column) = text.find("#[cfg(test)]") else {
            continue;
        };
        // The attribute's own brackets are closed before the search for the block begins.
        let after = text[..column].chars().count() + "#[cfg(test)]".len();
        if let Some(end) = block_end(code, line, after) {
            test[line..=end].fill(true);
        }
    }
    test
}

/// Walks over the text once and writes each character to the code or to the comments, and a blank
/// to the other, so that both keep the text's lines and columns.
struct Splitter {
    chars: Vec<char>,
    at: usize,
    code: String,
    comments: String,
}

impl Splitter {
    fn new(text: &str) -> Self {
        Self {
            chars: text.chars().collect(),
            at: 0,
            code: String::with_capacity(text.len()),
            comments: String::new(),
        }
    }

    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match c {
                '/' if self.peek(1) == Some('/') => self.line_comment(),
                '/' if self.peek(1) == Some('*') => self.block_comment(),
                '"' => self.string(),
                '\'' => self.quote(),
                _ if is_word(c) => self.word(),
                _ => self.keep(),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// The next character is code.
    fn keep(&mut self) {
        if let Some(c) = self.peek(0) {
            self.code.push(c);
            self.comments.push(if c == '\n' { '\n' } else { ' ' });
            self.at += 1;
        }
    }

    /// The next character is inside a string.
    fn blank(&mut self) {
        if let Some(c) = self.peek(0) {
            let c = if c == '\n' { '\n' } else { ' ' };
            self.code.push(c);
            self.comments.push(c);
            self.at += 1;
        }
    }

    /// The next character is inside a comment.
    fn comment(&mut self) {
        if let Some(c) = self.peek(0) {
            self.comments.push(c);
            self.code.push(if c == '\n' { '\n' } else { ' ' });
            self.at += 1;
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.comment();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {
                    self.comment();
                    continue;
                }
            }
            self.comment();
            self.comment();
            if depth == 0 {
                return;
            }
        }
    }

    /// A string without prefix; its quotes are code.
    fn string(&mut self) {
        self.keep();
        while let Some(c) = self.peek(0) {
            match c {
                '\\' => {
                    self.blank();
                    self.blank();
                }
                '"' => return self.keep(),
                _ => self.blank(),
            }
        }
    }

    /// `'a'` and `'\n'` are literals; `'a` is a lifetime or a label.
    fn quote(&mut self) {
        let escaped = self.peek(1) == Some('\\');
        if !escaped && self.peek(2) != Some('\'') {
            return self.keep();
        }
        self.keep();
        if escaped {
            self.blank();
        }
        self.blank();
        while self.peek(0).is_some_and(|c| c != '\'') {
            self.blank();
        }
        self.keep();
    }

    /// An identifier, or the prefix of a raw string.
    fn word(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(is_word) {
            self.keep();
        }
        let word: String = self.chars[start..self.at].iter().collect();
        if matches!(word.as_str(), "r" | "br" | "cr") {
            self.raw_string();
        }
    }

    /// After the prefix: `#`s and a quote, else it was an identifier (`r#type`).
    fn raw_string(&mut self) {
        let mut hashes = 0;
        while self.peek(hashes) == Some('#') {
            hashes += 1;
        }
        if self.peek(hashes) != Some('"') {
            return;
        }
        (0..=hashes).for_each(|_| self.keep());
        while self.peek(0).is_some() {
            let closes = self.peek(0) == Some('"')
                && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            if closes {
                return (0..=hashes).for_each(|_| self.keep());
            }
            self.blank();
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests;
