//! The floor under what reads the log of a database: parses the JSON of each record into a tree.
//!
//! Usage: `parse FILE`. Prints how many records there are. The records of both logs, standalone and clustered, are lines of
//! JSON after lines that give their length and hash.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: parse FILE")?;
    let log = std::fs::read_to_string(path)?;
    let mut records: Vec<serde_json::Value> = Vec::new();
    for line in log.lines().filter(|line| line.starts_with('{')) {
        records.push(serde_json::from_str(line)?);
    }
    println!("{} records", records.len());
    // As for the command, the end of the process frees them.
    std::mem::forget(records);
    Ok(())
}
