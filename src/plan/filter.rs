//! Conditions on rows of any table, in the form of `ovs-vsctl find` and `wait-until`.

use super::database::{pair, read, value_of_key, wrong};
use super::record::column;
use super::{Edit, Refusal, Result, quoted};
use crate::base::secret::{MASK, is_secret};
use crate::ovsdb::notation::{self, Argument};
use crate::ovsdb::relation::Relation;
use crate::ovsdb::schema::{Base, Column, Table, Type};
use crate::ovsdb::{Atom, Condition, Datum, Function};

/// A condition of `find` and `wait`: `COLUMN[:KEY] OPERATOR VALUE`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    /// The column.
    pub(crate) column: Column,
    key: Option<Atom>,
    relation: Relation,
    operand: Datum,
}

impl Edit<'_> {
    /// Parses conditions; the values are typed by the table's columns, names of rows are looked up.
    pub(crate) async fn filters(&mut self, table: &Table, texts: &[String]) -> Result<Vec<Filter>> {
        let mut filters = Vec::new();
        for text in texts {
            let mut filter = Filter::read(table, text)?;
            let kind = &filter.column.kind;
            match &mut filter.operand {
                Datum::Atom(atom) => self.look_up(&kind.key, atom).await?,
                Datum::Set(atoms) => {
                    for atom in atoms {
                        self.look_up(&kind.key, atom).await?;
                    }
                }
                Datum::Map(pairs) => {
                    for (_, atom) in pairs {
                        self.look_up(kind.value.as_ref().unwrap_or(&kind.key), atom)
                            .await?;
                    }
                }
            }
            filters.push(filter);
        }
        Ok(filters)
    }

    /// Replaces the name of a row by its UUID.
    async fn look_up(&mut self, base: &Base, atom: &mut Atom) -> Result<()> {
        if let (Some(table), Atom::NamedUuid(_)) = (&base.refers_to, &*atom)
            && let Some(row) = self.referred(table, atom).await?
            && let Some(uuid) = self.draft.uuid(row)
        {
            *atom = uuid.into();
        }
        Ok(())
    }
}

impl Filter {
    /// Parses a condition; the value is typed by the table's columns.
    fn read(table: &Table, text: &str) -> Result<Self> {
        let operators = Relation::WORDS.map(|(word, _)| word);
        let parsed = Argument::parse(text, &operators).map_err(Refusal::usage)?;
        let column = column(table, &parsed.column)?;
        let relation = parsed
            .value
            .and_then(|(word, value)| Some((Relation::of(word)?, value)));
        let Some((relation, value)) = relation else {
            return Err(Refusal::usage(format!(
                "{} is no condition: expected COLUMN[:KEY], one of {}, and a value",
                quoted(text),
                operators.join(" ")
            )));
        };
        let (key, kind) = match parsed.key {
            None => (None, column.kind.clone()),
            Some(key) => {
                let base = value_of_key(table, column)?;
                let key = notation::atom(&key, &column.kind.key)
                    .map_err(|message| wrong(table, column, &message))?;
                let one = Type {
                    key: base.clone(),
                    value: None,
                    min: 1,
                    max: 1,
                };
                (Some(key), one)
            }
        };
        let kind = if relation.is_of_sets() {
            Type {
                min: 0,
                max: usize::MAX,
                ..kind
            }
        } else {
            kind
        };
        Ok(Self {
            operand: match (&key, relation.is_of_sets()) {
                // The value of a key is all of the remaining text.
                (Some(_), false) => notation::atom(value, &kind.key)
                    .map_err(|message| wrong(table, column, &message))?
                    .into(),
                _ => read(table, column, value, &kind)?,
            },
            column: column.clone(),
            key,
            relation,
        })
    }

    /// The key whose value is a secret, if the condition is about one.
    pub(crate) fn secret_key(&self) -> Option<&str> {
        let mut keys: Vec<&Atom> = self.key.iter().collect();
        if let Datum::Map(pairs) = &self.operand {
            keys.extend(pairs.iter().map(|(key, _)| key));
        }
        keys.into_iter().find_map(|key| match key {
            Atom::String(key) if is_secret(key, MASK) => Some(key.as_str()),
            _ => None,
        })
    }

    /// Whether a value of the column meets the condition.
    pub(crate) fn is_met(&self, datum: &Datum) -> bool {
        let datum = self.column.kind.of(datum.clone());
        let Some(key) = &self.key else {
            return self.relation.holds(&datum, &self.operand);
        };
        match pair(&datum, key) {
            Some(value) => self.relation.holds(&value.clone().into(), &self.operand),
            None => self.relation.is_of_sets() && self.relation.holds(&Datum::EMPTY, &self.operand),
        }
    }

    /// The conditions that the database can evaluate: every row that meets the filter meets these, too.
    pub(crate) fn condition(&self) -> Option<Condition> {
        let name = self.column.name.clone();
        match (self.relation, &self.key, &self.operand) {
            (Relation::Equal | Relation::SameSet, None, operand) => {
                Some(Condition(name, Function::Equal, operand.clone()))
            }
            (Relation::Equal, Some(key), Datum::Atom(value)) => {
                let pairs = Datum::Map(vec![(key.clone(), value.clone())]);
                Some(Condition(name, Function::Includes, pairs))
            }
            _ => None,
        }
    }
}
