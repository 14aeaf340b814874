//! What crosses between the roles: messages, events, and the solver as its two kinds of peer see it.
