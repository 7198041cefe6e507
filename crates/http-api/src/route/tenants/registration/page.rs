//! The notice as a page to print: no script, nothing loaded from anywhere, every text escaped.

use std::fmt::Write as _;

use hikyaku_directory::Language;

use super::words::{Part, words};

/// How the page looks, on the screen and on A4.
const STYLE: &str = "body{font-family:sans-serif;max-width:46em;margin:2em auto;padding:0 1em;\
     color:#111;background:#fff;line-height:1.6}h1{font-size:1.5em;border-bottom:2px solid #111}\
     h2{font-size:1.1em;margin:1.5em 0 .3em}table{border-collapse:collapse;width:100%}\
     th,td{border:1px solid #888;padding:.3em .6em;text-align:left;vertical-align:top;\
     overflow-wrap:anywhere}th{width:32%;background:#eee;font-weight:normal}\
     @page{size:A4;margin:20mm}@media print{body{margin:0;max-width:none}\
     tr,h2{break-inside:avoid;break-after:avoid}}";

/// The page.
pub(super) fn page(parts: &[Part], language: Language) -> String {
    let words = words(language);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{greeting}</p>\n",
        language.tag(),
        title = words.title,
        greeting = words.greeting,
    );
    for part in parts {
        let _ = writeln!(html, "<h2>{}</h2>\n<table>", escaped(part.heading));
        for (what, text) in &part.lines {
            let (what, text) = (escaped(what), escaped(text));
            let _ = writeln!(
                html,
                "<tr><th scope=\"row\">{what}</th><td>{text}</td></tr>"
            );
        }
        html.push_str("</table>\n");
    }
    let _ = writeln!(html, "<p>{}</p>\n</body>\n</html>", words.invitation);
    html
}

/// A text as it stands between tags and in attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_text() {
        let part = Part {
            heading: "Customer",
            lines: vec![("Name".to_owned(), "<script>\"a\" & 'b'</script>".to_owned())],
        };
        let html = page(&[part], Language::Ja);
        assert!(html.contains("&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;"));
        assert!(!html.contains("<script") && html.contains("登録完了のお知らせ"));
    }
}
