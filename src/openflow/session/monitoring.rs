//! The flow monitor of a switch: it reports changes of flows as they happen.

use std::ops::Range;
use std::time::Duration;

use super::writing::{Atomicity, Outbox, WriteError};
use super::{Error, Session};
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_monitor;
use crate::openflow::messages::flow_stats::RequestError;
use crate::openflow::messages::header;

impl Session {
    /// Asks for the changes of the flows that `filter` selects, except by cookie, and before OpenFlow 1.4 by group;
    /// [`Session::next_message`] returns them. `false`: the switch has no such monitor.
    ///
    /// # Errors
    ///
    /// The connection failed.
    pub async fn monitor_flows(&mut self, filter: &Filter) -> Result<bool, Error> {
        let version = self.version;
        let request = |xid| {
            let request = flow_monitor::request_changes(version, xid, filter);
            request.ok_or(RequestError::NotIn(version))
        };
        let put = async |outbox: &mut Outbox<'_>| outbox.put(request).await.map(drop);
        match self.write(Atomicity::Each, put).await {
            Ok(written) => Ok(written.refusals == 0),
            Err(WriteError::Lost { error, .. }) => Err(*error),
            Err(_) => Ok(false),
        }
    }

    /// The next message of the switch, whatever it is. A switch that is silent for the time of `probe` is asked for an
    /// echo.
    ///
    /// # Errors
    ///
    /// The connection failed, or the switch does not send the echo.
    pub async fn next_message(&mut self, probe: Option<Duration>) -> Result<&[u8], Error> {
        let limit = self.connection.limit;
        let mut outcome = self.message_within(probe).await;
        if let Err(Error::TimedOut(_)) = outcome {
            let xid = self.next_xid();
            let echo = header::message(self.version, header::ECHO_REQUEST, xid, |_| ());
            self.connection.limit = limit;
            self.connection.send(&echo.unwrap_or_default()).await?;
            outcome = self.message_within(limit.or(probe)).await;
        }
        self.connection.limit = limit;
        let range = outcome?;
        Ok(self.connection.bytes(range))
    }

    async fn message_within(&mut self, limit: Option<Duration>) -> Result<Range<usize>, Error> {
        self.connection.limit = limit;
        self.connection.progress();
        let (_, range) = self.connection.message(None).await?;
        Ok(range)
    }
}
