//! `push` and `pop`: the stack of field values (ovs-actions(7)).

use super::prelude::*;

fixed_action! {
    /// Pushes bits of a field onto the stack: `push:NXM_NX_REG0[]`.
    ///
    /// JSON: `{"type":"push","bits":{"field":"reg0","offset":0,"n_bits":32}}`.
    StackPush = "push" at &[Wire::nicira(27)], {
        /// The bits.
        ":" bits: Bits as LongBits<false>,
    }
}

fixed_action! {
    /// Pops bits of a field from the stack: `pop:NXM_NX_REG0[]`.
    ///
    /// JSON: `{"type":"pop","bits":{"field":"reg0","offset":0,"n_bits":32}}`.
    StackPop = "pop" at &[Wire::nicira(28)], {
        /// The bits.
        ":" bits: Bits as LongBits<true>,
    }
}
