//! Files of jobs.

use std::time::Duration;

use hikyaku_db::{Lane, on_both_engines};
use hikyaku_jobs::{
    FileRole, FileSpec, JobsError, MAX_FILE_BYTES, ONCE_KEPT, PART_BYTES, attach, cancel, file,
    files, purge, read_part, take_once,
};

use crate::scene::{new, submitted};

const INPUT: FileSpec = FileSpec {
    name: "input",
    role: FileRole::Input,
    media_type: "text/csv",
};
const RESULT: FileSpec = FileSpec {
    name: "result.csv",
    role: FileRole::Result,
    media_type: "text/csv",
};
const ONCE: FileSpec = FileSpec {
    name: "passwords.csv",
    role: FileRole::OnceOnly,
    media_type: "text/csv",
};

on_both_engines! {
    /// Pieces come back in their order; what a job works on is no result, and goes at its end.
    async fn files_come_in_pieces(test: TestDatabase) {
        let db = &test.db;
        let id = submitted(db, new("steps", None, 1)).await;
        let long: Vec<u8> = (0..=u8::MAX).cycle().take(PART_BYTES * 2 + 3).collect();
        let written = long.clone();
        db.write(Lane::Mail, move |tx| {
            attach(tx, id, INPUT, b"secret")?;
            attach(tx, id, RESULT, &written)?;
            attach(tx, id, RESULT, b"end")
        }).await.unwrap();
        let read = db.read(move |tx| {
            let listed = files(tx, id)?;
            assert_eq!(listed.len(), 1);
            let mut all = Vec::new();
            for part in 0..listed[0].parts {
                all.extend(read_part(tx, id, RESULT.name, part)?.unwrap());
            }
            assert!(read_part(tx, id, RESULT.name, listed[0].parts)?.is_none());
            assert_eq!(listed[0].size, all.len() as u64);
            Ok::<_, JobsError>(all)
        }).await.unwrap();
        assert_eq!(read, [long.as_slice(), b"end"].concat());
        db.write(Lane::Mail, move |tx| cancel(tx, id)).await.unwrap();
        let gone = db.read(move |tx| {
            assert!(read_part(tx, id, INPUT.name, 0)?.is_none());
            file(tx, id, INPUT.name)
        }).await;
        assert!(matches!(gone, Err(JobsError::NoSuchFile(_))));
    }

    async fn a_secret_is_given_out_once(test: TestDatabase) {
        let db = &test.db;
        let id = submitted(db, new("steps", None, 1)).await;
        let make = move |tx: &hikyaku_db::WriteTx<'_>| {
            attach(tx, id, ONCE, b"a,b\n")?;
            attach(tx, id, RESULT, b"kept")
        };
        db.write(Lane::Mail, make).await.unwrap();
        let taken = db.write(Lane::Mail, move |tx| take_once(tx, id, ONCE.name)).await;
        assert_eq!(taken.unwrap(), b"a,b\n");
        for name in [ONCE.name, RESULT.name, "none"] {
            let again = db.write(Lane::Mail, move |tx| take_once(tx, id, name)).await;
            assert!(matches!(again, Err(JobsError::NoSuchFile(_))), "{name}");
        }
        // Not taken in time.
        db.write(Lane::Mail, make).await.unwrap();
        test.clock.advance(ONCE_KEPT.saturating_sub(Duration::from_millis(1)));
        purge(db).await.unwrap();
        db.read(move |tx| file(tx, id, ONCE.name)).await.unwrap();
        test.clock.advance(Duration::from_millis(1));
        let late = db.read(move |tx| file(tx, id, ONCE.name)).await;
        assert!(matches!(late, Err(JobsError::NoSuchFile(_))), "also before the purge");
        purge(db).await.unwrap();
        let left = db.read(move |tx| files(tx, id)).await.unwrap();
        assert_eq!(left.len(), 1, "the other result stays");
    }

    async fn a_file_has_an_end(test: TestDatabase) {
        let db = &test.db;
        let id = submitted(db, new("steps", None, 1)).await;
        let chunk = vec![0_u8; 16 << 20];
        for _ in 0..MAX_FILE_BYTES / (16 << 20) {
            let chunk = chunk.clone();
            db.write(Lane::Mail, move |tx| attach(tx, id, RESULT, &chunk)).await.unwrap();
        }
        let over = db.write(Lane::Mail, move |tx| attach(tx, id, RESULT, b"x")).await;
        assert!(matches!(over, Err(JobsError::FileTooBig)));
    }
}
