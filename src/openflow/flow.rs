//! See the page of the module above.
