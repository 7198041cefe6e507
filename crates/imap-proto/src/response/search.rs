//! Answers to SEARCH: the line of RFC 3501, and the extended one of RFC 4731.

use hikyaku_types::ModSeq;

use super::{ResponseBuf, string};
use crate::{
    Numbering, Tag,
    sequence::{write_compact, write_number},
};

impl ResponseBuf {
    /// `* SEARCH`, without its numbers; they follow with [`ResponseBuf::search_hit`], and
    /// [`ResponseBuf::end_line`] ends it.
    pub fn search_start(&mut self) {
        self.push("* SEARCH");
    }

    /// One number of a SEARCH answer.
    pub fn search_hit(&mut self, number: u32) {
        self.text.push(b' ');
        write_number(number, &mut self.text);
    }

    /// ` (MODSEQ 917162500)` at the end of a SEARCH answer (RFC 7162 §3.1.6).
    pub fn search_modseq(&mut self, modseq: ModSeq) {
        self.push(" (MODSEQ ");
        write_number(modseq.0, &mut self.text);
        self.push(")");
    }

    /// `* ESEARCH (TAG "a") UID`, without its data; [`ResponseBuf::end_line`] ends it.
    ///
    /// ```abnf
    /// esearch-response = "ESEARCH" [SP "(" "TAG" SP tag-string ")"] [SP "UID"]
    ///                    *(SP search-return-data)
    /// ```
    pub fn esearch_start(&mut self, tag: &Tag, numbering: Numbering) {
        self.push("* ESEARCH (TAG ");
        string::write_string(tag.as_str().as_bytes(), &mut self.text);
        self.push(")");
        if numbering == Numbering::Uid {
            self.push(" UID");
        }
    }

    /// ` MIN 2` and its like.
    pub fn esearch_number(&mut self, name: &str, number: u64) {
        self.push(" ");
        self.push(name);
        self.push(" ");
        write_number(number, &mut self.text);
    }

    /// ` ALL 2,10:11`; the numbers are ascending and there is at least one.
    pub fn esearch_all(&mut self, numbers: impl IntoIterator<Item = u32>) {
        self.push(" ALL ");
        write_compact(numbers, &mut self.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut ResponseBuf)) -> String {
        let mut out = ResponseBuf::new();
        write(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn answers_of_both_kinds() {
        let plain = written(|out| {
            out.search_start();
            out.search_hit(2);
            out.search_hit(11);
            out.search_modseq(ModSeq(917_162_500));
            out.end_line();
        });
        assert_eq!(plain, "* SEARCH 2 11 (MODSEQ 917162500)\r\n");
        let tag = Tag::new(b"a1").unwrap();
        let extended = written(|out| {
            out.esearch_start(&tag, Numbering::Uid);
            out.esearch_number("MIN", 2);
            out.esearch_number("COUNT", 3);
            out.esearch_all([2, 10, 11]);
            out.end_line();
        });
        assert_eq!(
            extended,
            "* ESEARCH (TAG \"a1\") UID MIN 2 COUNT 3 ALL 2,10:11\r\n"
        );
    }
}
