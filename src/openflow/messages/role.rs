//! Roles of controllers (OpenFlow 1.5.1 §7.3.8, §7.4.4; `NXT_ROLE_REQUEST` and `NXT_ROLE_REPLY`).
//!
//! ```text
//! role request, reply    role(4) pad(4) generation_id(8)
//! Nicira's               role(4), one less
//! role status            role(4) reason(1) pad(3) generation_id(8) | properties
//! ```

use std::fmt::Write as _;

use serde::Serialize;

use super::codec::{At, Encode, Head, Message, Place, nicira, onf, typed};
use super::members::{Hex, Named, next_property};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V12, V14, V15};

/// `OFPCR_ROLE_*`
const ROLES: &[(u32, &str)] = &[
    (NO_CHANGE, "nochange"),
    (1, "equal"),
    (2, "primary"),
    (3, "secondary"),
];
const NO_CHANGE: u32 = 0;

/// `OFPCRR_*`
const REASONS: &[(u32, &str)] = &[
    (0, "primary_request"),
    (1, "configuration_changed"),
    (2, "experimenter_data_changed"),
];

fn role(number: u32) -> Named {
    Named::new(number, ROLES)
}

fn generation(number: u64) -> Option<Hex> {
    Some(number).filter(|number| *number != u64::MAX).map(Hex)
}

/// `OFPT_ROLE_REQUEST`, `OFPT_ROLE_REPLY` and Nicira's
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Role {
    /// The role.
    pub role: Named,
    /// Orders the requests for mastership.
    pub generation_id: Option<Hex>,
}

impl<'a> Message<'a> for Role {
    const PLACES: &'static [Place] = &[
        typed("OFPT_ROLE_REQUEST", 24, V12, V15),
        typed("OFPT_ROLE_REPLY", 25, V12, V15),
        nicira("NXT_ROLE_REQUEST", 10, V10, V15),
        nicira("NXT_ROLE_REPLY", 11, V10, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Role, DecodeError> {
        if let At::Vendor(..) = head.at {
            return Ok(Role {
                role: role(body.u32("role")?.saturating_add(1)),
                generation_id: None,
            });
        }
        let role = role(body.u32("role")?);
        body.skip(4, "padding")?;
        let generation_id = generation(body.u64("generation_id")?);
        let asks_only = head.at == At::Type(24) && role.number == NO_CHANGE;
        Ok(Role {
            role,
            generation_id: generation_id.filter(|_| !asks_only),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_role(sink.buffer(), self.role, self.generation_id);
    }
}

impl Encode for Role {
    fn encode_body(&self, _: Version, at: At, out: &mut Vec<u8>) -> Option<()> {
        if let At::Vendor(..) = at {
            out.extend(self.role.number.checked_sub(1)?.to_be_bytes());
            return Some(());
        }
        out.extend(self.role.number.to_be_bytes());
        out.extend([0; 4]);
        let generation_id = self.generation_id.map_or(u64::MAX, |id| id.0);
        out.extend(generation_id.to_be_bytes());
        Some(())
    }
}

fn put_role(out: &mut String, role: Named, generation_id: Option<Hex>) {
    let _ = write!(out, " role={role}");
    if let Some(Hex(generation_id)) = generation_id {
        let _ = write!(out, " generation_id={generation_id}");
    }
}

/// `OFPT_ROLE_STATUS`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RoleStatus {
    /// The new role.
    pub role: Named,
    /// `OFPCRR_*`
    pub reason: Named,
    /// Orders the requests for mastership.
    pub generation_id: Option<Hex>,
}

impl<'a> Message<'a> for RoleStatus {
    const PLACES: &'static [Place] = &[
        typed("OFPT_ROLE_STATUS", 30, V14, V15),
        onf("ONFT_ROLE_STATUS", 1911),
    ];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<RoleStatus, DecodeError> {
        let role = role(body.u32("role")?);
        let reason = Named::new(body.u8("reason")?, REASONS);
        body.skip(3, "padding")?;
        let generation_id = generation(body.u64("generation_id")?);
        while !body.is_empty() {
            next_property(body)?;
        }
        Ok(RoleStatus {
            role,
            reason,
            generation_id,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_role(sink.buffer(), self.role, self.generation_id);
        write!(
            sink,
            " reason={}",
            self.reason.name().unwrap_or("(unknown)")
        );
    }
}
