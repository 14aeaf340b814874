//! The GPUs of a machine that takes jobs from a solver which does not say which of them each job gets.

use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorKind, Fault, Result};

/// GPUs that no job has, by their ids.
#[derive(Debug)]
pub(super) struct Pool(Mutex<Vec<String>>);

/// A job's GPUs; they go back when it is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    pool: &'a Pool,
    ids: Vec<String>,
}

impl Pool {
    pub(super) fn new(ids: &[String]) -> Self {
        Self(Mutex::new(ids.to_vec()))
    }

    /// Takes so many of them; fewer than none is none.
    ///
    /// # Errors
    /// `Conflict` (`E_PROVIDER_FULL`) where there are not so many.
    pub(super) fn take(&self, count: i64) -> Result<Held<'_>> {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
        let Some(rest) = free.len().checked_sub(count) else {
            let message = format!("the job needs {count} GPUs, and {} are free", free.len());
            return Err(Error::new(ErrorKind::Conflict, "E_PROVIDER_FULL", message)
                .with_fault(Fault::Provider)
                .with_hint("submit the job again"));
        };
        let ids = free.split_off(rest);
        Ok(Held { pool: self, ids })
    }
}

impl Held<'_> {
    pub(super) fn ids(&self) -> &[String] {
        &self.ids
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).append(&mut self.ids);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_gpu_is_given_twice() {
        let pool = Pool::new(&["a", "b", "c"].map(str::to_owned));
        let two = pool.take(2).unwrap();
        let one = pool.take(1).unwrap();
        assert!(two.ids().iter().all(|id| !one.ids().contains(id)));
        assert_eq!(pool.take(1).unwrap_err().code(), "E_PROVIDER_FULL");
        assert_eq!((pool.take(0).unwrap().ids().len(), pool.take(-1).unwrap().ids().len()), (0, 0));
        drop(two);
        assert_eq!(pool.take(2).unwrap().ids().len(), 2);
        assert_eq!(pool.take(i64::MAX).unwrap_err().code(), "E_PROVIDER_FULL");
        drop(one);
        assert_eq!(pool.take(3).unwrap().ids().len(), 3);
    }
}
