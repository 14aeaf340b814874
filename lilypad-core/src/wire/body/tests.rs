//! Rules of bodies.
