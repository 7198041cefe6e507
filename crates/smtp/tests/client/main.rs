//! The client against a mail server that does what the test says: what is sent, what follows from
//! each reply and each fault, encryption, the smart host, and which connections are kept.

mod faults;
mod kept;
mod ordinary;
mod ourselves;
mod scene;
mod smart_host;
mod tls;
