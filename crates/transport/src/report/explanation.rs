//! Why a message was not delivered, in plain words, and what its sender can do.

use hikyaku_directory::Language;

use crate::queue::TroubleKind;

/// What people are told about one kind of trouble.
pub(super) struct Explanation {
    /// What happened.
    pub(super) what: &'static str,
    /// What to do.
    pub(super) advice: &'static str,
}

const fn say(what: &'static str, advice: &'static str) -> Explanation {
    Explanation { what, advice }
}

/// The explanation of a kind of trouble, in a language.
pub(super) const fn explanation(kind: TroubleKind, language: Language) -> Explanation {
    match language {
        Language::En => english(kind),
        Language::Ja => japanese(kind),
    }
}

const TELL_US: &str = "Please tell the administrator of your mail system.";
const OTHER_WAY: &str = "Please reach the recipient in another way, or try again later.";

const fn english(kind: TroubleKind) -> Explanation {
    match kind {
        TroubleKind::NoSuchDomain => say(
            "The part of the address after the @ does not exist or takes no mail.",
            "Please check the address for typing errors.",
        ),
        TroubleKind::NullMx => say(
            "The domain of this address says that it takes no mail at all.",
            "Please ask the recipient for another address.",
        ),
        TroubleKind::Dns => say(
            "The name servers of the recipient's domain did not give a usable answer.",
            "Please check the address, and try again later.",
        ),
        TroubleKind::Connect => say(
            "The recipient's mail server could not be reached.",
            OTHER_WAY,
        ),
        TroubleKind::Timeout => say("The recipient's mail server did not answer.", OTHER_WAY),
        TroubleKind::Cut => say(
            "The recipient's mail server broke off the connection.",
            OTHER_WAY,
        ),
        TroubleKind::Tls => say(
            "The connection to the next mail server could not be encrypted as required.",
            TELL_US,
        ),
        TroubleKind::Auth => say(
            "The mail server through which this system sends did not accept its password.",
            TELL_US,
        ),
        TroubleKind::Protocol => say(
            "The recipient's mail server gave an answer that makes no sense.",
            "Please reach the recipient in another way and mention this report.",
        ),
        TroubleKind::Refused => say(
            "The recipient's mail server refused the message.",
            "Its answer below says why. Please follow it, or ask the recipient.",
        ),
        TroubleKind::Recipient => say(
            "The recipient's mail server did not accept mail for this address.",
            "Please check the address. The answer below says more.",
        ),
        TroubleKind::NoUtf8 => say(
            "The recipient's mail server cannot take addresses with such characters.",
            "Please use an address in Latin letters, for you or for the recipient.",
        ),
        TroubleKind::NoEightBit => say(
            "The recipient's mail server cannot take messages in this form.",
            "Please set your mail program to send 7-bit text (quoted-printable or base64).",
        ),
        TroubleKind::TooBig => say(
            "The message is larger than the recipient's mail server takes.",
            "Please send it in parts, or share the file by a link.",
        ),
        TroubleKind::Loop => say(
            "Mail for the recipient's domain leads back to this mail system, which does not know \
             the domain.",
            "Please tell the recipient, or the administrator of the domain.",
        ),
        TroubleKind::Local => say(
            "This mail system could not read the message in order to send it.",
            TELL_US,
        ),
    }
}

const TELL_US_JA: &str = "お使いのメールシステムの管理者にご連絡ください。";
const OTHER_WAY_JA: &str = "別の方法で受信者に連絡するか、しばらくしてからお試しください。";

const fn japanese(kind: TroubleKind) -> Explanation {
    match kind {
        TroubleKind::NoSuchDomain => say(
            "アドレスの @ より後ろの部分 (ドメイン) が存在しないか、メールを受け付けていません。",
            "アドレスに誤りがないかご確認ください。",
        ),
        TroubleKind::NullMx => say(
            "このアドレスのドメインは、メールを一切受け付けないと宣言しています。",
            "受信者に別のアドレスをお尋ねください。",
        ),
        TroubleKind::Dns => say(
            "宛先ドメインの DNS サーバーから正しい応答が得られませんでした。",
            "アドレスをご確認のうえ、しばらくしてからお試しください。",
        ),
        TroubleKind::Connect => say("宛先のメールサーバーに接続できませんでした。", OTHER_WAY_JA),
        TroubleKind::Timeout => say(
            "宛先のメールサーバーから応答がありませんでした。",
            OTHER_WAY_JA,
        ),
        TroubleKind::Cut => say(
            "宛先のメールサーバーが途中で接続を切断しました。",
            OTHER_WAY_JA,
        ),
        TroubleKind::Tls => say(
            "次のメールサーバーとの間で、必要な暗号化ができませんでした。",
            TELL_US_JA,
        ),
        TroubleKind::Auth => say(
            "送信を中継するメールサーバーが、このシステムのパスワードを受け付けませんでした。",
            TELL_US_JA,
        ),
        TroubleKind::Protocol => say(
            "宛先のメールサーバーの応答を解釈できませんでした。",
            "別の方法で受信者に連絡し、この通知についてお伝えください。",
        ),
        TroubleKind::Refused => say(
            "宛先のメールサーバーがメールの受け取りを拒否しました。",
            "理由は下記の応答に示されています。応答に従うか、受信者にお問い合わせください。",
        ),
        TroubleKind::Recipient => say(
            "宛先のメールサーバーが、このアドレス宛のメールを受け付けませんでした。",
            "アドレスに誤りがないかご確認ください。詳しくは下記の応答をご覧ください。",
        ),
        TroubleKind::NoUtf8 => say(
            "宛先のメールサーバーは、このような文字を含むアドレスに対応していません。",
            "差出人または宛先に、英数字のアドレスをお使いください。",
        ),
        TroubleKind::NoEightBit => say(
            "宛先のメールサーバーは、この形式のメールを受け取れません。",
            "メールソフトを 7 ビット形式 (quoted-printable または base64) で送るよう\
             設定してください。",
        ),
        TroubleKind::TooBig => say(
            "メールのサイズが、宛先のメールサーバーの上限を超えています。",
            "分割して送るか、ファイルをリンクで共有してください。",
        ),
        TroubleKind::Loop => say(
            "宛先ドメインのメールの届け先がこのメールシステムになっていますが、\
             このシステムはそのドメインを扱っていません。",
            "受信者または宛先ドメインの管理者にお知らせください。",
        ),
        TroubleKind::Local => say(
            "このメールシステムが、送信するメールを読み出せませんでした。",
            TELL_US_JA,
        ),
    }
}
