//! Whether ovs-vswitchd will use the controllers that a plan sets.

use super::{Edit, Refusal, Result, RowId, quoted};
use crate::model::controller::{needs_tls, refused_socket};

impl Edit<'_> {
    /// Refuses targets that ovs-vswitchd never uses, where its run directory is known; elsewhere, and of TLS without
    /// a row in table `SSL`, it warns. Only of what the plan sets.
    pub(crate) async fn check_controllers(&mut self) -> Result<()> {
        let rows: Vec<RowId> = self
            .draft
            .rows()
            .filter(|row| {
                self.draft.table(*row) == "Controller"
                    && !self.draft.is_gone(*row)
                    && self.draft.changed_columns(*row).contains(&"target")
            })
            .collect();
        for row in rows {
            let target = self.draft.peek(row, "target").await?;
            self.check_controller(row, target.as_str().unwrap_or_default())
                .await?;
        }
        Ok(())
    }

    async fn check_controller(&mut self, row: RowId, target: &str) -> Result<()> {
        let bridges = self
            .draft
            .referrers("Bridge", "controller", row, &["name"])
            .await?;
        let bridge = bridges.first().map(|bridge| self.name_of(*bridge));
        let host = self.draft.database().host();
        let directories = host.run_directories();
        if let Some(refused) = refused_socket(target, bridge.as_deref(), &directories) {
            let what = format!("ovs-vswitchd never uses the controller {}", quoted(target));
            if host.is_local() {
                let message = format!("{what}: its path is not in the run directory of the switch");
                let hint = format!("{} is permitted", refused.permitted);
                return Err(Refusal::refused(message).hint(hint));
            }
            self.warn(format!(
                "{what} unless its path is in the run directory of the switch, as {} is by default",
                refused.permitted
            ));
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
