//! Points in time as text: RFC 3339 in UTC, so that lines of several hosts sort.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: u64 = 24 * 3600;

/// `2026-11-22T21:03:22.123Z` (RFC 3339). Times before 1970 are shown as 1970.
pub fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = date(since.as_secs() / DAY);
    let millis = since.subsec_millis();
    let (hour, minute, second) = time_of_day(since.as_secs());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// `21:03:22Z`
pub fn clock(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (hour, minute, second) = time_of_day(since.as_secs());
    format!("{hour:02}:{minute:02}:{second:02}Z")
}

fn time_of_day(seconds: u64) -> (u64, u64, u64) {
    let seconds = seconds % DAY;
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The Gregorian year, month and day of a number of days since 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    loop {
        let length = 365 + u64::from(is_leap(year));
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// `date -u -d @SECONDS +%FT%T`
    #[test]
    fn as_date_prints_it() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_735_689_599, "2024-12-31T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(timestamp(time), expected);
        }
        let time = UNIX_EPOCH + Duration::from_millis(1_795_381_402_123);
        assert_eq!(
            clock(time),
            timestamp(time).get(11..19).unwrap().to_owned() + "Z"
        );
        assert_eq!(timestamp(time).get(19..), Some(".123Z"));
    }
}
