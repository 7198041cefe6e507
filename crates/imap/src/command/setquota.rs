//! SETQUOTA (RFC 9208 §4.1.3): refused. What an account may hold is its administrator's matter.

use hikyaku_imap_proto::Code;

use crate::reply::Reply;

pub(crate) fn run() -> Reply {
    Reply::no_with(Code::NoPerm, "Your administrator decides on quotas")
}
