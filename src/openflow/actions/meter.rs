//! `meter`: an instruction in OpenFlow 1.3 and 1.4, an action in 1.5 (OpenFlow 1.5.1 §7.2.6.14).

use super::prelude::*;

const INSTRUCTION: Wire = Wire::new(Vendor::Instruction, 6, Version::V13, Version::V14);

fixed_action! {
    /// Subjects the packet to a meter: `meter:5`.
    ///
    /// JSON: `{"type":"meter","meter_id":5}`.
    Meter = "meter" at &[INSTRUCTION, Wire::openflow(29, Version::V15)], {
        /// The meter's number.
        ":" meter_id: u32 as MeterNumber,
    }

    const RANK: InstructionRank = InstructionRank::Meter;
}
