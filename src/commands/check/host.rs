//! The host's addresses, routes and devices, from the kernel or a file.

use std::fs;
use std::path::Path;

use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::host::HostFacts;

/// The facts of this process's network namespace, from the kernel. What cannot be read is left out.
pub(super) fn read(cx: &Context) -> HostFacts {
    let kernel = cx.host.network();
    HostFacts::of_kernel(
        &kernel.fib_trie,
        &kernel.if_inet6,
        &kernel.ipv6_route,
        kernel.devices,
    )
}

/// The facts in a file, in the format of [`HostFacts::parse`].
pub(super) fn read_file(path: &Path) -> Result<HostFacts, Failure> {
    let name = quoted(&path.display().to_string());
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot read {name}: {error}")))?;
    HostFacts::parse(&text).map_err(|line| {
        let message = format!("{name}: {} says nothing of a host", quoted(&line));
        Failure::new(Exit::Usage, message).hint("address A, route A/N, device NAME [hardware]")
    })
}
