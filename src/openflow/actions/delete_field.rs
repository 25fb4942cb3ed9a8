//! `delete_field`: removes a field that may be absent, such as a tunnel option (ovs-actions(7)).

use super::bits::named_field;
use super::prelude::*;

fixed_action! {
    /// Removes a field: `delete_field:tun_metadata1`.
    ///
    /// JSON: `{"type":"delete_field","field":"tun_metadata1"}`.
    DeleteField = "delete_field" at &[Wire::nicira(50)], {
        /// The field's header as received.
        ":" field: Header,
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let field = named_field(argument)?;
        if !field.id.is_tun_metadata() {
            return Err(Problem::syntax("only tun_metadata fields can be deleted"));
        }
        let field = field.header(Version::V10, false);
        DeleteField { field }.put(parser)
    }
}
