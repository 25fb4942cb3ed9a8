//! What ovs-vswitchd does with a packet, as its `ofproto/trace` tells it (ovs-vswitchd(8)).
//!
//! | file | contents |
//! |---|---|
//! | [`reply`] | the text of a reply as a tree; every line is kept |
//! | [`datapath`] | the datapath's actions: the part of the reply that the datapath executes |
//! | [`ports`] | the numbers of ports in the datapath, from `dpif/show` |
//! | [`outputs`] | where the datapath's actions send the packet, with which tags or tunnel |
//! | [`drops`] | where and why the packet ends |
//! | [`verdict`] | the results in the words of operators, and the headline |
//! | [`exact`] | the headers of a packet in the words that the request takes |
//! | [`labels`] | the names of ports and tables in matches and actions |
//! | [`steps`] | the tree with names, to be shown |
//! | [`wanted`] | what the flows of a table would have matched |

pub mod datapath;
pub mod drops;
pub mod exact;
pub mod labels;
pub mod outputs;
pub mod ports;
pub mod reply;
pub mod steps;
pub mod verdict;
pub mod wanted;
