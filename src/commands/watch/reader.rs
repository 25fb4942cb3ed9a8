//! Whoever reads our output, and may have enough of it while we wait.

use std::future::pending;
use std::io;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::oneshot;

/// The other end of stdout.
pub(super) struct Reader {
    gone: Option<oneshot::Receiver<()>>,
}

impl Reader {
    /// Listens on a thread of its own, which ends with the process. Of a file or a device, whose end nobody
    /// closes, nothing is ever heard.
    pub(super) fn new() -> Reader {
        let (tell, gone) = oneshot::channel();
        let listen = move || {
            let stdout = io::stdout();
            // No events are requested: poll reports a closed reader (POLLERR) without being asked.
            let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
            while let Err(error) = poll(&mut polled, None) {
                if error != rustix::io::Errno::INTR {
                    return;
                }
            }
            let _ = tell.send(());
        };
        // Without it, the next write tells.
        let _ = thread::Builder::new()
            .name("reader".to_owned())
            .spawn(listen);
        Reader { gone: Some(gone) }
    }

    /// Ends when nobody reads any more.
    pub(super) async fn gone(&mut self) {
        if let Some(gone) = &mut self.gone
            && gone.await.is_ok()
        {
            return;
        }
        // The receiver is gone.
        self.gone = None;
        pending::<()>().await;
    }
}
