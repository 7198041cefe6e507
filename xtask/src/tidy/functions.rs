//! The length of functions. A reader holds one screen in mind.

use super::Problem;
use super::lexer::{Source, block_end, find_word};
use super::tree::Tree;

/// Lines from `fn` to the closing brace, tests included.
const FUNCTION_LINES_MAX: usize = 80;

/// The rule `function-size`.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (file, source) in tree.sources() {
        for function in functions(source) {
            if function.lines > FUNCTION_LINES_MAX {
                let message = format!(
                    "function `{}` has {} lines; split it ({FUNCTION_LINES_MAX} at most)",
                    function.name, function.lines
                );
                let problem = Problem::new("function-size", file.path(), function.line, message);
                problems.push(problem.about(&function.name));
            }
        }
    }
    problems
}

/// One function with a body.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    /// Where its `fn` stands, from 1.
    line: usize,
    lines: usize,
}

fn functions(source: &Source) -> Vec<Function> {
    let mut found = Vec::new();
    for (number, line) in source.code().iter().enumerate() {
        let Some(at) = find_word(line, "fn") else {
            continue;
        };
        let rest = line[at + 2..].trim_start();
        let name: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        // Without a name it is the type of a function pointer.
        if name.is_empty() {
            continue;
        }
        let column = line[..at].chars().count();
        if let Some(end) = block_end(source.code(), number, column) {
            found.push(Function {
                name,
                line: number + 1,
                lines: end - number + 1,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Function, check, functions};
    use crate::tidy::lexer::Source;
    use crate::tidy::tree::Tree;

    fn function(name: &str, line: usize, lines: usize) -> Function {
        Function {
            name: name.to_owned(),
            line,
            lines,
        }
    }

    #[test]
    fn functions_are_measured() {
        let text = "\
trait T { fn declared(&self) -> [u8; 4]; }
type F = fn(u8) -> u8;
pub(crate) async fn first<T>(x: T) -> u8
where
    T: Fn(u8) -> u8,
{
    let s = \"}\"; // }
    fn inner() {
        '}';
    }
}
fn one() {}
";
        let found = functions(&Source::read(text));
        assert_eq!(
            found,
            [
                function("first", 3, 9),
                function("inner", 8, 3),
                function("one", 12, 1)
            ]
        );
    }

    #[test]
    fn long_functions_are_told() {
        let body = |lines: usize| format!("fn f() {{\n{}}}\n", "x();\n".repeat(lines - 2));
        for (lines, wrong) in [(80, false), (81, true)] {
            let tree = Tree::of(&[("crates/a/src/lib.rs", &body(lines))]);
            assert_eq!(!check(&tree).is_empty(), wrong, "{lines} lines");
        }
    }
}
