//! Values, rows and schemas of the database, from JSON and from the command line.

use ovs::ovsdb::notation::{Argument, datum, written};
use ovs::ovsdb::schema::{AtomicType, Base, Schema, Type};
use ovs::ovsdb::{Atom, Datum, Row};
use ovsdb_client::schema::DatabaseSchema;

/// The input as everything that it can be.
pub fn ovsdb_value(input: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<Datum>(input) {
        json_there_and_back(&value);
    }
    if let Ok(row) = serde_json::from_slice::<Row>(input) {
        for (column, value) in row.columns() {
            assert_eq!(row.datum(column), Ok(value));
            let _ = (row.strings(column), row.integers(column), row.map(column));
            let _ = (row.uuids(column), row.uuid_by_integer(column));
            json_there_and_back(value);
        }
    }
    if let Ok(schema) = serde_json::from_slice::<DatabaseSchema>(input) {
        check_schema(&schema);
    }
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    // What an error shows of the text is escaped where it is printed.
    let _ = Argument::parse(text, &["=", "!=", "<=", "{=}", "{<=}", "+="]);
    for kind in [
        AtomicType::Integer,
        AtomicType::Real,
        AtomicType::Boolean,
        AtomicType::String,
        AtomicType::Uuid,
    ] {
        for (value, min, max) in [
            (None, 0, 1),
            (None, 0, usize::MAX),
            (None, 1, 1),
            (Some(Base::of(AtomicType::String)), 0, usize::MAX),
            (Some(Base::of(kind)), 0, 3),
        ] {
            let key = Base::of(kind);
            notation_there_and_back(
                text,
                &Type {
                    key,
                    value,
                    min,
                    max,
                },
            );
        }
    }
}

fn json_there_and_back(value: &Datum) {
    let json = match serde_json::to_string(value) {
        Ok(json) => json,
        Err(error) => panic!("{error}: {value:?}"),
    };
    match serde_json::from_str::<Datum>(&json) {
        Ok(again) => assert_eq!(&again, value, "{json}"),
        Err(error) => panic!("{error}: {json}"),
    }
}

/// A schema that can be used answers for every name it has.
fn check_schema(schema: &DatabaseSchema) {
    let Ok(schema) = Schema::try_from(schema) else {
        return;
    };
    for table in &schema.tables {
        assert!(
            schema
                .table(&table.name)
                .is_ok_and(|found| found.name == table.name)
        );
        for column in &table.columns {
            let _ = table.column(&column.name);
            let _ = column.kind.of(Datum::EMPTY);
            let _ = datum("[]", &column.kind);
        }
    }
}

/// A value that can be read is written so that it reads as the same.
fn notation_there_and_back(text: &str, kind: &Type) {
    let Ok(value) = datum(text, kind) else {
        return;
    };
    json_there_and_back(&value);
    let all = |atoms: &[Atom]| atoms.iter().map(written).collect::<Vec<_>>().join(", ");
    let again = match &value {
        Datum::Atom(atom) => written(atom),
        Datum::Set(atoms) => format!("[{}]", all(atoms)),
        Datum::Map(pairs) => {
            let pair = |(key, value): &(Atom, Atom)| format!("{}={}", written(key), written(value));
            format!(
                "{{{}}}",
                pairs.iter().map(pair).collect::<Vec<_>>().join(", ")
            )
        }
    };
    match datum(&again, kind) {
        Ok(again) => assert_eq!(again, value),
        Err(error) => panic!("{error}: {again} of {text:?}"),
    }
}
