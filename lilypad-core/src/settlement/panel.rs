//! A bounded list of mediators.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fault;
use crate::error::Result;
use crate::model::Address;

/// Most mediators that a deal can name, and so most that are ever asked.
pub const MAX_MEDIATORS: usize = 5;

/// A list of at most [`MAX_MEDIATORS`] different accounts, in order.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Address>", into = "Vec<Address>")]
pub struct Panel {
    members: [Address; MAX_MEDIATORS],
    length: usize,
}

impl Panel {
    /// Nobody.
    pub const EMPTY: Self = Self { members: [Address::ZERO; MAX_MEDIATORS], length: 0 };

    /// These accounts.
    ///
    /// # Errors
    /// `InvalidInput` (`E_TERMS`) for more than [`MAX_MEDIATORS`], or one named twice.
    pub fn new(members: &[Address]) -> Result<Self> {
        let mut panel = Self::EMPTY;
        for member in members {
            if panel.contains(*member) {
                return Err(fault::terms("mediators", "each account once", member));
            }
            if !panel.push(*member) {
                return Err(fault::terms("mediators", format!("at most {MAX_MEDIATORS}"), members.len()));
            }
        }
        Ok(panel)
    }

    /// Who is in it, in order.
    #[must_use]
    pub fn members(&self) -> &[Address] {
        self.members.get(..self.length).unwrap_or_default()
    }

    /// True where `account` is in it.
    #[must_use]
    pub fn contains(&self, account: Address) -> bool {
        self.members().contains(&account)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// True where there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds one at the end; false where it is full.
    pub(super) fn push(&mut self, member: Address) -> bool {
        match self.members.get_mut(self.length) {
            Some(place) => {
                *place = member;
                self.length += 1;
                true
            }
            None => false,
        }
    }
}

impl TryFrom<Vec<Address>> for Panel {
    type Error = crate::error::Error;

    fn try_from(members: Vec<Address>) -> Result<Self> {
        Self::new(&members)
    }
}

impl From<Panel> for Vec<Address> {
    fn from(panel: Panel) -> Self {
        panel.members().to_vec()
    }
}

impl fmt::Debug for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.members()).finish()
    }
}
