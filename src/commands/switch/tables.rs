//! The names of tables as the switch reports them: controllers set them over OpenFlow, and then the database
//! does not have them.

use super::SwitchArg;
use crate::commands::{Context, Failure};
use crate::openflow::messages::tables::TableFeatures;
use crate::openflow::version::{Version, Versions};

/// Versions in order of the cost of the names of 254 tables: 1.0 and 1.1 have them in the statistics, 16 and
/// 22 KB that Open vSwitch sends at once; so has 1.2, with 32 KB that take 1 ms.
const CHEAPEST: [Version; 3] = [Version::V10, Version::V11, Version::V12];

impl SwitchArg {
    /// The names of the tables as the switch reports them, truncated to 31 bytes. `allowed` are the versions
    /// that the switch is known to allow.
    ///
    /// Uses a connection of its own, so that the request is not queued behind one for flows. From 1.3 on
    /// names are in the table features, 1.2 MB that take Open vSwitch 5 ms; they are requested only if the
    /// switch allows no earlier version. Returns no names on failure.
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
        let mut connected = match self.try_connect(cx, offer).await {
            Ok(connected) => connected,
            Err(why) => return Err(self.no_session(cx, why).await),
        };
        let failure = |error| self.failure(error);
        let tables = if connected.version() >= Version::V13 {
            connected.table_features().await.map_err(failure)?
        } else {
            let tables = connected.table_stats().await.map_err(failure)?;
            tables.into_iter().filter_map(|t| t.features).collect()
        };
        let named = tables.into_iter().filter(TableFeatures::has_own_name);
        Ok(named.map(|table| (table.table_id, table.name.0)).collect())
    }
}
