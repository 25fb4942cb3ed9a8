//! A connected switch: its ports, tables, groups and meters. Its flows are in [`flows`](super::flows).

use std::convert::Infallible;
use std::rc::Rc;

use super::host::Log;

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::messages::codec::{self, Encode, Message};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::flow_stats::RequestError;
use crate::openflow::messages::groups::{self, Descs, GroupStats};
use crate::openflow::messages::meters::{self, MeterConfig, MeterStats};
use crate::openflow::messages::port_stats::PortStats;
use crate::openflow::messages::ports::PortDesc;
use crate::openflow::messages::table_config::{self, TableDesc};
use crate::openflow::messages::tables::{self, TableFeatures, TableStats};
use crate::openflow::session::Session;
use crate::openflow::version::{Version, Versions};

pub use crate::openflow::session::{
    Atomicity, Error as SwitchError, Outbox, Rest, WriteError, Written,
};

/// A connected switch, with a negotiated OpenFlow version.
#[derive(Debug)]
pub struct Switch {
    pub(super) session: Session,
    /// Whether it is a bridge of the host: then it is Open vSwitch.
    pub(super) is_bridge: bool,
    log: Rc<dyn Log>,
}

// Every question ends in an error where the switch does not answer, refuses it, or sends a malformed reply.
#[allow(clippy::missing_errors_doc)]
impl Switch {
    pub(super) fn new(session: Session, is_bridge: bool, log: Rc<dyn Log>) -> Switch {
        Switch {
            session,
            is_bridge,
            log,
        }
    }

    /// The negotiated version.
    pub fn version(&self) -> Version {
        self.session.version()
    }

    /// The versions that the switch allows, as far as known.
    pub fn allowed(&self) -> Versions {
        self.session.allowed()
    }

    /// The descriptions of all ports; names are truncated to 15 bytes.
    pub async fn ports(&mut self) -> Result<Vec<PortDesc>, SwitchError> {
        self.session.ports().await
    }

    /// Sends messages that have no reply, and waits until the switch has processed them all. Returns the first error
    /// of each that it refused, by index.
    ///
    /// An error means that it is unknown which of them took effect, except
    /// [`SwitchError::Request`]: this version cannot carry one of them, and none was sent.
    pub async fn settle<'m, M: Message<'m> + Encode>(
        &mut self,
        messages: &[M],
    ) -> Result<Vec<(usize, ErrorMessage)>, SwitchError> {
        let version = self.version();
        let mut encoded = Vec::new();
        for message in messages {
            let bytes = codec::encode_in(message, version, 0);
            encoded.push(bytes.ok_or(RequestError::NotIn(version))?);
        }
        let put_all = async |outbox: &mut Outbox<'_>| {
            for message in encoded {
                // The outbox gives it its transaction id.
                outbox.put(|_| Ok::<_, Infallible>(message)).await?;
            }
            Ok::<(), Infallible>(())
        };
        self.log.sends_change();
        match self.session.write(Atomicity::Each, put_all).await {
            Ok(written) => Ok(written.refused),
            Err(WriteError::Lost { error, .. }) => Err(*error),
            Err(WriteError::Refused { error, .. } | WriteError::NoTables { error, .. }) => {
                Err(SwitchError::Refused(error))
            }
            Err(WriteError::Producer { error, .. }) => match error {},
            Err(WriteError::TooLong { .. } | WriteError::NoBundles(_)) => {
                Err(RequestError::TooLong.into())
            }
        }
    }

    /// The counters of one port, or of all with [`PORT_ANY`](crate::openflow::text::PORT_ANY).
    pub async fn port_stats(&mut self, ofport: u32) -> Result<Vec<PortStats>, SwitchError> {
        self.session.port_stats(ofport).await
    }

    /// The counters of all tables; before OpenFlow 1.3 with their features.
    pub async fn table_stats(&mut self) -> Result<Vec<TableStats>, SwitchError> {
        self.session
            .collect(tables::stats_request, tables::decode_stats)
            .await
    }

    /// The features of all tables; none before OpenFlow 1.3.
    pub async fn table_features(&mut self) -> Result<Vec<TableFeatures>, SwitchError> {
        if self.version() < Version::V13 {
            return Ok(Vec::new());
        }
        self.session
            .collect(tables::features_request, |_, part| {
                tables::decode_features(part)
            })
            .await
    }

    /// The settings of all tables; OpenFlow 1.4 and later.
    pub async fn table_descs(&mut self) -> Result<Vec<TableDesc>, SwitchError> {
        self.session
            .collect(table_config::desc_request, |_, part| {
                table_config::decode_descs(part)
            })
            .await
    }

    /// Gives a table another name, of at most 31 bytes; OpenFlow 1.3 and later. The switch may keep another name.
    pub async fn rename_table(&mut self, table: u8, name: &str) -> Result<(), SwitchError> {
        let told = self
            .session
            .collect(tables::features_request, |_, part| {
                Ok(vec![part.body.rest().to_vec()])
            })
            .await?;
        self.log.sends_change();
        self.session
            .collect(
                |version, xid| tables::rename_request(version, xid, &told, table, name),
                |_, _| Ok(Vec::<()>::new()),
            )
            .await?;
        Ok(())
    }

    /// Applies `read` to the description of one group, or of all with [`GROUP_ALL`](groups::GROUP_ALL). Some
    /// versions always describe all.
    pub async fn groups<T>(
        &mut self,
        group_id: u32,
        mut read: impl FnMut(Version, Cursor<'_>) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, SwitchError> {
        self.session
            .collect(
                |version, xid| groups::desc_request(version, xid, group_id),
                |version, part| {
                    let mut descs = Descs::new(version, part)?;
                    std::iter::from_fn(|| descs.next_bytes())
                        .map(|bytes| read(version, bytes?))
                        .collect()
                },
            )
            .await
    }

    /// The counters of one group, or of all.
    pub async fn group_stats(&mut self, group_id: u32) -> Result<Vec<GroupStats>, SwitchError> {
        self.session
            .collect(
                |version, xid| groups::stats_request(version, xid, group_id),
                GroupStats::of_part,
            )
            .await
    }

    /// One meter, or all with [`METER_ALL`](meters::METER_ALL); a request of OpenFlow 1.3.
    pub async fn meters(&mut self, meter_id: u32) -> Result<Vec<MeterConfig>, SwitchError> {
        self.session
            .collect(
                |version, xid| meters::config_request(version, xid, meter_id),
                |_, part| MeterConfig::of_part(part),
            )
            .await
    }

    /// The counters of one meter, or of all.
    pub async fn meter_stats(&mut self, meter_id: u32) -> Result<Vec<MeterStats>, SwitchError> {
        self.session
            .collect(
                |version, xid| meters::stats_request(version, xid, meter_id),
                |_, part| MeterStats::of_part(part),
            )
            .await
    }

    /// Sends the messages that `produce` puts into its [`Outbox`]: [`Session::write`].
    pub async fn write<F>(
        &mut self,
        how: Atomicity,
        produce: impl AsyncFnOnce(&mut Outbox<'_>) -> Result<(), F>,
    ) -> Result<Written, WriteError<F>> {
        self.log.sends_change();
        self.session.write(how, produce).await
    }
}
