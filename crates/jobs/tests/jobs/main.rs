//! Background work on both engines.

mod crash;
mod fairness;
mod files;
mod lists;
mod running;
mod scene;
