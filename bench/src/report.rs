//! What was measured, for people (Markdown) and for programs (JSON).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Zoned;
use serde_json::{Value, json};

use crate::statistics::Summary;

/// The system that all others are compared with.
const COMPARED_WITH: &str = "Postfix + Dovecot";

/// Facts and measurements, in the order in which they came.
#[derive(Debug)]
pub struct Report {
    started: Zoned,
    machine: Vec<(String, String)>,
    plan: Vec<(String, String)>,
    systems: Vec<(String, Vec<(String, String)>)>,
    measured: Vec<Measured>,
}

/// One thing measured, of all systems.
#[derive(Debug)]
struct Measured {
    part: String,
    what: String,
    unit: String,
    /// System and the result of each run.
    runs: Vec<(String, Vec<f64>)>,
}

impl Measured {
    fn runs_of(&self, system: &str) -> &[f64] {
        let found = self.runs.iter().find(|(name, _)| name == system);
        found.map_or(&[], |(_, runs)| runs)
    }

    fn summary_of(&self, system: &str) -> Option<Summary> {
        Summary::of(self.runs_of(system))
    }

    /// How many times the value of the system compared with.
    fn ratio_of(&self, system: &str) -> Option<f64> {
        let theirs = self.summary_of(COMPARED_WITH)?.median;
        let ours = self.summary_of(system)?.median;
        (system != COMPARED_WITH && theirs > 0.0).then(|| ours / theirs)
    }
}

impl Report {
    /// A report that begins now.
    pub fn new(machine: Vec<(String, String)>, plan: Vec<(String, String)>) -> Self {
        Self {
            started: Zoned::now(),
            machine,
            plan,
            systems: Vec::new(),
            measured: Vec::new(),
        }
    }

    /// A fact about the machine or the sources.
    pub fn add_fact(&mut self, name: &str, value: &str) {
        self.machine.push((name.to_owned(), value.to_owned()));
    }

    /// A system that takes part.
    pub fn add_system(&mut self, name: &str, facts: Vec<(String, String)>) {
        self.systems.push((name.to_owned(), facts));
    }

    /// The result of one run, printed at once.
    pub fn record(&mut self, part: &str, what: &str, unit: &str, system: &str, value: f64) {
        println!("{part} | {what} | {system}: {} {unit}", number(value));
        let known = |measured: &&mut Measured| measured.part == part && measured.what == what;
        let measured = if let Some(measured) = self.measured.iter_mut().find(known) {
            measured
        } else {
            self.measured.push(Measured {
                part: part.to_owned(),
                what: what.to_owned(),
                unit: unit.to_owned(),
                runs: Vec::new(),
            });
            let last = self.measured.len() - 1;
            &mut self.measured[last]
        };
        match measured.runs.iter_mut().find(|(name, _)| name == system) {
            Some((_, runs)) => runs.push(value),
            None => measured.runs.push((system.to_owned(), vec![value])),
        }
    }

    /// The median of what was recorded.
    pub fn median(&self, part: &str, what: &str, system: &str) -> Option<f64> {
        let measured = self.measured.iter();
        let mut found = measured.filter(|measured| measured.part == part && measured.what == what);
        Some(found.next()?.summary_of(system)?.median)
    }

