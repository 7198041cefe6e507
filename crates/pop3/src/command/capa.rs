//! CAPA (RFC 2449 §5): what this connection can do now.

use super::auth::MECHANISMS;
use crate::{
    reply::Reply,
    session::{End, Session},
};

impl Session<'_> {
    pub(crate) async fn capa(&mut self) -> Result<(), End> {
        self.say(Reply::ok("capabilities follow")).await?;
        let list = self.capabilities();
        Ok(self.connection.write(list.as_bytes()).await?)
    }

    fn capabilities(&self) -> String {
        let mut list = String::from("TOP\r\nUIDL\r\n");
        if self.connection.allows_plain_passwords() {
            list.push_str("USER\r\nSASL");
            for mechanism in MECHANISMS {
                list.push(' ');
                list.push_str(mechanism.name());
            }
            list.push_str("\r\n");
        }
        if self.connection.offers_tls() {
            list.push_str("STLS\r\n");
        }
        list.push_str("RESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n");
        // RFC 6856 §2: USER says that names and passwords may be UTF-8 too.
        list.push_str("UTF8 USER\r\n");
        list.push_str("EXPIRE NEVER\r\nIMPLEMENTATION Hikyaku\r\n.\r\n");
        list
    }
}
