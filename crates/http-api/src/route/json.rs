//! Extractors whose refusals are problem documents.

use axum::extract::{FromRequest, FromRequestParts, Json, Path, Query};

use crate::problem::Problem;

/// A JSON body.
#[derive(Debug, FromRequest)]
#[from_request(via(Json), rejection(Problem))]
pub(crate) struct Body<T>(pub(crate) T);

/// The variable parts of the path.
#[derive(Debug, FromRequestParts)]
#[from_request(via(Path), rejection(Problem))]
pub(crate) struct PathOf<T>(pub(crate) T);

/// What follows the question mark.
#[derive(Debug, FromRequestParts)]
#[from_request(via(Query), rejection(Problem))]
pub(crate) struct QueryOf<T>(pub(crate) T);
