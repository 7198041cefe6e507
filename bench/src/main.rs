//! The measuring program that `scripts/bench.sh` starts.

use anyhow::Result;
use clap::Parser as _;

use hikyaku_bench::options::Options;

fn main() -> Result<()> {
    let options = Options::parse();
    let report = hikyaku_bench::run(&options)?;
    print!("\n{}", report.markdown());
    if let Some(folder) = &options.results {
        let file = report.write(folder, &options.label)?;
        println!("\nwritten to {}.md and .json", file.display());
    }
    Ok(())
}