    /// The report as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "# Benchmark of {}\n\n",
            self.started.strftime("%Y-%m-%d %H:%M %Z")
        );
        text.push_str(
            "Medians of the runs, in brackets the lowest and the highest. A ratio is the median \
             divided by that of Postfix + Dovecot.\n\n",
        );
        facts(&mut text, "Machine", &self.machine);
        facts(&mut text, "Runs", &self.plan);
        for (name, of_system) in &self.systems {
            facts(&mut text, name, of_system);
        }
        let mut parts: Vec<&str> = Vec::new();
        for measured in &self.measured {
            if !parts.contains(&measured.part.as_str()) {
                parts.push(&measured.part);
            }
        }
        for part in parts {
            self.table(&mut text, part);
        }
        text
    }

    fn table(&self, text: &mut String, part: &str) {
        let systems: Vec<&str> = self.systems.iter().map(|(name, _)| name.as_str()).collect();
        let mut compared = systems.clone();
        compared.retain(|name| *name != COMPARED_WITH);
        if compared.len() == systems.len() {
            compared.clear();
        }
        let _ = writeln!(text, "## {part}\n");
        let mut head = vec![String::new(), "unit".to_owned()];
        head.extend(systems.iter().map(|name| (*name).to_owned()));
        head.extend(compared.iter().map(|name| format!("ratio, {name}")));
        row(text, &head);
        row(text, &vec!["---".to_owned(); head.len()]);
        for measured in self
            .measured
            .iter()
            .filter(|measured| measured.part == part)
        {
            let mut cells = vec![measured.what.clone(), measured.unit.clone()];
            for name in &systems {
                cells.push(measured.summary_of(name).map_or_else(String::new, cell));
            }
            for name in &compared {
                let ratio = measured.ratio_of(name);
                cells.push(ratio.map_or_else(String::new, |ratio| format!("**{ratio:.2}**")));
            }
            row(text, &cells);
        }
        text.push('\n');
    }

    /// The report as JSON, with the result of every run.
    pub fn json(&self) -> Value {
        let object = |facts: &[(String, String)]| -> Value {
            facts
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect()
        };
        let systems: Value = self
            .systems
            .iter()
            .map(|(name, facts)| (name.clone(), object(facts)))
            .collect();
        let measured: Vec<Value> = self
            .measured
            .iter()
            .map(|measured| {
                let runs: Value = measured
                    .runs
                    .iter()
                    .map(|(name, runs)| (name.clone(), json!(runs)))
                    .collect();
                json!({
                    "part": measured.part,
                    "what": measured.what,
                    "unit": measured.unit,
                    "runs": runs,
                })
            })
            .collect();
        json!({
            "started": self.started.to_string(),
            "machine": object(&self.machine),
            "plan": object(&self.plan),
            "systems": systems,
            "measured": measured,
        })
    }

    /// Writes both into the folder; returns the name without its ending.
    pub fn write(&self, folder: &Path, label: &str) -> Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let name = format!("{}-{label}", self.started.strftime("%Y-%m-%d-%H%M"));
        let file = folder.join(name);
        fs::write(file.with_extension("md"), self.markdown())?;
        let json = serde_json::to_string_pretty(&self.json())?;
        fs::write(file.with_extension("json"), json + "\n")?;
        Ok(file)
    }
}

fn facts(text: &mut String, title: &str, facts: &[(String, String)]) {
    let _ = writeln!(text, "**{title}**\n");
    for (name, value) in facts {
        let _ = writeln!(text, "- {name}: {value}");
    }
    text.push('\n');
}

fn row(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// The median, and what the runs lie between when there were several.
fn cell(summary: Summary) -> String {
    if summary.spread() <= 0.0 {
        return number(summary.median);
    }
    let (lowest, highest) = (number(summary.lowest), number(summary.highest));
    format!("{} ({lowest} to {highest})", number(summary.median))
}

/// Three digits that say something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new(Vec::new(), vec![("runs".to_owned(), "2".to_owned())]);
        for name in ["Hikyaku, SQLite", COMPARED_WITH] {
            report.add_system(name, Vec::new());
        }
        for (system, value) in [
            ("Hikyaku, SQLite", 1_000.0),
            (COMPARED_WITH, 250.0),
            ("Hikyaku, SQLite", 2_000.0),
        ] {
            report.record("Delivery", "delivered", "messages/s", system, value);
        }
        report
    }

    #[test]
    fn ratios_are_of_medians() {
        let text = report().markdown();
        let line = "| delivered | messages/s | 1500 (1000 to 2000) | 250 | **6.00** |";
        assert!(text.contains(line), "{text}");
        let median = report().median("Delivery", "delivered", "Hikyaku, SQLite");
        assert_eq!(median, Some(1_500.0));
    }

    #[test]
    fn every_run_is_in_the_json() {
        let json = report().json();
        let runs = &json["measured"][0]["runs"];
        assert_eq!(runs["Hikyaku, SQLite"], json!([1_000.0, 2_000.0]));
        assert_eq!(runs[COMPARED_WITH], json!([250.0]));
    }

    #[test]
    fn numbers_have_three_digits() {
        let table = [
            (1234.5, "1234"),
            (12.34, "12.3"),
            (0.126, "0.13"),
            (0.0, "0.00"),
        ];
        for (value, text) in table {
            assert_eq!(number(value), text);
        }
    }
}
