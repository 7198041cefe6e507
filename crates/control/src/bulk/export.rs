//! Tables of accounts, written as a job (T-030, AD-06).
//!
//! What is exported is read back by the import unchanged. Passwords and other secrets have no
//! column. After a crash the file is written anew.

use futures_util::{FutureExt as _, future::BoxFuture};
use hikyaku_db::{Lane, Tx, WriteTx};
use hikyaku_jobs::{Checkpoint, FileRole, FileSpec, JobError, Run, Work};
use hikyaku_oplog::Target;
use hikyaku_types::{JobId, Permission};
use serde::{Deserialize, Serialize};

use super::{
    columns::Column,
    selection::Selection,
    sheet::{Encoding, Writer, encoded},
};
use crate::{
    Act, Actor, Area, ControlError,
    accounts::AccountView,
    jobs::{self, Carried, Submission},
};

/// The kind of the job.
const KIND: &str = "account_export";

/// The file in UTF-8.
const UTF_8: FileSpec = FileSpec {
    name: "accounts.csv",
    role: FileRole::Result,
    media_type: "text/csv; charset=utf-8",
};

/// The file in Shift_JIS.
const SHIFT_JIS: FileSpec = FileSpec {
    media_type: "text/csv; charset=shift_jis",
    ..UTF_8
};

/// In which language the first row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headings {
    /// The words of the API.
    #[default]
    En,
    /// Japanese.
    Ja,
}

/// What an export is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExportOptions {
    /// Which accounts.
    pub filter: Selection,
    /// Which columns, in this order; none: all.
    pub columns: Option<Vec<Column>>,
    /// The encoding; none: UTF-8 with the mark that Excel wants.
    pub encoding: Option<Encoding>,
    /// The language of the first row.
    pub headings: Headings,
}

/// Puts an export into the line.
///
/// # Errors
/// [`ControlError::Forbidden`], [`ControlError::NotFound`]; [`ControlError::Invalid`] for a column
/// that is never exported.
pub fn submit(
    tx: &WriteTx<'_>,
    actor: &Actor,
    options: &ExportOptions,
) -> Result<JobId, ControlError> {
    let tenant = match actor.area(Permission::AccountsRead)? {
        Area::Platform(_) => None,
        Area::Tenant(scope) | Area::Domains(scope, _) => Some(scope.tenant),
    };
    let columns = options.columns.as_deref().unwrap_or_default();
    if columns.contains(&Column::Password) {
        return Err(ControlError::invalid(
            "columns",
            "passwords are never exported",
        ));
    }
    // What it cannot read is told now.
    options.filter.page(tx, actor, None)?;
    let submission = Submission {
        kind: KIND,
        tenant,
        title: "Export of accounts".to_owned(),
        input: options,
        total: None,
    };
    let job = jobs::submit(tx, actor, &submission)?;
    let target = Target::new("job", job, &submission.title);
    let act = match tenant {
        Some(tenant) => Act::in_tenant(tenant, "account.export", target),
        None => Act::on_platform("account.export", target),
    };
    actor.log(tx, act.after(options))?;
    Ok(job)
}

/// Exports tables of accounts.
#[derive(Debug, Clone, Copy)]
pub struct Export;

impl Work for Export {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, run: Run) -> BoxFuture<'static, Result<(), JobError>> {
        write_table(run).boxed()
    }
}

async fn write_table(run: Run) -> Result<(), JobError> {
    let Carried { actor, input } = Carried::<ExportOptions>::of(&run)?;
    let encoding = input.encoding.unwrap_or(Encoding::Utf8Bom);
    let columns = input.columns.clone();
    let columns = columns.unwrap_or_else(|| Column::exported().collect());
    let mut writer = Writer::default();
    writer.row(columns.iter().map(|column| match input.headings {
        Headings::En => column.word(),
        Headings::Ja => column.japanese(),
    }));
    let mark = if encoding == Encoding::Utf8Bom {
        "\u{feff}"
    } else {
        ""
    };
    let mut text = format!("{mark}{}", writer.take());
    let anew = run.clone();
    run.write(move |tx| anew.discard_in(tx, UTF_8.name)).await?;
    let (mut after, mut done) = (None, 0_u64);
    loop {
        run.check()?;
        let (actor, filter) = (actor.clone(), input.filter.clone());
        let page = run
            .db()
            .read(move |tx: &Tx<'_>| filter.page(tx, &actor, after.as_ref()));
        let (views, next) = page.await.map_err(|error| match error {
            ControlError::Db(error) => JobError::Db(error),
            other => JobError::failed(other),
        })?;
        for view in &views {
            let cells: Vec<String> = columns.iter().map(|column| cell(view, *column)).collect();
            writer.row(cells.iter().map(String::as_str));
        }
        done += views.len() as u64;
        text.push_str(&writer.take());
        append(&run, std::mem::take(&mut text), encoding, done).await?;
        match next {
            Some(place) => after = Some(place),
            None => return Ok(()),
        }
    }
}

/// Adds a piece of the file, with how far it is.
async fn append(run: &Run, text: String, encoding: Encoding, done: u64) -> Result<(), JobError> {
    let written = encoded(&text, encoding);
    if written.unmappable > 0 {
        return Err(JobError::Failed(format!(
            "{} characters among the accounts up to the {done}th do not exist in Shift_JIS: export \
             as UTF-8",
            written.unmappable
        )));
    }
    let spec = match encoding {
        Encoding::ShiftJis => SHIFT_JIS,
        Encoding::Utf8 | Encoding::Utf8Bom => UTF_8,
    };
    let piece = run.clone();
    let write = move |tx: &WriteTx<'_>| {
        piece.append_in(tx, spec, &written.bytes)?;
        piece.checkpoint_in(tx, &Checkpoint::new(&(), done))
    };
    run.db().write(Lane::Background, write).await
}

/// A cell, as the import reads it.
fn cell(view: &AccountView, column: Column) -> String {
    use Column as C;
    let (account, settings) = (&view.details.account, &view.details.settings);
    let (profile, switches) = (&settings.profile, settings.switches);
    let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
    match column {
        C::Address => account.address.to_string(),
        C::Name => account.name.clone(),
        C::FamilyName => profile.family_name.clone(),
        C::GivenName => profile.given_name.clone(),
        C::FamilyKana => profile.family_kana.clone(),
        C::GivenKana => profile.given_kana.clone(),
        C::Department => profile.department.clone(),
        C::Title => profile.title.clone(),
        C::Organisation => profile.organisation.clone(),
        C::Phone => profile.phone.clone(),
        C::EmployeeNumber => profile.employee_number.clone(),
        C::Status => account.status.to_string(),
        C::Receiving => settings.receiving.to_string(),
        C::Sending => settings.sending.to_string(),
        C::Pop => switch(account.access.pop),
        C::Imap => switch(account.access.imap),
        C::Smtp => switch(account.access.smtp),
        C::Web => switch(account.access.web),
        C::MayChangePassword => switch(switches.may_change_password),
        C::MayEditProfile => switch(switches.may_edit_profile),
        C::InGal => switch(switches.in_gal),
        C::InDirectory => switch(switches.in_directory),
        C::Language => account
            .overrides
            .language
            .map_or_else(String::new, |l| l.to_string()),
        C::TimeZone => {
            let zone = account.overrides.time_zone.as_ref();
            zone.map_or_else(String::new, |zone| zone.as_str().to_owned())
        }
        C::Quota => view.usage.quota.bytes.bytes().to_string(),
        C::MessageLimit => view.usage.quota.messages.to_string(),
        C::Notes => settings.notes.clone(),
        C::Password => String::new(),
    }
}
