//! Detects that the reader of stdout has closed it.

use std::future::pending;
use std::io;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::oneshot;

/// The reader of stdout.
pub(super) struct Reader {
    gone: Option<oneshot::Receiver<()>>,
}

impl Reader {
    /// Starts a thread that ends with the process. A file or device is never closed by a reader.
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
        // Without the thread, the next write fails instead.
        let _ = thread::Builder::new()
            .name("reader".to_owned())
            .spawn(listen);
        Reader { gone: Some(gone) }
    }

    /// Completes when the reader has closed stdout.
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
