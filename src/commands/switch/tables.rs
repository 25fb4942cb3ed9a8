//! What the switch itself tells of its tables' names: controllers give them over OpenFlow, and then the
//! database has none.

use super::Switch;
use crate::commands::{Context, Failure};
use crate::openflow::messages::tables::{self, TableFeatures};
use crate::openflow::session::{self, Session};
use crate::openflow::version::{Version, Versions};

/// Versions by what the names of 254 tables cost: 1.0 and 1.1 have them in the statistics, in 16 and 22 KB
/// that Open vSwitch sends at once; 1.2 too, in 32 KB that take it 1 ms.
const CHEAPEST: [Version; 3] = [Version::V10, Version::V11, Version::V12];

impl Switch {
    /// The names of the tables as the switch tells them, cut at 31 bytes. `allowed` are the versions that
    /// the switch is known to allow.
    ///
    /// Has a connection of its own: the request is not queued behind one for flows, and from 1.3 on names
    /// are in the features, which are 1.2 MB and take Open vSwitch 5 ms. They are asked for only where the
    /// switch allows no earlier version. What fails here leaves tables without names.
    pub(in crate::commands) async fn told_tables(
        &self,
        cx: &Context,
        allowed: Versions,
    ) -> Vec<(u8, String)> {
        match self.ask_tables(cx, allowed).await {
            Ok(names) => names,
            Err(failure) => {
                cx.tell(&format!(
                    "tables have no names but those in the database: {}",
                    failure.message
                ));
                Vec::new()
            }
        }
    }

    async fn ask_tables(
        &self,
        cx: &Context,
        allowed: Versions,
    ) -> Result<Vec<(u8, String)>, Failure> {
        let cheapest = CHEAPEST.into_iter().find(|v| allowed.contains(*v));
        let offer = cheapest.map_or(allowed, |version| [version].into_iter().collect());
        let mut session = match self.try_connect(cx, offer).await {
            Ok(session) => session,
            Err(why) => return Err(self.no_session(cx, why).await),
        };
        let tables = features(&mut session).await;
        let tables = tables.map_err(|error| self.failure(error))?;
        let named = tables.into_iter().filter(TableFeatures::has_own_name);
        Ok(named.map(|table| (table.table_id, table.name.0)).collect())
    }
}

async fn features(session: &mut Session) -> Result<Vec<TableFeatures>, session::Error> {
    if session.version() >= Version::V13 {
        return session
            .collect(tables::features_request, |_, part| {
                tables::decode_features(part)
            })
            .await;
    }
    let tables = session
        .collect(tables::stats_request, tables::decode_stats)
        .await?;
    Ok(tables.into_iter().filter_map(|t| t.features).collect())
}
