//! Wires everything from the configuration; start, drain, stop.
