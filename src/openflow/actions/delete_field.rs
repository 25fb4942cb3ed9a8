//! `delete_field`: removes a field that may be absent, such as a tunnel option (ovs-actions(7)).

use super::prelude::*;

fixed_action! {
    /// Removes a field: `delete_field:tun_metadata1`.
    ///
    /// JSON: `{"type":"delete_field","field":"tun_metadata1"}`.
    DeleteField = "delete_field" at &[Wire::nicira(50)], {
        /// The field's header as received.
        ":" field: Header,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        match self.field.field() {
            Some(field) if field.id.is_tun_metadata() => self.put(parser),
            _ => Err(Problem::syntax("only tun_metadata fields can be deleted")),
        }
    }
}
