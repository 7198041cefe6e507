//! Mail on its way out, with the real binary: from a user who signs in to a remote that takes,
//! refuses, stalls, lies or dies, over a name server of the test's own; and back as a report.

mod crash;
mod faults;
mod reports;
mod restart;
mod routes;
mod scene;
mod sending;
mod smart_host;
mod two_hosts;
