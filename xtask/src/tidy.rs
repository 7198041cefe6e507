//! `tidy`: the rules of the house that a machine can check, without compiling anything.
//!
//! Every rule is a function from the [`Tree`] to [`Problem`]s; it names the file, the line and what
//! to do. What a rule must tolerate is listed, with the reason, in `xtask/tidy-allow.txt`; an entry
//! that nothing needs any more is a problem too. The same run is a test of this crate, so a broken
//! rule fails `cargo test` as loudly as `make lint`.

mod allow;
mod crates;
mod dependencies;
mod documents;
mod floors;
mod functions;
mod fuzz;
mod lexer;
mod manifest;
pub(crate) mod migrations;
mod purity;
mod sizes;
pub(crate) mod tree;
mod words;

use std::path::Path;
use std::process::ExitCode;

use tree::Tree;

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    /// Path inside the repository.
    path: String,
    /// Counted from 1.
    line: usize,
    /// The rule's name, as an allow-list entry names it.
    rule: &'static str,
    /// A function or dependency inside the file, when the rule is about one.
    item: Option<String>,
    message: String,
}

impl Problem {
    pub(crate) fn new(
        rule: &'static str,
        path: &str,
        line: usize,
        message: impl Into<String>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            line,
            rule,
            item: None,
            message: message.into(),
        }
    }

    /// Names the function, dependency or constant that the problem is about.
    pub(crate) fn about(mut self, item: &str) -> Self {
        self.item = Some(item.to_owned());
        self
    }

    #[cfg(test)]
    pub(crate) fn rule(&self) -> &'static str {
        self.rule
    }

    #[cfg(test)]
    pub(crate) fn line(&self) -> usize {
        self.line
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)?;
        write!(f, " [{}]", self.rule)
    }
}

/// Checks the repository under `root` and prints what is wrong.
pub(crate) fn run(root: &Path) -> ExitCode {
    let tree = match Tree::read(root) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("error: cannot read the repository: {error}");
            return ExitCode::FAILURE;
        }
    };
    print_soft_limits(&tree);
    let problems = check(&tree);
    for problem in &problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() {
        println!("tidy: {} files, no problem", tree.files().len());
        return ExitCode::SUCCESS;
    }
    eprintln!("tidy: {} problems", problems.len());
    ExitCode::FAILURE
}

/// All problems that the allow-list does not excuse, in the order of the files.
fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(sizes::check(tree));
    problems.extend(functions::check(tree));
    problems.extend(words::check(tree));
    problems.extend(crates::check(tree));
    problems.extend(floors::check(tree));
    problems.extend(dependencies::check(tree));
    problems.extend(purity::check(tree));
    problems.extend(migrations::check(tree));
    problems.extend(fuzz::check(tree));
    problems.extend(documents::check(tree));
    problems.extend(crate::limits::check(tree));
    let mut problems = allow::filter(tree, problems);
    problems.sort();
    problems
}

fn print_soft_limits(tree: &Tree) {
    let long = sizes::over_soft_limit(tree);
    if long.is_empty() {
        return;
    }
    println!(
        "tidy: longer than the {} lines to aim at (fine for now, split before they grow):",
        sizes::FILE_LINES_SOFT
    );
    for (path, lines) in long {
        println!("  {lines:4}  {path}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn the_repository_is_tidy() {
        let tree = Tree::read(&crate::repository()).expect("the repository is readable");
        assert!(tree.files().len() > 20, "the walk found the repository");
        let problems: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    }
}
