//! Whether ovs-vswitchd will use the controllers that a plan sets.

use super::{Edit, Refusal, Result, RowId, quoted};
use crate::model::controller::{RefusedTarget, needs_tls, refused_target};

impl Edit<'_> {
    /// The controllers whose target the plan sets.
    pub(crate) fn targeted_controllers(&self) -> Vec<RowId> {
        let sets_target = |row: &RowId| {
            self.draft.table(*row) == "Controller"
                && !self.draft.is_gone(*row)
                && self.draft.changed_columns(*row).contains(&"target")
        };
        self.draft.rows().filter(sets_target).collect()
    }

    /// Refuses a controller whose target ovs-vswitchd never uses, of sockets where its run directory is known;
    /// elsewhere, and of TLS without a row in table `SSL`, it warns.
    pub(crate) async fn check_controller(&mut self, row: RowId) -> Result<()> {
        let target = self.draft.peek(row, "target").await?;
        let target = target.as_str().unwrap_or_default();
        let mut bridge = self.home(row);
        if bridge.is_none() {
            let bridges = self
                .draft
                .referrers("Bridge", "controller", row, &["name"])
                .await?;
            bridge = bridges.first().copied();
        }
        let bridge = bridge.map(|bridge| self.name_of(bridge));
        let host = self.draft.database().host();
        let directories = host.run_directories().await;
        if let Some(refused) = refused_target(target, bridge.as_deref(), &directories) {
            let what = format!("ovs-vswitchd never uses the controller {}", quoted(target));
            match &refused {
                RefusedTarget::Socket { permitted } if !host.has_sockets() => self.warn(format!(
                    "{what} unless its path is in the run directory of the switch, as {permitted} is by default"
                )),
                _ => {
                    let message = format!("{what}: {}", refused.reason());
                    return Err(Refusal::refused(message).hint(refused.hint()));
                }
            }
        }
        if needs_tls(target) {
            let root = self.root().await?;
            let ssl = self.draft.peek(root, "ssl").await?;
            if ssl.as_set().unwrap_or_default().is_empty() {
                self.warn(format!(
                    "the controller {} needs a key and certificates, and table SSL has no row: \
                     `ovs-vsctl set-ssl` makes one",
                    quoted(target)
                ));
            }
        }
        Ok(())
    }
}
